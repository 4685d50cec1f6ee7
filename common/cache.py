"""A cache that a page may ask without fear: it never raises and never waits for its server.

Entries live in Redis or Valkey while that answers, and in this process's memory otherwise. A call
that fails, or that takes longer than `PATIENCE`, opens a circuit: for `PAUSE` seconds the server
is not asked at all, then one call tries it. So an entry may be missing or as old as its time-out
at any moment; what must be right does not belong here. Counting (`incr`) is not atomic.

Values are kept as JSON: what JSON can't hold is refused with TypeError wherever it is kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import cache
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

#: Seconds for each answer of the server, and for a whole call.
PATIENCE = 0.3
#: Seconds without asking after a call that failed.
PAUSE = 30.0

T = TypeVar("T")


class _Circuit:
    """The connections to one server, and until when it is not asked; for all threads."""

    def __init__(self, address: str) -> None:
        self._client = redis.Redis.from_url(
            address,
            protocol=2,
            driver_info=None,  # no introduction: each sentence of it could wait
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
        )
        self._lock = Lock()
        self._is_open = False
        self._ask_again = 0.0

    def ask(self, question: Callable[[redis.Redis], T]) -> T | None:
        """The server's answer; None when it gave none, or was not asked."""
        if not self._may_ask():
            return None
        begun = monotonic()
        try:
            answer = question(self._client)
        except (redis.RedisError, OSError) as error:
            self._turn(is_open=True, why=type(error).__name__)
            return None
        slow = monotonic() - begun > PATIENCE
        self._turn(is_open=slow, why="slow")
        return answer

    def _may_ask(self) -> bool:
        with self._lock:
            if not self._is_open:
                return True
            if monotonic() < self._ask_again:
                return False
            self._ask_again = monotonic() + PAUSE  # the others go on without it
            return True

    def _turn(self, *, is_open: bool, why: str) -> None:
        with self._lock:
            if is_open:
                self._ask_again = monotonic() + PAUSE
            changed, self._is_open = is_open != self._is_open, is_open
        if changed and is_open:
            logger.warning("The cache server is not asked for %d s: %s.", PAUSE, why)
        elif changed:
            logger.info("The cache server answers again.")


#: One for each server: Django makes a cache of its own for every thread.
_circuit = cache(_Circuit)


class PatientCache(BaseCache):
    """The backend. LOCATION is the server's address; all keys carry KEY_PREFIX, and `clear` leaves
    those of others alone."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._far = _circuit(server)
        self._near = LocMemCache(f"beside {server}", params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or `default`."""
        made = self.make_and_validate_key(key, version=version)
        said = self._far.ask(lambda server: (server.get(made),))
        text = said[0] if said else self._near.get(key, version=version)
        try:
            return default if text is None else json.loads(text)
        except ValueError:  # not of our making
            return default

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Keep the value for `timeout` seconds. Raises TypeError for what JSON can't hold."""
        made, text = self.make_and_validate_key(key, version=version), json.dumps(value)
        self._near.set(key, text, timeout, version)
        self._far.ask(lambda server: self._write(server, made, text, timeout))

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Keep the value if there is none yet; whether there was none. Raises TypeError."""
        made, text = self.make_and_validate_key(key, version=version), json.dumps(value)
        is_new = self._far.ask(
            lambda server: self._write(server, made, text, timeout, only_new=True)
        )
        if is_new is None:
            return self._near.add(key, text, timeout, version)
        if is_new:
            self._near.set(key, text, timeout, version)
        return is_new

    def touch(
        self,
        key: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Keep it for `timeout` seconds from now; whether it is there."""
        made = self.make_and_validate_key(key, version=version)
        here = self._near.touch(key, timeout, version)
        milliseconds = self._milliseconds(timeout)

        def question(server: redis.Redis) -> bool:
            if milliseconds is None:
                return bool(server.persist(made) or server.exists(made))
            return bool(server.pexpire(made, milliseconds))

        there = self._far.ask(question)
        return here if there is None else there

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget it; whether it was there."""
        made = self.make_and_validate_key(key, version=version)
        here = self._near.delete(key, version)
        there = self._far.ask(lambda server: bool(server.delete(made)))
        return here if there is None else there

    def clear(self) -> None:
        """Forget all of ours."""
        self._near.clear()

        def question(server: redis.Redis) -> bool:
            for made in server.scan_iter(match=f"{self.key_prefix}:*", count=1000):
                server.delete(made)
            return True

        self._far.ask(question)

    def _write(
        self,
        server: redis.Redis,
        made: str,
        text: str,
        timeout: float | None,
        *,
        only_new: bool = False,
    ) -> bool:
        milliseconds = self._milliseconds(timeout)
        if milliseconds == 0:  # as Django has it: gone at once
            return not server.exists(made) if only_new else bool(server.delete(made))
        return bool(server.set(made, text, px=milliseconds, nx=only_new))

    def _milliseconds(self, timeout: Any) -> int | None:
        """None: for ever."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else max(0, int(seconds * 1000))
