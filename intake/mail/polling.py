"""Taking in what mailboxes hold: by number, from where we were; the mails stay on their servers."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from common.errors import is_away
from complaints.models import Channel
from intake import inlets, items
from intake.items import Arrival
from intake.mail import imap
from intake.mail.arrivals import MEDIA_TYPE, arrival
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, Mailbox
from notify.post import Note, post
from staff.models import Role
from staff.posts import Roster

logger = logging.getLogger(__name__)

#: So long nobody else reads the mailbox; it is renewed with each mail.
LEASE = timedelta(seconds=90)
#: Seconds after which nothing new is begun, and the next round goes on.
BUDGET = 40.0
#: A mail that can't be fetched this often is left, and a person is told of it.
PATIENCE = 5
#: A mailbox that does not answer for so long is told of.
SILENT = timedelta(minutes=15)
SILENT_TEXT = gettext_noop("邮箱“%(name)s”收不到邮件：%(error)s")

Clock = Callable[[], datetime]


def poll_all(
    now: Clock, *, budget: float = BUDGET, overdue: timedelta = timedelta()
) -> dict[str, int | str]:
    """Take in from every mailbox that nobody has read for `overdue`, the longest unread first; by
    the key of the way in how many mails came, or what went wrong. One that fails stops no other."""
    ends = monotonic() + budget
    found: dict[str, int | str] = {}
    is_due = Q(mailbox__polled_at=None) | Q(mailbox__polled_at__lte=now() - overdue)
    waiting = Inlet.objects.filter(is_due, channel=Channel.MAIL, is_active=True)
    waiting = waiting.select_related("branch")
    for inlet in waiting.order_by(F("mailbox__polled_at").asc(nulls_first=True), "pk"):
        if settings_of(inlet).host and monotonic() < ends:
            found[inlet.key] = poll(inlet, now, ends=ends)
    return found


def poll(inlet: Inlet, now: Clock, *, ends: float | None = None) -> int | str:
    """Take in what is new in one mailbox; how many mails, or what went wrong in a word. While
    somebody else reads it, it is 0."""
    box = _claim(inlet, now())
    if box is None:
        return 0
    reading = _Reading(inlet, box, now, monotonic() + BUDGET if ends is None else ends)
    try:
        with imap.opened(
            settings_of(inlet), inlets.secrets_of(inlet).get("password", "")
        ) as folder:
            reading.take(folder)
    except Exception as fault:  # whatever it is, it is told of and stops no other mailbox
        if is_away(fault):
            raise
        error = type(fault).__name__
        foreseen = isinstance(fault, imap.FAULTS)
        logger.warning("Mailbox %s: %s", inlet.key, error, exc_info=not foreseen)
        reading.failed(error)
        return error
    finally:
        reading.release()
    return reading.taken


class _Reading:
    """One turn at a mailbox, under a lease."""

    def __init__(self, inlet: Inlet, box: Mailbox, now: Clock, ends: float) -> None:
        self.inlet, self.now, self.ends = inlet, now, ends
        self.box, self.token = box, box.lease_token
        self.taken = 0

    def take(self, folder: imap.Folder) -> None:
        """Keep each mail, then note that it is kept: what is between comes again and is known."""
        if folder.uid_validity != self.box.uid_validity:
            self.box.uid_validity, self.box.last_uid = folder.uid_validity, 0
            self._note(uid_validity=folder.uid_validity, last_uid=0)
        for uid in folder.uids_after(self.box.last_uid):
            if monotonic() > self.ends or not self._take_one(folder, uid):
                break
        self._note(failures=0, failing_since=None, last_error="", stuck_uid=None)

    def _take_one(self, folder: imap.Folder, uid: int) -> bool:
        """Whether to go on. An empty mail is kept in the place of one that has failed again and
        again, so that a person sees that it is there, and those behind it come in."""
        try:
            self._keep(folder.letter(uid))
        except Exception as fault:
            if is_away(fault):
                raise
            if self.box.stuck_uid != uid or self.box.failures < PATIENCE - 1:
                self._note(stuck_uid=uid)
                raise
            self._keep(imap.Letter(uid, b"", None))
        until = self.now() + LEASE
        return self._note(last_uid=uid, failures=0, stuck_uid=None, lease_until=until)

    def _keep(self, letter: imap.Letter | None) -> None:
        if letter is not None:
            at = self.now()
            came = min(letter.arrived_at or at, at)
            items.keep(self.inlet, self._arrival(letter), at=came)
            self.taken += 1

    def _arrival(self, letter: imap.Letter) -> Arrival:
        if letter.raw:
            return arrival(letter.raw)
        known = f"uid:{self.box.uid_validity}:{letter.uid}"
        return Arrival(outside_id=known, raw=b"", media_type=MEDIA_TYPE)

    def failed(self, error: str) -> None:
        """Note it; who answers for the branch is told once it has lasted."""
        at = self.now()
        since = self.box.failing_since or at
        self._note(failures=self.box.failures + 1, failing_since=since, last_error=error[:200])
        if at - since >= SILENT:
            note = Note(
                key=f"mailbox:{self.inlet.pk}:{since.isoformat()}",
                recipient_ids=Roster(at=at).holders(Role.QUALITY, self.inlet.branch_id),
                text=SILENT_TEXT,
                params={"name": self.inlet.name, "error": error},
            )
            post([note], at=at)

    def release(self) -> None:
        self._note(polled_at=self.now(), lease_until=None, lease_token=None)

    def _note(self, **changes: object) -> bool:
        """Whether the lease was still ours, and so it is noted."""
        for name, value in changes.items():
            setattr(self.box, name, value)
        mine = Mailbox.objects.filter(pk=self.box.pk, lease_token=self.token)
        return bool(mine.update(**changes))


@transaction.atomic
def _claim(inlet: Inlet, at: datetime) -> Mailbox | None:
    """The mailbox under a lease of one's own; None while another has it."""
    Mailbox.objects.get_or_create(inlet=inlet)
    free = Mailbox.objects.filter(Q(lease_until=None) | Q(lease_until__lte=at), inlet=inlet)
    box = free.select_for_update(skip_locked=True).first()
    if box is not None:
        box.lease_until, box.lease_token = at + LEASE, uuid.uuid4()
        box.save(update_fields=["lease_until", "lease_token"])
    return box
