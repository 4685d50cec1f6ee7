"""A mail becomes a case, goes to the case it belongs to, or is set aside with its reason."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from complaints.models import Attachment, Channel, Complaint, Statement
from intake import items
from intake.mail import acknowledgement, cage, reply_addresses
from intake.models import Inlet, Item, ItemState, Reply, Thread
from tests.conftest import MONDAY, Cast
from tests.intake.mail.letters import DESK, SUN, arrive, letter, mailbox
from tests.shared import DATA

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 20


def own_address(inlet: Inlet, case: Complaint) -> str:
    return reply_addresses.address_for(DESK, inlet.pk, case.pk)


def test_a_mail_is_a_case_of_its_senders(inlet: Inlet, cast: Cast) -> None:
    item = arrive(inlet, letter())
    case = Complaint.objects.get()
    assert (item.state, case.channel, case.owner) == (ItemState.REGISTERED, Channel.MAIL, cast.li)
    assert case.what == f"投诉\n\n货没到，都三天了。\n〔来信人未核实：{SUN}〕"
    assert (case.complainant_name, case.anonymous) == ("孙玉梅", False)
    assert (Thread.objects.get().address, item.sender, item.subject) == (SUN, SUN, "投诉")


def test_chinese_mail_in_gbk_that_says_gb2312_is_read(inlet: Inlet) -> None:
    raw = (
        b"From: =?gb2312?B?" + base64.b64encode("孙玥".encode("gbk")) + b"?= <sun@163.com>\r\n"
        b"To: desk@example.com\r\nSubject: " + "投诉镕字".encode("gbk") + b"\r\n"
        b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "朱镕路的货没到 嘅".encode("gbk")
    )  # fmt: skip
    arrive(inlet, raw)
    case = Complaint.objects.get()
    assert case.what.startswith("投诉镕字\n\n朱镕路的货没到 嘅")
    assert case.complainant_name == "孙玥"


def test_files_come_along_named_and_typed_by_what_they_are(inlet: Inlet) -> None:
    name = base64.b64encode("照片.png".encode("gbk")).decode()
    raw = (
        "From: sun@qq.com\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\n看照片\r\n--b\r\nContent-Type: application/octet-stream;"
        f' name="=?GBK?B?{name}?="\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{base64.b64encode(PNG).decode()}\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\r\n"
        "MZ no picture\r\n--b--\r\n"
    ).encode()
    arrive(inlet, raw)
    kept = Attachment.objects.get()
    assert (kept.name, kept.content_type) == ("照片.png", "image/png")
    assert "a.png" in Statement.objects.get().said


def test_the_address_of_a_case_leads_to_it_whatever_its_state(inlet: Inlet) -> None:
    arrive(inlet, letter())
    case = Complaint.objects.get()
    Complaint.objects.update(status="withdrawn")
    quoted = "还没到\n\n在 2026-11-16 12:00:00，desk <desk@example.com> 写道：\n> 您好\n"
    answer = arrive(inlet, letter(quoted, to=own_address(inlet, case).upper(), number=2))
    assert (answer.state, answer.complaint) == (ItemState.APPENDED, case)
    assert Statement.objects.get().said == "还没到"


def test_another_who_has_the_address_is_heard_and_named(inlet: Inlet) -> None:
    arrive(inlet, letter())
    to = own_address(inlet, Complaint.objects.get())
    arrive(inlet, letter("我是他家人", sender="wife@qq.com", to=to, number=2))
    assert Statement.objects.get().said == "我是他家人\n〔来信地址与原来的不同：wife@qq.com〕"


def forged_addresses(inlet: Inlet, case: Complaint) -> list[str]:
    real = own_address(inlet, case)
    other = reply_addresses.address_for(DESK, inlet.pk, case.pk + 1)
    return [
        real.replace(f"c{case.pk}-", f"c{case.pk + 1}-"),
        other.replace(f"c{case.pk + 1}-", f"c{case.pk}-"),
        real.replace("@", "a@"),
        real[:-13] + "a@example.com",
        f"desk+c{case.pk}-aaaaaaaaaaaaaaaa@example.com",
        f"desk+c{case.pk}-@example.com",
        f"desk+c{'9' * 40}-aaaaaaaaaaaaaaaa@example.com",
        real.replace("example.com", "example.org"),
        reply_addresses.address_for(DESK, inlet.pk + 1, case.pk),
        reply_addresses.address_for("other@example.com", inlet.pk, case.pk),
    ]


def test_no_forged_address_leads_anywhere(inlet: Inlet) -> None:
    arrive(inlet, letter())
    case = Complaint.objects.get()
    for number, address in enumerate(forged_addresses(inlet, case)):
        item = arrive(inlet, letter("假的", to=address, number=100 + number))
        assert item.state == ItemState.REGISTERED, address
    assert not Statement.objects.exists()


def test_an_answer_to_our_mail_is_known_by_its_sender(inlet: Inlet, post_office: object) -> None:
    arrive(inlet, letter())
    acknowledgement.write_due(at=MONDAY)
    ours = Reply.objects.get().message_id
    for number, field in enumerate(("In_Reply_To", "References"), 2):
        answer = arrive(inlet, letter("补充", number=number, **{field: f"<0@qq.com> {ours}"}))
        assert answer.state == ItemState.APPENDED


def test_who_quotes_our_mail_from_elsewhere_gets_a_case_of_their_own(
    inlet: Inlet, post_office: object
) -> None:
    arrive(inlet, letter())
    acknowledgement.write_due(at=MONDAY)
    case, ours = Complaint.objects.get(), Reply.objects.get().message_id
    thief = letter(
        "撤诉", sender="thief@qq.com", subject=f"Re: {case.no}", number=2, References=ours
    )
    item = arrive(inlet, thief)
    assert (item.state, item.complaint == case) == (ItemState.REGISTERED, False)
    assert item.complaint is not None
    assert "没有并入" in item.complaint.what
    forged = letter("撤诉", number=3, References=ours.replace("@", "x@"))
    assert arrive(inlet, forged).state == ItemState.REGISTERED
    assert not Statement.objects.exists()


def test_an_old_secret_key_still_opens_its_addresses(inlet: Inlet, settings: object) -> None:
    case = 7
    address = reply_addresses.address_for(DESK, inlet.pk, case)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]
    settings.SECRET_KEY = "n" * 40  # type: ignore[attr-defined]
    assert reply_addresses.case_of(DESK, inlet.pk, ["x@y.z", address]) == case


def test_the_same_mail_by_two_ways_is_one_and_a_reused_id_is_another(inlet: Inlet) -> None:
    arrive(inlet, letter())
    arrive(inlet, letter().replace(b"\r\n", b"\n"))
    assert Item.objects.get().repeats == 1
    arrive(inlet, letter("另一件事"))
    arrive(inlet, letter(sender="other@qq.com"))
    assert Complaint.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [("a\x00b", "text.nul"), ("a\x1bb", "text.control"), ("\u200b", "what.blank")],
)
def test_the_door_for_text_is_the_same_as_everywhere(inlet: Inlet, body: str, code: str) -> None:
    item = arrive(inlet, letter(body, subject=""))
    assert (item.state, item.code) == (ItemState.SET_ASIDE, code)
    assert bytes(item.raw) == letter(body, subject="")


def test_a_name_or_subject_that_cannot_be_kept_costs_no_mail(inlet: Inlet) -> None:
    raw = letter(
        subject="=?utf-8?B?"
        + base64.b64encode("投诉\x00\x1b\r\nBcc: x@y.z".encode()).decode()
        + "?=",
        sender="=?utf-8?B?" + base64.b64encode(("孙\x00" * 80).encode()).decode() + f"?= <{SUN}>",
    )
    arrive(inlet, raw)
    case = Complaint.objects.get()
    assert case.what.startswith("投诉 Bcc: x@y.z\n\n货没到")
    assert case.complainant_name == "孙" * 60


def test_a_mail_without_a_sender_is_anonymous(inlet: Inlet) -> None:
    arrive(inlet, b"Subject: x\r\n\r\nno sender")
    assert Complaint.objects.get().anonymous
    assert Thread.objects.get().address == ""


def test_a_photo_without_a_word_is_a_case_and_nothing_at_all_is_not(inlet: Inlet) -> None:
    photo = base64.b64encode(PNG).decode()
    raw = (
        "From: sun@qq.com\r\nContent-Type: image/png; name=a.png\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{photo}"
    ).encode()
    arrive(inlet, raw)
    assert Complaint.objects.get().what.startswith("（邮件没有正文，见附件。）")
    assert arrive(inlet, b"From: sun@qq.com\r\n\r\n").code == "what.blank"
    assert arrive(inlet, b"\r\n \r\n").code == "mail.empty"


def test_a_mail_passed_on_as_a_file_is_read(inlet: Inlet) -> None:
    raw = (
        "From: sun@qq.com\r\nSubject: fwd\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\n请处理\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: x@y.z\r\nSubject: inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "原来的投诉\r\n"
        "--b--\r\n"
    ).encode()
    arrive(inlet, raw)
    assert "〔随信转来的邮件〕\ninner\n原来的投诉" in Complaint.objects.get().what


def test_more_from_one_sender_than_a_person_writes_waits_for_a_person(cast: Cast) -> None:
    inlet = mailbox(cast, hourly=3)
    states = [arrive(inlet, letter(f"{n}", number=n)).state for n in range(5)]
    assert states == ["registered"] * 3 + ["set_aside"] * 2
    floods = Item.objects.filter(code="mail.flood")
    assert floods.count() == 2
    again = items.settle(floods[0].pk, at=MONDAY, by=cast.chen)
    assert again.state == "registered"
    assert items.told_by(floods[0])
    assert arrive(inlet, letter(number=7, sender="other@qq.com")).state == "registered"
    platform = mailbox(cast, "platform", hourly=3, machines=["@gov.example"])
    for number in range(5):
        raw = letter(f"{number}", sender="12345@GOV.example", number=number)
        assert arrive(platform, raw).state == "registered"
    later = MONDAY + timedelta(hours=2)
    assert arrive(inlet, letter("后来", number=8), at=later).state == "registered"


def test_each_mail_of_the_corpus_is_taken_ignored_or_set_aside(inlet: Inlet) -> None:
    paths = sorted((DATA / "mail_cases" / "eml").glob("*.eml"))[::8]
    for path in paths:
        arrive(inlet, path.read_bytes())
    assert set(Item.objects.values_list("state", flat=True)) <= {
        "registered", "ignored", "set_aside",
    }  # fmt: skip
    codes = set(Item.objects.filter(state="set_aside").values_list("code", flat=True))
    assert codes <= {"what.blank", "mail.empty", "text.control", "text.nul"}
    assert Complaint.objects.count() > len(paths) / 2


def test_a_mail_that_no_child_can_read_stays_raw_and_is_shown(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cage, "_CAGE", cage.Cage(patience=0.0))
    item = arrive(inlet, letter())
    assert (item.state, item.code) == (ItemState.SET_ASIDE, "mail.too_slow")
    assert bytes(item.raw) == letter()
    monkeypatch.undo()
    assert items.settle(item.pk, at=MONDAY, by=inlet.receiver).state == ItemState.SET_ASIDE
