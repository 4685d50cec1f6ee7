"""Hostile requests to every address there is: never a failure of ours, and never a long wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from intake.public.holder import COOKIE, Held, hold
from intake.public.receipts import Key
from tests.conftest import Cast
from tests.walk import BLANKS, COMMON, MAY_BE_ILL, Address, Visitor, addresses, visitor
from tests.world import LATER, World, build

PATIENCE = 2
TEN_MEGABYTES = b'{"what":"' + b"x" * 10_000_000 + b'"}'
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
QUERY = (
    "q=%00&page=1e9&page_size=1000000000&status=%ED%A0%80&since=0001-01-01&until=9999-12-31"
    "&week=%FF&month=0000-00&level=" + "," * 3_000 + "&ordering=owner__password&state=%00&inlet=%00"
    "&_connector=OR&branch=" + "9" * 400 + "&figure=__proto__&as_of=-1&channel=%00&version=1e400"
)
#: Behind an address, or in the middle of it.
PATHS = (
    "/", "%2e%2e/", "..;/", ";a=b", "%00", "%F0%9F%98%80/", "%ED%A0%80", ".json", "./",
    "%0d%0aSet-Cookie:a=b",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One kind of it. `path` is what is put behind the address."""

    method: str = "GET"
    path: str = ""
    body: bytes = b""
    content_type: str = FORM
    headers: dict[str, str] = field(default_factory=dict)


REQUESTS: dict[str, Request] = {
    "a hostile query": Request(path="?" + QUERY),
    "no content type": Request("POST", body=b"what=1", content_type=""),
    "an unknown content type": Request("POST", body=b"\x00\x01", content_type="x/y;charset=x"),
    "a charset that lies": Request("POST", body=b"\xff\xfe", content_type=FORM + "; charset=utf-7"),
    "half a multipart": Request(
        "POST", body=b'--x\r\nContent-Disposition: form-data; name="what"\r\n\r\nab',
        content_type=MULTIPART,
    ),
    "a multipart without a boundary": Request("POST", body=b"--x", content_type=MULTIPART[:19]),
    "broken base64 in a part": Request(
        "POST",
        body=b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--",
        content_type=MULTIPART,
    ),
    "a nul in a form": Request("POST", body=b"what=%00&no=%00&reason=%00&name=%00"),
    "bytes that are no text": Request("POST", body=b"what=%ED%A0%80%FF&reason=%ff&no=%C0%80"),
    "2,000 fields": Request("POST", body=b"&".join(b"f%d=1" % n for n in range(2_000))),
    "10 MB of JSON": Request("POST", body=TEN_MEGABYTES, content_type=JSON),
    "10 MB of a form": Request("POST", body=b"what=" + b"x" * 10_000_000),
    "deep JSON": Request("POST", body=b"[" * 100_000, content_type=JSON),
    "a key twice": Request("POST", body=b'{"a":1,"a":2}', content_type=JSON),
    "cut JSON": Request("POST", body=b'{"what":"\\ud8', content_type=JSON),
    "another method": Request("POST", headers={"X-HTTP-Method-Override": "DELETE"}),
    "TRACE": Request("TRACE"),
    "a method that is none": Request("BREW"),
    "OPTIONS": Request("OPTIONS"),
    "HEAD": Request("HEAD"),
    "a language that is none": Request(headers={"Accept-Language": "x" * 5_000 + ";q=9"}),
    "another host": Request(headers={"X-Forwarded-Host": "evil.example", "Forwarded": "for=x"}),
    **{f"{behind} behind it": Request(path=behind) for behind in PATHS},
}  # fmt: skip
#: Those that an address's own reading of words meets; bytes that are no text never get so far.
EVERYWHERE = ("a hostile query", "a nul in a form")


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    logging.disable(logging.CRITICAL)  # hundreds of refusals
    with time_machine.travel(LATER, tick=False):
        yield build(cast)
    logging.disable(logging.NOTSET)


def known(world: World) -> list[tuple[Address, str]]:
    """Every address of our own, filled with what is there."""
    own = [address for address in addresses() if not address.is_office]
    return [(address, address.filled(_values(address, world))) for address in own]


