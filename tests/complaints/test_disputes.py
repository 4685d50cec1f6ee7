"""Disputing a ruling: who, until when, who answers, and what stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing, disputes, disputing, rulings, selectors
from complaints.disputing import RulingState
from complaints.findings import Finding, Party
from complaints.models import Complaint, Dispute, DisputeOutcome, Ruling, RulingStage
from notify.models import Message
from staff import people
from staff.models import Person, Role
from tests.complaints.scenes import HOUR, MINUTE, accept, answer, fresh, rule
from tests.conftest import MONDAY, PASSWORD, Cast, Register

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    """Wuxi's, ruled to Lanzhou's Ma."""
    complaint = register()
    accept(complaint, cast, at=MONDAY)
    rule(complaint, cast, at=MONDAY)
    return complaint


@dataclass
class Quarrel:
    case: Complaint
    cast: Cast

    def dispute(self, by: Person | None = None, at: Any = MONDAY + HOUR) -> Dispute:
        return disputes.dispute(
            self.case.pk, reasons="货到时已经破损", by=by or self.cast.ma, at=at
        )

    def review(self, found: Dispute, by: Person | None = None, **said: Any) -> Dispute:
        usual: dict[str, Any] = {"basis": "查过交接单", "at": MONDAY + 2 * HOUR}
        return disputes.review(found.pk, by=by or self.cast.lin, **{**usual, **said})

    def decide(self, found: Dispute, by: Person | None = None, **said: Any) -> Dispute:
        usual: dict[str, Any] = {"basis": "终裁如下", "at": MONDAY + 4 * HOUR}
        return disputes.decide(found.pk, by=by or self.cast.gao, **{**usual, **said})

    def to_wuxi(self) -> Finding:
        return Finding(branch=self.cast.wuxi, person=self.cast.wang, basis="")

    def standing(self) -> Ruling:
        found = selectors.standing_ruling(self.case)
        assert found
        return found

    def state(self, at: Any) -> RulingState:
        return disputing.state(self.standing(), at)


@pytest.fixture
def quarrel(case: Complaint, cast: Cast) -> Quarrel:
    return Quarrel(case, cast)


@pytest.mark.parametrize(
    ("after", "in_time"),
    [(timedelta(0), True), (24 * HOUR, True), (24 * HOUR + MICROSECOND, False)],
)
def test_a_ruling_may_be_disputed_for_24_hours(
    quarrel: Quarrel, after: timedelta, in_time: bool
) -> None:
    assert disputing.is_open_to_dispute(quarrel.standing(), MONDAY + after) == in_time
    if in_time:
        assert quarrel.dispute(at=MONDAY + after).outcome == DisputeOutcome.OPEN
        return
    with pytest.raises(Conflict) as late:
        quarrel.dispute(at=MONDAY + after)
    assert late.value.code == "dispute.late"


def test_that_nobody_disputes_follows_from_the_time_alone(quarrel: Quarrel) -> None:
    assert quarrel.state(MONDAY + 24 * HOUR) == RulingState.FIRST
    assert quarrel.state(MONDAY + 24 * HOUR + MICROSECOND) == RulingState.UNDISPUTED
    assert not disputing.is_settled(quarrel.standing(), MONDAY + 24 * HOUR)
    assert disputing.is_settled(quarrel.standing(), MONDAY + 24 * HOUR + MICROSECOND)


@pytest.mark.parametrize(
    ("who", "code"),
    [("ma", ""), ("wang", "not_ruled"), ("xu", "not_ruled"), ("zhao", "not_allowed"),
     ("chen", "not_allowed"), ("lin", "not_allowed")],
)  # fmt: skip
def test_the_ruled_branchs_supervisor_disputes(
    quarrel: Quarrel, cast: Cast, who: str, code: str
) -> None:
    by = getattr(cast, who)
    if not code:
        assert quarrel.dispute(by).branch == cast.lanzhou
        return
    with pytest.raises(NotAllowed) as refused:
        quarrel.dispute(by)
    assert refused.value.code == code
    assert not Dispute.objects.exists()


def test_the_rectifier_and_the_supervisor_of_a_share_may_dispute_too(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rulings.rule(
        case.pk, branch=cast.lanzhou, person=cast.zhao, basis="x", share=Decimal(60),
        others=(Party(branch=cast.suzhou, share=Decimal(40)),), by=cast.chen, at=MONDAY,
    )  # fmt: skip
    standing = selectors.standing_ruling(case)
    assert standing
    assert disputing.speaks_for(standing, cast.zhao) == cast.lanzhou
    assert disputing.speaks_for(standing, cast.ma) == cast.lanzhou
    assert disputing.speaks_for(standing, cast.xu) == cast.suzhou  # of the region above
    assert disputing.speaks_for(standing, cast.wang) is None
    assert disputing.speaks_for(standing, cast.chen) is None
    assert disputes.dispute(case.pk, reasons="x", by=cast.xu, at=MONDAY).branch == cast.suzhou


def test_a_ruling_is_disputed_once_and_for_a_reason(quarrel: Quarrel, cast: Cast) -> None:
    with pytest.raises(RuleBroken) as blank:
        disputes.dispute(quarrel.case.pk, reasons="\u200b", by=cast.ma, at=MONDAY)
    assert (blank.value.code, blank.value.field) == ("reasons.blank", "reasons")
    quarrel.dispute()
    with pytest.raises(Conflict) as again:
        quarrel.dispute()
    assert again.value.code == "dispute.open"


def test_a_case_not_ruled_has_nothing_to_dispute(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    with pytest.raises(Conflict) as refused:
        disputes.dispute(case.pk, reasons="x", by=cast.wang, at=MONDAY)
    assert refused.value.code == "ruling.none"


def test_upheld_the_same_stands_as_reviewed(quarrel: Quarrel, cast: Cast) -> None:
    first = quarrel.standing()
    answered = quarrel.review(quarrel.dispute())
    now = quarrel.standing()
    assert (answered.outcome, answered.answered_with, answered.answered_by) == (
        DisputeOutcome.UPHELD, now, cast.lin,
    )  # fmt: skip
    assert (now.stage, now.basis, now.lead.branch) == (
        RulingStage.REVIEWED, "查过交接单", cast.lanzhou,
    )  # fmt: skip
    first.refresh_from_db()
    assert first.superseded_at == MONDAY + 2 * HOUR
    assert quarrel.state(MONDAY + 2 * HOUR) == RulingState.REVIEWED
    assert quarrel.case.events.latest("pk").data["outcome"] == "upheld"


def test_changed_another_branch_answers_for_it(quarrel: Quarrel, cast: Cast) -> None:
    answered = quarrel.review(quarrel.dispute(), instead=quarrel.to_wuxi())
    assert answered.outcome == DisputeOutcome.CHANGED
    case = fresh(quarrel.case)
    assert (case.responsible_branch, case.rectifier) == (cast.wuxi, cast.wang)
    told = {m.recipient for m in Message.objects.filter(key=f"dispute:{answered.pk}:answered")}
    assert told == {cast.ma, cast.li, cast.wang}
    event = quarrel.case.events.latest("pk")
    assert (event.kind, event.data["branch"], event.data["outcome"]) == (
        "review_dispute", "无锡分公司", "changed",
    )  # fmt: skip


def test_the_director_decides_for_good_within_24_hours_of_the_review(
    quarrel: Quarrel, cast: Cast
) -> None:
    quarrel.review(quarrel.dispute())
    reviewed_at = MONDAY + 2 * HOUR
    with pytest.raises(Conflict) as late:
        quarrel.dispute(at=reviewed_at + 24 * HOUR + MICROSECOND)
    assert late.value.code == "dispute.late"
    further = quarrel.dispute(at=reviewed_at + 24 * HOUR)
    assert quarrel.state(reviewed_at + 48 * HOUR) == RulingState.DISPUTED
    quarrel.decide(further, instead=quarrel.to_wuxi(), at=reviewed_at + 30 * HOUR)
    assert quarrel.state(reviewed_at + 30 * HOUR) == RulingState.FINAL
    with pytest.raises(Conflict) as final:
        quarrel.dispute(by=cast.wang, at=reviewed_at + 30 * HOUR)
    assert final.value.code == "ruling.final"


def test_each_answer_is_of_its_stage(quarrel: Quarrel) -> None:
    first = quarrel.dispute()
    with pytest.raises(Conflict) as too_early:
        quarrel.decide(first)
    assert too_early.value.code == "dispute.stage"
    quarrel.review(first)
    second = quarrel.dispute(at=MONDAY + 3 * HOUR)
    with pytest.raises(Conflict) as too_late:
        quarrel.review(second, by=quarrel.cast.gao)
    assert too_late.value.code == "dispute.stage"


def test_whoever_ruled_does_not_review_unless_nobody_else_holds_the_role(
    quarrel: Quarrel, cast: Cast
) -> None:
    another = people.hire(
        "he", name="何平", role=Role.QUALITY, branch=cast.headquarters, password=PASSWORD
    )
    found = quarrel.dispute()
    with pytest.raises(NotAllowed) as refused:
        quarrel.review(found, by=cast.chen)
    assert refused.value.code == "own_ruling"
    another.is_active = False
    another.save(update_fields=["is_active"])
    assert quarrel.review(found, by=cast.chen).answered_by == cast.chen


def test_nobody_answers_what_they_answer_for(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.lin)
    found = disputes.dispute(case.pk, reasons="x", by=cast.lin, at=MONDAY)
    with pytest.raises(NotAllowed) as refused:
        disputes.review(found.pk, basis="x", by=cast.lin, at=MONDAY)
    assert refused.value.code == "answers_for_it"


def ruled_anew(quarrel: Quarrel, by: Person, at: Any = MONDAY + 6 * HOUR) -> Ruling:
    cast = quarrel.cast
    return rulings.rule(
        quarrel.case.pk, branch=cast.wuxi, person=cast.wang, basis="另有证据", by=by, at=at
    )


def test_a_disputed_ruling_is_answered_not_replaced(quarrel: Quarrel, cast: Cast) -> None:
    quarrel.dispute()
    for by in (cast.chen, cast.lin, cast.gao):
        with pytest.raises(Conflict) as refused:
            ruled_anew(quarrel, by)
        assert refused.value.code == "dispute.open"


def test_after_a_review_the_director_rules_and_after_that_the_general_manager(
    quarrel: Quarrel, cast: Cast
) -> None:
    quarrel.review(quarrel.dispute())
    with pytest.raises(NotAllowed) as refused:
        ruled_anew(quarrel, cast.chen)
    assert refused.value.code == "ruling.reviewed"
    assert ruled_anew(quarrel, cast.lin).stage == RulingStage.FINAL
    for by in (cast.chen, cast.lin):
        with pytest.raises(NotAllowed) as refused:
            ruled_anew(quarrel, by)
        assert refused.value.code == "ruling.final"
    assert ruled_anew(quarrel, cast.gao).stage == RulingStage.FINAL


def test_opened_again_a_case_is_ruled_afresh(quarrel: Quarrel, cast: Cast) -> None:
    quarrel.review(quarrel.dispute())
    answer(quarrel.case, by=cast.li, at=MONDAY + 3 * HOUR)
    closing.reopen(quarrel.case.pk, reason="还是没到", by=cast.li, at=MONDAY + 4 * HOUR)
    ruling = ruled_anew(quarrel, cast.chen)
    assert (ruling.stage, ruling.round) == (RulingStage.FIRST, 2)


def test_the_clocks_run_on_and_the_dispute_is_known(quarrel: Quarrel) -> None:
    before = list(quarrel.case.clocks.values("due_at", "voided_at"))
    assert not selectors.is_disputed(quarrel.case)
    found = quarrel.dispute()
    assert selectors.is_disputed(quarrel.case)
    assert list(quarrel.case.clocks.values("due_at", "voided_at")) == before
    quarrel.review(found)
    assert not selectors.is_disputed(quarrel.case)


def test_those_who_answer_are_told_and_have_it_on_their_desk(quarrel: Quarrel, cast: Cast) -> None:
    another = people.hire(
        "he", name="何平", role=Role.QUALITY, branch=cast.headquarters, password=PASSWORD
    )
    found = quarrel.dispute()
    told = {m.recipient for m in Message.objects.filter(key=f"dispute:{found.pk}:raised")}
    assert told == {another, cast.chen, cast.li}  # who answers, who ruled, who owns
    assert list(selectors.to_review(cast.chen)) == [found]
    assert not selectors.to_review(cast.lin).exists()
    quarrel.review(found, by=another)
    further = quarrel.dispute(at=MONDAY + 3 * HOUR)
    assert not selectors.to_review(cast.chen).exists()
    assert list(selectors.to_review(cast.lin)) == [further]
    assert Message.objects.filter(key=f"dispute:{further.pk}:raised", recipient=cast.lin).exists()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ("outcome = 'upheld'", "dispute_answered_says_how"),
        ("answered_at = now()", "dispute_answered_says_how"),
    ],
)
def test_a_dispute_keeps_its_shape(quarrel: Quarrel, changes: str, name: str) -> None:
    quarrel.dispute(at=MONDAY + MINUTE)
    statement = f"UPDATE complaints_dispute SET {changes}"  # noqa: S608
    with pytest.raises(IntegrityError, match=name):
        sql(statement)


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_nobody_answers_their_own_dispute_nor_with_the_ruling_it_is_about(
    quarrel: Quarrel,
) -> None:
    answered = quarrel.review(quarrel.dispute())
    for changes, name in (
        ("answered_by_id = raised_by_id", "dispute_never_answered_by_its_raiser"),
        ("answered_with_id = ruling_id", "dispute_answered_by_another_ruling"),
    ):
        with pytest.raises(IntegrityError, match=name):
            sql(f"UPDATE complaints_dispute SET {changes} WHERE id = {answered.pk}")  # noqa: S608
