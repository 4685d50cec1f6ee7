"""What came in, on its pages: read safely, and what was set aside dealt with once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from complaints.models import Channel, Complaint, Statement
from intake import contents
from intake.models import Inlet, Item, ItemState
from intake.reading import READERS
from intake.understood import Told
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import HOUR
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast, Register
from tests.intake.coming import set_aside, way_in

SOON = MONDAY + HOUR


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    with time_machine.travel(SOON, tick=False):
        yield


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return way_in(cast)


@pytest.fixture
def chen(cast: Cast) -> Client:
    return signed_in(cast.chen)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


def report(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "channel": "sms", "received_at": f"{timezone.localtime(MONDAY):%Y-%m-%dT%H:%M}",
        "complainant_phone": "13800138000", "complainant_role": "customer", "what": "货没到",
        "category": cast.rude.pk, "severity": "minor", "submission_key": str(uuid.uuid4()),
        **more,
    }  # fmt: skip


def test_what_was_set_aside_is_listed_first_with_its_sender_masked(
    inlet: Inlet, chen: Client
) -> None:
    set_aside(inlet, subject="货没到")
    listed = page(chen, "/intake/")
    assert "货没到" in listed
    assert "138****8000" in listed
    assert "13800138000" not in listed
    for query, is_there in (
        ("state=all", True), ("state=registered", False), ("state=nonsense", True),
        ("inlet=sms", True), ("channel=mail", False), ("channel=sms&since=2026-11-16", True),
        ("since=2026-11-17", False), ("until=2026-11-15", False), ("until=9999-12-31", True),
    ):  # fmt: skip
        assert ('id="items"' in page(chen, f"/intake/?{query}")) is is_there, query
    for query in ("since=x", "inlet=nothing", "channel=%00", "inlet=%00", "until=0000-00-00"):
        page(chen, f"/intake/?{query}", 400)


def test_quality_sees_how_much_waits_wherever_they_are(inlet: Inlet, chen: Client) -> None:
    assert "收到的内容待处理" not in page(chen, "/")
    set_aside(inlet)
    assert "收到的内容待处理" in page(chen, "/")
    assert 'class="count"><span class="sr-only">待人工处理</span> 1' in page(chen, "/complaints/")


def test_only_headquarters_comes_in(cast: Cast, inlet: Inlet) -> None:
    item = set_aside(inlet)
    for person, status in (
        (cast.chen, 200), (cast.lin, 200), (cast.gao, 200), (cast.li, 403), (cast.wang, 403),
        (cast.xu, 403), (cast.root, 403),
    ):  # fmt: skip
        for address in ("/intake/", f"/intake/{item.pk}/", f"/intake/{item.pk}/raw/"):
            assert signed_in(person).get(address).status_code == status, (person, address)
    inlets = {cast.root: 200, cast.chen: 403, cast.gao: 403, cast.li: 403}
    for person, status in inlets.items():
        assert signed_in(person).get("/inlets/").status_code == status


def test_nobody_reads_what_has_become_a_complaint_about_themself(
    cast: Cast, inlet: Inlet, register: Register, chen: Client
) -> None:
    item = set_aside(inlet)
    about = register(by=cast.li, subject_ids=(cast.chen.pk,))
    Item.objects.update(state=ItemState.REGISTERED, complaint=about)
    assert chen.get(f"/intake/{item.pk}/").status_code == 404
    assert signed_in(cast.lin).get(f"/intake/{item.pk}/").status_code == 200


RAW: dict[str, tuple[bytes, str, str]] = {
    # what came, what the page shows, what it must not hold
    "utf-8": ("货没到，<b>快</b>".encode(), "货没到，&lt;b&gt;快&lt;/b&gt;", "<b>快"),
    "gbk": ("货没到".encode("gbk"), "货没到", "\ufffd"),
    "utf-16": ("货没到".encode("utf-16"), "货没到", "\ufeff"),
    "json": ('{"内容":"货没到","n":[1]}'.encode(), "&quot;内容&quot;: &quot;货没到&quot;,\n", "﻿"),
    "a script": (b"<script>alert(1)</script>", "&lt;script&gt;alert(1)", "<script>alert"),
    "a template": (b"{{7*7}}{% now 'Y' %}", "{{7*7}}{% now", "49"),
    "a reversed name": ("a\u202efdp.exe".encode(), "a⟨U+202E⟩fdp.exe", "\u202e"),
    "an escape": (b"mail\x1b[2J text text text", "mail⟨U+001B⟩[2J", "\x1b"),
    "damaged": ("货没到".encode() + b"\xff\xfe\xfa words", "words", "\xff"),
    "binary": (bytes(range(256)) * 4, "不是文字内容", "<pre"),
    "deep json": (b"[" * 50_000, "[[[[", "Traceback"),
    "a long number": (b'{"n":' + b"9" * 6_000 + b"}", "99999", "Traceback"),
    "a half": (b'{"a":"\\ud800"}', "⟨U+D800⟩", "\ud800"),
    "nothing": (b"", "没有内容", "<pre"),
}


@pytest.mark.parametrize(("raw", "shown", "never"), RAW.values(), ids=RAW.keys())
def test_whatever_came_is_shown_as_text(
    inlet: Inlet, chen: Client, raw: bytes, shown: str, never: str
) -> None:
    item = set_aside(inlet, raw)
    content = page(chen, f"/intake/{item.pk}/").partition('id="raw-title"')[2]
    content = content.partition("<aside")[0]
    assert shown in content
    assert never not in content


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+86 138-0013-8000", "+86****8000"),
        ("sun@example.com", "s***@example.com"),
        ("oAbC123456789", "oAbC123456789"),
        ("孙玉梅", "孙玉梅"),
        ("a@b@c", "a***@c"),
        ("@", "***@"),
        ("", ""),
    ],
)
def test_a_list_gives_no_sender_away(sender: str, shown: str) -> None:
    assert contents.masked(sender) == shown


def test_what_has_no_subject_is_called_by_its_first_words(inlet: Inlet, chen: Client) -> None:
    for raw in ("货没到，\n快".encode("gbk") * 400, b"\x00\x01\x02\x03", b""):
        set_aside(inlet, raw)
    listed = page(chen, "/intake/")
    assert ">货没到， 快货没到，" in listed
    assert listed.count("（没有主题）") == 2


def test_much_is_shown_in_part_and_downloaded_whole(inlet: Inlet, chen: Client) -> None:
    raw = "字".encode() * 400_000
    item = set_aside(inlet, raw, media_type="message/rfc822")
    shown = page(chen, f"/intake/{item.pk}/")
    assert shown.count("字") < 101_000
    assert "这里只显示开头" in shown
    answer = chen.get(f"/intake/{item.pk}/raw/")
    assert answer.content == raw
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="item-{item.pk}.eml"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_it_is_tried_again_when_the_reason_is_gone(cast: Cast, inlet: Inlet, chen: Client) -> None:
    item = set_aside(inlet)
    answer = chen.post(f"/intake/{item.pk}/retry/", follow=True)
    assert "还是没有成功" in answer.content.decode()
    READERS[Channel.SMS] = lambda item: Told(what=bytes(item.raw).decode(), name="孙玉梅")
    try:
        for _ in range(2):
            chen.post(f"/intake/{item.pk}/retry/")
    finally:
        del READERS[Channel.SMS]
    case = Complaint.objects.get()
    assert (case.owner, case.received_at) == (cast.li, MONDAY)
    assert Item.objects.get().settled_by == cast.chen


def test_it_is_registered_by_hand_with_what_is_known_filled_in(
    cast: Cast, inlet: Inlet, chen: Client
) -> None:
    item = set_aside(inlet)
    form = chen.get(f"/intake/{item.pk}/register/").context["form"]
    assert form["what"].value() == "货没到"
    assert form["complainant_phone"].value() == "13800138000"
    assert form["channel"].value() == "sms"
    assert form["category"].value() == cast.rude.pk
    assert timezone.make_aware(form["received_at"].value()) == MONDAY
    filled = report(cast)
    answer = chen.post(f"/intake/{item.pk}/register/", filled)
    case = Complaint.objects.get()
    assert answer["Location"] == f"/complaints/{case.no}/"
    item.refresh_from_db()
    assert (item.state, item.complaint, item.settled_by) == ("registered", case, cast.chen)
    assert (case.owner, case.entered_at) == (cast.chen, SOON)
    again = chen.post(f"/intake/{item.pk}/register/", filled, follow=True)
    assert "已经处理过" in again.content.decode()
    assert Complaint.objects.count() == 1


def test_the_form_begins_with_what_the_channel_understood(
    cast: Cast, inlet: Inlet, chen: Client
) -> None:
    item = set_aside(inlet)
    told = Told(what="货晚到三天", name="孙玉梅", phone="13900139000", branch=cast.lanzhou)
    READERS[Channel.SMS] = lambda item: told
    try:
        form = chen.get(f"/intake/{item.pk}/register/").context["form"]
    finally:
        del READERS[Channel.SMS]
    values = {name: form[name].value() for name in ("what", "complainant_name", "concerned_branch")}
    assert list(values.values()) == ["货晚到三天", "孙玉梅", cast.lanzhou.pk]


def test_a_refused_registration_leaves_the_item_as_it_is(
    cast: Cast, inlet: Inlet, chen: Client
) -> None:
    item = set_aside(inlet)
    for wrong in ({"what": ""}, {"received_at": "2030-01-01T00:00"}, {"what": "\x00"}):
        answer = chen.post(f"/intake/{item.pk}/register/", report(cast, **wrong))
        assert answer.status_code == 422
        assert "货没到" in answer.content.decode()
    item.refresh_from_db()
    assert item.state == ItemState.SET_ASIDE
    assert not Complaint.objects.exists()


def test_whoever_registers_a_complaint_about_themself_does_not_see_it_afterwards(
    cast: Cast, inlet: Inlet, chen: Client
) -> None:
    item = set_aside(inlet)
    answer = chen.post(f"/intake/{item.pk}/register/", report(cast, subjects="陈洁"))
    assert answer["Location"] == "/"
    assert Complaint.objects.get().owner != cast.chen
    assert chen.get(f"/intake/{item.pk}/").status_code == 404


def test_it_is_appended_to_the_case_it_belongs_to(
    cast: Cast, inlet: Inlet, register: Register, chen: Client
) -> None:
    case = register(by=cast.li, at=MONDAY - HOUR)
    item = set_aside(inlet)
    assert "货没到" in page(chen, f"/intake/{item.pk}/append/")
    for no, code in (("TS0000-0", 422), ("", 422), ("\x00", 422)):
        answer = chen.post(f"/intake/{item.pk}/append/", {"no": no, "said": "货没到"})
        assert answer.status_code == code
    assert chen.post(f"/intake/{item.pk}/append/", {"no": case.no, "said": " "}).status_code == 422
    form = {"no": f" {case.no.lower()}", "said": "货没到"}
    for _ in range(2):
        assert chen.post(f"/intake/{item.pk}/append/", form).status_code == 302
    said = Statement.objects.get()
    assert (said.said, said.occurred_at, said.by, said.channel) == (
        "货没到", MONDAY, cast.chen, Channel.SMS,
    )  # fmt: skip
    item.refresh_from_db()
    assert (item.state, item.complaint) == (ItemState.APPENDED, case)
    assert Message.objects.filter(recipient=cast.li, key__startswith="heard:").exists()


def test_nothing_is_appended_to_a_case_out_of_sight(
    cast: Cast, inlet: Inlet, register: Register, chen: Client
) -> None:
    about = register(by=cast.li, subject_ids=(cast.chen.pk,))
    item = set_aside(inlet)
    answer = chen.post(f"/intake/{item.pk}/append/", {"no": about.no, "said": "货没到"})
    assert "没有这个编号的投诉" in answer.content.decode()
    assert not Statement.objects.exists()


def test_what_is_nothing_for_us_is_left_with_a_reason(inlet: Inlet, chen: Client) -> None:
    item = set_aside(inlet)
    assert chen.post(f"/intake/{item.pk}/ignore/", {"reason": "\u200b"}).status_code == 422
    for _ in range(2):
        assert chen.post(f"/intake/{item.pk}/ignore/", {"reason": "广告"}).status_code == 302
    item.refresh_from_db()
    assert (item.state, item.code, item.reason) == (ItemState.IGNORED, "by_hand", "广告")
    assert "广告" in page(chen, f"/intake/{item.pk}/")


def test_looking_changes_nothing_and_what_is_settled_offers_nothing(
    inlet: Inlet, chen: Client
) -> None:
    item = set_aside(inlet)
    for deed in ("register", "append", "ignore"):
        page(chen, f"/intake/{item.pk}/{deed}/")
        assert f"/intake/{item.pk}/{deed}/" in page(chen, f"/intake/{item.pk}/")
    assert chen.get(f"/intake/{item.pk}/retry/").status_code == 405
    item.refresh_from_db()
    assert item.state == ItemState.SET_ASIDE
    chen.post(f"/intake/{item.pk}/ignore/", {"reason": "广告"})
    for deed in ("register", "append", "ignore"):
        assert chen.get(f"/intake/{item.pk}/{deed}/").status_code == 302
        assert f"/intake/{item.pk}/{deed}/" not in page(chen, f"/intake/{item.pk}/")


@pytest.mark.xdist_group("races")
def test_two_people_on_one_item_make_one_case_of_it(
    transactional_db: None, cast: Cast, inlet: Inlet, register: Register
) -> None:
    """Register, append, ignore and try again, all at once: one of them is done."""
    case = register(by=cast.li, at=MONDAY - HOUR)
    READERS[Channel.SMS] = lambda item: Told(what="货没到", name="孙玉梅")
    try:
        for _round in range(3):
            _all_at_once(cast, inlet, case)
    finally:
        del READERS[Channel.SMS]


def _all_at_once(cast: Cast, inlet: Inlet, case: Complaint) -> None:
    reader = READERS.pop(Channel.SMS)
    item = set_aside(inlet)
    READERS[Channel.SMS] = reader
    before = (Complaint.objects.count(), Statement.objects.count())

    def pressing(person: Person, deed: str, **form: Any) -> Callable[[], int]:
        client = signed_in(person)
        return lambda: client.post(f"/intake/{item.pk}/{deed}/", form).status_code

    answers = done(
        at_once(
            [
                pressing(cast.chen, "register", **report(cast)),
                pressing(cast.lin, "register", **report(cast)),
                pressing(cast.gao, "append", no=case.no, said="货没到"),
                pressing(cast.chen, "ignore", reason="广告"),
                pressing(cast.lin, "retry"),
            ]
        )
    )
    assert set(answers) <= {302, 409}
    item.refresh_from_db()
    new_cases = Complaint.objects.count() - before[0]
    new_words = Statement.objects.count() - before[1]
    expected = {"registered": (1, 0), "appended": (0, 1), "ignored": (0, 0)}
    assert (new_cases, new_words) == expected[item.state], (item.state, answers)