def _values(address: Address, world: World) -> dict[str, Any]:
    side = world.east
    blanks = address.blanks
    return {name: COMMON[name] if name in COMMON else BLANKS[name][0](side) for name in blanks}


def customers_key(world: World) -> str:
    """What the browser of a customer brings along who has opened their case."""
    answer = HttpResponse()
    hold(answer, Held(Key(complaint_id=world.east.full.pk)))
    return answer.cookies[COOKIE].value


def ask(
    caller: Visitor, key: str, address: Address, path: str, asked: Request
) -> tuple[int, float]:
    """The status, and the seconds of our own work; nothing stays, not even a sign-out."""
    client = Client(raise_request_exception=False)
    headers = dict(asked.headers)
    if address.is_api:
        headers["Authorization"] = f"Token {caller.token}"
    else:
        client.cookies[settings.SESSION_COOKIE_NAME] = caller.session
        client.cookies[COOKIE] = key
    started = time.thread_time()
    with transaction.atomic():
        answer: Any = client.generic(
            asked.method, path + asked.path, asked.body, asked.content_type, headers=headers
        )
        if answer.streaming:
            b"".join(answer)
        transaction.set_rollback(True)
    return answer.status_code, time.thread_time() - started


def faults_of(world: World, tried: Iterable[tuple[Address, str, str, Request]]) -> list[str]:
    """What goes wrong, of these: each an address, its path, and what is asked of it."""
    caller, key = visitor(world, world.cast.chen), customers_key(world)
    found = []
    for address, path, name, asked in tried:
        status, seconds = ask(caller, key, address, path, asked)
        is_broken = status >= 500 and address.name not in MAY_BE_ILL
        if is_broken or seconds > PATIENCE:
            found.append(f"{name} at {address.name}: {status} after {seconds:.1f} s")
    return found


def test_what_reaches_the_words_of_an_address_is_tried_at_each(world: World) -> None:
    tried = [
        (address, path, name, REQUESTS[name])
        for address, path in known(world)
        for name in EVERYWHERE
    ]
    assert faults_of(world, tried) == []


def test_what_is_the_same_for_all_is_tried_at_each_in_turn(world: World) -> None:
    """Each address gets two of the other kinds, and each kind a share of the addresses."""
    names = cycle(name for name in REQUESTS if name not in EVERYWHERE)
    tried = [
        (address, path, name, REQUESTS[name])
        for address, path in known(world)
        for name in islice(names, 2)
    ]
    assert {name for _address, _path, name, _asked in tried} == set(REQUESTS) - set(EVERYWHERE)
    assert faults_of(world, tried) == []


ENDLESS = {"CONTENT_LENGTH": str(50 * 1024**3), "content_type": MULTIPART}


def test_zeros_before_the_length_hide_nothing(cast: Cast) -> None:
    said = {**ENDLESS, "CONTENT_LENGTH": "0" * 30 + str(50 * 1024**3)}
    answer: Any = Client().generic("POST", "/feedback/", b"--x", **said)
    assert answer.status_code == 413
    assert answer.wsgi_request._read_started is False


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/feedback/", "内容太多了"), ("/feedback/case/messages/", "内容太多了"),
        ("/sign-in/", "内容太多了"), ("/complaints/new/", "分几次上传附件"),
        ("/nowhere/", "分几次上传附件"), ("/api/v1/complaints/", "too_large"),
        ("/wechat/x/", "分几次上传附件"),
    ],
)  # fmt: skip
def test_fifty_gigabytes_are_refused_unread_whoever_sends_them(
    cast: Cast, path: str, said: str
) -> None:
    for client in (Client(), Client(enforce_csrf_checks=True)):
        answer: Any = client.generic("POST", path, b"--x", **ENDLESS)
        assert answer.status_code == 413
        assert said in answer.content.decode()
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert answer.wsgi_request._read_started is False


def test_chunks_that_do_not_say_how_many_are_taken_for_nothing(cast: Cast) -> None:
    more = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": Endless()}
    answer: Any = Client().generic("POST", "/feedback/", b"", MULTIPART, **more)
    assert answer.status_code == 422


class Endless:
    """A body that never ends."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("It was read.")

    readline = read
