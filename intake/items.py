"""What comes from outside: kept as it came, then understood, then registered or appended; each
step by itself, so that nothing is lost between them and the same is never taken twice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from common import text, walls
from common.errors import Conflict, RuleBroken, is_away
from complaints import attachments, statements
from complaints.access import visible_to
from complaints.guide import likely_category
from complaints.models import Category, Channel, Complaint
from complaints.models.complaint import OPEN
from complaints.registration import LATE_ENTRY, WHAT_LIMIT, Report, register
from intake import talks
from intake.files.references import OTHER
from intake.models import Inlet, Item, ItemState, Thread
from intake.reading import BY_MEDIA_TYPE, READERS
from intake.receivers import receiver
from intake.understood import File, Ignored, Told, Understood
from staff.models import Person

logger = logging.getLogger(__name__)

#: Of one item so much is kept: 25 MB (25 × 1024 × 1024 bytes).
LARGEST = 25 * 1024 * 1024
#: An item that fails for no fault of its own is tried this often before a person sees it; so is
#: one that ends the process which tries.
PATIENCE = 5


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a door has received, not understood yet. `outside_id` is the channel's own id, or what
    else makes the same thing the same; `sent_at` what the sender says."""

    outside_id: str
    raw: bytes
    media_type: str = ""
    sender: str = ""
    subject: str = ""
    sent_at: datetime | None = None


def keep(inlet: Inlet, arrival: Arrival, *, at: datetime) -> tuple[Item, bool]:
    """Write down what came, in a transaction of its own; once it returns, nothing is lost. The
    same `outside_id` again is the first item, counted, and False."""
    with walls.lifted():
        item, created = Item.objects.get_or_create(
            inlet=inlet,
            outside_id=_fitting(arrival.outside_id),
            defaults={
                "media_type": arrival.media_type[:100],
                "raw": arrival.raw[:LARGEST],
                "cut": len(arrival.raw) > LARGEST,
                "size": len(arrival.raw),
                "sha256": hashlib.sha256(arrival.raw).hexdigest(),
                "sender": text.printable(arrival.sender, limit=254),
                "subject": text.printable(arrival.subject, limit=200),
                "sent_at": arrival.sent_at,
                "received_at": at,
                "next_try_at": at,
            },
        )
        if not created:
            Item.objects.filter(pk=item.pk).update(repeats=F("repeats") + 1)
    return item, created


def settle(
    item_id: int, *, at: datetime, by: Person | None = None, understood: Understood | None = None
) -> Item:
    """Understand the item and register or append it, in one transaction; an item that is settled
    already is returned as it is. What can't be taken is set aside with its reason; when the
    database is away, or somebody holds the case, it waits and is tried again. `by` is the person
    who tries again; `understood` what a door has read already that had to look first."""
    with walls.lifted(), transaction.atomic():
        item = Item.objects.select_for_update(of=("self",)).select_related("inlet").get(pk=item_id)
        if item.state not in (ItemState.WAITING, ItemState.SET_ASIDE):
            return item
        if item.state == ItemState.SET_ASIDE and by is None:
            return item
        if item.tries > PATIENCE and by is None:
            _set_aside(item, "unexpected", _("处理时一再中断，请人工处理。"), at, by)
            return item
        try:
            with transaction.atomic():
                _take(item, understood or _understand(item), at, by)
        except RuleBroken as broken:
            _set_aside(item, broken.code, str(broken), at, by)
        except Exception as error:
            if _is_gone(error):
                raise
            logger.exception("Item %s could not be settled.", item.pk)
            _try_later(item, error, at, by)
        return item


def drain(now: Callable[[], datetime]) -> int:
    """Settle what waits, the oldest first, each by itself; how many were looked at. Any number
    may drain at once: each takes items that no other holds."""
    looked_at = 0
    while item_id := _claim(now()):
        looked_at += 1
        try:
            settle(item_id, at=now())
        except Exception as error:
            if _is_gone(error):
                raise
            logger.exception("Item %s could not be looked at.", item_id)
    return looked_at


