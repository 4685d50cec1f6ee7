"""Mail from a real IMAP server: each once, in order, from where we were; nothing there changes."""

from __future__ import annotations

import imaplib
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from imap_tools.folder import MailBoxFolderManager

from complaints.models import Complaint
from intake import items
from intake.mail import imap, polling
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, Item, Mailbox
from notify.models import Message
from tests.complaints.scenes import HOUR, MINUTE
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.intake.mail.letters import letter, mailbox
from tests.intake.mail.server import PASSWORD, USER, PostBox, post_box
from tests.notify.sinks import closed_port


@pytest.fixture(scope="module")
def _running() -> Iterator[PostBox]:
    with post_box() as running:
        yield running


@pytest.fixture
def box(_running: PostBox) -> PostBox:
    _running.empty()
    return _running


def served(cast: Cast, box: PostBox, key: str = "mail", **more: object) -> Inlet:
    where = {"host": "127.0.0.1", "port": box.port, "security": "none", "user": USER}
    return mailbox(cast, key, **{**where, **more})


def poll(inlet: Inlet, at: datetime = MONDAY) -> int | str:
    return polling.poll(inlet, lambda: at)


def test_each_mail_comes_in_once_and_stays_where_it_is(cast: Cast, box: PostBox) -> None:
    inlet = served(cast, box)
    box.put(letter("一", number=1), MONDAY - HOUR)
    box.put(letter("二", number=2), MONDAY - MINUTE)
    assert [poll(inlet), poll(inlet)] == [2, 0]
    box.put(letter("三", number=3), MONDAY)
    assert poll(inlet) == 1
    assert [item.repeats for item in Item.objects.all()] == [0, 0, 0]
    assert all(b"Seen" not in each for each in box.flags())
    items.drain(lambda: MONDAY)
    assert Complaint.objects.count() == 3


def test_the_clocks_run_from_when_the_server_got_it(cast: Cast, box: PostBox) -> None:
    box.put(letter(number=1), MONDAY - 5 * HOUR)
    box.put(letter(number=2), MONDAY + 5 * HOUR)
    poll(served(cast, box))
    items.drain(lambda: MONDAY)
    assert [item.received_at for item in Item.objects.order_by("pk")] == [MONDAY - 5 * HOUR, MONDAY]


def test_a_mailbox_made_anew_is_read_from_the_beginning_and_nothing_twice(
    cast: Cast, box: PostBox
) -> None:
    inlet = served(cast, box, folder="Desk")
    box.make("Desk")
    for number in range(3):
        box.put(letter(number=number), MONDAY, folder="Desk")
    assert poll(inlet) == 3
    before = Mailbox.objects.get()
    box.make("Desk")
    for number in range(1, 5):
        box.put(letter(number=number), MONDAY, folder="Desk")
    assert poll(inlet) == 4
    after = Mailbox.objects.get()
    assert before.uid_validity != after.uid_validity
    assert Item.objects.count() == 5


def test_what_is_too_large_is_kept_up_to_the_limit(
    cast: Cast, box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "LARGEST", 300)
    monkeypatch.setattr(items, "LARGEST", 300)
    box.put(letter("长" * 500), MONDAY)
    box.put(letter("短", number=2), MONDAY)
    assert poll(served(cast, box)) == 2
    assert list(Item.objects.order_by("pk").values_list("cut", flat=True)) == [True, False]


def test_a_mailbox_that_fails_stops_no_other_and_somebody_hears_of_it(
    cast: Cast, box: PostBox
) -> None:
    shut = mailbox(cast, "shut", host="127.0.0.1", port=closed_port(), security="none", user=USER)
    served(cast, box, "good")
    wrong = served(cast, box, "wrong", user="other@example.com")
    box.put(letter(), MONDAY)
    found = polling.poll_all(lambda: MONDAY)
    assert (found["good"], isinstance(found["shut"], str), isinstance(found["wrong"], str)) == (
        1, True, True,
    )  # fmt: skip
    assert not Message.objects.exists()
    polling.poll_all(lambda: MONDAY + 16 * MINUTE)
    polling.poll_all(lambda: MONDAY + 17 * MINUTE)
    heard = Message.objects.filter(recipient=cast.chen)
    assert sorted(message.params["name"] for message in heard) == [shut.name, wrong.name]
    state = Mailbox.objects.get(inlet=shut)
    assert (state.failures, state.failing_since, state.lease_token) == (3, MONDAY, None)
    assert PASSWORD not in state.last_error


