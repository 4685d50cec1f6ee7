"""Following one's own case: found without telling others anything, shown without the house's
inside, and what its customer can do there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from complaints import by_customer, closing
from complaints.models import (
    Attachment,
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Event,
    Rating,
    Statement,
    Status,
)
from complaints.outcome import Outcome, outcome
from intake import items
from intake.models import Item, ItemState, Receipt
from notify.models import Message
from staff.models import Person, Throttle
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast, Register
from tests.intake.public.feedback import TAIL, code_on, filled, follow, no_on, photo, send

DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def monday(settings: Any) -> Iterator[time_machine.Coordinates]:
    settings.CAPTCHA_MAX = 50
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    return register(complainant_phone="13800138000")


def stranger(**how: Any) -> Client:
    return Client(raise_request_exception=False, **how)


def inside(case: Complaint) -> Client:
    client = stranger()
    assert follow(client, case.no)["Location"] == "/feedback/case/"
    return client


def act(client: Client, what: str, case: Complaint, **said: Any) -> Any:
    return client.post(f"/feedback/case/{what}/", {"no": case.no, **said})


@contextmanager
def aside() -> Iterator[None]:
    """Nobody is there to receive what comes: it waits for a person."""
    Person.objects.update(is_active=False)
    yield
    Person.objects.update(is_active=True)


def answered(case: Complaint, cast: Cast) -> Complaint:
    scenes.accept(case, cast, at=MONDAY)
    scenes.answer(case, by=cast.li, at=MONDAY, said="退运费 30 元，明天到账。")
    return scenes.fresh(case)


def closed(case: Complaint, cast: Cast) -> Complaint:
    answered(case, cast)
    scenes.call_back(case, by=cast.chen, at=MONDAY)
    assert scenes.fresh(case).status == Status.CLOSED
    return scenes.fresh(case)


# ---- the way in ----


@pytest.mark.parametrize("written", ["{no}", " {no} ", "lower", "bare", "wide"])
def test_number_and_tail_open_the_case_however_they_are_written(
    case: Complaint, written: str
) -> None:
    ways = {"lower": case.no.lower(), "bare": case.no.replace("-", ""),
            "wide": case.no.replace("T", "Ｔ")}  # fmt: skip
    client = stranger()
    answer = follow(client, ways.get(written, written.format(no=case.no)), "８０００")
    assert answer["Location"] == "/feedback/case/"
    assert case.no not in answer["Location"]
    assert no_on(client.get("/feedback/case/")) == case.no


def body(answer: Any) -> str:
    """The page without what is drawn anew each time, and without what was typed."""
    return re.sub(r' value="[^"]*"', "", answer.content.decode())


def test_unknown_wrong_and_anonymous_get_the_same_answer_after_the_same_questions(
    cast: Cast, case: Complaint, register: Register
) -> None:
    hidden = register(anonymous=True, complainant_name="", complainant_phone="")
    nameless = register(complainant_phone="")
    tries = [
        ("TS2611-9999999-9", TAIL), (case.no, "1111"), (case.no, ""), (hidden.no, TAIL),
        (hidden.no, ""), (nameless.no, ""), ("F234-5678", TAIL), ("0" * 32, ""), ("%", "%"),
    ]  # fmt: skip
    answers = []
    for number, tail in tries:
        Throttle.objects.all().delete()
        client = stranger()
        with CaptureQueriesContext(connection) as asked:
            answer = follow(client, number, tail)
        drawn = {"Expires", "Last-Modified", "Content-Length"}
        headers = {name: value for name, value in answer.items() if name not in drawn}
        answers.append((answer.status_code, headers, body(answer), len(asked)))
        assert client.get("/feedback/case/")["Location"] == "/feedback/track/"
    assert answers[0][0] == 422
    for each in answers[1:]:
        assert each == answers[0]


def test_ten_wrong_ones_an_hour_from_one_address_and_right_ones_cost_nothing(
    case: Complaint, monday: time_machine.Coordinates
) -> None:
    client = stranger()
    for n in range(10):
        assert follow(client, case.no).status_code == 302
        assert follow(client, f"TS2611-000000{n}-0").status_code == 422
    answer = follow(client, "TS2611-0000000-1")
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "查询次数过多" in follow(client, case.no).content.decode()
    monday.shift(HOUR)
    assert follow(client, case.no).status_code == 302


def test_all_addresses_of_one_connection_have_ten_together(case: Complaint) -> None:
    for n in range(10):
        far = stranger(REMOTE_ADDR=f"2001:db8::{n}")
        assert follow(far, f"TS2611-000000{n}-0").status_code == 422
    assert follow(stranger(REMOTE_ADDR="2001:db8::ff"), case.no).status_code == 429
    assert follow(stranger(REMOTE_ADDR="2001:db8:0:1::1"), case.no).status_code == 302


def test_a_case_is_not_guessed_from_many_addresses_either(case: Complaint) -> None:
    for n in range(20):
        far = stranger(REMOTE_ADDR=f"192.0.2.{n}")
        assert follow(far, case.no, f"{n:04}").status_code == 422
    far = stranger(REMOTE_ADDR="192.0.2.99")
    assert follow(far, case.no).status_code == 429
    assert follow(far, "TS2611-9999999-9").status_code == 422


def test_a_secret_code_opens_an_anonymous_case(cast: Cast) -> None:
    sender, client = stranger(), stranger()
    send(sender, anonymous="on")
    code = code_on(sender.get("/feedback/receipt/"))
    assert follow(client, "-".join([code[:16], code[16:]]).upper(), "").status_code == 302
    assert no_on(client.get("/feedback/case/")) == Complaint.objects.get().no
    assert follow(stranger(), code[:-1] + ("0" if code[-1] != "0" else "1"), "").status_code == 422


@pytest.mark.parametrize("how", [{}, {"anonymous": "on"}], ids=["reference", "code"])
def test_what_was_joined_to_somebody_elses_case_opens_nothing_of_it(
    cast: Cast, register: Register, how: dict[str, str]
) -> None:
    first = register(complainant_name="钱一", complainant_phone="13900139000", order_no="SF-OTHERS")
    sender, client = stranger(), stranger()
    with aside():
        send(sender, **how)
    receipt = Receipt.objects.get()
    number = code_on(sender.get("/feedback/receipt/")) if how else receipt.reference
    items.appended_by_hand(receipt.item_id, first.no, said="货没到", by=cast.chen, at=MONDAY)
    follow(client, number, "" if how else TAIL)
    for each in (sender, client):
        page = each.get("/feedback/case/").content.decode()
        assert "您的反馈已并入一件正在处理的投诉，一起处理。" in page
        assert receipt.reference in page
        assert first.no not in page
        assert "SF-OTHERS" not in page
        assert act(each, "withdrawal", first)["Location"] == "/feedback/track/"
        assert act(each, "messages", first, said="别处理了").status_code == 422
    assert scenes.fresh(first).status == Status.TRIAGE
    theirs = stranger()
    follow(theirs, first.no, "9000")
    page = theirs.get("/feedback/case/")
    assert (page.context["case"].reference, page.context["case"].by_code) == ("", False)


def test_a_number_of_eight_digits_opens_its_case(cast: Cast, register: Register) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM complaints_number")
        before = cursor.fetchone()
        cursor.execute("SELECT setval('complaints_number', 12345678)")
        case = register(complainant_phone="13800138000")
        cursor.execute("SELECT setval('complaints_number', %s, %s)", before)
    assert case.no.startswith("TS2611-12345679-")
    assert follow(stranger(), case.no)["Location"] == "/feedback/case/"


def test_the_way_in_is_a_post_and_what_it_opens_is_shut_after_two_hours(
    case: Complaint, monday: time_machine.Coordinates
) -> None:
    client = stranger()
    client.get("/feedback/track/", {"number": case.no, "tail": TAIL})
    assert client.get("/feedback/case/").status_code == 302
    client = inside(case)
    monday.shift(2 * HOUR + MINUTE)
    assert client.get("/feedback/case/")["Location"] == "/feedback/track/"
    answer = act(client, "ratings", case, score="5")
    assert answer.status_code == 403
    assert "查询已过期，请重新输入编号查询。" in answer.content.decode()
    assert "readonly" not in answer.content.decode()


WORDS = {
    "messages": {"said": "很长的话\n第二行"}, "ratings": {"said": "很长的话\n第二行", "score": "2"},
    "reopenings": {"reason": "很长的话\n第二行", "round": "1"},
    "withdrawal": {"note": "很长的话\n第二行"},
}  # fmt: skip


@pytest.mark.parametrize("what", WORDS)
def test_what_was_typed_for_two_hours_comes_back_to_be_copied(
    case: Complaint, monday: time_machine.Coordinates, what: str
) -> None:
    client = inside(case)
    monday.shift(2 * HOUR + MINUTE)
    answer = act(client, what, case, **WORDS[what])
    assert answer.status_code == 403
    page = answer.content.decode()
    assert re.search(r"<textarea [^>]*readonly[^>]*>\n很长的话\n第二行</textarea>", page)
    assert case.no not in page
    assert not Item.objects.exists()


@pytest.mark.parametrize("what", WORDS)
def test_a_page_of_the_case_that_was_open_too_long_comes_back_with_what_was_typed(
    cast: Cast, case: Complaint, what: str
) -> None:
    answered(case, cast)
    key = inside(case).cookies
    for cookies in (key, None):
        client = Client(enforce_csrf_checks=True)
        if cookies:
            client.cookies = cookies
        answer = act(client, what, case, **WORDS[what])
        assert answer.status_code == 403
        page = answer.content.decode()
        assert "很长的话\n第二行</textarea>" in page
        assert ("页面已过期，请再按一次提交。" in page) is bool(cookies)
        assert ("readonly" in page) is not bool(cookies)
        assert "no-store" in answer["Cache-Control"]
        if cookies and what == "ratings":
            assert re.search('value="2"[^>]* checked', page)
    assert scenes.fresh(case).status == Status.ANSWERED


def test_whoever_leaves_has_to_show_the_number_again(case: Complaint) -> None:
    client = inside(case)
    assert client.post("/feedback/case/end/")["Location"] == "/feedback/track/"
    assert client.get("/feedback/case/").status_code == 302


# ---- what is shown ----


def test_the_customer_sees_what_was_said_to_them_and_nothing_of_the_inside(
    cast: Cast, case: Complaint
) -> None:
    scenes.apologise(case, by=cast.li, at=MONDAY, said="内部：客户难缠，先道歉。")
    answered(case, cast)
    scenes.rule(case, cast, at=MONDAY)
    page = inside(case).get("/feedback/case/").content.decode()
    for shown in ("已告知结果", "退运费 30 元，明天到账。", "我们与您联系并致歉", case.what):
        assert shown in page
    for hidden in (
        "难缠",
        "在该机构滞留",
        "兰州",
        "马兰",
        *(person.name for person in cast.people),
    ):
        assert hidden not in page, hidden


@pytest.mark.parametrize(
    ("status", "title"),
    [("triage", "已收到"), ("handling", "正在处理"), ("called_back", "已回访"),
     ("invalid", "未按投诉受理"), ("withdrawn", "已撤回")],
)  # fmt: skip
def test_each_status_is_told_in_plain_words(case: Complaint, status: str, title: str) -> None:
    why = {"invalid_reason": "inquiry"} if status == "invalid" else {}
    Complaint.objects.update(status=status, **why)
    page = inside(case).get("/feedback/case/")
    assert page.context["case"].title == title
    assert f"<h1>{title}</h1>" in page.content.decode()


def test_until_when_they_will_hear_is_told_as_the_clocks_say(
    case: Complaint, monday: time_machine.Coordinates
) -> None:
    page = inside(case).get("/feedback/case/").content.decode()
    assert "11-16 13:00 前" in page
    assert "11-17 12:00 前" in page
    monday.shift(2 * HOUR)
    assert "11-16 13:00 前" not in inside(case).get("/feedback/case/").content.decode()


# ---- what the customer can do ----


def test_words_and_photos_are_added_once_and_the_owner_hears_it(
    cast: Cast, case: Complaint
) -> None:
    client = inside(case)
    said = {"said": "还有，箱子也破了。", "key": "a" * 32}
    for _ in range(2):
        answer = act(client, "messages", case, **said, photos=[photo()])
        assert answer["Location"] == "/feedback/case/"
    assert Statement.objects.get().said == "还有，箱子也破了。"
    assert Attachment.objects.filter(complaint=case).count() == 1
    item = Item.objects.get()
    assert (item.state, item.complaint, item.repeats) == (ItemState.APPENDED, case, 1)
    assert Message.objects.filter(recipient=cast.li, key__startswith="heard:").count() == 1
    assert "箱子也破了" in client.get("/feedback/case/").content.decode()


def test_other_words_from_a_page_that_was_sent_before_are_added_too(case: Complaint) -> None:
    client = inside(case)
    for said in ("箱子破了。", "还少一件。", "箱子破了。"):
        assert act(client, "messages", case, said=said, key="a" * 32).status_code == 302
    assert sorted(Statement.objects.values_list("said", flat=True)) == ["箱子破了。", "还少一件。"]


def test_a_rating_is_kept_once_a_round_and_stops_no_clock(cast: Cast, case: Complaint) -> None:
    client = inside(case)
    early = act(client, "ratings", case, score="5")
    assert early.status_code == 422
    assert "处理结果还没有告诉您" in early.content.decode()
    answered(case, cast)
    for score in ("2", "5"):
        assert act(client, "ratings", case, score=score, said="太慢").status_code == 302
    rating = Rating.objects.get()
    assert (rating.score, rating.satisfied, rating.said, rating.round) == (2, False, "太慢", 1)
    assert Event.objects.filter(kind="rate", actor=None).count() == 1
    assert Message.objects.filter(recipient=cast.li, key__startswith="rated:").count() == 1
    call = scenes.clock(case, ClockKind.CALLBACK)
    assert outcome(call, MONDAY) == Outcome.RUNNING
    assert not Callback.objects.exists()
    assert closing.what_is_missing(case)
    assert "2 分（满分 5 分）" in client.get("/feedback/case/").content.decode()


@pytest.mark.parametrize("score", ["", "0", "6", "1.5", "x", "\x00"])
def test_a_rating_is_one_to_five(cast: Cast, case: Complaint, score: str) -> None:
    answered(case, cast)
    answer = act(inside(case), "ratings", case, score=score, said="留着")
    assert answer.status_code == 422
    assert "留着" in answer.content.decode()
    assert not Rating.objects.exists()


def test_taken_back_it_owes_nothing_more_and_says_who_and_how(cast: Cast, case: Complaint) -> None:
    client = inside(case)
    assert "要撤回这件投诉吗" in client.get("/feedback/case/withdrawal/").content.decode()
    assert scenes.fresh(case).status == Status.TRIAGE
    for _ in range(2):
        answer = act(client, "withdrawal", case, note="货到了")
        assert answer["Location"] == "/feedback/case/"
    assert scenes.fresh(case).status == Status.WITHDRAWN
    event = Event.objects.get(kind="withdraw")
    assert (event.actor, event.data["said_by"]) == (None, "孙玉梅")
    assert event.data["note"].startswith("货到了\n客户本人在网上查询页提出")
    assert not Clock.objects.filter(complaint=case).running().exists()
    assert Message.objects.filter(recipient=cast.li, key__startswith="taken-back:").count() == 1
    page = client.get("/feedback/case/").content.decode()
    assert "已撤回" in page
    assert "撤回这件投诉" not in page
    assert client.get("/feedback/case/withdrawal/")["Location"] == "/feedback/case/"


def test_taken_back_too_late_the_breach_stays_and_a_closed_case_is_not_taken_back(
    cast: Cast, case: Complaint, monday: time_machine.Coordinates
) -> None:
    monday.shift(2 * HOUR)
    act(inside(case), "withdrawal", case)
    apology = scenes.clock(case, ClockKind.APOLOGY)
    assert outcome(apology, MONDAY + DAY) == Outcome.BREACHED


def test_a_closed_case_is_not_taken_back(cast: Cast, case: Complaint) -> None:
    closed(case, cast)
    answer = act(inside(case), "withdrawal", case)
    assert answer.status_code == 422
    assert "投诉的状态已经变化" in answer.content.decode()


def test_not_solved_begins_a_new_round_once(cast: Cast, case: Complaint) -> None:
    closed(case, cast)
    client = inside(case)
    for _ in range(2):
        answer = act(client, "reopenings", case, reason="钱没到账", round="1")
        assert answer.status_code == 302
    again = scenes.fresh(case)
    assert (again.status, again.round, again.closed_at) == (Status.HANDLING, 2, None)
    assert Clock.objects.filter(complaint=case, round=2).count() == 4
    event = Event.objects.get(kind="reopen")
    assert (event.actor, event.data["reason"]) == (None, "钱没到账")
    told = Message.objects.filter(recipient=cast.li, key=f"reopened:{case.pk}:2")
    assert told.count() == 1
    assert "钱没到账" in client.get("/feedback/case/").content.decode()


@pytest.mark.parametrize(("days", "status"), [(30, 302), (30.01, 422)])
def test_a_closed_case_is_opened_again_within_thirty_days(
    cast: Cast, case: Complaint, monday: time_machine.Coordinates, days: float, status: int
) -> None:
    closed(case, cast)
    monday.shift(timedelta(days=days))
    client = inside(case)
    assert client.get("/feedback/case/").context["case"].may_reopen is (status == 302)
    assert act(client, "reopenings", case, reason="又坏了", round="1").status_code == status


def test_what_is_not_answered_yet_is_not_opened_again(case: Complaint) -> None:
    answer = act(inside(case), "reopenings", case, reason="快点", round="1")
    assert answer.status_code == 422
    assert scenes.fresh(case).round == 1


def test_a_page_of_another_case_does_nothing_to_this_one(
    case: Complaint, register: Register
) -> None:
    other = register(complainant_phone="13800138000")
    client = inside(case)
    follow(client, other.no)
    answer = act(client, "withdrawal", case)
    assert answer.status_code == 422
    assert set(Complaint.objects.values_list("status", flat=True)) == {Status.TRIAGE}


@pytest.mark.parametrize("no", ["", "\x00", "TS2611-0000001-1' OR 1=1"])
@pytest.mark.parametrize("what", ["messages", "ratings", "reopenings", "withdrawal"])
def test_a_page_of_no_case_at_all_does_nothing_either(case: Complaint, what: str, no: str) -> None:
    said = {"said": "好", "score": "5", "reason": "好", "round": "1", "note": "好"}
    answer = act(inside(case), what, case, **said, no=no)
    assert answer.status_code == 422
    assert "这个浏览器里打开了另一件投诉" in answer.content.decode()
    assert not Item.objects.exists()


def test_the_story_says_that_it_was_the_customer(cast: Cast, case: Complaint) -> None:
    answered(case, cast)
    client = inside(case)
    act(client, "ratings", case, score="1", said="不行")
    act(client, "reopenings", case, reason="没退钱", round="1")
    act(client, "messages", case, said="请回电", key="b" * 32)
    act(client, "withdrawal", case)
    desk = Client()
    desk.force_login(cast.li)
    page = desk.get(f"/complaints/{case.no}/").content.decode()
    assert page.count('<span class="timeline__who">客户</span>') == 4
    assert "客户评价：1 分，不满意" in page


def test_the_events_hold_what_the_service_says(cast: Cast, case: Complaint) -> None:
    """The same through the service, for whoever calls it without a page."""
    answered(case, cast)
    by_customer.rate(case.pk, score=4, satisfied=True, at=MONDAY)
    assert Event.objects.get(kind="rate").data == {"score": 4, "satisfied": True, "said": ""}


# ---- the same press twice, and two at once ----


@pytest.mark.xdist_group("races")
@pytest.mark.django_db(transaction=True)
def test_ten_presses_at_once_are_one_deed(cast: Cast, case: Complaint) -> None:
    answered(case, cast)

    def rate() -> int:
        return by_customer.rate(case.pk, score=2, satisfied=False, at=MONDAY).pk

    def reopen() -> Complaint:
        return by_customer.reopen(case.pk, round_=1, reason="没退钱", at=MONDAY)

    def withdraw() -> Complaint:
        return by_customer.withdraw(case.pk, note="", how="网上", at=MONDAY)

    assert len(done(at_once([rate] * 10))) == 10
    assert len(done(at_once([reopen] * 10))) == 10
    assert len(done(at_once([withdraw] * 10))) == 10
    kinds = list(Event.objects.filter(actor=None).values_list("kind", flat=True))
    assert sorted(kinds) == ["rate", "reopen", "withdraw"]
    assert Clock.objects.filter(complaint=case).count() == 8


@pytest.mark.xdist_group("races")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_taken_back_and_not_solved_at_once_leave_a_whole_case(
    cast: Cast, case: Complaint, turn: int
) -> None:
    answered(case, cast)
    results = at_once(
        [
            lambda: by_customer.withdraw(case.pk, note="", how="网上", at=MONDAY),
            lambda: by_customer.reopen(case.pk, round_=1, reason="没好", at=MONDAY),
        ]
    )
    after = scenes.fresh(case)
    assert after.status == Status.WITHDRAWN  # opened again first, or not at all
    assert len(done(results)) == after.round
    assert not Clock.objects.filter(complaint=case).running().exists()


@pytest.mark.xdist_group("races")
@pytest.mark.django_db(transaction=True)
def test_a_form_pressed_ten_times_at_once_is_one_case_and_ten_receipts(cast: Cast) -> None:
    form = filled(stranger())

    def press() -> Any:
        return stranger().post("/feedback/", form)

    answers = at_once([press] * 10)
    assert {answer.status_code for answer in answers} == {302}
    assert Complaint.objects.count() == Item.objects.count() == Receipt.objects.count() == 1