def ignore(item_id: int, *, reason: str, by: Person, at: datetime) -> Item:
    """A person has looked at what was set aside: it is nothing for us. Raises RuleBroken
    `reason.blank`, `text.*`; Conflict `item.settled`."""
    reason = text.clean(reason, limit=500, field="reason")
    if text.is_blank(reason):
        raise RuleBroken("reason.blank", _("请写明为什么不受理。"), field="reason")
    with transaction.atomic():
        item = hold_set_aside(item_id)
        _settled(item, ItemState.IGNORED, at, by, code="by_hand", reason=reason)
    return item


def hold_set_aside(item_id: int) -> Item:
    """Lock what waits for a person, for whoever is about to deal with it in this transaction.
    Raises Conflict `item.settled`, also for what has gone out of their sight with its case."""
    found = Item.objects.select_for_update(of=("self",)).select_related("inlet")
    item = found.filter(pk=item_id).first()
    if item is None or item.state != ItemState.SET_ASIDE:
        raise Conflict("item.settled", _("这一条已经处理过了。"))
    return item


def taken_by_hand(
    item_id: int, complaint: Complaint, told: Told | None, *, by: Person, at: datetime
) -> Item:
    """A person has registered what was set aside; `told` is what `hold_talk` has said before. The
    customer goes on in this case, and is answered. Raises Conflict `item.settled`."""
    with transaction.atomic():
        item = hold_set_aside(item_id)
        thread = _thread(item.inlet, complaint, told, at) if told else None
        _settled(item, ItemState.REGISTERED, at, by, complaint=complaint, thread=thread)
    return item


def appended_by_hand(item_id: int, no: str, *, said: str, by: Person, at: datetime) -> Item:
    """A person has found the case this belongs to: the words go to it as the customer's, with the
    time at which they came, and so does what the customer writes next. Raises RuleBroken
    `no.unknown` for a case that is not there or out of the person's sight, `said.blank`,
    `text.*`; Conflict `item.settled`."""
    with transaction.atomic():
        item = hold_set_aside(item_id)
        told = hold_talk(item)
        wanted = text.clean(no, limit=40, field="no").upper()
        complaint = visible_to(by, at).filter(no=wanted).first()
        if complaint is None:
            raise RuleBroken("no.unknown", _("没有这个编号的投诉。"), field="no")
        words = statements.Said(
            channel=Channel(item.inlet.channel),
            said=said,
            occurred_at=item.sent_at or item.received_at,
        )
        statements.record(complaint.pk, words, at=at, by=by)
        thread = _thread(item.inlet, complaint, told, at) if told else None
        _settled(item, ItemState.APPENDED, at, by, complaint=complaint, thread=thread)
    return item


def hold_talk(item: Item) -> Told | None:
    """What the channel makes of it; until this transaction ends nobody else takes a message of
    the same talk. To be called before a case is locked or written: whoever settles locks in this
    order."""
    told = told_by(item)
    if told and told.conversation:
        talks.alone(item.inlet, told.conversation)
    return told


def told_by(item: Item) -> Told | None:
    """What the channel makes of it, for a person to begin with; None where it makes nothing."""
    try:
        with transaction.atomic():
            understood = _understand(item)
    except Exception as error:
        if is_away(error):
            raise
        return None
    return understood if isinstance(understood, Told) else None


def _claim(at: datetime) -> int | None:
    """The id of a waiting item; `settle` looks again under the lock. The try is counted before it
    begins, and of this one item alone: one that ends its process is counted too, and takes no
    other with it. Whoever else drains looks past it for a minute."""
    with transaction.atomic():
        waiting = Item.objects.filter(state=ItemState.WAITING, next_try_at__lte=at)
        found = waiting.order_by("next_try_at", "pk").select_for_update(skip_locked=True)
        item_id = found.values_list("pk", flat=True).first()
        if item_id is not None:
            again = at + timedelta(minutes=1)
            Item.objects.filter(pk=item_id).update(next_try_at=again, tries=F("tries") + 1)
    return item_id


