"""The customer is told once that their mail is in; nobody is annoyed, and no clock is stopped."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Clock, Complaint, Contact
from intake.mail import reply_addresses
from intake.mail.replies import drain, send
from intake.models import Inlet, Reply, ReplyState
from tests.complaints.scenes import HOUR, MINUTE
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.intake.mail.letters import DESK, SUN, arrive, letter, mailbox
from tests.notify.sinks import PostOffice, closed_port


def told(at: Any = MONDAY) -> int:
    return drain(lambda: at)


def reasons() -> list[str]:
    return list(Reply.objects.order_by("pk").values_list("reason", flat=True))


def test_the_customer_hears_their_number_and_where_to_go_on(
    inlet: Inlet, post_office: PostOffice
) -> None:
    arrive(inlet, letter())
    assert told() == 2
    [mail] = post_office.mails
    case = Complaint.objects.get()
    assert case.no in str(mail["Subject"])
    body = mail.get_content()
    assert case.no in body
    assert "https://desk.example.com/feedback/track/" in body
    assert str(mail["To"]) == SUN
    assert DESK in str(mail["From"])
    assert str(mail["Reply-To"]) == reply_addresses.address_for(DESK, inlet.pk, case.pk)
    assert (mail["Auto-Submitted"], mail["In-Reply-To"]) == ("auto-replied", "<1@qq.com>")
    assert re.fullmatch(r"<c\d+-[a-z2-7]{16}\.[0-9a-f]{16}@desk\.example\.com>", mail["Message-ID"])
    assert Reply.objects.get().state == ReplyState.SENT
    assert told(MONDAY + MINUTE) == 0
    assert len(post_office.mails) == 1


def test_it_is_no_contact_and_stops_no_clock(inlet: Inlet, post_office: PostOffice) -> None:
    arrive(inlet, letter())
    told()
    assert not Contact.objects.exists()
    assert Clock.objects.exclude(met_at=None).count() == 0


def test_one_sender_is_written_to_once_an_hour(inlet: Inlet, post_office: PostOffice) -> None:
    arrive(inlet, letter())
    arrive(inlet, letter("又一件", number=2))
    told()
    arrive(inlet, letter("第三件", number=3, sender=SUN.upper()))
    told(MONDAY + 59 * MINUTE)
    assert len(post_office.mails) == 1
    assert reasons() == ["", "too_soon", "too_soon"]
    arrive(inlet, letter("第四件", number=4), at=MONDAY + HOUR)
    told(MONDAY + HOUR)
    assert len(post_office.mails) == 2


def test_an_answer_of_theirs_is_not_acknowledged(inlet: Inlet, post_office: PostOffice) -> None:
    arrive(inlet, letter())
    told()
    to = reply_addresses.address_for(DESK, inlet.pk, Complaint.objects.get().pk)
    arrive(inlet, letter("补充", number=2, to=to), at=MONDAY + 2 * HOUR)
    told(MONDAY + 2 * HOUR)
    assert len(post_office.mails) == 1


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (letter(sender="no-reply@platform.example"), "nobody_reads_it"),
        (letter(X_Auto_Response_Suppress="All"), "nobody_reads_it"),
        (letter(sender="nowhere"), "no_address"),
    ],
)
def test_where_nobody_reads_nothing_is_written(
    inlet: Inlet, post_office: PostOffice, raw: bytes, reason: str
) -> None:
    arrive(inlet, raw)
    told()
    assert (post_office.mails, reasons()) == ([], [reason])


def test_a_grave_case_gets_no_automatic_word_not_even_a_waiting_one(
    cast: Cast, inlet: Inlet, post_office: PostOffice, settings: Any
) -> None:
    arrive(inlet, letter())
    Complaint.objects.update(severity="critical")
    told()
    arrive(inlet, letter("又一件", number=2, sender="li@qq.com"))
    settings.EMAIL_PORT, port = closed_port(), settings.EMAIL_PORT
    told()
    Complaint.objects.update(severity="critical")
    settings.EMAIL_PORT = port
    told(MONDAY + HOUR)
    assert post_office.mails == []
    assert reasons() == ["critical", "critical"]


def test_what_is_old_or_switched_off_or_has_no_way_out_is_not_acknowledged(
    cast: Cast, inlet: Inlet, settings: Any
) -> None:
    arrive(inlet, letter())
    assert not settings.EMAIL_HOST
    told()
    settings.EMAIL_HOST = "mail.example.com"
    arrive(inlet, letter(number=2))
    told(MONDAY + timedelta(hours=25))
    arrive(mailbox(cast, "quiet", acknowledge=False), letter(number=3))
    told()
    assert reasons() == ["no_way_out", "too_late", "switched_off"]


def test_a_server_that_is_away_is_tried_again_and_a_refusal_is_final(
    inlet: Inlet, post_office: PostOffice, settings: Any
) -> None:
    arrive(inlet, letter())
    settings.EMAIL_PORT, port = closed_port(), settings.EMAIL_PORT
    told()
    reply = Reply.objects.get()
    assert (reply.state, reply.attempts, reply.lease_token) == (ReplyState.PENDING, 1, None)
    settings.EMAIL_PORT = port
    assert send(at=MONDAY) == 0
    assert send(at=reply.available_at) == 1
    assert post_office.ids == [reply.message_id]
    post_office.refuse["li@qq.com"] = "550 no such user"
    arrive(inlet, letter(number=2, sender="li@qq.com"))
    told(MONDAY)
    assert Reply.objects.latest("pk").state == ReplyState.GIVEN_UP


def test_no_words_of_the_sender_reach_our_headers(inlet: Inlet, post_office: PostOffice) -> None:
    raw = letter(subject="=?utf-8?B?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=").replace(
        b"Message-ID: <1@qq.com>", b"Message-ID: <1\r\n Bcc: evil@example.com>"
    )
    arrive(inlet, raw)
    told()
    [mail] = post_office.mails
    assert mail["Bcc"] is None
    assert mail["In-Reply-To"] is None
    assert "evil" not in mail.as_string()


@pytest.mark.xdist_group("races")
def test_however_many_drain_at_once_one_mail_goes_out(
    transactional_db: None, inlet: Inlet, post_office: PostOffice
) -> None:
    for number in range(4):
        arrive(inlet, letter(str(number), number=number))
    done(at_once([told] * 6))
    assert len(post_office.mails) == 1
    assert Reply.objects.count() == 4
