"""The public pages while the database is really away, and while the broker says nothing."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from complaints.models import Complaint
from intake.public.holder import Held, hold
from intake.public.receipts import Key
from tests.conftest import Cast
from tests.intake.public.feedback import send
from tests.recovery.test_health import closed_port, silent_port

AWAY = "系统暂时无法受理，您填写的内容尚未提交，请稍后重试，或拨打 400-100-2000。"


def asked(blocker: Any, method: str, path: str, cookies: Any = None, **more: Any) -> Any:
    """The answer of a thread whose database is at a port where nobody listens."""

    def ask() -> Any:
        connection = connections["default"]
        connection.settings_dict = {
            **connection.settings_dict, "HOST": "127.0.0.1", "PORT": str(closed_port()),
        }  # fmt: skip
        client = Client(raise_request_exception=False)
        client.cookies["sessionid"] = "0" * 32
        client.cookies.update(cookies or {})
        try:
            return getattr(client, method)(path, **more)
        finally:
            connection.close()

    with blocker.unblock(), ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def test_what_was_typed_comes_back_with_503_and_is_asked_for_again(
    django_db_blocker: Any, settings: Any
) -> None:
    settings.HOTLINE = "400-100-2000"
    typed = {
        "what": "货没到，写了很久。", "name": "孙玉梅", "phone": "13800138000", "order_no": "SF100",
        "branch": "WUX", "key": "a" * 32, "anonymous": "on", "role": "family",
    }  # fmt: skip
    for path in ("/feedback/", "/feedback/LZ/"):
        answer = asked(django_db_blocker, "post", path, data=typed)
        page = answer.content.decode()
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert AWAY in page
        for name in ("what", "name", "phone", "order_no", "key"):
            assert typed[name] in page
        assert re.search('value="family"[^>]* checked', page)
        typed_in_english = asked(django_db_blocker, "post", path, data={**typed, "language": "en"})
        page = typed_in_english.content.decode()
        assert (typed_in_english.status_code, '<html lang="en">' in page) == (503, True)
        for name in ("what", "name", "phone", "order_no", "key"):
            assert typed[name] in page
    assert 'value="WUX" selected' in asked(
        django_db_blocker, "post", "/feedback/", data=typed
    ).content.decode()  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/feedback/"), ("get", "/feedback/LZ/"),
        ("post", "/feedback/track/"), ("get", "/feedback/receipt/"),
        ("post", "/feedback/case/end/"),
    ],
)  # fmt: skip
def test_every_page_says_so_in_words(django_db_blocker: Any, method: str, path: str) -> None:
    data = {"number": "TS2611-0000001-1", "tail": "8000"} if method == "post" else {}
    answer = asked(django_db_blocker, method, path, data=data)
    if "receipt" in path or "end" in path:  # these know without asking
        assert (answer.status_code, answer["Location"]) == (302, "/feedback/track/")
        return
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "系统暂时无法受理" in answer.content.decode()
    assert answer["Referrer-Policy"] == "same-origin"


def test_what_was_said_about_ones_case_comes_back_to_be_copied(django_db_blocker: Any) -> None:
    answer = HttpResponse()
    hold(answer, Held(Key(complaint_id=1)))
    for what, name in (("messages", "said"), ("reopenings", "reason"), ("withdrawal", "note")):
        data = {"no": "TS2611-0000001-1", name: "写了很久的话。", "round": "1"}
        path = f"/feedback/case/{what}/"
        page = asked(django_db_blocker, "post", path, data=data, cookies=answer.cookies)
        assert page.status_code == 503
        assert "写了很久的话。</textarea>" in page.content.decode()


def test_pages_that_need_no_database_do_without(django_db_blocker: Any) -> None:
    for path in ("/feedback/track/", "/feedback/privacy/"):
        assert asked(django_db_blocker, "get", path).status_code == 200


def test_a_silent_broker_holds_nothing_up(cast: Cast, settings: Any) -> None:
    settings.CAPTCHA_MAX = 50
    with silent_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        settings.CACHES = {
            "default": {**settings.CACHES["default"], "LOCATION": settings.CELERY_BROKER_URL}
        }
        client = Client()
        begun = time.monotonic()
        assert send(client).status_code == 302
        assert client.get("/feedback/receipt/").status_code == 200
        assert time.monotonic() - begun < 4
    assert Complaint.objects.count() == 1
