"""One complaint through the services: from the phone call to both closings."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from complaints import callbacks, contacts, escalation, remedies, rulings, triage
from complaints.callbacks import Answers
from complaints.contacts import Talk
from complaints.models import (
    Clock,
    ContactKind,
    Escalation,
    Event,
    Means,
    RemedyKind,
    RemedyState,
    Status,
)
from complaints.outcome import Outcome, outcome
from notify.models import Message
from quality import sheets
from quality.sheets import Parts
from tests.conftest import MONDAY, Cast, Register

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def parts(**words: str) -> Parts:
    usual = dict.fromkeys(
        [
            "title",
            "facts",
            "course",
            "cause",
            "evidence",
            "containment",
            "accountability",
            "prevention",
            "detection",
            "response",
            "effect",
        ],
        "具体内容",
    )
    return Parts(**{**usual, **words}, committed_on=date(2026, 12, 1))


def test_one_complaint_from_the_call_to_both_closings(cast: Cast, register: Register) -> None:
    case = register(by=cast.li, at=MONDAY)
    contacts.record(
        case.pk,
        Talk(kind=ContactKind.APOLOGY, means=Means.PHONE, said="向您道歉"),
        by=cast.li,
        at=MONDAY + 20 * MINUTE,
    )
    triage.accept(case.pk, by=cast.chen, at=MONDAY + 65 * MINUTE)
    rulings.rule(
        case.pk,
        branch=cast.lanzhou,
        person=cast.ma,
        basis="货在兰州滞留",
        by=cast.chen,
        at=MONDAY + 66 * MINUTE,
    )
    remedy = remedies.propose(
        case.pk,
        kind=RemedyKind.REFUND,
        amount=Decimal(500),
        description="退运费",
        by=cast.li,
        at=MONDAY + 20 * HOUR,
    )
    assert remedy.state == RemedyState.AWAITING
    remedies.decide(remedy.pk, approve=True, note="", by=cast.wang, at=MONDAY + 21 * HOUR)
    contacts.record(
        case.pk,
        Talk(kind=ContactKind.RESULT, means=Means.PHONE, said="退您运费"),
        by=cast.li,
        at=MONDAY + 22 * HOUR,
    )
    sheet = sheets.submit(case.pk, parts(), by=cast.ma, at=MONDAY + 40 * HOUR)
    assert sheet.no == "问字【2026】001号"
    callbacks.record(
        case.pk,
        Answers(means=Means.PHONE, reached=True, satisfied=True, solved=True, score=5),
        by=cast.chen,
        at=MONDAY + 70 * HOUR,
    )
    sheets.verify(case.pk, opinion="属实，有效", by=cast.chen, at=MONDAY + 90 * HOUR)

    case.refresh_from_db()
    assert case.status == Status.CLOSED
    assert case.closed_inside_at == MONDAY + 90 * HOUR
    ended = [outcome(clock, MONDAY + 100 * HOUR) for clock in Clock.objects.filter(complaint=case)]
    assert ended == [Outcome.MET] * 4
    assert [event.kind for event in Event.objects.filter(complaint=case)] == [
        "register",
        "record_contact",
        "accept",
        "rule",
        "warn",
        "warn",
        "propose_remedy",
        "decide_remedy",
        "record_contact",
        "warn",
        "warn",
        "submit_sheet",
        "warn",
        "warn",
        "record_callback",
        "close",
        "verify_sheet",
    ]


def test_a_silent_case_climbs_the_whole_ladder_each_step_once(
    cast: Cast, register: Register
) -> None:
    case = register(by=cast.li, at=MONDAY)
    for minutes in range(0, 200, 10):
        escalation.sweep(until=MONDAY + minutes * MINUTE)
    climbed = Escalation.objects.filter(clock__kind="apology").order_by("step")
    assert [(e.level, e.fired_at - MONDAY) for e in climbed] == [
        (0, 30 * MINUTE),
        (0, 50 * MINUTE),
        (1, 60 * MINUTE),
        (2, 90 * MINUTE),
        (3, 180 * MINUTE),
    ]
    told = Message.objects.filter(key__startswith="clock:").values_list(
        "recipient__username", flat=True
    )
    assert sorted(told) == ["chen", "gao", "li", "li", "lin", "wang", "wang"]
    assert case.no
