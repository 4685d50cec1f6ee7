"""Forms that were begun, kept on the server so that a crash, or another computer, loses nothing.
Nobody but their writer sees them, and they go when the case is registered or after a week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from common import text
from complaints.models import Complaint, Draft
from staff.models import Person

#: After so long without a change a draft is forgotten.
KEPT = timedelta(days=7)
#: So many a person; the one left alone longest gives way.
MOST = 10
#: Longer than any field of the form takes, so that what is too long is kept as well.
FIELD_LIMIT = 20_000


def waiting(person: Person, at: datetime) -> list[Draft]:
    """The person's drafts that are still kept at `at`, the latest first. One whose last saving
    came in after its case was registered waits for nothing."""
    found = list(Draft.objects.filter(person=person, saved_at__gt=at - KEPT)[:MOST])
    keys = {form_key(person, draft.key) for draft in found}
    sent = Complaint.objects.filter(submission_key__in=keys) if keys else Complaint.objects.none()
    registered = set(sent.values_list("submission_key", flat=True))
    return [draft for draft in found if form_key(person, draft.key) not in registered]


def form_key(person: Person, key: UUID) -> str:
    """The submission key of a case that was registered with this form."""
    return f"form:{person.pk}:{key}"


@transaction.atomic
def save(key: UUID, values: Mapping[str, str], *, by: Person, at: datetime) -> Draft | None:
    """Keep the form as far as it is typed; None when there is nothing to keep, and what was kept
    under this key is gone. A field is kept without what no door lets in, never refused for it."""
    kept = {name: words for name, raw in values.items() if (words := _storable(raw))}
    if not kept:
        done(key, by=by)
        return None
    draft, _created = Draft.objects.update_or_create(
        person=by, key=key, defaults={"values": kept, "saved_at": at}
    )
    mine = Draft.objects.filter(person=by)
    mine.filter(saved_at__lte=at - KEPT).delete()
    mine.exclude(pk__in=list(mine.values_list("pk", flat=True)[:MOST])).delete()
    return draft


def done(key: UUID, *, by: Person) -> None:
    """The form has become a case, or is not wanted any more."""
    Draft.objects.filter(person=by, key=key).delete()


def forget(until: datetime) -> int:
    """Drafts of whomever that nobody has touched for a week at `until` go; how many."""
    return Draft.objects.filter(saved_at__lte=until - KEPT).delete()[0]


def _storable(raw: str) -> str:
    """The words as the one door stores them, without what it would refuse."""
    return text.storable(raw, limit=FIELD_LIMIT)
