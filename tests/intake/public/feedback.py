"""A customer with a browser, for the tests of the public form."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import altcha
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

PHONE = "138 0013 8000"
TAIL = "8000"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 20


def photo(name: str = "照片.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def solution(client: Client) -> str:
    """What a browser makes of a fresh challenge."""
    asked = client.get("/feedback/challenge/").json()
    solved = altcha.solve_challenge(
        asked["challenge"], asked["salt"], asked["algorithm"], asked["maxNumber"], 0
    )
    assert solved
    parts = {name: asked[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps({**parts, "number": solved.number}).encode()).decode()


def filled(client: Client, **said: Any) -> dict[str, Any]:
    """The form as a customer fills it in, its captcha solved; None takes a field out."""
    usual: dict[str, Any] = {
        "what": "货没到，电话也没人接。", "name": "孙玉梅", "phone": PHONE, "role": "customer",
        "agree": "on", "key": "0123456789abcdef" * 2, "altcha": solution(client),
    }  # fmt: skip
    return {name: value for name, value in {**usual, **said}.items() if value is not None}


def send(client: Client, address: str = "/feedback/", **said: Any) -> Any:
    return client.post(address, filled(client, **said))


def follow(client: Client, number: str, tail: str = TAIL) -> Any:
    return client.post("/feedback/track/", {"number": number, "tail": tail})


def code_on(page: Any) -> str:
    """The secret code that a receipt shows, without its dashes."""
    found = re.search(r'id="ticket-code">([0-9a-f-]+)<', page.content.decode())
    assert found, page.content.decode()
    return found[1].replace("-", "")


def no_on(page: Any) -> str:
    """The number that a page shows."""
    found = re.search(r"TS\d{4}-\d{7}-\d", page.content.decode())
    assert found, page.content.decode()
    return found[0]
