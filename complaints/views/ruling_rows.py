"""The rulings, disputes, sortings and suggestions of a case as its page lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse

from complaints import disputing, rules, selectors, sorting
from complaints.disputing import RulingState
from complaints.models import (
    Clock,
    Complaint,
    Dispute,
    Ruling,
    RulingStage,
    Suggestion,
    SuggestionKind,
    Triage,
)
from complaints.rules import Action
from staff.models import Person


@dataclass(frozen=True)
class RulingRow:
    """One of them: where it stands, until when it may be disputed (None: no more), the dispute
    about it, and the address at which this person may answer that ("": they may not)."""

    ruling: Ruling
    state: RulingState
    until: datetime | None
    dispute: Dispute | None
    answer_url: str


def rows(complaint: Complaint, person: Person, at: datetime) -> list[RulingRow]:
    """Those of all rounds, the latest first; kept on the case for whoever asks next."""
    found = selectors.with_parts(Ruling.objects.order_by("-at", "-pk"))
    prefetch_related_objects([complaint], Prefetch("rulings", found))
    return [_row(complaint, ruling, person, at) for ruling in complaint.rulings.all()]


def _row(complaint: Complaint, ruling: Ruling, person: Person, at: datetime) -> RulingRow:
    dispute = next(iter(ruling.disputes.all()), None)
    return RulingRow(
        ruling=ruling,
        state=disputing.state(ruling, at),
        until=disputing.until(ruling) if disputing.is_open_to_dispute(ruling, at) else None,
        dispute=dispute,
        answer_url=_answer_url(complaint, ruling, person) if dispute else "",
    )


def _answer_url(complaint: Complaint, ruling: Ruling, person: Person) -> str:
    dispute = disputing.open_dispute(ruling)
    first = ruling.stage == RulingStage.FIRST
    action = Action.REVIEW_DISPUTE if first else Action.DECIDE_DISPUTE
    if (
        dispute is None
        or dispute.raised_by_id == person.pk
        or not rules.is_allowed(complaint, action, person)
    ):
        return ""
    name = "dispute-review" if first else "dispute-decide"
    return reverse(name, args=[complaint.no, dispute.pk])


@dataclass(frozen=True)
class SortingRow:
    """A decision, and the breaches that it is charged with because it was wrong."""

    sorting: Triage
    charged: list[Clock]


def sortings(complaint: Complaint, clocks: Iterable[Clock], at: datetime) -> list[SortingRow]:
    """How the case was sorted, the latest first."""
    found = complaint.triages.select_related("by", "reviewed_by", "duplicate_of")
    return [
        SortingRow(each, [clock for clock in clocks if sorting.is_charged(clock, [each], at)])
        for each in found.order_by("-at", "-pk")
    ]


def suggestions(complaint: Complaint, person: Person) -> list[dict[str, Any]]:
    """What was suggested and is not decided yet, the latest first; `url` opens the form with it
    filled in, for those who may take it over."""
    found = complaint.suggestions.select_related("branch", "person", "by").order_by("-at", "-pk")
    return [
        {"suggestion": each, "url": _take_over(complaint, each, person)}
        for each in found
        if _waits(complaint, each)
    ]


def _waits(complaint: Complaint, suggestion: Suggestion) -> bool:
    if suggestion.kind == SuggestionKind.RULING:
        return complaint.responsible_branch_id is None
    return rules.status_fits(complaint, Action.SUGGEST_TRIAGE)


def _take_over(complaint: Complaint, suggestion: Suggestion, person: Person) -> str:
    action, name, words = _taken(suggestion)
    if not rules.is_allowed(complaint, action, person):
        return ""
    filled = {key: value for key, value in words.items() if value}
    return reverse(name, args=[complaint.no]) + (f"?{urlencode(filled)}" if filled else "")


def _taken(suggestion: Suggestion) -> tuple[Action, str, dict[str, Any]]:
    """The action, the form's URL name, and what is filled in."""
    if suggestion.kind == SuggestionKind.RULING:
        words = {
            "branch": suggestion.branch_id,
            "person": suggestion.person_id,
            "basis": suggestion.note,
        }
        return Action.RULE, "ruling-new", words
    if not suggestion.reason:
        return Action.ACCEPT, "acceptance-new", {}
    return Action.REJECT, "rejection-new", {"reason": suggestion.reason, "note": suggestion.note}
