"""Rulings of several: their shares, their evidence, who sees them, and what the database holds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.utils import IntegrityError

from common.errors import NotAllowed, RuleBroken
from complaints import attachments, rulings
from complaints.access import visible_to
from complaints.findings import Party
from complaints.forms.search import SearchForm
from complaints.models import Complaint, Department, Ruling, RulingPart, Supplier
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import MINUTE, accept, answer, apologise, call_back, fresh
from tests.conftest import MONDAY, Cast, Register


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    complaint = register()
    accept(complaint, cast, at=MONDAY)
    return complaint


@pytest.fixture
def carrier(db: None) -> Supplier:
    return Supplier.objects.create(code="sf", name="顺达专线", contact="吴经理 025-12345678")


def rule_jointly(case: Complaint, cast: Cast, *others: Party, **said: Any) -> Ruling:
    """Lanzhou leads; `others` bear the rest."""
    usual: dict[str, Any] = {"branch": cast.lanzhou, "person": cast.ma, "basis": "交接单签字"}
    left = Decimal(100) - sum(party.share for party in others)
    usual |= {"share": left, "others": others, "by": cast.chen, "at": MONDAY}
    return rulings.rule(case.pk, **{**usual, **said})


def half(cast: Cast, share: str = "40") -> Party:
    return Party(branch=cast.suzhou, share=Decimal(share))


def shares(ruling: Ruling) -> list[tuple[str, Decimal, bool]]:
    return [(part.who, part.share, part.lead) for part in ruling.parts.all()]


def test_several_bear_it_by_their_shares_and_one_leads(
    cast: Cast, case: Complaint, carrier: Supplier
) -> None:
    night = Department.objects.create(code="sorting", name="分拣部")
    ruling = rule_jointly(
        case, cast,
        Party(branch=cast.wuxi, department=night, person=cast.li, share=Decimal("30.5")),
        Party(supplier=carrier, share=Decimal("9.5")),
    )  # fmt: skip
    assert shares(ruling) == [
        ("兰州分公司 · 马兰", Decimal(60), True),
        ("无锡分公司 · 分拣部 · 李静", Decimal("30.5"), False),
        ("顺达专线", Decimal("9.5"), False),
    ]
    found = fresh(case)
    assert (found.responsible_branch, found.rectifier) == (cast.lanzhou, cast.ma)
    event = case.events.latest("pk")
    assert event.data["parties"] == [
        ["兰州分公司 · 马兰", "60"], ["无锡分公司 · 分拣部 · 李静", "30.5"], ["顺达专线", "9.5"],
    ]  # fmt: skip


def test_a_supplier_may_bear_all_while_a_branch_leads(
    cast: Cast, case: Complaint, carrier: Supplier
) -> None:
    ruling = rule_jointly(case, cast, Party(supplier=carrier, share=Decimal(100)))
    assert shares(ruling)[0] == ("兰州分公司 · 马兰", Decimal(0), True)
    assert fresh(case).rectifier == cast.ma


Choose = Callable[[Cast, Supplier], tuple[list[Party], dict[str, Any]]]


def other(**said: Any) -> Party:
    return Party(**{"share": Decimal(40), **said})


@pytest.mark.parametrize(
    ("choose", "code"),
    [
        (lambda c, s: ([half(c)], {"share": Decimal(59)}), "share.sum"),
        (lambda c, s: ([half(c)], {"share": Decimal("60.01")}), "share.sum"),
        (lambda c, s: ([half(c, "0")], {}), "share.range"),
        (lambda c, s: ([half(c, "-1")], {}), "share.range"),
        (lambda c, s: ([half(c, "33.333")], {}), "share.range"),
        (lambda c, s: ([half(c, "NaN")], {"share": Decimal(1)}), "share.range"),
        (lambda c, s: ([half(c, "100.01")], {}), "share.range"),
        (lambda c, s: ([other()], {}), "party.one_of"),
        (lambda c, s: ([other(branch=c.suzhou, supplier=s)], {}), "party.one_of"),
        (lambda c, s: ([other(supplier=s, person=c.li)], {}), "party.one_of"),
        (lambda c, s: ([other(branch=c.suzhou, person=c.li)], {}), "person.elsewhere"),
        (lambda c, s: ([other(branch=c.lanzhou, person=c.ma)], {}), "party.twice"),
        (lambda c, s: ([half(c, "20"), half(c, "20")], {}), "party.twice"),
        (lambda c, s: ([half(c, "5")] * 4, {}), "party.too_many"),
        (lambda c, s: ([half(c)], {"evidence": (0,)}), "evidence.foreign"),
        (lambda c, s: ([half(c)], {"talks": (0,)}), "talks.foreign"),
    ],
)
def test_a_ruling_that_does_not_add_up_changes_nothing(
    cast: Cast, case: Complaint, carrier: Supplier, choose: Choose, code: str
) -> None:
    parties, said = choose(cast, carrier)
    if any(party.share.is_nan() for party in parties):
        said = {**said, "share": Decimal(1)}
    with pytest.raises(RuleBroken) as refused:
        rule_jointly(case, cast, *parties, **said)
    assert refused.value.code == code
    assert not Ruling.objects.exists()
    assert fresh(case).rectifier is None


def test_it_rests_on_files_and_talks_of_the_case_alone(
    cast: Cast, case: Complaint, register: Register, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    talk = apologise(case, by=cast.li, at=MONDAY)
    foreign = apologise(register(), by=cast.li, at=MONDAY)
    file = attachments.attach(case.pk, SimpleUploadedFile("a.txt", b"a"), by=cast.li, at=MONDAY)
    ruling = rule_jointly(case, cast, evidence=(file.pk,), talks=(talk.pk,))
    assert (list(ruling.evidence.all()), list(ruling.talks.all())) == ([file], [talk])
    with pytest.raises(RuleBroken) as refused:
        rule_jointly(case, cast, talks=(talk.pk, foreign.pk))
    assert refused.value.code == "talks.foreign"


def test_everybody_it_names_is_told_once_and_their_supervisors_that_they_may_dispute(
    cast: Cast, case: Complaint
) -> None:
    rule_jointly(case, cast, Party(branch=cast.wuxi, person=cast.li, share=Decimal(30)))
    told = {m.recipient: str(m) for m in Message.objects.filter(key__startswith="ruling:")}
    assert told == {
        cast.ma: f"您被判定为 {case.no} 的整改责任人，请在 48 小时内提交整改单",
        cast.li: f"您被判定对 {case.no} 承担 30% 的责任",
        cast.wang: f"{case.no} 已判定由无锡分公司担责，有异议请在 11-17 12:00 前提出",
    }


def sees(person: Person, case: Complaint) -> bool:
    return visible_to(person).filter(pk=case.pk).exists()


def test_the_branch_of_every_standing_part_sees_the_case(cast: Cast, register: Register) -> None:
    case = register(by=cast.zhao)
    accept(case, cast, at=MONDAY)
    assert not sees(cast.wang, case)
    rule_jointly(case, cast, Party(branch=cast.wuxi, person=cast.li, share=Decimal(30)))
    assert sees(cast.wang, case)
    assert sees(cast.li, case)
    assert sees(cast.xu, case)
    assert visible_to(cast.wang).filter(pk=case.pk).count() == 1
    rule_jointly(case, cast, at=MONDAY + MINUTE)  # superseded: no longer theirs
    assert not sees(cast.wang, case)
    assert not sees(cast.li, case)


def check_at_the_end() -> None:
    """What waits for the end of the transaction, looked at now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE complaints_rulingpart SET share = 59 WHERE lead",
        "UPDATE complaints_rulingpart SET lead = false",
        "DELETE FROM complaints_rulingpart WHERE NOT lead",
        "INSERT INTO complaints_rulingpart (ruling_id, branch_id, share, lead)"
        " SELECT ruling_id, branch_id, 1, false FROM complaints_rulingpart LIMIT 1",
        "INSERT INTO complaints_ruling (complaint_id, basis, by_id, at, superseded_at)"
        " SELECT complaint_id, basis, by_id, at, now() FROM complaints_ruling",
    ],
)
def test_the_database_holds_that_shares_make_a_whole_and_one_part_leads(
    cast: Cast, case: Complaint, statement: str
) -> None:
    rule_jointly(case, cast, half(cast))
    check_at_the_end()
    with pytest.raises(IntegrityError, match="shares of a ruling make 100"):
        change(statement)