def _is_gone(error: Exception) -> bool:
    """Whether the database has gone away in the middle."""
    wire = connection.connection
    return is_away(error) and (wire is None or wire.closed)


def _understand(item: Item) -> Understood:
    if item.cut:
        raise RuleBroken("item.too_large", _("内容超过 25 MB，只保留了前面的部分，请人工处理。"))
    reader = BY_MEDIA_TYPE.get(item.media_type) or READERS.get(Channel(item.inlet.channel))
    if reader is None:
        raise RuleBroken("item.no_reader", _("这个渠道的内容不能自动读取，请人工登记。"))
    return reader(item)


def _take(item: Item, understood: Understood, at: datetime, by: Person | None) -> None:
    if isinstance(understood, Ignored):
        reason = understood.reason[:500]
        _settled(item, ItemState.IGNORED, at, by, code=understood.code, reason=reason)
        return
    inlet = Inlet.objects.select_related("branch", "receiver", "category").get(pk=item.inlet_id)
    if understood.complaint_id is None and understood.conversation:
        talks.alone(inlet, understood.conversation)
    thread = _open_thread(inlet, understood, at)
    complaint = _hold(thread, understood) if thread else None
    if complaint is not None:
        _append(complaint, inlet, understood, at)
        _settled(item, ItemState.APPENDED, at, by, complaint=complaint, thread=thread)
    else:
        complaint = _register(item, inlet, understood, at, by)
        thread = _thread(inlet, complaint, understood, at)
        _settled(item, ItemState.REGISTERED, at, by, complaint=complaint, thread=thread)


def _open_thread(inlet: Inlet, told: Told, at: datetime) -> Thread | None:
    """The talk this belongs to: of the case the channel is sure of, whatever its state; else the
    same conversation's while its case is open."""
    if told.complaint_id is not None:
        found = Thread.objects.filter(complaint=told.complaint_id, inlet=inlet).first()
        return found or _thread(inlet, Complaint.objects.get(pk=told.complaint_id), told, at)
    if not told.conversation:
        return None
    return talks.open_one(inlet, told.conversation)


def _hold(thread: Thread, told: Told) -> Complaint | None:
    """Its case under its lock; None when somebody has closed it meanwhile, so that it begins
    another, unless the channel is sure of it."""
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=thread.complaint_id)
    return complaint if told.complaint_id or complaint.status in OPEN else None


def _append(complaint: Complaint, inlet: Inlet, told: Told, at: datetime) -> None:
    walls.hold(complaint.pk)
    words = statements.Said(
        channel=Channel(inlet.channel), said=_with_notes(told, statements.SAID_LIMIT),
        occurred_at=told.said_at,
    )  # fmt: skip
    statements.write(complaint, words, at=at)
    _keep_files(complaint, told.files, complaint.owner, at)


def _register(item: Item, inlet: Inlet, told: Told, at: datetime, by: Person | None) -> Complaint:
    """The case, owned by its receiver; by whoever tries again once it is so old that the receiver
    may not enter it any more."""
    received_at = min(told.received_at or item.received_at, at)
    is_late = received_at < at - LATE_ENTRY
    first = by if by and is_late else receiver(inlet, told.branch, at)
    report = Report(
        channel=Channel(inlet.channel),
        what=_with_notes(told, WHAT_LIMIT),
        category=told.category or inlet.category or _category(told.what),
        severity=told.severity,
        received_at=received_at,
        complainant_name=told.name,
        complainant_phone=told.phone,
        complainant_role=told.role,
        anonymous=told.anonymous or not (told.name or told.phone),
        order_no=told.order_no,
        concerned_branch=told.branch,
        remedy_sought=told.remedy_sought,
    )
    key = f"item:{item.pk}"
    complaint, _created = register(report, by=first, at=at, submission_key=key)
    walls.hold(complaint.pk)
    _keep_files(complaint, told.files, complaint.owner, at)
    return complaint


