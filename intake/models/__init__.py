"""What has come from outside, one concept a file."""

from intake.models.hook import CallState, EventMark, Hook, HookCall
from intake.models.import_job import (
    OVER,
    WORKED,
    ColumnMemory,
    ImportJob,
    ImportRow,
    JobState,
    RowVerdict,
)
from intake.models.inlet import Inlet
from intake.models.inlet_change import InletChange
from intake.models.item import Item, ItemState
from intake.models.mailbox import Mailbox
from intake.models.receipt import Receipt
from intake.models.reply import Reply, ReplyState
from intake.models.system_key import PastCall, SystemKey
from intake.models.thread import Thread
from intake.models.upload import Kind, Upload
from intake.models.wechat import Media, MediaState, Nonce, Pull

__all__ = [
    "OVER",
    "WORKED",
    "CallState",
    "ColumnMemory",
    "EventMark",
    "Hook",
    "HookCall",
    "ImportJob",
    "ImportRow",
    "Inlet",
    "InletChange",
    "Item",
    "ItemState",
    "JobState",
    "Kind",
    "Mailbox",
    "Media",
    "MediaState",
    "Nonce",
    "PastCall",
    "Pull",
    "Receipt",
    "Reply",
    "ReplyState",
    "RowVerdict",
    "SystemKey",
    "Thread",
    "Upload",
]
