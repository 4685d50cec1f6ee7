"""The rectification sheet: complete or not at all, numbered without gaps, judged by quality."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing
from complaints.models import ClockKind, Complaint, Event
from complaints.outcome import Outcome, outcome
from notify.models import Message
from quality import sheets
from quality.models import Counter, Series, Sheet
from quality.numbers import next_serial
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    WORDS,
    accept,
    answer,
    clock,
    fresh,
    parts,
    rule,
    submit,
)
from tests.conftest import MONDAY, Cast, Register


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    return ruled(register(), cast)


def ruled(case: Complaint, cast: Cast) -> Complaint:
    at = case.received_at
    accept(case, cast, at=at)
    rule(case, cast, at=at)
    return case


def test_a_complete_sheet_gets_its_number_and_stops_the_clock(cast: Cast, case: Complaint) -> None:
    sheet = submit(case, by=cast.ma, at=MONDAY + HOUR, title="兰州分公司 派送 严重延误")
    assert (sheet.no, sheet.state, sheet.round) == ("问字【2026】001号", "submitted", 1)
    assert (sheet.submitted_by, sheet.submitted_at) == (cast.ma, MONDAY + HOUR)
    stopped = clock(case, ClockKind.SHEET)
    assert stopped.met_at == MONDAY + HOUR
    event = Event.objects.filter(complaint=case).last()
    assert event is not None
    assert event.data == {
        "no": sheet.no, "title": "兰州分公司 派送 严重延误", "committed_on": "2027-12-01",
    }  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("nothing", ["", "  \n ", "\u200b\u2060"])
def test_each_blank_part_is_refused_beside_its_field(
    cast: Cast, case: Complaint, name: str, nothing: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        submit(case, by=cast.ma, at=MONDAY + HOUR, **{name: nothing})
    assert (refused.value.code, refused.value.field) == (f"{name}.blank", name)
    assert not Sheet.objects.exists()
    assert not Counter.objects.exists()
    assert clock(case, ClockKind.SHEET).is_running


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("title", "字" * 121, "text.too_long"),
        ("cause", "字" * 4001, "text.too_long"),
        ("effect", "\x00", "text.nul"),
        ("facts", "\x07", "text.control"),
    ],
)
def test_words_that_do_not_fit_are_refused(
    cast: Cast, case: Complaint, name: str, words: str, code: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        submit(case, by=cast.ma, at=MONDAY + HOUR, **{name: words})
    assert (refused.value.code, refused.value.field) == (code, name)


def test_a_title_is_one_line_and_is_measured_as_it_is_kept(cast: Cast, case: Complaint) -> None:
    sheet = submit(case, by=cast.ma, at=MONDAY, title="延误" + " \n" * 100 + "字" * 117)
    assert sheet.title == "延误 " + "字" * 117
    assert Sheet.objects.get().title == sheet.title


@pytest.mark.parametrize(
    ("day", "taken"), [(date(2026, 11, 15), False), (date(2026, 11, 16), True)]
)
def test_the_committed_day_is_today_or_later(
    cast: Cast, case: Complaint, day: date, taken: bool
) -> None:
    if taken:
        assert sheets.submit(case.pk, parts(committed_on=day), by=cast.ma, at=MONDAY).pk
        return
    with pytest.raises(RuleBroken) as refused:
        sheets.submit(case.pk, parts(committed_on=day), by=cast.ma, at=MONDAY)
    assert (refused.value.code, refused.value.field) == ("committed_on.past", "committed_on")


def test_today_is_the_firms_day(cast: Cast, register: Register) -> None:
    just_after_midnight = datetime(2026, 11, 16, 16, 30, tzinfo=UTC)  # the 17th in Shanghai
    case = ruled(register(at=just_after_midnight), cast)
    with pytest.raises(RuleBroken):
        sheets.submit(
            case.pk, parts(committed_on=date(2026, 11, 16)), by=cast.ma, at=just_after_midnight
        )


@pytest.mark.parametrize("who", ["li", "wang", "zhao", "chen", "lin", "gao"])
def test_only_the_rectifier_submits(cast: Cast, case: Complaint, who: str) -> None:
    with pytest.raises(NotAllowed):
        submit(case, by=getattr(cast, who), at=MONDAY)
    assert not Counter.objects.exists()


def test_numbers_run_on_through_the_year_and_start_again_with_the_next(
    cast: Cast, register: Register
) -> None:
    evening = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    times = [MONDAY, evening, evening + MINUTE, evening + 2 * MINUTE]
    given = [submit(ruled(register(at=at), cast), by=cast.ma, at=at).no for at in times]
    assert given == [
        "问字【2026】001号", "问字【2026】002号", "问字【2027】001号", "问字【2027】002号",
    ]  # fmt: skip


def test_a_failed_submission_gives_its_number_back(cast: Cast, case: Complaint) -> None:
    def submit_and_fail() -> None:
        with transaction.atomic():
            submit(case, by=cast.ma, at=MONDAY)
            raise Conflict("changed_my_mind", "")

    with pytest.raises(Conflict):
        submit_and_fail()
    assert next_serial(Series.SHEET, 2026) == 1


def test_the_thousandth_number_is_not_cut(cast: Cast, case: Complaint) -> None:
    Counter.objects.create(series=Series.SHEET, year=2026, last=999)
    assert submit(case, by=cast.ma, at=MONDAY).no == "问字【2026】1000号"


def test_a_returned_sheet_comes_back_under_its_number(cast: Cast, case: Complaint) -> None:
    first = submit(case, by=cast.ma, at=MONDAY + HOUR)
    back = sheets.send_back(case.pk, opinion="原因不实", by=cast.chen, at=MONDAY + 2 * HOUR)
    assert (back.state, back.opinion, back.decided_by) == ("returned", "原因不实", cast.chen)
    told = Message.objects.filter(key__startswith="sheet:").get()
    assert (told.recipient, str(told)) == (
        cast.ma, f"{first.no} 被退回，请按意见修改后重新提交",
    )  # fmt: skip
    again = submit(case, by=cast.ma, at=MONDAY + 3 * HOUR, cause="装车漏扫")
    assert (again.pk, again.no, again.state) == (first.pk, first.no, "submitted")
    assert (again.cause, again.decided_by, again.decided_at) == ("装车漏扫", None, None)
    assert clock(case, ClockKind.SHEET).met_at == MONDAY + HOUR  # the first time stands
    assert Counter.objects.get().last == 1
    sheets.send_back(case.pk, opinion="还是不实", by=cast.chen, at=MONDAY + 4 * HOUR)
    assert Message.objects.filter(key__startswith="sheet:").count() == 2


def test_a_returned_sheet_is_told_to_whoever_has_to_go_on_with_it(
    cast: Cast, case: Complaint
) -> None:
    submit(case, by=cast.ma, at=MONDAY)
    rule(case, cast, at=MONDAY + MINUTE, person=cast.zhao)
    sheets.send_back(case.pk, opinion="原因不实", by=cast.chen, at=MONDAY + HOUR)
    told = Message.objects.filter(key__startswith="sheet:")
    assert {message.recipient for message in told} == {cast.ma, cast.zhao}
    assert submit(case, by=cast.zhao, at=MONDAY + 2 * HOUR).submitted_by == cast.zhao


def test_a_verified_sheet_closes_the_case_inside(cast: Cast, case: Complaint) -> None:
    sheet = submit(case, by=cast.ma, at=MONDAY)
    sheets.verify(case.pk, opinion="属实有效", by=cast.lin, at=MONDAY + HOUR)
    assert fresh(case).closed_inside_at == MONDAY + HOUR
    assert fresh(case).status == "handling"  # the customer still waits
    assert f"{sheet.no} 验收通过" in [str(m) for m in Message.objects.filter(recipient=cast.ma)]


def test_a_waived_sheet_has_no_number_and_ends_the_clock(cast: Cast, case: Complaint) -> None:
    sheet = sheets.waive(case.pk, reason="客户误会", by=cast.chen, at=MONDAY + HOUR)
    assert (sheet.state, sheet.no, sheet.serial, sheet.opinion) == (
        "waived", "已免整改", None, "客户误会",
    )  # fmt: skip
    assert outcome(clock(case, ClockKind.SHEET), MONDAY + 99 * HOUR) == Outcome.NOT_APPLICABLE
    assert fresh(case).closed_inside_at == MONDAY + HOUR
    assert not Counter.objects.exists()


def test_waiving_a_late_sheet_does_not_make_it_punctual(cast: Cast, case: Complaint) -> None:
    sheets.waive(case.pk, reason="客户误会", by=cast.chen, at=MONDAY + 49 * HOUR)
    assert outcome(clock(case, ClockKind.SHEET), MONDAY + 99 * HOUR) == Outcome.BREACHED


SUBMIT, RETURN, VERIFY, WAIVE = "submit", "return", "verify", "waive"


def do(what: str, case: Complaint, cast: Cast, at: datetime) -> object:
    match what:
        case "submit":
            return submit(case, by=cast.ma, at=at)
        case "return":
            return sheets.send_back(case.pk, opinion="x", by=cast.chen, at=at)
        case "verify":
            return sheets.verify(case.pk, opinion="x", by=cast.chen, at=at)
        case _:
            return sheets.waive(case.pk, reason="x", by=cast.chen, at=at)


@pytest.mark.parametrize(
    ("before", "then", "code"),
    [
        ([], RETURN, "not_submitted"),
        ([], VERIFY, "not_submitted"),
        ([SUBMIT], SUBMIT, "already_submitted"),
        ([SUBMIT], WAIVE, "already_submitted"),
        ([SUBMIT, RETURN], RETURN, "not_submitted"),
        ([SUBMIT, RETURN], VERIFY, "not_submitted"),
        ([SUBMIT, RETURN], WAIVE, "already_submitted"),
        ([SUBMIT, VERIFY], SUBMIT, "already_submitted"),
        ([SUBMIT, VERIFY], RETURN, "not_submitted"),
        ([SUBMIT, VERIFY], VERIFY, "not_submitted"),
        ([WAIVE], SUBMIT, "already_submitted"),
        ([WAIVE], WAIVE, "already_submitted"),
        ([WAIVE], VERIFY, "not_submitted"),
    ],
)
def test_the_life_of_a_sheet_has_no_other_ways(
    cast: Cast, case: Complaint, before: list[str], then: str, code: str
) -> None:
    for minute, what in enumerate(before):
        do(what, case, cast, MONDAY + minute * MINUTE)
    counted = Event.objects.count()
    with pytest.raises(Conflict) as refused:
        do(then, case, cast, MONDAY + HOUR)
    assert refused.value.code == code
    assert Event.objects.count() == counted


@pytest.mark.parametrize("who", ["li", "wang", "ma", "gao"])
@pytest.mark.parametrize("what", [RETURN, VERIFY, WAIVE])
def test_only_quality_and_the_director_judge(
    cast: Cast, case: Complaint, who: str, what: str
) -> None:
    if what != WAIVE:
        submit(case, by=cast.ma, at=MONDAY)
    with pytest.raises(NotAllowed):
        do(what, case, Cast(**{**vars(cast), "chen": getattr(cast, who)}), MONDAY + HOUR)


@pytest.mark.parametrize("deed", ["send_back", "verify", "waive"])
def test_a_judgement_says_why(cast: Cast, case: Complaint, deed: str) -> None:
    field = "reason" if deed == "waive" else "opinion"
    if deed != "waive":
        submit(case, by=cast.ma, at=MONDAY)
    words: dict[str, Any] = {field: " \u200b"}
    with pytest.raises(RuleBroken) as refused:
        getattr(sheets, deed)(case.pk, **words, by=cast.chen, at=MONDAY)
    assert (refused.value.code, refused.value.field) == (f"{field}.blank", field)


def test_a_new_round_wants_a_sheet_of_its_own(cast: Cast, case: Complaint) -> None:
    submit(case, by=cast.ma, at=MONDAY)
    sheets.verify(case.pk, opinion="有效", by=cast.chen, at=MONDAY + HOUR)
    answer(case, by=cast.li, at=MONDAY + HOUR)
    again = MONDAY + timedelta(days=3)
    closing.reopen(case.pk, reason="又坏了", by=cast.li, at=again)
    assert fresh(case).closed_inside_at is None
    second = submit(case, by=cast.ma, at=again + HOUR)
    assert (second.round, second.no) == (2, "问字【2026】002号")
    assert clock(case, ClockKind.SHEET, round=2).met_at == again + HOUR
    first = Sheet.objects.get(round=1)
    assert (first.state, first.no) == ("verified", "问字【2026】001号")
