"""Clerks who register complaints through the API all the time, and never take no for an answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from recovery.faults.journal import Journal

PATIENCE = 90.0
TIMEOUT = 30.0
PAUSE = 0.3
_ACKNOWLEDGED = (200, 201)


@dataclass
class Window:
    """What the clerks met between two moments: seconds of each good answer, errors by kind."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def p95(self) -> float:
        """Milliseconds in which 95 of 100 requests were answered; 0 without any."""
        ordered = sorted(self.seconds)
        return round(ordered[int(len(ordered) * 0.95)] * 1000, 1) if ordered else 0.0

    def figures(self) -> dict[str, Any]:
        """For a line of the report."""
        return {
            "requests": len(self.seconds),
            "p95_ms": self.p95,
            "request_errors": dict(self.errors),
        }


class Clerks:
    """`count` clerks, each registering every `count / rate` seconds until `stop`."""

    def __init__(
        self, address: str, journal: Journal, sign_ins: list[tuple[str, str]], *, rate: float
    ) -> None:
        self.address = address
        self.journal = journal
        self.given_up = 0
        self._windows: list[Window] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._pause = len(sign_ins) / rate
        self._threads = [
            threading.Thread(target=self._work, args=(number, *sign_in), daemon=True)
            for number, sign_in in enumerate(sign_ins)
        ]

    def start(self) -> None:
        """Sign in and begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish what it has begun."""
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    @contextmanager
    def window(self) -> Iterator[Window]:
        """What is met inside this block."""
        window = Window()
        with self._lock:
            self._windows.append(window)
        try:
            yield window
        finally:
            with self._lock:
                self._windows.remove(window)

    def _work(self, number: int, username: str, password: str) -> None:
        token = ""
        count = 0
        next_at = time.monotonic() + self._pause * number / max(1, len(self._threads))
        while not self._over.wait(max(0.0, next_at - time.monotonic())):
            next_at = max(next_at + self._pause, time.monotonic())
            token = token or self._token(username, password)
            key = f"clerk{number}-{count}"
            count += 1
            if self._insist(key, token) == 401:
                token = ""

    def _insist(self, key: str, token: str) -> int:
        """Register with the same key until there is an answer; the last status."""
        give_up = time.monotonic() + PATIENCE
        status = 0
        while time.monotonic() < give_up:
            begun = time.monotonic()
            status, answer = self._post("complaints/", _report(key), token, key)
            if status in _ACKNOWLEDGED:
                self.journal.add(key, answer["no"])
                self._met(time.monotonic() - begun)
                return status
            self._failed(str(status) if status else answer["error"])
            if status == 401:
                return status
            time.sleep(PAUSE)
        self.given_up += 1
        return status

    def _token(self, username: str, password: str) -> str:
        said = {"username": username, "password": password}
        while not self._over.is_set():
            status, answer = self._post("tokens/", said)
            if status == 201:
                return str(answer["token"])
            time.sleep(PAUSE)
        return ""

    def _post(
        self, path: str, body: dict[str, Any], token: str = "", key: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer; status 0 and the kind of failure when none came."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Token {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        request = urllib.request.Request(
            f"{self.address}/api/v1/{path}", json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            return 0, {"error": type(reason).__name__}

    def _met(self, seconds: float) -> None:
        with self._lock:
            for window in self._windows:
                window.seconds.append(seconds)

    def _failed(self, kind: str) -> None:
        with self._lock:
            for window in self._windows:
                window.errors[kind] += 1


def _report(key: str) -> dict[str, Any]:
    """One complaint in ten is a critical one, which is told of while it is registered."""
    critical = key.endswith("0")
    return {
        "channel": "phone",
        "what": "货晚到三天，打电话没人接。",
        "category": "other",
        "severity": "critical" if critical else "minor",
        "complainant_phone": "13800138000",
        "order_no": key,
    }
