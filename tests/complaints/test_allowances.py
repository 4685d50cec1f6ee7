"""Pausing and extending the 24H: who may, how long, what moves, and that it ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import allowances, closing, elapsed, faces, selectors
from complaints.allowances import Wish
from complaints.escalation import sweep
from complaints.models import (
    Allowance,
    AllowanceKind,
    AllowanceReason,
    Clock,
    ClockKind,
    Complaint,
    Escalation,
    Event,
)
from complaints.outcome import Outcome, outcome, outcome_sql
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    clock,
    fresh,
    reject,
    rule,
)
from tests.complaints.test_races import at_once, codes, done
from tests.conftest import MONDAY, Cast, Register

INSTANT = timedelta(microseconds=1)
DUE = MONDAY + 24 * HOUR


def wish(hours: float = 12, kind: str = "pause", note: str = "等客户寄来照片") -> Wish:
    return Wish(
        kind=AllowanceKind(kind),
        reason=AllowanceReason.CUSTOMER_AWAY,
        minutes=round(hours * 60),
        note=note,
    )


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    complaint = register()
    accept(complaint, cast, at=MONDAY)
    rule(complaint, cast, at=MONDAY, person=cast.ma)
    return complaint


def result(case: Complaint) -> Clock:
    return clock(case, ClockKind.RESULT)


def ended(case: Complaint, at: datetime) -> str:
    """How the 24H stands at `at`; Python and SQL must agree."""
    found = Clock.objects.filter(complaint=case, kind=ClockKind.RESULT, round=1)
    stored = found.annotate(said=outcome_sql(at)).get()
    assert outcome(stored, at) == stored.said
    return str(stored.said)


def refused(
    code: str,
    deed: Callable[..., object],
    *args: object,
    field: str | None = None,
    **kwargs: object,
) -> str:
    """The sentence with which `deed(*args, **kwargs)` is refused; nothing was written."""
    before = (Event.objects.count(), Allowance.objects.count(), Message.objects.count())
    with pytest.raises(RuleBroken) as broken:
        deed(*args, **kwargs)
    assert (broken.value.code, broken.value.field) == (code, field)
    assert (Event.objects.count(), Allowance.objects.count(), Message.objects.count()) == before
    return broken.value.message


# What a grant does


@pytest.mark.parametrize(("kind", "paused"), [("pause", 12 * HOUR), ("extension", 0 * HOUR)])
def test_a_grant_moves_the_due_time_and_keeps_the_first(
    cast: Cast, case: Complaint, kind: str, paused: timedelta
) -> None:
    allowances.grant(case.pk, wish(12, kind), by=cast.chen, at=MONDAY + 10 * HOUR)
    moved = result(case)
    assert (moved.due_at, moved.original_due_at) == (DUE + 12 * HOUR, DUE)
    assert moved.paused_for == paused
    assert ended(case, DUE + 12 * HOUR) == "running"
    assert ended(case, DUE + 12 * HOUR + INSTANT) == "breached"
    others = Clock.objects.filter(complaint=case).exclude(kind=ClockKind.RESULT)
    assert all(each.due_at == each.original_due_at for each in others)


@pytest.mark.parametrize("kind", ["pause", "extension"])
def test_the_steps_not_yet_taken_move_along_and_ring_by_themselves(
    cast: Cast, case: Complaint, kind: str
) -> None:
    """Nothing runs at the end of a pause: the clock simply goes on."""
    sweep(until=MONDAY + 13 * HOUR)
    allowances.grant(case.pk, wish(10, kind), by=cast.chen, at=MONDAY + 13 * HOUR)
    sweep(until=MONDAY + 90 * HOUR)
    taken = Escalation.objects.filter(clock=result(case)).order_by("rang_at")
    rang = [(each.level, (each.rang_at - MONDAY) / HOUR) for each in taken]
    # 12 h as it was; 18 h, due, and two hours without an answer, twice: all ten hours later
    assert rang[:3] == [(0, 12), (0, 28), (1, 34)]
    assert [level for level, _hour in rang] == [0, 0, 1, 2, 3]


def test_a_pause_ends_by_itself_and_only_then_may_another_begin(
    cast: Cast, case: Complaint
) -> None:
    allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + 10 * HOUR)
    over = MONDAY + 22 * HOUR

    def again(at: datetime) -> Allowance:
        return allowances.grant(case.pk, wish(1), by=cast.lin, at=at)

    said = refused("pause.active", again, over - INSTANT)
    assert said == "24H 反馈时限正在暂停，不能重复暂停。"
    again(over)
    assert result(case).due_at == DUE + 13 * HOUR
    assert result(case).paused_for == 13 * HOUR


def test_a_paused_clock_may_be_extended(cast: Cast, case: Complaint) -> None:
    allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY)
    allowances.grant(case.pk, wish(6, "extension"), by=cast.chen, at=MONDAY + HOUR)
    assert (result(case).due_at, result(case).paused_for) == (DUE + 18 * HOUR, 12 * HOUR)


# The caps


@pytest.mark.parametrize(
    ("kind", "first", "second", "left"),
    [
        ("pause", 0, 48, None),
        ("pause", 0, 48 + 1 / 60, "暂停合计不能超过 48 小时，还可暂停 48 小时。"),
        ("pause", 30, 18, None),
        ("pause", 30, 18 + 1 / 60, "暂停合计不能超过 48 小时，还可暂停 18 小时。"),
        ("pause", 48, 1 / 60, "暂停合计不能超过 48 小时，还可暂停 0 小时。"),
        ("extension", 0, 72, None),
        ("extension", 48, 24, None),
        ("extension", 48, 24 + 1 / 60, "延期合计不能超过 72 小时，还可延期 24 小时。"),
        ("extension", 72, 1 / 60, "延期合计不能超过 72 小时，还可延期 0 小时。"),
    ],
)
def test_no_clock_is_given_more_than_its_cap(
    cast: Cast, case: Complaint, kind: str, first: float, second: float, left: str | None
) -> None:
    at = MONDAY + HOUR
    if first:
        allowances.grant(case.pk, wish(first, kind), by=cast.chen, at=at)
    at += first * HOUR
    if left:
        more = wish(second, kind)
        said = refused(
            "over_cap", allowances.grant, case.pk, more, by=cast.chen, at=at, field="minutes"
        )
        assert said == left
    else:
        allowances.grant(case.pk, wish(second, kind), by=cast.chen, at=at)
    given_ = (first + second if left is None else first) * HOUR
    assert result(case).due_at == DUE + given_


def test_the_two_caps_do_not_eat_each_other(cast: Cast, case: Complaint) -> None:
    allowances.grant(case.pk, wish(72, "extension"), by=cast.chen, at=MONDAY)
    allowances.grant(case.pk, wish(48), by=cast.chen, at=MONDAY)
    assert result(case).due_at == DUE + 120 * HOUR


@pytest.mark.parametrize("minutes", [-1, 0, 72 * 60 + 1, 10**30])
def test_a_span_is_a_minute_to_three_days(cast: Cast, case: Complaint, minutes: int) -> None:
    odd = Wish(
        kind=AllowanceKind.EXTENSION, reason=AllowanceReason.CUSTOMER_AWAY, minutes=minutes,
        note="x",
    )  # fmt: skip
    for deed, who in ((allowances.ask, cast.li), (allowances.grant, cast.chen)):
        refused("minutes.range", deed, case.pk, odd, by=who, at=MONDAY, field="minutes")


@pytest.mark.parametrize(
    ("note", "code"), [("", "note.blank"), (" \u200b", "note.blank"), ("字" * 501, "text.too_long")]
)
def test_a_wish_says_why(cast: Cast, case: Complaint, note: str, code: str) -> None:
    for deed, who in ((allowances.ask, cast.li), (allowances.grant, cast.chen)):
        refused(code, deed, case.pk, wish(note=note), by=who, at=MONDAY, field="note")


# When


@pytest.mark.parametrize(
    ("after", "code"), [(-INSTANT, None), (timedelta(0), None), (INSTANT, "clock.overdue")]
)
def test_only_a_clock_that_is_not_overdue_is_given_more(
    cast: Cast, case: Complaint, after: timedelta, code: str | None
) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    if code:
        said = refused(code, allowances.grant, case.pk, wish(), by=cast.chen, at=DUE + after)
        assert said == "24H 反馈时限已超时，不能再暂停或延期。"
        refused(code, allowances.ask, case.pk, wish(), by=cast.li, at=DUE + after)
        refused(
            code, allowances.decide, asked.pk, granted=True, opinion="", by=cast.chen,
            at=DUE + after,
        )  # fmt: skip
        assert ended(case, DUE + HOUR) == "breached"
        return
    allowances.decide(asked.pk, granted=True, opinion="", by=cast.chen, at=DUE + after)
    assert ended(case, DUE + HOUR) == "running"


def told(case: Complaint, cast: Cast) -> None:
    answer(case, by=cast.li, at=MONDAY + 2 * HOUR)


def rejected(case: Complaint, cast: Cast) -> None:
    reject(case, cast, at=MONDAY + 2 * HOUR)


def withdrawn(case: Complaint, cast: Cast) -> None:
    closing.withdraw(case.pk, said_by="孙", note="来电", by=cast.li, at=MONDAY + 2 * HOUR)


@pytest.mark.parametrize(
    ("stop", "code"),
    [(told, "clock.not_running"), (rejected, "wrong_status"), (withdrawn, "wrong_status")],
)
def test_a_clock_that_has_ended_is_neither_paused_nor_resumed(
    cast: Cast, case: Complaint, stop: Callable[[Complaint, Cast], None], code: str
) -> None:
    asked = allowances.ask(case.pk, wish(1, "extension"), by=cast.li, at=MONDAY)
    pause = allowances.grant(case.pk, wish(), by=cast.chen, at=MONDAY + HOUR)
    stop(case, cast)
    at = MONDAY + 3 * HOUR
    refused(code, allowances.ask, case.pk, wish(), by=cast.li, at=at)
    refused(code, allowances.grant, case.pk, wish(), by=cast.chen, at=at)
    refused(code, allowances.resume, pause.pk, by=cast.chen, at=at)
    refused(code, allowances.decide, asked.pk, granted=True, opinion="", by=cast.chen, at=at)
    assert result(case).due_at == DUE + 12 * HOUR


def test_an_anonymous_case_has_no_24h_to_pause(cast: Cast, register: Register) -> None:
    quiet = register(anonymous=True)
    refused("clock.not_running", allowances.grant, quiet.pk, wish(), by=cast.chen, at=MONDAY)


def test_the_result_told_during_a_pause_stops_the_clock(cast: Cast, case: Complaint) -> None:
    allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + 10 * HOUR)
    answer(case, by=cast.li, at=MONDAY + 12 * HOUR)
    stopped = result(case)
    assert (stopped.met_at, stopped.next_at) == (MONDAY + 12 * HOUR, None)
    assert ended(case, MONDAY + 99 * HOUR) == Outcome.MET
    assert elapsed.net(stopped, stopped.allowances.all(), MONDAY + 99 * HOUR) == 10 * HOUR


def test_found_valid_again_the_clock_keeps_what_it_was_given(cast: Cast, case: Complaint) -> None:
    allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + 10 * HOUR)
    reject(case, cast, at=MONDAY + 11 * HOUR)
    assert ended(case, MONDAY + 99 * HOUR) == Outcome.NOT_APPLICABLE
    accept(case, cast, at=MONDAY + 20 * HOUR)
    again = result(case)
    assert (again.started_at, again.due_at) == (MONDAY, DUE + 12 * HOUR)
    assert ended(case, DUE + 12 * HOUR) == "running"
    assert again.next_at == DUE  # the first warning, twelve hours before


def test_a_new_round_starts_with_none_of_it(cast: Cast, case: Complaint) -> None:
    asked = allowances.ask(case.pk, wish(1, "extension"), by=cast.li, at=MONDAY)
    allowances.grant(case.pk, wish(48), by=cast.chen, at=MONDAY + HOUR)
    answer(case, by=cast.li, at=MONDAY + 2 * HOUR)
    again = MONDAY + 3 * HOUR
    closing.reopen(case.pk, reason="仍不满意", by=cast.li, at=again)
    second = clock(case, ClockKind.RESULT, round=2)
    assert (second.due_at, second.paused_for) == (again + 24 * HOUR, timedelta(0))
    late = {"granted": True, "opinion": "", "by": cast.chen, "at": again}
    refused("clock.not_running", allowances.decide, asked.pk, **late)  # of the frozen round
    allowances.ask(case.pk, wish(), by=cast.li, at=again)
    allowances.grant(case.pk, wish(48), by=cast.chen, at=again)
    assert clock(case, ClockKind.RESULT, round=2).due_at == again + 72 * HOUR


# Resuming


@pytest.mark.parametrize(("after", "given_back"), [(0, 12), (5, 7), (11.5, 0.5)])
def test_what_a_pause_has_not_used_is_given_back(
    cast: Cast, case: Complaint, after: float, given_back: float
) -> None:
    pause = allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + HOUR)
    at = MONDAY + HOUR + after * HOUR
    allowances.resume(pause.pk, by=cast.lin, at=at)
    moved = result(case)
    used = (12 - given_back) * HOUR
    assert (moved.due_at, moved.original_due_at, moved.paused_for) == (DUE + used, DUE, used)
    assert Allowance.objects.get().resumed_at == at
    refused("pause.not_active", allowances.resume, pause.pk, by=cast.chen, at=at)
    allowances.grant(case.pk, wish(48 - used / HOUR), by=cast.chen, at=at)
    assert result(case).due_at == DUE + 48 * HOUR


@pytest.mark.parametrize(
    ("at", "over"), [(MONDAY + 13 * HOUR - INSTANT, False), (MONDAY + 13 * HOUR, True)]
)
def test_a_pause_that_has_run_out_is_not_resumed(
    cast: Cast, case: Complaint, at: datetime, over: bool
) -> None:
    pause = allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + HOUR)
    if over:
        said = refused("pause.not_active", allowances.resume, pause.pk, by=cast.chen, at=at)
        assert said == "没有正在进行的暂停可以恢复。"
    else:
        assert allowances.resume(pause.pk, by=cast.chen, at=at).resumed_at == at


def test_neither_an_extension_nor_a_request_is_resumed(cast: Cast, case: Complaint) -> None:
    at = MONDAY + MINUTE
    for allowance in (
        allowances.grant(case.pk, wish(6, "extension"), by=cast.chen, at=MONDAY),
        allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY),
    ):
        refused("pause.not_active", allowances.resume, allowance.pk, by=cast.chen, at=at)


# Asking, endorsing, deciding


def test_a_request_moves_nothing_until_it_is_granted(cast: Cast, case: Complaint) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY + HOUR)
    assert result(case).due_at == DUE
    endorsed = allowances.endorse(asked.pk, by=cast.wang, at=MONDAY + 2 * HOUR)
    assert (endorsed.endorsed_by, endorsed.endorsed_at) == (cast.wang, MONDAY + 2 * HOUR)
    assert result(case).due_at == DUE
    at = MONDAY + 3 * HOUR
    granted = allowances.decide(asked.pk, granted=True, opinion="同意", by=cast.chen, at=at)
    assert (granted.state, granted.decided_by, granted.opinion) == ("granted", cast.chen, "同意")
    assert result(case).due_at == DUE + 12 * HOUR
    assert elapsed.pause_end(granted) == at + 12 * HOUR  # from the moment of the grant


def test_a_refusal_says_why_and_moves_nothing(cast: Cast, case: Complaint) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)

    def refuse(opinion: str) -> Allowance:
        return allowances.decide(
            asked.pk, granted=False, opinion=opinion, by=cast.chen, at=DUE + HOUR
        )

    assert refused("opinion.blank", refuse, " \u200b", field="opinion") == "请写明不批准的原因。"
    assert refuse("资料已齐").state == "refused"
    assert (result(case).due_at, result(case).paused_for) == (DUE, timedelta(0))
    refused("already_decided", refuse, "再说一次")
    refused("already_decided", allowances.endorse, asked.pk, by=cast.wang, at=DUE)


def test_one_request_waits_at_a_time(cast: Cast, case: Complaint) -> None:
    first = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    refused("allowance.waiting", allowances.ask, case.pk, wish(1), by=cast.ma, at=MONDAY)
    allowances.decide(first.pk, granted=False, opinion="不必", by=cast.chen, at=MONDAY)
    allowances.ask(case.pk, wish(1), by=cast.ma, at=MONDAY)


def test_a_request_is_endorsed_once(cast: Cast, case: Complaint) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    allowances.endorse(asked.pk, by=cast.wang, at=MONDAY)
    refused("already_endorsed", allowances.endorse, asked.pk, by=cast.xu, at=MONDAY)


def test_nobody_endorses_or_decides_their_own_request(
    cast: Cast, case: Complaint, register: Register
) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.wang, at=MONDAY)
    refused("own_request", allowances.endorse, asked.pk, by=cast.wang, at=MONDAY)
    mine = register(by=cast.chen)
    asked = allowances.ask(mine.pk, wish(), by=cast.chen, at=MONDAY)
    refused(
        "answers_for_it", allowances.decide, asked.pk, granted=True, opinion="", by=cast.chen,
        at=MONDAY,
    )  # fmt: skip
    refused("answers_for_it", allowances.grant, mine.pk, wish(), by=cast.chen, at=MONDAY)
    decided = allowances.decide(asked.pk, granted=True, opinion="", by=cast.lin, at=MONDAY)
    assert decided.decided_by == cast.lin


def test_whoever_asked_while_they_answered_for_it_does_not_decide_later(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.lin)
    asked = allowances.ask(case.pk, wish(), by=cast.lin, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.ma)
    refused(
        "own_request", allowances.decide, asked.pk, granted=True, opinion="", by=cast.lin, at=MONDAY
    )


WHO = {
    "ask": {"li", "wang", "xu", "ma"},
    "endorse": {"wang", "xu"},
    "decide": {"chen", "lin", "gao"},
    "grant": {"chen", "lin", "gao"},
    "resume": {"chen", "lin", "gao"},
}


@pytest.mark.parametrize("what", WHO)
def test_who_may_do_it(cast: Cast, register: Register, what: str) -> None:
    for person in (cast.li, cast.wang, cast.xu, cast.ma, cast.zhao, cast.chen, cast.lin, cast.gao):
        case = register()
        accept(case, cast, at=MONDAY)
        rule(case, cast, at=MONDAY, person=cast.ma)
        if person.username in WHO[what]:
            do(what, case, cast, person)
        else:
            with pytest.raises(NotAllowed):
                do(what, case, cast, person)


def do(what: str, case: Complaint, cast: Cast, by: Person) -> object:
    match what:
        case "ask":
            return allowances.ask(case.pk, wish(), by=by, at=MONDAY)
        case "grant":
            return allowances.grant(case.pk, wish(), by=by, at=MONDAY)
        case "resume":
            pause = allowances.grant(case.pk, wish(), by=cast.chen, at=MONDAY)
            return allowances.resume(pause.pk, by=by, at=MONDAY)
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    if what == "endorse":
        return allowances.endorse(asked.pk, by=by, at=MONDAY)
    return allowances.decide(asked.pk, granted=True, opinion="", by=by, at=MONDAY)


# What is written and told


def test_the_story_says_how_much_why_and_until_when(cast: Cast, case: Complaint) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    allowances.endorse(asked.pk, by=cast.wang, at=MONDAY + MINUTE)
    allowances.decide(asked.pk, granted=True, opinion="尽快", by=cast.chen, at=MONDAY + HOUR)
    allowances.resume(asked.pk, by=cast.chen, at=MONDAY + 3 * HOUR)
    allowances.grant(case.pk, wish(1.5, "extension"), by=cast.lin, at=MONDAY + 4 * HOUR)
    about = selectors.story(case).filter(kind__endswith="_time")
    told = [faces.story_item(event) for event in reversed(about)]
    assert [(item.what, item.note, item.quote) for item in told] == [
        ("申请暂停或延期", "暂停 12 小时 · 等客户提供材料或答复", "等客户寄来照片"),
        ("同意申请", "暂停 12 小时 · 等客户提供材料或答复", ""),
        ("批准或驳回申请：已批准",
         "暂停 12 小时 · 等客户提供材料或答复 · 应于 11-18 00:00 完成", "尽快"),
        ("提前恢复计时", "暂停 12 小时 · 等客户提供材料或答复 · 应于 11-17 14:00 完成", ""),
        ("暂停或延期反馈",
         "延期 1.5 小时 · 等客户提供材料或答复 · 应于 11-17 15:30 完成", "等客户寄来照片"),
    ]  # fmt: skip
    decided = Event.objects.get(complaint=case, kind="decide_time")
    assert decided.data == {
        "kind": "pause", "reason": "customer", "minutes": 720, "state": "granted",
        "opinion": "尽快",
        "changes": {"due_at": [DUE.isoformat(), (DUE + 12 * HOUR).isoformat()]},
    }  # fmt: skip


def heard(key: str) -> dict[str, str]:
    found = Message.objects.filter(key__endswith=key).select_related("recipient")
    return {message.recipient.username: str(message) for message in found}


def test_a_request_is_told_to_those_who_decide_and_to_the_supervisor(
    cast: Cast, case: Complaint
) -> None:
    allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    sentence = f"{case.no} 申请暂停反馈时限 12 小时，等待批准"
    assert heard(":asked") == {"wang": sentence, "chen": sentence}


def test_where_quality_answers_for_the_case_the_director_is_asked(
    cast: Cast, register: Register
) -> None:
    mine = register(by=cast.chen)
    allowances.ask(mine.pk, wish(6, "extension"), by=cast.chen, at=MONDAY)
    assert "lin" in heard(":asked")
    assert "chen" not in heard(":asked")


@pytest.mark.parametrize(
    ("granted", "sentence"),
    [
        (True, "{no} 的暂停申请已获批准，反馈应于 11-18 00:00 完成"),
        (False, "{no} 的暂停申请未获批准，反馈应于 11-17 12:00 完成"),
    ],
)
def test_a_decision_is_told_to_whoever_asked_and_to_the_owner(
    cast: Cast, case: Complaint, granted: bool, sentence: str
) -> None:
    asked = allowances.ask(case.pk, wish(), by=cast.ma, at=MONDAY)
    allowances.decide(asked.pk, granted=granted, opinion="看过", by=cast.chen, at=MONDAY)
    assert heard(":decided") == dict.fromkeys(("ma", "li"), sentence.format(no=case.no))


def test_the_owner_hears_of_a_grant_and_of_its_end(cast: Cast, case: Complaint) -> None:
    pause = allowances.grant(case.pk, wish(), by=cast.chen, at=MONDAY)
    assert heard(":granted") == {"li": f"{case.no} 的反馈时限已暂停 12 小时，应于 11-18 00:00 完成"}
    allowances.resume(pause.pk, by=cast.lin, at=MONDAY + HOUR)
    said = f"{case.no} 的反馈时限已提前恢复计时，应于 11-17 13:00 完成"
    assert heard(":resumed") == {"li": said, "chen": said}


# How it looks


@pytest.mark.parametrize(
    ("at", "state", "percent", "until"),
    [
        (5, "running", 21, None),
        (10, "paused", 42, 22),
        (21.9, "paused", 42, 22),
        (22, "running", 42, None),
        (30, "soon", 75, None),
        (36, "soon", 100, None),
        (36.1, "late", 100, None),
    ],
)
def test_a_paused_clock_stands_still_on_the_page(
    cast: Cast, case: Complaint, at: float, state: str, percent: int, until: float | None
) -> None:
    if at >= 10:
        allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + 10 * HOUR)
    seen = faces.face(result(case), MONDAY + at * HOUR)
    assert (seen.state, seen.percent) == (state, percent)
    assert seen.paused_until == (until and MONDAY + until * HOUR)
    assert seen.note == ("原定 11-17 12:00" if at >= 10 else "")


def test_the_page_tells_raw_and_net(cast: Cast, case: Complaint) -> None:
    allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY + 10 * HOUR)
    seen = faces.face(result(case), MONDAY + 20 * HOUR)
    assert seen.used == "已用 20 小时（净 10 小时），暂停至 11-17 10:00"
    over = faces.face(result(case), MONDAY + 22.5 * HOUR)
    assert over.used == "已用 22.5 小时（净 10.5 小时）"


# At the same moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_two_extensions_at_once_no_more_than_the_cap_is_given(
    cast: Cast, register: Register
) -> None:
    case = register()
    results = at_once([
        lambda by=by: allowances.grant(case.pk, wish(40, "extension"), by=by, at=MONDAY)
        for by in (cast.chen, cast.lin)
    ])  # fmt: skip
    assert codes(results) == ["over_cap"]
    assert result(case).due_at == DUE + 40 * HOUR


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_two_pauses_at_once_one_is_granted(cast: Cast, register: Register) -> None:
    case = register()
    results = at_once([
        lambda by=by: allowances.grant(case.pk, wish(30), by=by, at=MONDAY)
        for by in (cast.chen, cast.lin)
    ])  # fmt: skip
    assert codes(results) == ["pause.active"]
    assert result(case).paused_for == 30 * HOUR


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_two_who_decide_one_request_at_once_one_does(cast: Cast, register: Register) -> None:
    case = register()
    asked = allowances.ask(case.pk, wish(), by=cast.li, at=MONDAY)
    results = at_once([
        lambda by=by, yes=yes: allowances.decide(
            asked.pk, granted=yes, opinion="x", by=by, at=MONDAY
        )
        for by, yes in ((cast.chen, True), (cast.lin, True), (cast.gao, False))
    ])  # fmt: skip
    assert codes(results) == ["already_decided"] * 2
    (winner,) = done(results)
    moved = 12 * HOUR if winner.state == "granted" else timedelta(0)
    assert result(case).due_at == DUE + moved


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_two_requests_at_once_one_waits(cast: Cast, register: Register) -> None:
    case = register()
    results = at_once([
        lambda by=by: allowances.ask(case.pk, wish(), by=by, at=MONDAY)
        for by in (cast.li, cast.wang, cast.xu)
    ])  # fmt: skip
    assert codes(results) == ["allowance.waiting"] * 2
    assert Allowance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_a_grant_at_the_instant_of_due_and_the_sweep_leave_one_outcome(
    cast: Cast, register: Register
) -> None:
    for off in (timedelta(0), INSTANT):
        case = register()
        at = DUE + off
        at_once([
            lambda at=at: sweep(until=at),
            lambda case=case, at=at: allowances.grant(case.pk, wish(), by=cast.chen, at=at),
            lambda at=at: sweep(until=at),
        ])  # fmt: skip
        while sweep(until=at):
            pass
        assert result(case).due_at == (DUE if off else DUE + 12 * HOUR)
        assert ended(case, DUE + HOUR) == ("breached" if off else "running")
        raised = Escalation.objects.filter(clock=result(case))
        assert raised.filter(level=1).count() == 1  # it was due, at that very instant


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_a_pause_resumed_twice_at_once_gives_back_once(cast: Cast, register: Register) -> None:
    case = register()
    pause = allowances.grant(case.pk, wish(12), by=cast.chen, at=MONDAY)
    results = at_once([
        lambda by=by: allowances.resume(pause.pk, by=by, at=MONDAY + 2 * HOUR)
        for by in (cast.chen, cast.lin, cast.gao)
    ])  # fmt: skip
    assert codes(results) == ["pause.not_active"] * 2
    assert (result(case).due_at, result(case).paused_for) == (DUE + 2 * HOUR, 2 * HOUR)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_the_result_and_a_grant_at_once_never_move_a_clock_that_has_stopped(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    at = MONDAY + HOUR
    results = at_once([
        lambda: answer(case, by=cast.li, at=at),
        lambda: allowances.grant(case.pk, wish(), by=cast.chen, at=at),
    ])  # fmt: skip
    stopped = result(case)
    assert stopped.met_at == at
    granted = Allowance.objects.filter(clock=stopped).exists()
    assert stopped.due_at == (DUE + 12 * HOUR if granted else DUE)
    assert codes(results) == ([] if granted else ["clock.not_running"])
    assert fresh(case).status == "answered"


def test_the_database_holds_the_cap_of_pauses(cast: Cast, case: Complaint) -> None:
    with pytest.raises(IntegrityError, match="clock_pause_is_capped"):
        Clock.objects.filter(pk=result(case).pk).update(
            paused_for=48 * HOUR + INSTANT, due_at=DUE + 49 * HOUR
        )


def test_conflicts_are_conflicts(cast: Cast, case: Complaint) -> None:
    """The API answers 409 to what has moved on, 400 to what was said wrongly."""
    allowances.grant(case.pk, wish(), by=cast.chen, at=MONDAY)
    with pytest.raises(Conflict):
        allowances.grant(case.pk, wish(), by=cast.chen, at=MONDAY)
