"""Whatever people do, in whatever order: each open case has exactly one owner, and one active,
present person who answers for it and can see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from common.errors import RuleBroken
from complaints import (
    closing,
    departures,
    handovers,
    lapsing,
    ownership,
    rulings,
    triage,
)
from complaints.access import visible_to
from complaints.handovers import Offer
from complaints.models import (
    Complaint,
    Handover,
    HandoverReason,
    InvalidReason,
    Ownership,
)
from complaints.models.complaint import OPEN
from staff import absences, branches, people, presence
from staff.absences import Leave
from staff.models import Absence, AbsenceReason, Branch, Person, Role
from tests.complaints.scenes import answer, call_back
from tests.conftest import MONDAY, Cast, Register

#: So many cases are enough to be in each other's way.
MOST_CASES = 3
MOST_AWAY = 5
RUNS, STEPS = 50, 50

#: Lots are drawn among what there is at that moment.
LOT = st.integers(min_value=0, max_value=999)
ANSWERS = ["accept", "refuse", "refuse", "lapse", "decide", "decide", "away"]
MINUTES = st.sampled_from([0, 1, 30, 119, 120, 121, 240, 241, 600])


class Firm(RuleBasedStateMachine):
    """A small firm on its days; `at` only moves forward. What a rule of the house forbids is
    tried all the same, and must leave everything as it was."""

    cast: Cast
    register_case: Register
    steps = 0
    deeds: dict[str, int]

    @initialize()
    def open_the_doors(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.at = MONDAY
        self.root = self.cast.root.pk
        people.hire("he", name="何兰", role=Role.FRONTLINE, branch=self.cast.wuxi, password=None)

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    # ---- lots ----

    def person(self, lot: int) -> Person:
        found = Person.objects.select_related("branch").exclude(pk=self.root).order_by("pk")
        everybody = list(found)
        return everybody[lot % len(everybody)]

    def somebody_here(self, lot: int) -> Person:
        found = list(presence.here(self.at).select_related("branch").order_by("pk"))
        return found[lot % len(found)]

    def case(self, lot: int) -> Complaint:
        """One that is open, where there is any."""
        cases = Complaint.objects.select_related("owner").order_by("pk")
        found = list(cases.filter(status__in=OPEN)) or list(cases)
        return found[lot % len(found)]

    def ended(self, lot: int) -> Complaint:
        """One that is over, where there is any."""
        cases = Complaint.objects.select_related("owner").order_by("pk")
        found = list(cases.exclude(status__in=OPEN)) or list(cases)
        return found[lot % len(found)]

    def branch(self, lot: int) -> Branch:
        found = list(Branch.objects.order_by("pk"))
        return found[lot % len(found)]

    def administrator(self) -> Person:
        return Person.objects.get(pk=self.root)

    def attempt(self, deed: Callable[[], Any], name: str = "") -> None:
        try:
            deed()
        except (RuleBroken, Complaint.DoesNotExist, Absence.DoesNotExist):
            return
        name = name or deed.__qualname__.split(".")[1]
        type(self).deeds[name] = type(self).deeds.get(name, 0) + 1

    def has_cases(self) -> bool:
        return Complaint.objects.exists()

    # ---- what people do ----

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @precondition(lambda self: Complaint.objects.filter(status__in=OPEN).count() < MOST_CASES)
    @rule(who=LOT, settled=st.booleans())
    def register(self, who: int, settled: bool) -> None:
        by = self.person(who)
        said = {"settled_on_spot": True, "settlement": "当面道歉"} if settled else {}
        if by.is_active:  # whoever has left does not get in
            self.attempt(lambda: self.register_case(by=by, at=self.at, **said))

    @precondition(has_cases)
    @rule(which=LOT, to=LOT)
    def offer_to_anybody(self, which: int, to: int) -> None:
        case = self.case(which)
        offered = Offer(receiver=self.person(to), reason=HandoverReason.LOAD, note="请接着办")
        self.attempt(lambda: handovers.offer(case.pk, offered, by=case.owner, at=self.at))

    @precondition(has_cases)
    @rule(which=LOT, to=LOT)
    def offer(self, which: int, to: int) -> None:
        case = self.case(which)
        by = ownership.accountable(case, self.at)
        offered = Offer(
            receiver=self.somebody_here(to), reason=HandoverReason.SHIFT, note="请接着办"
        )
        if by is not None:
            self.attempt(lambda: handovers.offer(case.pk, offered, by=by, at=self.at))

    @precondition(has_cases)
    @rule(which=LOT, to=LOT, how=st.sampled_from(ANSWERS), minutes=MINUTES, who=LOT)
    def pass_on(self, which: int, to: int, how: str, minutes: int, who: int) -> None:
        """An offer and its answer, with some time and now and then a leave in between."""
        self.offer(which, to)
        waiting = Handover.objects.filter(complaint=self.case(which), state="offered").first()
        if waiting is None:
            return
        if how == "away":
            self.go_on_leave(who, to, 4, False)
        self.at += timedelta(minutes=minutes)
        case_id, to_accept = waiting.complaint_id, how in ("accept", "away")
        by = Person.objects.get(
            pk=presence.acting_for(waiting.receiver, waiting.receiver.branch_id, self.at)
        )
        if to_accept:
            self.attempt(lambda: handovers.accept(case_id, by=by, at=self.at), "accept")
        elif how == "refuse":
            self.attempt(
                lambda: handovers.refuse(case_id, answer="不行", by=by, at=self.at), "refuse"
            )
        elif how == "lapse":
            self.at += timedelta(hours=2, microseconds=1)
            self.attempt(lambda: lapsing.sweep(until=self.at), "sweep")
        else:
            self.decide_case(case_id, self.quality(), who)

    @precondition(lambda self: Handover.objects.filter(state="offered").exists())
    @rule(which=LOT, yes=st.booleans(), by_deputy=st.booleans())
    def reply(self, which: int, yes: bool, by_deputy: bool) -> None:
        waiting = list(Handover.objects.filter(state="offered").order_by("pk"))
        handover = waiting[which % len(waiting)]
        by = handover.receiver
        if by_deputy:
            acting = presence.acting_for(by, by.branch_id, self.at)
            by = Person.objects.get(pk=acting)
        if yes:
            self.attempt(
                lambda: handovers.accept(handover.complaint_id, by=by, at=self.at), "accept"
            )
        else:
            self.attempt(
                lambda: handovers.refuse(handover.complaint_id, answer="不行", by=by, at=self.at),
                "refuse",
            )

    @precondition(lambda self: Handover.objects.filter(state="offered").exists())
    @rule(which=LOT)
    def take_back(self, which: int) -> None:
        waiting = list(Handover.objects.filter(state="offered").order_by("pk"))
        handover = waiting[which % len(waiting)]
        by = handover.giver
        self.attempt(lambda: handovers.withdraw(handover.complaint_id, by=by, at=self.at))

    @precondition(lambda self: Handover.objects.exists())
    @rule(which=LOT, who=LOT, owner=LOT)
    def decide(self, which: int, who: int, owner: int) -> None:
        latest = list(Handover.objects.order_by("-pk")[:MOST_CASES])
        case_id = latest[which % len(latest)].complaint_id
        leading = Person.objects.filter(is_active=True, role__in=absences.LEADING).order_by("pk")
        self.decide_case(case_id, leading[who % leading.count()], owner)

    def decide_case(self, case_id: int, by: Person, owner: int) -> None:
        to = self.somebody_here(owner)
        self.attempt(
            lambda: handovers.decide(case_id, owner=to, opinion="就这样", by=by, at=self.at),
            "decide",
        )

    @precondition(lambda self: Handover.objects.filter(state__in=["offered", "referred"]).exists())
    @rule()
    def sweep(self) -> None:
        self.attempt(lambda: lapsing.sweep(until=self.at))

    @precondition(lambda self: len(presence.Presence(self.at).away) < MOST_AWAY)
    @rule(who=LOT, deputy=LOT, hours=st.sampled_from([1, 4, 24]), alone=st.booleans())
    def go_on_leave(self, who: int, deputy: int, hours: int, alone: bool) -> None:
        person = self.person(who)
        leave = Leave(
            person=person, since=self.at, until=self.at + timedelta(hours=hours),
            reason=AbsenceReason.LEAVE, deputy=None if alone else self.person(deputy),
        )  # fmt: skip
        self.attempt(lambda: absences.plan(leave, by=person, at=self.at))

    @precondition(lambda self: Absence.objects.exists())
    @rule(which=LOT)
    def come_back(self, which: int) -> None:
        gone = list(Absence.objects.select_related("person__branch").order_by("pk"))
        absence = gone[which % len(gone)]
        self.attempt(lambda: absences.end(absence.pk, by=absence.person, at=self.at))

    @rule(who=LOT, hand_up=st.booleans())
    def leave_for_good(self, who: int, hand_up: bool) -> None:
        person, by = self.person(who), self.administrator()
        self.attempt(lambda: departures.close_account(person, hand_up=hand_up, by=by, at=self.at))

    @precondition(lambda self: Person.objects.filter(is_active=False).exists())
    @rule()
    def come_again(self) -> None:
        gone = Person.objects.filter(is_active=False).order_by("pk")[0]
        self.attempt(lambda: departures.open_account(gone, by=self.administrator(), at=self.at))

    @rule(who=LOT, where=LOT)
    def move_to_another_branch(self, who: int, where: int) -> None:
        person = self.person(who)
        if person.branch_id != self.cast.headquarters.pk:
            Person.objects.filter(pk=person.pk).update(branch=self.branch(where))

    @rule(which=LOT, above=LOT)
    def move_a_branch(self, which: int, above: int) -> None:
        moved, parent = self.branch(which), self.branch(above)
        if moved.parent_id is not None and moved.pk != parent.pk:
            moved.parent = parent
            self.attempt(lambda: branches.save(moved))

    @precondition(has_cases)
    @rule(which=LOT, rectifier=LOT)
    def sort_and_rule(self, which: int, rectifier: int) -> None:
        find = self.ended if rectifier % 3 == 0 else self.case
        case, person, by = find(which), self.person(rectifier), self.quality()
        self.attempt(lambda: triage.accept(case.pk, by=by, at=self.at))
        self.attempt(
            lambda: rulings.rule(
                case.pk, branch=person.branch, person=person, basis="依据", by=by, at=self.at
            )
        )

    @precondition(has_cases)
    @rule(which=LOT)
    def reject(self, which: int) -> None:
        case, by, why = self.case(which), self.quality(), InvalidReason.INQUIRY
        self.attempt(lambda: triage.reject(case.pk, reason=why, note="询问", by=by, at=self.at))

    @precondition(has_cases)
    @rule(which=LOT)
    def withdraw(self, which: int) -> None:
        case = self.case(which)
        said = {"said_by": "本人", "note": "来电"}
        self.attempt(lambda: closing.withdraw(case.pk, **said, by=case.owner, at=self.at))

    @precondition(has_cases)
    @rule(which=LOT)
    def answer_the_customer(self, which: int) -> None:
        case = self.case(which)
        by = ownership.accountable(case, self.at)
        if by is not None:
            self.attempt(lambda: answer(case, by=by, at=self.at))

    @precondition(has_cases)
    @rule(which=LOT, glad=st.booleans())
    def call_the_customer_back(self, which: int, glad: bool) -> None:
        case, by = self.case(which), self.quality()
        said = {"satisfied": glad, "said": "还没收到"}
        self.attempt(lambda: call_back(case, by=by, at=self.at, **said))

    @precondition(has_cases)
    @rule(which=LOT)
    def reopen(self, which: int) -> None:
        """Sorted and answered, and the customer is still dissatisfied."""
        by = self.quality()
        for case in (self.case(which), self.ended(which)):
            self.attempt(lambda case=case: triage.accept(case.pk, by=by, at=self.at))
            self.attempt(lambda case=case: answer(case, by=by, at=self.at))
            self.attempt(
                lambda case=case: closing.reopen(case.pk, reason="又坏了", by=by, at=self.at),
                "reopen",
            )

    def quality(self) -> Person:
        """Somebody of headquarters who works here; there always is one."""
        above = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
        found = Person.objects.filter(is_active=True, role__in=above, branch__parent=None)
        return found.select_related("branch").order_by("pk")[0]

    # ---- what holds after each of it ----

    @invariant()
    def somebody_answers_for_each_open_case(self) -> None:
        if not hasattr(self, "at"):
            return
        type(self).steps += 1
        with connection.cursor() as cursor:  # the triggers' word, as at the end of a transaction
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        away = presence.Presence(self.at).away
        for case in Complaint.objects.filter(status__in=OPEN).select_related("owner"):
            (owned,) = Ownership.objects.filter(complaint=case, until=None)
            assert owned.person_id == case.owner_id
            assert presence.may_act(case.owner)
            accountable = ownership.accountable(case, self.at)
            assert accountable is not None
            assert presence.may_act(accountable)
            assert accountable.pk not in away
            assert visible_to(accountable, self.at).filter(pk=case.pk).exists()


def test_somebody_always_answers_for_each_open_case(cast: Cast, register: Register) -> None:
    class ThisFirm(Firm):
        deeds: dict[str, int] = {}

    ThisFirm.cast, ThisFirm.register_case = cast, staticmethod(register)  # type: ignore[assignment]
    run_state_machine_as_test(
        ThisFirm,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert ThisFirm.steps >= 2000
    # each kind of deed was really done now and then, and not only refused
    wanted = {
        "register", "offer", "accept", "refuse", "decide", "sweep", "go_on_leave", "come_back",
        "leave_for_good", "come_again", "move_a_branch", "sort_and_rule", "withdraw", "reopen",
    }  # fmt: skip
    assert wanted - set(ThisFirm.deeds) == set()
