"""A form that is sent twice, or by two clicks at once, does its deed once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from complaints import remedies
from complaints.models import Contact, Remedy, RemedyKind
from tests.conftest import Cast, Register

PROMISE = {"kind": RemedyKind.REFUND, "amount": "50", "description": "退运费"}


def test_two_presses_make_one_promise(cast: Cast, register: Register, client: Client) -> None:
    case = register(by=cast.li, at=timezone.now())
    client.force_login(cast.li)
    form = {**PROMISE, "press_key": str(uuid.uuid4())}
    for _ in range(2):
        answer = client.post(f"/complaints/{case.no}/remedies/", form)
        assert answer.status_code == 302
    assert Remedy.objects.count() == 1


def test_a_second_form_makes_a_second_promise(
    cast: Cast, register: Register, client: Client
) -> None:
    case = register(by=cast.li, at=timezone.now())
    client.force_login(cast.li)
    for _ in range(2):
        form = {**PROMISE, "press_key": str(uuid.uuid4())}
        client.post(f"/complaints/{case.no}/remedies/", form)
    assert Remedy.objects.count() == 2


def test_a_refused_form_keeps_its_key_for_the_corrected_one(
    cast: Cast, register: Register, client: Client
) -> None:
    case = register(by=cast.li, at=timezone.now())
    client.force_login(cast.li)
    key = str(uuid.uuid4())
    later = timezone.localtime() + timedelta(days=1)
    said = {"kind": "apology", "means": "phone", "reached": "yes", "said": "抱歉", "press_key": key}
    refused = client.post(
        f"/complaints/{case.no}/contacts/", {**said, "occurred_at": f"{later:%Y-%m-%dT%H:%M}"}
    )
    assert refused.status_code == 422
    now = timezone.localtime()
    client.post(
        f"/complaints/{case.no}/contacts/", {**said, "occurred_at": f"{now:%Y-%m-%dT%H:%M}"}
    )
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_instant_make_one_promise(cast: Cast, register: Register) -> None:
    case = register(by=cast.li, at=timezone.now())
    form = {**PROMISE, "press_key": str(uuid.uuid4())}
    together = Barrier(4)

    def press(_: int) -> int:
        try:
            client = Client()
            client.force_login(cast.li)
            together.wait()
            return client.post(f"/complaints/{case.no}/remedies/", form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press, range(4))) == [302] * 4
    assert Remedy.objects.count() == 1
    case.refresh_from_db()
    assert remedies.bound(case) == 50
