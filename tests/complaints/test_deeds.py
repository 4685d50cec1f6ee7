"""Rulings, attachments, reveals, talks: what they write down and what they refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import attachments, closing, privacy, rulings
from complaints.models import Attachment, Complaint, Contact, Event, Ruling
from notify.models import Message
from staff.models import Branch, Person
from tests.complaints.scenes import MINUTE, accept, apologise, fresh, rule
from tests.conftest import MONDAY, Cast, Register

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00"
    b"\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    complaint = register()
    accept(complaint, cast, at=MONDAY)
    return complaint


def test_a_ruling_names_branch_and_person_and_tells_them(cast: Cast, case: Complaint) -> None:
    rule(case, cast, at=MONDAY)
    case = fresh(case)
    assert (case.responsible_branch, case.rectifier) == (cast.lanzhou, cast.ma)
    told = Message.objects.get(recipient=cast.ma)
    assert str(told) == f"您被判定为 {case.no} 的整改责任人，请在 48 小时内提交整改单"
    event = Event.objects.filter(complaint=case).last()
    assert event is not None
    assert event.data == {
        "branch": "兰州分公司", "person": "马兰", "basis": "货在该机构滞留",
        "changes": {
            "responsible_branch": [None, "兰州分公司"], "rectifier": [None, "马兰"],
        },
    }  # fmt: skip


def test_a_later_ruling_supersedes_the_earlier(cast: Cast, case: Complaint) -> None:
    rule(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY + MINUTE, person=cast.wang)
    first, second = Ruling.objects.order_by("pk")
    assert (first.superseded_at, second.superseded_at) == (MONDAY + MINUTE, None)
    assert (fresh(case).responsible_branch, fresh(case).rectifier) == (cast.wuxi, cast.wang)


Choose = Callable[[Cast], tuple[Branch, Person, str]]


def left(person: Person) -> Person:
    person.is_active = False
    person.save(update_fields=["is_active"])
    return person


@pytest.mark.parametrize(
    ("choose", "code"),
    [
        (lambda cast: (cast.lanzhou, cast.wang, "x"), "person.elsewhere"),
        (lambda cast: (cast.northwest, cast.ma, "x"), "person.elsewhere"),
        (lambda cast: (cast.headquarters, cast.root, "x"), "person.elsewhere"),
        (lambda cast: (cast.lanzhou, left(cast.ma), "x"), "person.elsewhere"),
        (lambda cast: (cast.lanzhou, cast.ma, " \u200b"), "basis.blank"),
        (lambda cast: (cast.lanzhou, cast.ma, "字" * 2001), "text.too_long"),
    ],
)
def test_a_ruling_names_somebody_who_works_in_the_branch_and_says_why(
    cast: Cast, case: Complaint, choose: Choose, code: str
) -> None:
    branch, person, basis = choose(cast)
    with pytest.raises(RuleBroken) as refused:
        rulings.rule(case.pk, branch=branch, person=person, basis=basis, by=cast.chen, at=MONDAY)
    assert refused.value.code == code
    assert fresh(case).rectifier is None
    assert not Ruling.objects.exists()


def test_nothing_is_ruled_before_it_is_sorted(cast: Cast, register: Register) -> None:
    with pytest.raises(Conflict) as refused:
        rule(register(), cast, at=MONDAY)
    assert refused.value.code == "wrong_status"


def test_a_closed_case_can_still_be_ruled(cast: Cast, register: Register) -> None:
    """A satisfied customer does not end the firm's own duty."""
    case = register(anonymous=True)
    accept(case, cast, at=MONDAY)
    closing.close(case.pk, by=cast.li, at=MONDAY)
    rule(case, cast, at=MONDAY + MINUTE)
    assert fresh(case).rectifier == cast.ma
    assert fresh(case).status == "closed"


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_a_file_is_kept_under_a_name_of_our_own(cast: Cast, case: Complaint, media: Path) -> None:
    kept = attachments.attach(
        case.pk, SimpleUploadedFile("../../现场 照片.PNG", PNG, "text/html"), by=cast.li, at=MONDAY
    )
    assert (kept.name, kept.content_type, kept.size) == ("现场 照片.PNG", "image/png", len(PNG))
    assert kept.sha256 == hashlib.sha256(PNG).hexdigest()
    stored = Path(kept.file.path)
    assert stored.read_bytes() == PNG
    assert stored.resolve().is_relative_to(media.resolve())
    assert stored.suffix == ".png"
    assert "照片" not in stored.name
    event = Event.objects.filter(complaint=case).last()
    assert event is not None
    assert event.data["sha256"] == kept.sha256


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.png", b"", "file.empty"),
        ("a.png", b"<script>alert(1)</script>", "file.not_what_it_says"),
        ("a.exe", b"MZ\x90", "file.kind"),
        ("a.txt", PNG, "file.not_what_it_says"),
        ("a.txt", b"x" * (20 * 1024 * 1024 + 1), "file.too_large"),
    ],
)
def test_a_file_that_may_not_be_kept_leaves_no_trace(
    cast: Cast, case: Complaint, media: Path, name: str, body: bytes, code: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        attachments.attach(case.pk, SimpleUploadedFile(name, body), by=cast.li, at=MONDAY)
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert not Attachment.objects.exists()
    assert list(media.rglob("*.*")) == []


def test_each_look_at_what_is_masked_is_written_down(cast: Cast, case: Complaint) -> None:
    assert (case.masked_name, case.masked_phone) == ("孙**", "138****8000")
    for minute in range(2):
        seen = privacy.reveal(case.pk, by=cast.chen, at=MONDAY + minute * MINUTE)
        assert seen.complainant_phone == "13800138000"
    looks = Event.objects.filter(complaint=case, kind="reveal")
    assert [(look.actor, look.at) for look in looks] == [
        (cast.chen, MONDAY), (cast.chen, MONDAY + MINUTE),
    ]  # fmt: skip


def test_an_event_keeps_old_and_new(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    event = Event.objects.get(complaint=case, kind="accept")
    assert (event.actor, event.data) == (
        cast.chen, {"changes": {"status": ["triage", "handling"]}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "said.blank"),
        ("\u200b", "said.blank"),
        ("字" * 4001, "text.too_long"),
        ("\x00", "text.nul"),
    ],
)
def test_a_talk_says_what_was_said(cast: Cast, case: Complaint, said: str, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        apologise(case, by=cast.li, at=MONDAY, said=said)
    assert (refused.value.code, refused.value.field) == (code, "said")
    assert not Contact.objects.exists()


def test_a_supervisor_does_not_sort(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(NotAllowed):
        accept(case, Cast(**{**vars(cast), "chen": cast.wang}), at=MONDAY)
    assert fresh(case).status == "triage"
