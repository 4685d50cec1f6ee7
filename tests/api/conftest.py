"""The API's callers: each with a token of their own, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from staff.models import Person
from tests.conftest import MONDAY, PASSWORD, Cast

API = "/api/v1"


class Caller(APIClient):
    """Speaks JSON to `/api/v1/`; addresses are given without that beginning."""

    def ask(self, address: str, **query: Any) -> Any:
        """GET; `query` are the filters."""
        return self.get(f"{API}/{address}", query)

    def say(self, address: str, body: Any = None, **more: Any) -> Any:
        """POST a body as JSON."""
        return self.post(f"{API}/{address}", {} if body is None else body, format="json", **more)

    def send(self, address: str, raw: bytes, content_type: str = "application/json") -> Any:
        """POST the bytes as they are."""
        return self.generic("POST", f"{API}/{address}", raw, content_type=content_type)


def sign_in(person: Person) -> Caller:
    """A caller with a token got through the API."""
    caller = Caller(raise_request_exception=False)
    answer = caller.say("tokens/", {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 201, answer.content
    caller.credentials(HTTP_AUTHORIZATION=f"Token {answer.data['token']}")
    return caller


@pytest.fixture
def clock(cast: Cast) -> Iterator[time_machine.Traveller]:
    """Monday, standing still until the test moves it."""
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


Callers = Callable[[Person], Caller]


@pytest.fixture
def api(cast: Cast, clock: time_machine.Traveller) -> Callers:
    """`api(cast.li)`: that person's caller."""
    return sign_in


def refused(answer: Any, status: int, code: str, field: str | None = None) -> None:
    """The answer is that error, in the one shape, with a Chinese sentence."""
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[:500])
    body = answer.json()
    assert set(body) == {"code", "message", "field", "errors"}, body
    assert (body["code"], body["field"]) == (code, field), body
    assert body["errors"][0] == {name: body[name] for name in ("code", "message", "field")}
    for error in body["errors"]:
        assert in_chinese(error["message"]), error


def in_chinese(sentence: str) -> bool:
    """Whether there is Chinese in it."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in sentence)


def instant(written: str) -> datetime:
    """What an answer says about a time; it must carry its offset."""
    moment = datetime.fromisoformat(written)
    assert moment.tzinfo is not None, written
    return moment
