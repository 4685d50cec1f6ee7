"""What has to be known of a customer before one speaks to them: kept by the number they call
from, shown to whoever sees a case of that number."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, RuleBroken
from complaints import cases
from complaints.access import visible_to
from complaints.models import CustomerNote
from complaints.rules import Action
from staff.models import Person

WORDS_LIMIT = 200


def note_of(person: Person, phone_key: str) -> CustomerNote | None:
    """What stands for this number, for somebody who may see a case of it."""
    if not phone_key or not visible_to(person).filter(phone_key=phone_key).exists():
        return None
    return standing(phone_key)


def standing(phone_key: str) -> CustomerNote | None:
    """The same for whoever has come to a case of this number already."""
    found = CustomerNote.objects.filter(phone_key=phone_key, superseded_at=None)
    return found.select_related("by").first()


@transaction.atomic
def note(complaint_id: int, *, words: str, by: Person, at: datetime) -> CustomerNote | None:
    """Write down what has to be known of the customer of this case; empty words take away what
    stands. What stood before stays as a row that has ended, and the case's story says who wrote
    it, not what. Raises RuleBroken `customer.no_phone`, `text.*`; Conflict `customer.changed`;
    NotAllowed; Complaint.DoesNotExist."""
    complaint = cases.lock(complaint_id, to=Action.NOTE_CUSTOMER, by=by, at=at)
    words = text.clean(words, limit=WORDS_LIMIT, field="words")
    if not complaint.phone_key:
        sentence = _("这件投诉没有联系电话，不能记客户须知。")
        raise RuleBroken("customer.no_phone", sentence)
    written = CustomerNote.objects.filter(phone_key=complaint.phone_key, superseded_at=None)
    old = written.select_for_update(of=("self",)).first()
    if old and old.words == words:
        return old
    if old:
        written.update(superseded_at=at, superseded_by=by)
    made = _written(complaint.phone_key, "" if text.is_blank(words) else words, by, at)
    cases.act(complaint, Action.NOTE_CUSTOMER, by=by, at=at)
    return made


def _written(phone_key: str, words: str, by: Person, at: datetime) -> CustomerNote | None:
    if not words:
        return None
    try:
        with transaction.atomic():
            return CustomerNote.objects.create(phone_key=phone_key, words=words, by=by, at=at)
    except IntegrityError as error:
        sentence = _("别人刚刚改过，请重新打开再写。")
        raise Conflict("customer.changed", sentence) from error