def change(statement: str) -> None:
    """One transaction, to its end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
        check_at_the_end()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ("share = 0", "share_in_range"),
        ("share = 100.01", "share_in_range"),
        ("branch_id = NULL", "branch_or_supplier"),
        ("supplier_id = (SELECT id FROM complaints_supplier)", "branch_or_supplier"),
        ("lead = true", "lead_names_branch_and_person"),
    ],
)
def test_a_part_keeps_its_shape(
    cast: Cast, case: Complaint, carrier: Supplier, changes: str, name: str
) -> None:
    rule_jointly(case, cast, half(cast))
    with pytest.raises(IntegrityError, match=name):
        change(f"UPDATE complaints_rulingpart SET {changes} WHERE NOT lead")  # noqa: S608


def test_shares_may_be_moved_within_one_transaction(cast: Cast, case: Complaint) -> None:
    ruling = rule_jointly(case, cast, half(cast))
    with transaction.atomic():
        RulingPart.objects.filter(ruling=ruling, lead=True).update(share=50)
        RulingPart.objects.filter(ruling=ruling, lead=False).update(share=50)
        check_at_the_end()


def test_the_list_of_a_branch_holds_what_it_bears_a_share_of(
    cast: Cast, case: Complaint, register: Register
) -> None:
    register()
    rule_jointly(case, cast, half(cast))
    form = SearchForm({"branch": "SUZ"})
    assert form.is_valid()
    assert list(form.narrow(visible_to(cast.chen), MONDAY, most=9)) == [case]


def test_a_branch_that_bears_a_share_does_not_call_back(cast: Cast, case: Complaint) -> None:
    rule_jointly(case, cast, half(cast))
    answer(case, by=cast.li, at=MONDAY)
    cast.chen.branch = cast.suzhou
    cast.chen.save(update_fields=["branch"])
    with pytest.raises(NotAllowed) as refused:
        call_back(case, by=cast.chen, at=MONDAY + MINUTE)
    assert refused.value.code == "own_branch"
    assert call_back(case, by=cast.lin, at=MONDAY + MINUTE).reached
