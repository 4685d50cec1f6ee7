"""A week played through the services, with every figure counted by hand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints import callbacks, clocks, closing, remedies, rulings, triage
from complaints.callbacks import Answers
from complaints.findings import Party
from complaints.models import (
    ClockKind,
    Complaint,
    InvalidReason,
    Means,
    MetAs,
    Remedy,
    RemedyKind,
    Supplier,
)
from quality import sheets
from reports.periods import Week
from staff import people
from staff.models import Branch, Person, Role
from tests.complaints import scenes
from tests.conftest import MONDAY, PASSWORD, Cast, Register

HOUR = timedelta(hours=1)
WEEK = Week.parse("2026-W47")
#: When the week's ranking is made: the Tuesday after, 12:00 in Shanghai.
CUT_OFF = WEEK.end + 36 * HOUR


@dataclass
class Acts:
    """What people do, in hours after the case was received. Li owns every case."""

    cast: Cast
    register: Register
    rectifiers: dict[int, Person]

    def received(self, at: datetime, **said: Any) -> Complaint:
        """Sorted as valid at once, not yet ruled."""
        case = self.register(by=self.cast.li, at=at, **said)
        scenes.accept(case, self.cast, at=at)
        return case

    def case(self, branch: Branch, at: datetime, **said: Any) -> Complaint:
        """Received, sorted and ruled to the branch at once."""
        case = self.received(at, **said)
        self.rule(case, branch)
        return case

    def rule(self, case: Complaint, branch: Branch, hours: float = 0) -> None:
        rulings.rule(
            case.pk, branch=branch, person=self.rectifier(branch), basis="交接单签字",
            by=self.cast.chen, at=case.received_at + hours * HOUR,
        )  # fmt: skip

    def rule_jointly(self, case: Complaint, *shares: tuple[Branch | Supplier, str]) -> None:
        """The first leads; each bears so many per cent."""
        (lead, share), *rest = shares
        others = tuple(
            Party(
                share=Decimal(portion),
                **{"branch" if isinstance(each, Branch) else "supplier": each},
            )
            for each, portion in rest
        )
        rulings.rule(
            case.pk, branch=lead, person=self.rectifier(lead), basis="交接单签字",
            share=Decimal(share), others=others, by=self.cast.chen, at=case.received_at,
        )  # fmt: skip

    def rectifier(self, branch: Branch) -> Person:
        """The branch's supervisor, taken on when there is none."""
        if branch.pk not in self.rectifiers:
            self.rectifiers[branch.pk] = people.hire(
                f"head-{branch.code}", name="主管", role=Role.SUPERVISOR, branch=branch,
                password=PASSWORD,
            )  # fmt: skip
        return self.rectifiers[branch.pk]

    def apologise(self, case: Complaint, hours: float) -> None:
        scenes.apologise(case, by=self.cast.li, at=case.received_at + hours * HOUR)

    def answer(self, case: Complaint, hours: float) -> None:
        scenes.answer(case, by=self.cast.li, at=case.received_at + hours * HOUR)

    def submit(self, case: Complaint, hours: float) -> None:
        rectifier = Person.objects.get(rectifies=case)
        scenes.submit(case, by=rectifier, at=case.received_at + hours * HOUR)

    def call(self, case: Complaint, hours: float, *, satisfied: bool | None) -> None:
        """`satisfied` None: nobody answered."""
        answers = Answers(
            means=Means.PHONE, reached=satisfied is not None, satisfied=satisfied,
            solved=satisfied, said="还是不行" if satisfied is False else "",
        )  # fmt: skip
        callbacks.record(case.pk, answers, by=self.cast.chen, at=case.received_at + hours * HOUR)

    def grant(self, case: Complaint, hours: float, amount: str, by: Person | None = None) -> Remedy:
        """Promised at once by the general manager, unless somebody else proposes it."""
        return remedies.propose(
            case.pk, kind=RemedyKind.REFUND, amount=Decimal(amount), description="退运费",
            by=by or self.cast.gao, at=case.received_at + hours * HOUR,
        )  # fmt: skip

    def settle(self, case: Complaint, *, satisfied: bool = True) -> None:
        """All four clocks met."""
        self.apologise(case, 0.5)
        self.answer(case, 20)
        self.submit(case, 40)
        self.call(case, 70, satisfied=satisfied)


@pytest.fixture
def acts(cast: Cast, register: Register) -> Acts:
    heads = {cast.wuxi.pk: cast.wang, cast.lanzhou.pk: cast.ma, cast.east.pk: cast.xu}
    return Acts(cast, register, heads)


@dataclass(frozen=True)
class Played:
    """The week's cases by what they are about."""

    usual: Complaint
    reopened: Complaint
    anonymous: Complaint
    withdrawn: Complaint
    out_of_reach: Complaint
    invalid: Complaint
    unruled: Complaint
    of_region: Complaint


