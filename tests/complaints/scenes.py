"""Short words for what people do to a case, all through the services."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from complaints import callbacks, contacts, rulings, triage
from complaints.callbacks import Answers
from complaints.contacts import Talk
from complaints.models import (
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    InvalidReason,
    Means,
)
from quality import sheets
from quality.models import Sheet
from quality.sheets import Parts
from staff.models import Person
from tests.conftest import Cast

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

#: How long each clock runs, from `docs/domain.md` section 3.
LENGTH = {
    ClockKind.APOLOGY: HOUR,
    ClockKind.RESULT: 24 * HOUR,
    ClockKind.SHEET: 48 * HOUR,
    ClockKind.CALLBACK: 72 * HOUR,
}
WORDS = (
    "title", "facts", "course", "cause", "evidence", "containment", "accountability",
    "prevention", "detection", "response", "effect",
)  # fmt: skip


def parts(*, committed_on: date = date(2027, 12, 1), **words: str) -> Parts:
    return Parts(**{**dict.fromkeys(WORDS, "具体内容"), **words}, committed_on=committed_on)


def talk(case: Complaint, kind: ContactKind, *, by: Person, at: datetime, **said: Any) -> Contact:
    usual: dict[str, Any] = {"means": Means.PHONE, "said": "向您说明"}
    return contacts.record(case.pk, Talk(kind=kind, **{**usual, **said}), by=by, at=at)


def apologise(case: Complaint, *, by: Person, at: datetime, **said: Any) -> Contact:
    return talk(case, ContactKind.APOLOGY, by=by, at=at, **said)


def answer(case: Complaint, *, by: Person, at: datetime, **said: Any) -> Contact:
    return talk(case, ContactKind.RESULT, by=by, at=at, **said)


def accept(case: Complaint, cast: Cast, *, at: datetime) -> None:
    triage.accept(case.pk, by=cast.chen, at=at)


def reject(case: Complaint, cast: Cast, *, at: datetime) -> None:
    triage.reject(case.pk, reason=InvalidReason.INQUIRY, note="只是询问", by=cast.chen, at=at)


def rule(case: Complaint, cast: Cast, *, at: datetime, person: Person | None = None) -> None:
    person = person or cast.ma
    rulings.rule(
        case.pk, branch=person.branch, person=person, basis="货在该机构滞留", by=cast.chen, at=at
    )


def submit(case: Complaint, *, by: Person, at: datetime, **words: str) -> Sheet:
    return sheets.submit(case.pk, parts(**words), by=by, at=at)


def call_back(case: Complaint, *, by: Person, at: datetime, **answers: Any) -> Callback:
    usual: dict[str, Any] = {
        "means": Means.PHONE, "reached": True, "satisfied": True, "solved": True,
    }  # fmt: skip
    return callbacks.record(case.pk, Answers(**{**usual, **answers}), by=by, at=at)


def clock(case: Complaint, kind: ClockKind, *, round: int = 1) -> Clock:
    return Clock.objects.get(complaint=case, kind=kind, round=round)


def fresh(case: Complaint) -> Complaint:
    return Complaint.objects.get(pk=case.pk)
