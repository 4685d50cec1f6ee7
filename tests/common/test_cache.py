"""The cache keeps what it is given while its server answers, and harms nobody when it does not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.core.cache import cache as default_cache

from common import cache as module
from common.cache import PatientCache
from recovery.faults.loop import Loop
from recovery.faults.proxy import Proxy, tcp

#: Seconds within which the first call into a server that is ill must be over, and fifty later ones.
SOON, AT_ONCE = 1.0, 0.2

ILL = ["silent", "refuse", "reset", "slow:400", "cut:3"]
#: Each answer in time, but not all that a first call has to wait for.
SLUGGISH = "slow:140"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """The real one, past the proxy; emptied afterwards."""
    with closing(redis.Redis.from_url(settings.CELERY_BROKER_URL)) as client:
        yield client
        client.flushdb()


@pytest.fixture
def proxy(server: redis.Redis) -> Iterator[Proxy]:
    loop = Loop()
    module._circuit.cache_clear()  # a port may come twice
    made = Proxy(loop, tcp(urlsplit(settings.CELERY_BROKER_URL).port or 0))
    yield made
    made.close()
    loop.stop()


def cache_of(address: str, prefix: str = "t") -> PatientCache:
    return PatientCache(address, {"KEY_PREFIX": prefix})


@pytest.fixture
def cache(proxy: Proxy) -> PatientCache:
    parts = urlsplit(settings.CELERY_BROKER_URL)
    where = parts._replace(netloc=f":{parts.password}@127.0.0.1:{proxy.port}")
    made = cache_of(where.geturl())
    made._near.clear()
    return made


@contextmanager
def over_within(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


CALLS: dict[str, Callable[[PatientCache], Any]] = {
    "get": lambda c: c.get("a"),
    "set": lambda c: c.set("a", 1),
    "add": lambda c: c.add("a", 1),
    "touch": lambda c: c.touch("a"),
    "delete": lambda c: c.delete("a"),
    "clear": lambda c: c.clear(),
    "get_many": lambda c: c.get_many(["a", "b", "c"]),
    "set_many": lambda c: c.set_many({"a": 1, "b": 2}),
    "get_or_set": lambda c: c.get_or_set("a", 1),
    "has_key": lambda c: c.has_key("a"),
}


# While the server is well


def test_it_is_the_houses_own_cache(server: redis.Redis) -> None:
    default_cache.set("word", "字")
    assert default_cache.get("word") == "字"
    assert server.get("recovery:1:word") == b'"\\u5b57"'


def test_what_is_kept_is_kept_in_the_server_as_json(
    cache: PatientCache, server: redis.Redis
) -> None:
    value = [["总部", 2027], {"n": None}]
    cache.set("a", value)
    cache._near.clear()  # another process
    assert cache.get("a") == value
    text = server.get("t:1:a")
    assert isinstance(text, bytes)
    assert json.loads(text) == value
    assert 299_000 < server.pttl("t:1:a") <= 300_000


@pytest.mark.parametrize("mode", ["pass", "refuse"])
def test_it_does_what_a_cache_does_with_and_without_its_server(
    cache: PatientCache, proxy: Proxy, mode: str
) -> None:
    proxy.set(mode)
    assert cache.get("a") is None
    assert cache.get("a", "none") == "none"
    assert not cache.touch("a")
    assert not cache.delete("a")
    assert cache.add("a", [1])
    assert not cache.add("a", [2])
    assert cache.get("a") == [1]
    assert cache.touch("a", None)
    assert cache.touch("a", 60)
    assert "a" in cache
    assert cache.delete("a")
    assert cache.get("a") is None
    cache.set("a", 1, timeout=0)
    assert cache.get("a") is None
    cache.set("a", 1, timeout=0.05)
    time.sleep(0.1)
    assert cache.get("a") is None
    cache.set("a", None)
    assert cache.get("a", "none") is None
    cache.set_many({"b": 2, "c": 3})
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": None, "b": 2, "c": 3}
    cache.clear()
    assert cache.get_many(["a", "b", "c"]) == {}


def test_clearing_leaves_the_brokers_queues_and_other_prefixes_alone(
    cache: PatientCache, server: redis.Redis
) -> None:
    server.set("celery", "a queue")
    server.set("tt:1:a", "1")
    cache.set("a", 1)
    cache.clear()
    assert sorted(server.keys()) == [b"celery", b"tt:1:a"]


@pytest.mark.parametrize("mode", ["pass", "silent"])
def test_what_json_cannot_hold_is_the_callers_mistake_wherever_it_would_be_kept(
    cache: PatientCache, proxy: Proxy, mode: str
) -> None:
    proxy.set(mode)
    with pytest.raises(TypeError):
        cache.set("a", date(2026, 11, 16))
    with pytest.raises(TypeError):
        cache.add("a", {1, 2})


def test_what_somebody_else_wrote_there_is_nothing(
    cache: PatientCache, server: redis.Redis
) -> None:
    server.set("t:1:a", b"\x80\x04N.")
    assert cache.get("a", "none") == "none"
    server.rpush("t:1:b", "1")
    assert cache.get("b", "none") == "none"


# While it is not


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("mode", [*ILL, SLUGGISH])
def test_no_call_raises_or_waits_when_the_server_is_ill(
    cache: PatientCache, proxy: Proxy, mode: str, name: str
) -> None:
    proxy.set(mode)
    with over_within(SOON):
        CALLS[name](cache)
    with over_within(AT_ONCE):
        for _ in range(50):
            CALLS[name](cache)


@pytest.mark.parametrize("mode", ILL)
def test_a_server_that_falls_ill_is_left_and_what_was_kept_here_is_still_there(
    cache: PatientCache, proxy: Proxy, mode: str
) -> None:
    """Its connections are open, and lead nowhere."""
    cache.set("a", 1)
    proxy.set(mode)
    with over_within(SOON):
        assert cache.get("a") == 1
    with over_within(AT_ONCE):
        cache.set("a", 2)
        assert cache.get("a") == 2


def test_a_wrong_password_is_no_disaster(cache: PatientCache, proxy: Proxy) -> None:
    locked_out = cache_of(f"redis://:wrong@127.0.0.1:{proxy.port}/0")
    locked_out.set("a", 1)
    assert locked_out.get("a") == 1


def test_it_asks_again_after_a_pause(
    cache: PatientCache, proxy: Proxy, server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.3)
    proxy.set("refuse")
    cache.set("a", 1)
    proxy.set("pass")
    cache.set("a", 2)
    assert server.get("t:1:a") is None
    time.sleep(0.35)
    cache.set("a", 3)
    assert server.get("t:1:a") == b"3"


def test_of_many_threads_only_one_tries_a_silent_server_again(
    cache: PatientCache, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.5)
    proxy.set("silent")
    cache.get("a")
    time.sleep(0.6)
    waits: list[float] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        begun = time.monotonic()
        cache.get("a")
        waits.append(time.monotonic() - begun)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 8
    assert sum(wait > 0.25 for wait in waits) == 1


def test_threads_share_what_is_kept(cache: PatientCache, proxy: Proxy) -> None:
    """Django makes a cache for every thread."""
    proxy.set("refuse")
    seen: list[Any] = []

    def other() -> None:
        default_cache.set("a", 1)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    seen.append(default_cache.get("a"))
    assert seen == [1]
