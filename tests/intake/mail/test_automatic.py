"""What machines write is kept and ignored with its reason; what people write is not."""

from __future__ import annotations

import pytest

from complaints.models import Complaint
from intake.mail import automatic
from intake.mail.mailboxes import Settings
from intake.mail.parsing import parse
from intake.models import Inlet, ItemState
from tests.conftest import Cast
from tests.intake.mail.letters import DESK, arrive, letter, mailbox

DESK_SETTINGS = Settings(address=DESK, machines=("12345@gov.example", "@platform.example"))

MACHINES = {
    "RFC 3834": (letter(Auto_Submitted="auto-replied"), "mail.auto_reply"),
    "RFC 3834, generated": (letter(Auto_Submitted="auto-generated; x=y"), "mail.auto_reply"),
    "QQ Mail": (letter(X_QQ_AUTO_REPLY="yes"), "mail.auto_reply"),
    "QQ Mail, subject alone": (letter(subject="自动回复: 投诉"), "mail.auto_reply"),
    "the same, encoded": (letter(subject="=?gb18030?B?19S2r7vYuLQ6zbbL3w==?="), "mail.auto_reply"),
    "Outlook": (letter(subject="自动答复: 您的来信已收到"), "mail.auto_reply"),
    "Outlook, English": (letter(subject="Automatic reply: your mail"), "mail.auto_reply"),
    "out of office": (letter(subject="Out of Office: back on Monday"), "mail.auto_reply"),
    "procmail": (letter(X_Autoreply="yes"), "mail.auto_reply"),
    "bounce": (letter(Return_Path="<>"), "mail.bounce"),
    "mailer-daemon": (letter(sender="MAILER-DAEMON@mx.qq.com"), "mail.bounce"),
    "delivery report": (
        letter(kind="multipart/report; report-type=delivery-status"),
        "mail.bounce",
    ),
    "list": (letter(List_Id="<l.example.com>"), "mail.list"),
    "bulk": (letter(Precedence="bulk"), "mail.list"),
    "ourselves": (letter(sender=f"投诉邮箱 <{DESK.upper()}>"), "mail.own"),
}
PEOPLE = {
    "plain": letter(),
    "says it is not automatic": letter(Auto_Submitted="no"),
    "complains of automatic answers": letter(subject="自动回复太慢，没人管"),
    "answers": letter(subject="Re: 您的来信已收到"),
    "a return path": letter(Return_Path="<sun@qq.com>"),
    "a platform that we know": letter(sender="12345@gov.example", Auto_Submitted="auto-generated"),
    "its domain": letter(sender="no-reply@platform.example", Precedence="bulk"),
}


@pytest.mark.parametrize("name", MACHINES)
def test_machines_are_told(name: str) -> None:
    raw, code = MACHINES[name]
    found = automatic.why(parse(raw), DESK_SETTINGS)
    assert found is not None
    assert (found.code, bool(found.reason)) == (code, True)


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_not_taken_for_machines(name: str) -> None:
    assert automatic.why(parse(PEOPLE[name]), DESK_SETTINGS) is None


def test_what_a_machine_wrote_is_kept_and_makes_no_case(inlet: Inlet) -> None:
    item = arrive(inlet, letter(Auto_Submitted="auto-replied"))
    assert (item.state, item.code, item.reason) == (
        ItemState.IGNORED, "mail.auto_reply", "自动回复。",
    )  # fmt: skip
    assert bytes(item.raw) == letter(Auto_Submitted="auto-replied")
    assert not Complaint.objects.exists()


def test_our_own_answer_that_comes_back_ends_there(cast: Cast) -> None:
    inlet = mailbox(cast)
    assert arrive(inlet, letter(sender=DESK)).code == "mail.own"
