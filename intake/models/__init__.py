"""What has come from outside, one concept a file."""

from intake.models.inlet import Inlet
from intake.models.item import Item, ItemState
from intake.models.mailbox import Mailbox
from intake.models.reply import Reply, ReplyState
from intake.models.thread import Thread
from intake.models.upload import Kind, Upload

__all__ = [
    "Inlet",
    "Item",
    "ItemState",
    "Kind",
    "Mailbox",
    "Reply",
    "ReplyState",
    "Thread",
    "Upload",
]
