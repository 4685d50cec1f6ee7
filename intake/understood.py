"""What a channel makes of an item: words of a customer, or nothing for us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from complaints.models import Category, ComplainantRole, Severity
from staff.models import Branch


@dataclass(frozen=True)
class File:
    """A file that came along: its name as the sender gave it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the customer said. `complaint_id` names the case it belongs to when the channel is
    sure of it (never by what anybody could forge); else `conversation` finds the open case of the
    same talk. `address` is where the customer can be answered. `notes` are the house's own
    sentences about it (an attachment not taken, a sender not verified). `received_at` is when the
    firm was told, where the channel knows it better than the moment of its arrival here."""

    what: str
    name: str = ""
    phone: str = ""
    role: ComplainantRole = ComplainantRole.CUSTOMER
    address: str = ""
    anonymous: bool = False
    order_no: str = ""
    remedy_sought: str = ""
    branch: Branch | None = None
    category: Category | None = None
    severity: Severity = Severity.MINOR
    said_at: datetime | None = None
    received_at: datetime | None = None
    complaint_id: int | None = None
    conversation: str = ""
    files: Sequence[File] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Ignored:
    """No words of a customer: a stable code, and the reason in a sentence."""

    code: str
    reason: str


Understood = Told | Ignored
