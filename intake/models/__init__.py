"""What has come from outside, one concept a file."""

from intake.models.inlet import Inlet
from intake.models.item import Item, ItemState
from intake.models.thread import Thread
from intake.models.upload import Kind, Upload
from intake.models.wechat import Media, MediaState, Nonce, Pull

__all__ = [
    "Inlet",
    "Item",
    "ItemState",
    "Kind",
    "Media",
    "MediaState",
    "Nonce",
    "Pull",
    "Thread",
    "Upload",
]
