"""Sorting leaves a row, is looked at from above, and pays for its own mistakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import rulings, selectors, sorting, suggestions, triage
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    InvalidReason,
    Suggestion,
    Triage,
    TriageOutcome,
)
from complaints.outcome import outcome_sql
from tests.complaints.scenes import HOUR, MINUTE, accept, clock, fresh, reject
from tests.conftest import MONDAY, Cast, Register

MICROSECOND = timedelta(microseconds=1)
R = InvalidReason


def sort_out(case: Complaint, cast: Cast, reason: InvalidReason, **said: Any) -> Complaint:
    usual: dict[str, Any] = {"note": "依据", "by": cast.chen, "at": MONDAY}
    return triage.reject(case.pk, reason=reason, **{**usual, **said})


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [(R.NOT_OURS, "invalid"), (R.NO_FACTS, "invalid"), (R.MALICIOUS, "invalid"),
     (R.INQUIRY, "inquiry"), (R.PRAISE, "praise"), (R.DUPLICATE, "duplicate")],
)  # fmt: skip
def test_each_sorting_is_a_row_and_can_be_undone(
    cast: Cast, register: Register, reason: InvalidReason, outcome: str
) -> None:
    other, case = register(), register()
    sort_out(case, cast, reason, duplicate_of=other.no if reason == R.DUPLICATE else "")
    accept(case, cast, at=MONDAY + HOUR)
    out, back = Triage.objects.order_by("pk")
    assert (out.outcome, out.reason, out.superseded_at) == (outcome, reason, MONDAY + HOUR)
    assert out.duplicate_of == (other if reason == R.DUPLICATE else None)
    assert (back.outcome, back.reason, back.superseded_at) == ("valid", "", None)
    assert {c.started_at for c in Clock.objects.filter(complaint=case, voided_at=None)} == {MONDAY}
    assert other.clocks.filter(voided_at=None).count() == 4  # the other case is as it was


@pytest.mark.parametrize(
    ("named", "code"),
    [("", "blank"), ("TS2611-9999999-9", "unknown"), ("{own}", "itself"), ("{foreign}", "unknown")],
)
def test_a_duplicate_names_another_case_that_the_person_sees(
    cast: Cast, register: Register, named: str, code: str
) -> None:
    case, foreign = register(), register(by=cast.zhao)
    cast.chen.branch = cast.east  # quality of the region
    cast.chen.save(update_fields=["branch"])
    no = named.format(own=case.no, foreign=foreign.no)
    with pytest.raises(RuleBroken) as refused:
        sort_out(case, cast, R.DUPLICATE, duplicate_of=no)
    assert (refused.value.code, refused.value.field) == (f"duplicate_of.{code}", "duplicate_of")
    assert not Triage.objects.exists()


@pytest.mark.parametrize("upheld", [True, False])
def test_the_director_confirms_or_reverses_a_sorting(
    cast: Cast, register: Register, upheld: bool
) -> None:
    case = register()
    reject(case, cast, at=MONDAY + 10 * MINUTE)
    assert [each.complaint for each in selectors.to_recheck(cast.lin)] == [case]
    assert not selectors.to_recheck(cast.chen).exists()
    triage.review(case.pk, upheld=upheld, opinion="听了录音", by=cast.lin, at=MONDAY + HOUR)
    assert not selectors.to_recheck(cast.lin).exists()
    looked_at = Triage.objects.order_by("pk")[0]
    assert (looked_at.upheld, looked_at.reviewed_by) == (upheld, cast.lin)
    assert fresh(case).status == ("invalid" if upheld else "handling")
    assert clock(case, ClockKind.RESULT).is_running != upheld
    if upheld:
        with pytest.raises(Conflict) as again:
            triage.review(case.pk, upheld=False, opinion="x", by=cast.gao, at=MONDAY + HOUR)
        assert again.value.code == "triage.reviewed"


def test_a_reversal_says_why_and_nobody_reviews_their_own(cast: Cast, register: Register) -> None:
    case = register()
    sort_out(case, cast, R.PRAISE, by=cast.lin)
    with pytest.raises(NotAllowed) as own:
        triage.review(case.pk, upheld=True, opinion="", by=cast.lin, at=MONDAY)
    assert own.value.code == "own_sorting"
    with pytest.raises(RuleBroken) as blank:
        triage.review(case.pk, upheld=False, opinion=" ", by=cast.gao, at=MONDAY)
    assert (blank.value.code, blank.value.field) == ("opinion.blank", "opinion")
    assert Triage.objects.get().reviewed_at is None


# What a wrong sorting costs

DUE = MONDAY + HOUR  # the apology's


@pytest.mark.parametrize(
    ("out", "back", "charged"),
    [
        (DUE - 30 * MINUTE, DUE + 30 * MINUTE, True),
        (DUE, DUE + MICROSECOND, True),  # at its very end it could still have been kept
        (DUE - MICROSECOND, DUE, False),  # valid again in time
        (DUE + MICROSECOND, DUE + HOUR, False),  # was late already
        (DUE - 30 * MINUTE, DUE - MINUTE, False),  # a minute is left
    ],
)
def test_a_breach_is_charged_to_the_sorting_in_whose_time_it_came_due(
    cast: Cast, register: Register, out: Any, back: Any, charged: bool
) -> None:
    case = register()
    reject(case, cast, at=out)
    accept(case, cast, at=back)
    at = MONDAY + 10 * HOUR
    found = clock(case, ClockKind.APOLOGY)
    assert sorting.is_charged(found, case.triages.all(), at) == charged
    for other in (ClockKind.RESULT, ClockKind.SHEET, ClockKind.CALLBACK):
        assert not sorting.is_charged(clock(case, other), case.triages.all(), at)
    assert_the_same_in_sql(at)


def assert_the_same_in_sql(at: Any) -> None:
    found = Clock.objects.annotate(outcome=outcome_sql(at), charged=sorting.is_charged_sql())
    for each in found:
        python = sorting.is_charged(each, Triage.objects.filter(complaint=each.complaint), at)
        assert python == each.charged


def test_a_case_still_sorted_out_charges_nobody_yet(cast: Cast, register: Register) -> None:
    case = register()
    reject(case, cast, at=MONDAY)
    assert not sorting.is_charged(
        clock(case, ClockKind.APOLOGY), case.triages.all(), MONDAY + 9 * HOUR
    )
    assert_the_same_in_sql(MONDAY + 9 * HOUR)


# Suggestions


def test_the_front_line_suggests_and_decides_nothing(cast: Cast, register: Register) -> None:
    case = register()
    suggestions.suggest_triage(case.pk, reason=R.INQUIRY, note="只是问价", by=cast.li, at=MONDAY)
    suggestions.suggest_ruling(
        case.pk, branch=cast.lanzhou, person=cast.ma, note="货在兰州", by=cast.wang, at=MONDAY
    )
    assert fresh(case).status == "triage"
    assert fresh(case).rectifier is None
    assert [each.kind for each in Suggestion.objects.all()] == ["triage", "ruling"]
    assert [e.kind for e in case.events.order_by("pk")][1:] == ["suggest_triage", "suggest_ruling"]


@pytest.mark.parametrize("who", ["chen", "lin", "gao"])
def test_those_who_decide_do_not_suggest(cast: Cast, register: Register, who: str) -> None:
    with pytest.raises(NotAllowed):
        suggestions.suggest_triage(
            register().pk, reason=None, note="x", by=getattr(cast, who), at=MONDAY
        )


def test_a_suggestion_says_why_and_whom_of_the_branch(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(RuleBroken) as blank:
        suggestions.suggest_triage(case.pk, reason=None, note=" ", by=cast.li, at=MONDAY)
    assert blank.value.code == "note.blank"
    with pytest.raises(RuleBroken) as elsewhere:
        suggestions.suggest_ruling(
            case.pk, branch=cast.lanzhou, person=cast.wang, note="x", by=cast.li, at=MONDAY
        )
    assert elsewhere.value.code == "person.elsewhere"
    assert not Suggestion.objects.exists()


def test_a_wrong_sorting_leaves_the_ruling_as_it_was(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rulings.rule(case.pk, branch=cast.lanzhou, person=cast.ma, basis="x", by=cast.chen, at=MONDAY)
    reject(case, cast, at=MONDAY + MINUTE)
    accept(case, cast, at=MONDAY + 2 * MINUTE)
    assert fresh(case).rectifier == cast.ma
    assert [t.outcome for t in case.triages.order_by("pk")] == [
        TriageOutcome.VALID, TriageOutcome.INQUIRY, TriageOutcome.VALID,
    ]  # fmt: skip
