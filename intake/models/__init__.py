"""What has come from outside, one concept a file."""

from intake.models.inlet import Inlet
from intake.models.inlet_change import InletChange
from intake.models.item import Item, ItemState
from intake.models.thread import Thread
from intake.models.upload import Kind, Upload

__all__ = ["Inlet", "InletChange", "Item", "ItemState", "Kind", "Thread", "Upload"]