def test_a_server_that_says_nothing_is_left_after_a_while(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        inlet = mailbox(
            cast, host="127.0.0.1", port=silent.getsockname()[1], security="none", user=USER
        )
        assert isinstance(poll(inlet), str)


def test_a_mail_the_server_will_not_hand_over_holds_up_the_others_only_for_a_while(
    cast: Cast, box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = imap.Folder.letter
    for number in range(3):
        box.put(letter(number=number), MONDAY)
    inlet = served(cast, box)
    with imap.opened(settings_of(inlet), PASSWORD) as folder:
        first, bad, _last = folder.uids_after(0)

    def stubborn(folder: imap.Folder, uid: int) -> imap.Letter | None:
        if uid == bad:
            raise imap.Refused
        return real(folder, uid)

    monkeypatch.setattr(imap.Folder, "letter", stubborn)
    for _ in range(polling.PATIENCE - 1):
        assert isinstance(poll(inlet), str)
        assert Mailbox.objects.get().last_uid == first
    assert poll(inlet) == 2
    items.drain(lambda: MONDAY)
    assert list(Item.objects.filter(state="set_aside").values_list("code", flat=True)) == [
        "mail.empty"
    ]
    assert Complaint.objects.count() == 2


def nothing(number: int) -> Any:
    return "OK", [f"1 (UID {number} BODY[]<0> NIL)".encode()]


def too_slow(number: int) -> Any:
    raise SoftTimeLimitExceeded


def absurd(number: int) -> Any:
    return "OK", 7


@pytest.mark.parametrize("answers", [nothing, too_slow, absurd])
def test_whatever_keeps_a_mail_from_coming_is_counted_and_the_mail_is_not_lost(
    cast: Cast, box: PostBox, monkeypatch: pytest.MonkeyPatch, answers: Callable[[int], Any]
) -> None:
    real = imaplib.IMAP4.uid
    box.put(letter(number=1), MONDAY)
    box.put(letter(number=2), MONDAY)
    inlet = served(cast, box)
    with imap.opened(settings_of(inlet), PASSWORD) as folder:
        bad, _last = folder.uids_after(0)

    def uid(client: imaplib.IMAP4, command: str, *args: str) -> Any:
        if (command, args[0]) == ("FETCH", str(bad)):
            return answers(bad)
        return real(client, command, *args)

    monkeypatch.setattr(imaplib.IMAP4, "uid", uid)
    for failures in range(1, polling.PATIENCE):
        assert polling.poll_all(lambda: MONDAY)["mail"] not in (0, 1, 2)
        state = Mailbox.objects.get()
        assert (state.failures, state.stuck_uid, state.lease_token) == (failures, bad, None)
    assert poll(inlet) == 2
    assert [len(bytes(item.raw)) > 0 for item in Item.objects.order_by("pk")] == [False, True]


def test_a_server_that_does_not_number_stops_no_other_mailbox(
    cast: Cast, box: PostBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(cast, box, "odd")
    served(cast, box, "good")
    box.put(letter(), MONDAY)
    real = MailBoxFolderManager.status
    odd: list[None] = [None]

    def status(manager: MailBoxFolderManager, *args: Any) -> dict[str, int]:
        found = real(manager, *args)
        if odd:
            odd.pop()
            del found["UIDNEXT"]
        return found

    monkeypatch.setattr(MailBoxFolderManager, "status", status)
    assert polling.poll_all(lambda: MONDAY) == {"odd": "KeyError", "good": 1}
    assert Mailbox.objects.get(inlet__key="odd").failures == 1


def test_a_turn_ends_when_its_time_is_over_and_the_next_goes_on(cast: Cast, box: PostBox) -> None:
    inlet = served(cast, box)
    for number in range(3):
        box.put(letter(number=number), MONDAY)
    assert polling.poll(inlet, lambda: MONDAY, ends=0.0) == 0
    assert poll(inlet) == 3


def test_whoever_died_at_it_is_followed_by_another(cast: Cast, box: PostBox) -> None:
    inlet = served(cast, box)
    box.put(letter(), MONDAY)
    assert polling._claim(inlet, MONDAY)
    assert poll(inlet, MONDAY + MINUTE) == 0
    assert poll(inlet, MONDAY + timedelta(seconds=91)) == 1


@pytest.mark.xdist_group("races")
def test_two_at_once_fetch_nothing_twice(transactional_db: None, cast: Cast, box: PostBox) -> None:
    inlet = served(cast, box)
    for number in range(12):
        box.put(letter(number=number), MONDAY)
    results: list[Any] = done(at_once([lambda: poll(inlet)] * 4))
    assert sum(results) + int(poll(inlet)) == 12
    assert sum(item.repeats for item in Item.objects.all()) == 0
    assert Item.objects.count() == 12
