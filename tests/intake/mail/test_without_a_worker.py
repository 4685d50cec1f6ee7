"""No worker, no broker: the sweeper reads the mailbox and tells the sender, a little later."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from common.time import database_now
from complaints.models import Complaint
from intake.mail import polling, replies
from intake.models import Mailbox
from recovery import sweeper
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast
from tests.intake.mail.letters import SUN, arrive, letter, mailbox
from tests.intake.mail.server import USER, post_box
from tests.notify.sinks import PostOffice, closed_port

SECOND = timedelta(seconds=1)
PATIENCE = 30.0


@pytest.mark.xdist_group("races")
@pytest.mark.django_db(transaction=True)
def test_a_mail_comes_in_and_its_sender_hears_of_it(
    cast: Cast, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "UNSENT", timedelta())
    monkeypatch.setattr(sweeper, "LOOK_EVERY", 0.2)
    with post_box() as box:
        box.put(letter(), database_now() - SECOND)
        mailbox(cast, host="127.0.0.1", port=box.port, security="none", user=USER)
        stop = threading.Event()
        running = threading.Thread(target=sweeper.run, args=(stop,))
        running.start()
        try:
            ends = time.monotonic() + PATIENCE
            while not post_office.mails and time.monotonic() < ends:
                time.sleep(0.05)
        finally:
            stop.set()
            running.join()
    case = Complaint.objects.get()
    [mail] = post_office.mails
    assert case.no in str(mail["Subject"])
    assert str(mail["To"]) == SUN


def test_a_mailbox_that_somebody_has_just_read_is_left_to_them(cast: Cast) -> None:
    with post_box() as box:
        inlet = mailbox(cast, host="127.0.0.1", port=box.port, security="none", user=USER)
        box.put(letter(), MONDAY)
        Mailbox.objects.create(inlet=inlet, polled_at=MONDAY - 2 * MINUTE)
        assert polling.poll_all(lambda: MONDAY, overdue=sweeper.UNREAD) == {}
        assert polling.poll_all(lambda: MONDAY + MINUTE, overdue=sweeper.UNREAD) == {inlet.key: 1}


def test_an_acknowledgement_is_left_to_a_worker_for_a_minute(
    cast: Cast, post_office: PostOffice, settings: Any
) -> None:
    arrive(mailbox(cast), letter())
    assert not replies.is_unsent(MONDAY + 59 * SECOND)
    assert replies.is_unsent(MONDAY + 60 * SECOND)  # a case, and nothing written
    settings.EMAIL_PORT = closed_port()
    replies.drain(lambda: MONDAY)
    due = MONDAY + replies.FIRST_PAUSE  # written, and not got rid of
    assert not replies.is_unsent(due + 59 * SECOND)
    assert replies.is_unsent(due + 60 * SECOND)
