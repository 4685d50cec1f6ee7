"""What people are told, the ways out of the house, and what has gone out by them."""

from notify.models.delivery import Delivery, DeliveryState
from notify.models.message import Message
from notify.models.outlet import Outlet, OutletKind
from notify.models.preference import Preference

__all__ = ["Delivery", "DeliveryState", "Message", "Outlet", "OutletKind", "Preference"]
