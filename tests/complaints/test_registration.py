"""Where every channel ends: the case, its owner, its first event, its clocks, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import NotAllowed, RuleBroken
from complaints import numbers, registration
from complaints.models import Channel, Clock, Complaint, Event, Ownership, Severity, Status
from complaints.registration import Report
from notify.models import Message
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast, Register


@pytest.fixture
def report(cast: Cast) -> Report:
    return Report(
        channel=Channel.PHONE,
        what="货没到",
        category=cast.late_goods,
        severity=Severity.MINOR,
        complainant_name="孙玉梅",
        complainant_phone="138 0013 8000",
    )


def test_whoever_registers_receives_first_and_owns(cast: Cast, report: Report) -> None:
    case, created = registration.register(
        replace(report, received_at=MONDAY - MINUTE), by=cast.li, at=MONDAY
    )
    assert created
    assert (case.first_receiver, case.owner, case.entered_by) == (cast.li,) * 3
    assert (case.owner_branch, case.status, case.round) == (cast.wuxi, Status.TRIAGE, 1)
    assert (case.received_at, case.entered_at) == (MONDAY - MINUTE, MONDAY)
    assert case.phone_key == "+8613800138000"
    owned = Ownership.objects.get(complaint=case)
    assert (owned.person, owned.branch, owned.until) == (cast.li, cast.wuxi, None)
    event = Event.objects.get(complaint=case)
    assert (event.kind, event.actor, event.at) == ("register", cast.li, MONDAY)
    assert Clock.objects.filter(complaint=case, round=1).count() == 4


def test_received_now_unless_said_otherwise(cast: Cast, report: Report) -> None:
    case, _created = registration.register(report, by=cast.li, at=MONDAY)
    assert case.received_at == MONDAY


def test_the_same_key_again_is_the_same_case(cast: Cast, report: Report) -> None:
    first, created = registration.register(report, by=cast.li, at=MONDAY, submission_key="k")
    assert created
    other = replace(report, what="别的")
    again, created = registration.register(other, by=cast.li, at=MONDAY + HOUR, submission_key="k")
    assert (again, created, again.what) == (first, False, "货没到")
    assert Event.objects.count() == 1
    without, created = registration.register(report, by=cast.li, at=MONDAY)
    assert created
    assert without != first


def test_without_a_key_the_same_words_twice_are_two_cases(cast: Cast, report: Report) -> None:
    for _ in range(2):
        registration.register(report, by=cast.li, at=MONDAY)
    assert Complaint.objects.count() == 2


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"what": ""}, "what.blank", "what"),
    ({"what": " \n\t\u200b\u2060 "}, "what.blank", "what"),
    ({"what": "字" * 10_001}, "text.too_long", "what"),
    ({"what": "a\x00b"}, "text.nul", "what"),
    ({"what": "a\ud83db"}, "text.surrogate", "what"),
    ({"what": "a\x07b"}, "text.control", "what"),
    ({"complainant_name": "字" * 61}, "text.too_long", "complainant_name"),
    ({"complainant_phone": "1" * 41}, "text.too_long", "complainant_phone"),
    ({"order_no": "1" * 61}, "text.too_long", "order_no"),
    ({"remedy_sought": "字" * 501}, "text.too_long", "remedy_sought"),
    ({"settlement": "字" * 2001}, "text.too_long", "settlement"),
    (
        {"complainant_name": "", "complainant_phone": " "},
        "complainant.missing",
        "complainant_phone",
    ),
    ({"settled_on_spot": True}, "settlement.blank", "settlement"),
    ({"settled_on_spot": True, "settlement": " \u200b"}, "settlement.blank", "settlement"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "code", "field"), REFUSED)
def test_what_cannot_be_taken_is_refused_beside_its_field(
    cast: Cast, report: Report, said: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        registration.register(replace(report, **said), by=cast.li, at=MONDAY)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("field", "said", "kept"),
    [
        ("what", "  货\r\n没到\t了  ", "货\n没到\t了"),
        ("what", "🚚👨‍👩‍👧 𠮷野家", "🚚👨‍👩‍👧 𠮷野家"),
        ("what", "字" * 10_000, "字" * 10_000),
        ("complainant_name", " 孙 \u200b 玉梅 ", "孙 玉梅"),
        ("order_no", "SF\u00a0123", "SF 123"),
        ("complainant_phone", "⑩" * 40, "⑩" * 40),
    ],
)
def test_what_can_be_taken_is_kept(
    cast: Cast, report: Report, field: str, said: str, kept: str
) -> None:
    case, _created = registration.register(replace(report, **{field: said}), by=cast.li, at=MONDAY)
    case.refresh_from_db()
    assert getattr(case, field) == kept


def test_the_administrator_registers_nothing(cast: Cast, report: Report) -> None:
    with pytest.raises(NotAllowed) as refused:
        registration.register(report, by=cast.root, at=MONDAY)
    assert refused.value.code == "not_allowed"


def test_numbers_carry_the_month_of_entry_and_a_check_digit(cast: Cast, register: Register) -> None:
    case = register(at=MONDAY)
    body, digit = case.no[2:].replace("-", "")[:-1], case.no[-1]
    assert case.no.startswith("TS2611-")
    assert numbers.check_digit(body) == int(digit)


def test_a_number_carries_the_month_of_the_firms_zone(cast: Cast, register: Register) -> None:
    new_years_eve = MONDAY.replace(month=12, day=31, hour=16)
    assert register(at=new_years_eve).no.startswith("TS2701-")


@pytest.mark.parametrize("position", range(11))
def test_the_check_digit_catches_each_single_wrong_digit(position: int) -> None:
    right = "26110000417"
    for digit in "0123456789":
        wrong = right[:position] + digit + right[position + 1 :]
        assert (numbers.check_digit(wrong) == numbers.check_digit(right)) == (wrong == right)


def statements(captured: CaptureQueriesContext) -> list[str]:
    once = ("SAVEPOINT", "RELEASE", "PREPARE")  # what is prepared stays so
    return [q["sql"] for q in captured if not q["sql"].startswith(once)]


def test_registering_costs_so_many_statements(cast: Cast, report: Report) -> None:
    """One reads what the case stands on, one writes it with all that hangs on it."""
    with CaptureQueriesContext(connection) as captured:
        registration.register(report, by=cast.li, at=MONDAY, submission_key="k")
    said = statements(captured)
    assert len(said) == 2, "\n".join(said)
    assert not any("staff_person" in each or "notify_" in each for each in said)


def test_registering_late_costs_the_ladder_too(cast: Cast, report: Report) -> None:
    late = replace(report, received_at=MONDAY - 3 * HOUR)
    with CaptureQueriesContext(connection) as captured:
        registration.register(late, by=cast.li, at=MONDAY)
    assert len(statements(captured)) == 10
    assert Message.objects.count() == 7
