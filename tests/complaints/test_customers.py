"""What has to be known of a customer: kept by their number, never changed, shown within reach."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from common import walls
from common.errors import NotAllowed, RuleBroken
from complaints import customers
from complaints.models import Complaint, CustomerNote, Event
from staff.eyes import eyes_of
from staff.models import Person
from tests.api.conftest import sign_in
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast, Register

DEAF = "听力障碍，请发短信"


def test_it_is_kept_by_the_number_and_the_story_says_who_but_not_what(
    cast: Cast, register: Register
) -> None:
    first, second = register(), register(complainant_phone="+86 138-0013-8000")
    customers.note(first.pk, words=f" {DEAF} ", by=cast.li, at=MONDAY)
    standing = customers.note_of(cast.li, second.phone_key)
    assert standing is not None
    assert (standing.words, standing.by, standing.at) == (DEAF, cast.li, MONDAY)
    event = Event.objects.get(kind="note_customer")
    assert (event.complaint, event.actor, event.data) == (first, cast.li, {})


def test_what_stood_before_stays_as_it_was(cast: Cast, register: Register) -> None:
    case = register()
    for n, words in enumerate([DEAF, DEAF, "仅限下午联系", ""]):
        customers.note(case.pk, words=words, by=cast.wang, at=MONDAY + n * MINUTE)
    assert customers.note_of(cast.li, case.phone_key) is None
    rows = CustomerNote.objects.order_by("pk").values_list("words", "at", "superseded_at")
    assert list(rows) == [
        (DEAF, MONDAY, MONDAY + 2 * MINUTE),
        ("仅限下午联系", MONDAY + 2 * MINUTE, MONDAY + 3 * MINUTE),
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [("长" * 201, "text.too_long"), ("a\x00", "text.nul"), ("\x07", "text.control")],
)
def test_its_words_pass_the_one_door(cast: Cast, register: Register, words: str, code: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        customers.note(register().pk, words=words, by=cast.li, at=MONDAY)
    assert (broken.value.code, broken.value.field) == (code, "words")


def test_a_case_without_a_number_has_no_customer_to_know(cast: Cast, register: Register) -> None:
    with pytest.raises(RuleBroken) as broken:
        customers.note(register(complainant_phone="").pk, words=DEAF, by=cast.li, at=MONDAY)
    assert broken.value.code == "customer.no_phone"


@pytest.mark.parametrize(
    ("username", "sees"),
    [("li", True), ("wang", True), ("xu", True), ("chen", True), ("zhao", False), ("root", False)],
)
def test_whoever_sees_a_case_of_the_number_sees_it_with_either_wall(
    cast: Cast, register: Register, username: str, sees: bool
) -> None:
    case = register()
    customers.note(case.pk, words=DEAF, by=cast.li, at=MONDAY)
    person: Person = getattr(cast, username)
    assert bool(customers.note_of(person, case.phone_key)) == sees
    with walls.eyes(eyes_of(person)):
        assert CustomerNote.objects.exists() == sees


def test_somebody_elsewhere_writes_none(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(Complaint.DoesNotExist):
        customers.note(case.pk, words=DEAF, by=cast.zhao, at=MONDAY)
    with pytest.raises((NotAllowed, Complaint.DoesNotExist)):
        customers.note(case.pk, words=DEAF, by=cast.root, at=MONDAY)


def test_the_database_lets_one_stand(cast: Cast, register: Register) -> None:
    case = register()
    made = customers.note(case.pk, words=DEAF, by=cast.li, at=MONDAY)
    assert made is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerNote.objects.create(phone_key=case.phone_key, words="x", by=cast.li, at=MONDAY)


def test_both_doors_write_and_show_it(cast: Cast, register: Register, client: Client) -> None:
    case = register()
    client.force_login(cast.li)
    at = f"/complaints/{case.no}/customer-note/"
    assert client.post(at, {"words": DEAF}).status_code == 302
    for page in (at, f"/complaints/{case.no}/"):
        assert DEAF in client.get(page).content.decode()
    side = client.post("/complaints/new/hints/", {"complainant_phone": "13800138000"})
    assert DEAF in side.content.decode()
    assert "以前投诉 1 件，未结 1 件" in side.content.decode()
    caller = sign_in(cast.wang)
    assert caller.ask(f"complaints/{case.no}/customer-note/").json()["results"][0]["words"] == DEAF
    said: Any = caller.say(f"complaints/{case.no}/customer-note/", {"words": ""})
    assert (said.status_code, said.json()["results"]) == (200, [])
    assert sign_in(cast.zhao).ask(f"complaints/{case.no}/customer-note/").status_code == 404
