"""What has come from outside, one concept a file."""

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
from intake.models.item import Item, ItemState
from intake.models.thread import Thread
from intake.models.upload import Kind, Upload

__all__ = [
    "OVER",
    "WORKED",
    "ColumnMemory",
    "ImportJob",
    "ImportRow",
    "Inlet",
    "Item",
    "ItemState",
    "JobState",
    "Kind",
    "RowVerdict",
    "Thread",
    "Upload",
]