def _category(what: str) -> Category:
    """The likeliest by keywords, else `other`, else the first there is."""
    found = likely_category(what) or Category.objects.filter(code=OTHER, is_active=True).first()
    found = found or Category.objects.filter(is_active=True).order_by("position", "pk").first()
    if found is None:
        raise RuleBroken("category.unknown", _("还没有投诉类别，不能登记。"))
    return found


def _thread(inlet: Inlet, complaint: Complaint, told: Told, at: datetime) -> Thread:
    """The talk with this customer about the case; it begins now, unless it is there already."""
    thread, _new = Thread.objects.get_or_create(
        inlet=inlet,
        complaint=complaint,
        conversation=told.conversation or f"case:{complaint.pk}",
        defaults={"address": told.address[:254], "begun_at": at},
    )
    return thread


def _with_notes(told: Told, limit: int) -> str:
    """The customer's words as they are stored; the house's notes stand below, in brackets. What
    is too long is cut once it is cleaned: a flood of marks takes no words away."""
    what = text.clean(told.what, limit=4 * len(told.what) + 1, field="what", lines=True)
    notes = "".join(f"\n〔{note}〕" for note in told.notes)
    if len(what) + len(notes) <= limit:
        return what + notes
    notes += "\n〔" + _("内容过长，此处只录入开头，全文见原始内容。") + "〕"
    return what[: max(0, limit - len(notes))] + notes


def _keep_files(complaint: Complaint, files: Sequence[File], by: Person, at: datetime) -> None:
    """What can be kept; of the rest the case says why not. The raw item still has it."""
    refused = []
    for file in files:
        try:
            with transaction.atomic():
                attachments.keep(complaint, _upload(file), by=by, at=at)
        except RuleBroken as broken:
            refused.append(str(broken))
    if refused:
        said = _("有附件没有收下，可在“收到的内容”里查看原文：") + "".join(refused)
        words = statements.Said(channel=Channel(complaint.channel), said=said)
        statements.write(complaint, words, at=at)


def _upload(file: File) -> SimpleUploadedFile:
    """Under its own name, unless that is none for a file: `..`, or nothing behind a stroke."""
    try:
        return SimpleUploadedFile(file.name, file.content)
    except SuspiciousFileOperation:
        return SimpleUploadedFile("file", file.content)


def _settled(
    item: Item, state: ItemState, at: datetime, by: Person | None, **changes: object
) -> None:
    fields = {"state": state, "settled_at": at, "settled_by": by, "next_try_at": None, **changes}
    if state in (ItemState.REGISTERED, ItemState.APPENDED, ItemState.DUPLICATE):
        fields = {"code": "", "reason": "", **fields}
    for name, value in fields.items():
        setattr(item, name, value)
    item.save(update_fields=list(fields))


def _set_aside(item: Item, code: str, reason: str, at: datetime, by: Person | None) -> None:
    _settled(item, ItemState.SET_ASIDE, at, by, code=code[:60], reason=reason[:500])


def _try_later(item: Item, error: Exception, at: datetime, by: Person | None) -> None:
    """No fault of the item's, or one nobody thought of: after some tries a person sees it."""
    if item.tries >= PATIENCE or by is not None:
        _set_aside(item, "unexpected", f"{type(error).__name__}: {error}", at, by)
        return
    item.next_try_at = at + timedelta(seconds=10) * 2**item.tries
    item.save(update_fields=["next_try_at"])


def _fitting(outside_id: str) -> str:
    """As it can be kept: what is too long, or holds what no text may, by its digest."""
    plain = outside_id.isprintable() and len(outside_id) <= 200
    if plain and not any("\ud800" <= each <= "\udfff" for each in outside_id):
        return outside_id
    return "sha256:" + hashlib.sha256(outside_id.encode("utf-8", "surrogatepass")).hexdigest()