#: Wuxi's week as counted by hand from the story in `played`, at the cut-off.
WUXI = {
    "complaints": 5,
    "apology_met": 2, "apology_breached": 1, "apology_attempted": 1, "apology_na": 2,
    "result_met": 3, "result_breached": 1, "result_na": 2,
    "sheet_met": 2, "sheet_breached": 2, "sheet_na": 2,
    "callback_met": 2, "callback_breached": 1, "callback_unreachable": 1, "callback_na": 2,
    "apology_decided": 3, "result_decided": 4, "sheet_decided": 4, "callback_decided": 3,
    "callbacks_attempted": 3, "callbacks_reached": 2, "callbacks_satisfied": 1,
    "remedies": 2, "compensation": Decimal("650.50"),
}  # fmt: skip
#: 100 × (10 × 2/3 + 10 × 3/4 + 8 × 2/4 + 7 × 2/3 + 15 × 1/2) ÷ 50
WUXI_SCORE = Decimal("60.67")


@pytest.fixture
def played(acts: Acts, cast: Cast) -> Played:
    """Wuxi's week: five valid cases, an invalid one, one not ruled, one ruled to the region."""
    usual = acts.case(cast.wuxi, MONDAY)
    acts.grant(usual, 0.5, "150.50")
    acts.settle(usual)

    # 1H and 48H late; dissatisfied at 60 h: a second round, of which only the apology is kept.
    reopened = acts.case(cast.wuxi, MONDAY + 2 * HOUR)
    acts.apologise(reopened, 2)
    acts.answer(reopened, 10)
    acts.submit(reopened, 50)
    acts.call(reopened, 60, satisfied=False)
    acts.apologise(reopened, 60.5)

    anonymous = acts.case(
        cast.wuxi, MONDAY + 3 * HOUR, anonymous=True, complainant_name="", complainant_phone=""
    )
    acts.submit(anonymous, 47)

    withdrawn = acts.case(cast.wuxi, MONDAY + 4 * HOUR)
    closing.withdraw(
        withdrawn.pk, said_by="本人", note="来电撤诉", by=cast.li, at=MONDAY + 4.5 * HOUR
    )
    return Played(
        usual, reopened, anonymous, withdrawn,
        out_of_reach=_out_of_reach(acts, cast),
        invalid=_invalid(acts, cast),
        unruled=acts.received(MONDAY + 7 * HOUR),
        of_region=acts.case(cast.east, MONDAY + 8 * HOUR),
    )  # fmt: skip


def _out_of_reach(acts: Acts, cast: Cast) -> Complaint:
    """Attempted, answered, the sheet waived, called back three times in vain; a remedy beyond
    the proposer's limit approved and delivered, another refused, a third cancelled."""
    case = acts.case(cast.wuxi, MONDAY + 5 * HOUR)
    clocks.meet(case, ClockKind.APOLOGY, at=MONDAY + 5.9 * HOUR, how=MetAs.ATTEMPTED)
    approved = acts.grant(case, 15, "500", by=cast.li)
    remedies.decide(approved.pk, approve=True, note="", by=cast.lin, at=MONDAY + 21 * HOUR)
    remedies.deliver(approved.pk, proof="收据 7", by=cast.li, at=MONDAY + 22 * HOUR)
    refused = acts.grant(case, 17, "900", by=cast.li)
    remedies.decide(refused.pk, approve=False, note="过高", by=cast.lin, at=MONDAY + 23 * HOUR)
    cancelled = acts.grant(case, 18, "33")
    remedies.cancel(cancelled.pk, note="客户另选", by=cast.gao, at=MONDAY + 24 * HOUR)
    acts.answer(case, 23)
    sheets.waive(case.pk, reason="与分公司无关的个案", by=cast.chen, at=MONDAY + 35 * HOUR)
    for hours in (50, 56, 70):
        acts.call(case, hours, satisfied=None)
    clocks.meet(case, ClockKind.CALLBACK, at=MONDAY + 75 * HOUR, how=MetAs.UNREACHABLE)
    return case


def _invalid(acts: Acts, cast: Cast) -> Complaint:
    """Ruled, late, paid for, and then found not to be a valid complaint."""
    case = acts.case(cast.wuxi, MONDAY + 6 * HOUR)
    acts.grant(case, 1, "77")
    triage.reject(
        case.pk, reason=InvalidReason.NOT_OURS, note="不是我们的货", by=cast.chen,
        at=MONDAY + 9 * HOUR,
    )  # fmt: skip
    return case


Settled = Callable[..., list[Complaint]]


@pytest.fixture
def settled(acts: Acts) -> Settled:
    """`settled(branch, 3)`: so many cases of the branch on Monday, all four clocks met."""

    def _settled(branch: Branch, number: int, *, satisfied: bool = True) -> list[Complaint]:
        cases = [acts.case(branch, MONDAY + timedelta(minutes=n)) for n in range(number)]
        for case in cases:
            acts.settle(case, satisfied=satisfied)
        return cases

    return _settled
