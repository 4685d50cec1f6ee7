"""Delivery: at least once, the same id each time; what fails is tried again and blocks nobody."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from notify import selectors
from notify.delivery import claim, deliver, send
from notify.dispatch import dispatch
from notify.models import Delivery, DeliveryState, Message
from notify.tasks import deliver_messages
from staff.models import Person
from tests.conftest import MONDAY, Cast
from tests.notify.scenes import (
    HOUR,
    MINUTE,
    SECOND,
    hook,
    mail,
    sms,
    states,
    tell,
    tell_many,
    waiting,
    wants,
)
from tests.notify.sinks import Gateway, PostOffice, closed_port

DAY = timedelta(days=1)


def test_with_nothing_set_up_messages_stay_in_the_inbox(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = settings.SMS_URL = ""
    tell(cast.li, cast.wang)
    assert deliver(at=MONDAY) == 2
    assert deliver(at=MONDAY) == 0
    assert (waiting(), states()) == (0, [])
    assert selectors.unread_count(cast.li) == 1


def test_a_mail_says_it_and_leads_there(cast: Cast, post_office: PostOffice) -> None:
    tell(cast.li, text="%(no)s\n到期", params={"no": "TS1"}, url="/complaints/TS1/")
    with translation.override("en"):
        deliver(at=MONDAY)
    deliver(at=MONDAY)
    (sent,) = post_office.mails
    row = Message.objects.get()
    assert (sent["Subject"], sent["To"]) == ("TS1 到期", "li@example.com")
    assert sent.get_content().split() == ["TS1", "到期", "https://desk.example.com/complaints/TS1/"]
    assert sent["Message-ID"] == f"<message-{row.pk}@desk.example.com>"
    assert Delivery.objects.values_list("state", "sent_at", "attempts").get() == (
        "sent", MONDAY, 0,
    )  # fmt: skip


def test_a_batch_goes_by_one_connection_alarms_first(cast: Cast, post_office: PostOffice) -> None:
    tell(cast.li, key="calm")
    tell(cast.wang, key="alarm", urgent=True)
    deliver(at=MONDAY)
    assert post_office.receivers == ["wang@example.com", "li@example.com"]
    assert post_office.connections == 1


def test_an_sms_goes_to_the_number_with_its_id(cast: Cast, sms: Gateway) -> None:
    choose_sms(cast.li)
    tell(cast.li, text="到期", url="/complaints/TS1/")
    deliver(at=MONDAY)
    (call,) = sms.calls
    name = f"message-{Message.objects.get().pk}"
    assert call.path == "/send"
    assert call.body == {
        "to": "+8613800138000", "text": "到期 https://desk.example.com/complaints/TS1/", "id": name,
    }  # fmt: skip
    assert (call.headers["Authorization"], call.headers["Idempotency-Key"]) == (
        "Bearer s3cret", name,
    )  # fmt: skip


def choose_sms(person: Person, phone: str = "138 0013 8000") -> None:
    Person.objects.filter(pk=person.pk).update(phone=phone)
    wants(person, sms())


def test_a_hook_is_called_with_the_id(cast: Cast, gateway: Gateway) -> None:
    wants(cast.li, hook(f"json://{gateway.address}/hooks/1"))
    tell(cast.li, text="到期", url="/complaints/TS1/")
    deliver(at=MONDAY)
    (call,) = gateway.calls
    assert call.path == "/hooks/1"
    assert (call.body["title"], call.body["message"]) == (
        "李静", "到期\nhttps://desk.example.com/complaints/TS1/",
    )  # fmt: skip
    assert call.headers["Idempotency-Key"] == f"message-{Message.objects.get().pk}"
    assert states() == ["sent"]


def test_a_bad_address_blocks_nobody_and_is_told(cast: Cast, post_office: PostOffice) -> None:
    post_office.refuse["li@example.com"] = "550 No such user"
    tell(cast.li, cast.wang)
    assert deliver(at=MONDAY) == 4
    assert post_office.receivers == ["wang@example.com"]
    assert states() == ["given_up", "sent"]
    assert [d.last_error for d in selectors.undelivered()] == ["SMTP 550"]
    (told,) = selectors.inbox(cast.chen)
    assert str(told) == "李静 的消息没能通过邮件送达，请当面或打电话告知"
    assert deliver(at=MONDAY + HOUR) == 0  # that note stays inside


def test_the_quality_managers_are_told_once_a_day(cast: Cast, post_office: PostOffice) -> None:
    post_office.refuse["li@example.com"] = "550 No such user"
    tell_many(cast.li, 5)
    deliver(at=MONDAY)
    tell(cast.li, key="next day")
    deliver(at=MONDAY + DAY)
    assert selectors.inbox(cast.chen).count() == 2


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(0, 10), (1, 20), (2, 40), (3, 80), (4, 160), (5, 320), (6, 640), (7, 900), (200, 900)],
)
def test_the_pauses_double_up_to_a_quarter_of_an_hour(
    cast: Cast, post_office: PostOffice, failures: int, pause: int
) -> None:
    post_office.refuse["li@example.com"] = "451 Try again later"
    tell(cast.li)
    deliver(at=MONDAY - HOUR)
    Delivery.objects.update(attempts=failures, available_at=MONDAY)
    assert deliver(at=MONDAY) == 1
    row = Delivery.objects.get()
    assert row.available_at == MONDAY + timedelta(seconds=pause + 1)
    assert (row.attempts, row.state, row.last_error) == (failures + 1, "pending", "SMTP 451")


@pytest.mark.parametrize(
    ("after", "state"),
    [(DAY - SECOND, DeliveryState.PENDING), (DAY, DeliveryState.GIVEN_UP)],
)
def test_after_a_day_it_is_given_up(
    cast: Cast, post_office: PostOffice, after: timedelta, state: str
) -> None:
    post_office.refuse["li@example.com"] = "451 Try again later"
    tell(cast.li)
    deliver(at=MONDAY)
    Delivery.objects.update(available_at=MONDAY)
    deliver(at=MONDAY + after)
    assert states() == [state]
    assert selectors.inbox(cast.chen).count() == (state == DeliveryState.GIVEN_UP)


def test_a_server_that_stays_away_for_a_day_is_tried_until_then(
    cast: Cast, post_office: PostOffice, settings: Any
) -> None:
    settings.EMAIL_PORT = closed_port()
    tell(cast.li)
    at, tries = MONDAY, 0
    while states() in ([], ["pending"]):
        tries += deliver(at=at) > 0
        at += 5 * MINUTE
    assert DAY <= at - MONDAY <= DAY + 20 * MINUTE
    assert tries > 70
    assert Delivery.objects.get().last_error == "ConnectionRefusedError"
    settings.EMAIL_PORT = post_office.port
    deliver(at=at + DAY)
    assert post_office.mails == []


def test_a_server_that_is_down_is_asked_once_a_batch(
    cast: Cast, post_office: PostOffice, settings: Any, caplog: Any
) -> None:
    settings.EMAIL_PORT = closed_port()
    group = hook("json://127.0.0.1:1/")
    wants(cast.wang, group)
    for n in range(20):
        tell(cast.li, key=f"k{n}")
    tell(cast.wang)
    assert deliver(at=MONDAY) == 42
    assert states() == ["pending"] * 21
    first, *others = Delivery.objects.filter(outlet=mail()).order_by("-available_at")
    assert first.available_at == MONDAY + 11 * SECOND  # the one that was tried comes last
    assert {other.available_at for other in others} == {MONDAY + 10 * SECOND}
    assert {other.attempts for other in others} == {1}
    settings.EMAIL_PORT = post_office.port
    assert deliver(at=MONDAY + 11 * SECOND) == 21
    assert len(post_office.mails) == 20


def test_an_address_on_which_the_server_hangs_up_does_not_bar_the_way(
    cast: Cast, post_office: PostOffice
) -> None:
    post_office.hang_up_on = "li@example.com"
    for n in range(3):
        tell(cast.li, cast.wang, key=f"k{n}")
    deliver(at=MONDAY)
    assert post_office.receivers == ["wang@example.com"] * 3
    assert set(
        Delivery.objects.filter(state="pending").values_list("message__recipient", "last_error")
    ) == {(cast.li.pk, "SMTPServerDisconnected")}


def test_a_server_that_hangs_up_on_everybody_is_down(cast: Cast, post_office: PostOffice) -> None:
    post_office.hang_up_on = "*"
    for n in range(5):
        tell(cast.li, cast.wang, key=f"k{n}")
    deliver(at=MONDAY)
    assert post_office.connections == 2
    assert Delivery.objects.filter(attempts=1, state="pending").count() == 10


@pytest.mark.parametrize(
    ("status", "state", "error"),
    [
        (200, "sent", ""), (202, "sent", ""), (204, "sent", ""),
        (302, "pending", "HTTP 302"),
        (400, "given_up", "HTTP 400"), (422, "given_up", "HTTP 422"),
        (401, "pending", "HTTP 401"), (404, "pending", "HTTP 404"), (429, "pending", "HTTP 429"),
        (500, "pending", "HTTP 500"), (503, "pending", "HTTP 503"),
    ],
)  # fmt: skip
def test_what_a_gateway_answers_is_understood(
    cast: Cast, sms: Gateway, status: int, state: str, error: str
) -> None:
    sms.status = status
    choose_sms(cast.li)
    tell(cast.li)
    deliver(at=MONDAY)
    assert len(sms.calls) == 1
    assert Delivery.objects.values_list("state", "last_error").get() == (state, error)


def test_what_is_no_number_is_given_up(cast: Cast, sms: Gateway) -> None:
    choose_sms(cast.li, "分机 12")
    tell(cast.li)
    deliver(at=MONDAY)
    assert (sms.calls, states()) == ([], ["given_up"])


def test_a_hook_that_refuses_is_called_again_with_the_same_id(cast: Cast, gateway: Gateway) -> None:
    gateway.status = 500
    wants(cast.li, hook(f"json://{gateway.address}/"))
    tell(cast.li)
    deliver(at=MONDAY)
    gateway.status = 200
    deliver(at=MONDAY + MINUTE)
    first, second = (call.headers["Idempotency-Key"] for call in gateway.calls)
    assert first == second
    assert states() == ["sent"]


def test_a_redirect_is_not_followed(cast: Cast, gateway: Gateway) -> None:
    gateway.status = 307
    wants(cast.li, hook(f"json://{gateway.address}/hooks/1"))
    tell(cast.li)
    deliver(at=MONDAY)
    assert [call.path for call in gateway.calls] == ["/hooks/1"]
    assert states() == ["pending"]


def test_the_address_of_a_hook_is_in_no_log_and_no_error(cast: Cast, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # as the settings have it
    wants(cast.li, hook("json://geheim:t0ps3cret@127.0.0.1:1/t0ken?+X=h3ader"))
    tell(cast.li)
    deliver(at=MONDAY)
    seen = caplog.text + Delivery.objects.get().last_error
    for secret in ("t0ps3cret", "t0ken", "h3ader"):
        assert secret not in seen
    assert states() == ["pending"]


def test_a_sentence_that_cannot_be_said_holds_up_no_other(
    cast: Cast, post_office: PostOffice
) -> None:
    tell(cast.li, text="%(missing)s")
    tell(cast.wang)
    deliver(at=MONDAY)
    assert post_office.receivers == ["wang@example.com"]
    assert Delivery.objects.get(message__recipient=cast.li).last_error == "KeyError"


def test_what_a_way_that_was_closed_still_owes_waits_for_it(
    cast: Cast, post_office: PostOffice
) -> None:
    tell(cast.li)
    deliver_nothing_yet(at=MONDAY)
    way = mail()
    way.is_active = False
    way.save()
    deliver(at=MONDAY)
    assert Delivery.objects.values_list("state", "last_error").get() == ("pending", "outlet off")
    way.is_active = True
    way.save()
    deliver(at=MONDAY + MINUTE)
    assert states() == ["sent"]


def deliver_nothing_yet(*, at: datetime) -> None:
    """Dispatched, but not yet sent."""
    dispatch(at=at, limit=100)


def test_what_is_held_waits_for_its_hour(cast: Cast, post_office: PostOffice) -> None:
    deliver_at = MONDAY + HOUR
    tell(cast.li)
    deliver_nothing_yet(at=MONDAY)
    Delivery.objects.update(available_at=deliver_at)
    assert deliver(at=deliver_at - SECOND) == 0
    assert deliver(at=deliver_at) == 1
    assert len(post_office.mails) == 1


def test_who_dies_between_sending_and_saying_so_repeats_with_the_same_id(
    cast: Cast, post_office: PostOffice
) -> None:
    tell(cast.li)
    deliver_nothing_yet(at=MONDAY)
    died = claim(at=MONDAY, limit=10)
    assert deliver(at=MONDAY + 59 * SECOND) == 0
    assert deliver(at=MONDAY + 60 * SECOND) == 1
    send(died, at=MONDAY)  # not dead, only slow: it wakes up and sends too
    assert post_office.ids == [f"<message-{Message.objects.get().pk}@desk.example.com>"] * 2
    assert Delivery.objects.get().sent_at == MONDAY + 60 * SECOND


def test_who_has_lost_the_lease_can_no_longer_say_how_it_went(
    cast: Cast, post_office: PostOffice
) -> None:
    tell(cast.li)
    deliver_nothing_yet(at=MONDAY)
    slow = claim(at=MONDAY, limit=10)
    other = claim(at=MONDAY + MINUTE, limit=10)
    post_office.refuse["li@example.com"] = "550 No such user"
    send(slow, at=MONDAY)
    assert states() == ["pending"]
    assert not selectors.inbox(cast.chen).exists()
    post_office.refuse.clear()
    send(other, at=MONDAY + MINUTE)
    assert states() == ["sent"]


def test_a_sender_whose_time_is_up_leaves_the_rest_to_others(
    cast: Cast, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.delivery._BUDGET", -1)
    tell(cast.li, cast.wang)
    deliver_nothing_yet(at=MONDAY)
    assert deliver(at=MONDAY) == 0
    monkeypatch.undo()
    assert set(Delivery.objects.values_list("lease_until", "attempts")) == {(None, 0)}


def test_what_keeps_failing_is_shown(cast: Cast, post_office: PostOffice) -> None:
    for n, attempts in enumerate((0, 3, 4)):
        tell(cast.li, key=f"k{n}")
        deliver_nothing_yet(at=MONDAY)
        Delivery.objects.filter(message__key=f"k{n}").update(attempts=attempts)
    tell(cast.li, key="k9")
    deliver_nothing_yet(at=MONDAY)
    Delivery.objects.filter(message__key="k9").update(state="given_up")
    assert {row.message.key for row in selectors.undelivered()} == {"k2", "k9"}


def test_the_task_goes_on_until_nothing_is_due(cast: Cast, post_office: PostOffice) -> None:
    for n in range(3):
        tell(cast.li, cast.wang, key=f"k{n}")
    assert deliver_messages() == 12
    assert len(post_office.mails) == 6
