"""The spool: what lies there outlives us, goes in once and in order, and can't fill the disk."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError

from intake import spool
from intake.spool import Full, Refused, Spooled

AT = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


def call(body: bytes) -> Spooled:
    return Spooled("wechat", "fw", {"nonce": "1", "x": "汉\ud800"}, body, AT)


def put(*bodies: bytes) -> None:
    for body in bodies:
        spool.put(call(body), verified=True)


def test_what_lies_there_comes_back_as_it_was_and_in_order(folder: Path) -> None:
    bodies = [b"1", b"\x00\xff", "三".encode()]
    put(*bodies)
    taken: list[Spooled] = []
    assert spool.waiting() == 3
    assert spool.drain(taken.append) == 3
    assert taken == [call(body) for body in bodies]
    assert spool.waiting() == spool.drain(taken.append) == 0


def test_nobody_else_reads_it(folder: Path) -> None:
    path = spool.put(call(b"1"), verified=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_database_that_is_away_leaves_all_where_it_is() -> None:
    put(b"1", b"2", b"3")
    taken: list[bytes] = []

    def take(what: Spooled) -> None:
        if what.body == b"2":
            raise OperationalError
        taken.append(what.body)

    with pytest.raises(OperationalError):
        spool.drain(take)
    assert (taken, spool.waiting()) == ([b"1"], 2)


def test_what_is_refused_is_laid_aside_and_bars_nobody(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST_REFUSED", 2)
    put(b"forged", b"forged", b"true", b"forged")
    (folder / "0-broken.json").write_text("{")
    (folder / "1-broken.json").write_text('{"query": 1}')
    (folder / ".9-draft.json").write_text("half a fi")
    taken: list[bytes] = []

    def take(what: Spooled) -> None:
        if what.body == b"forged":
            raise Refused("Forged")
        taken.append(what.body)

    assert spool.drain(take) == 1
    assert (taken, spool.waiting()) == ([b"true"], 0)
    assert len(list((folder / "refused").iterdir())) == 2
    assert caplog.text.count("is refused: Forged") == 3
    assert caplog.text.count("is refused: unreadable") == 2


@pytest.mark.parametrize(("files", "size"), [(4, 10**9), (10**9, 800)])
def test_it_is_full_at_the_limit_and_sooner_for_strangers(
    monkeypatch: pytest.MonkeyPatch, files: int, size: int
) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", files)
    monkeypatch.setattr(spool, "MOST_BYTES", size)

    def until_full(*, verified: bool) -> int:
        for count in range(100):
            try:
                spool.put(call(b"x" * 100), verified=verified)
            except Full:
                return count
        return 100

    strangers = until_full(verified=False)
    assert 0 < strangers < 4
    assert until_full(verified=True) > 0
    assert spool.waiting() <= 4
    spool.drain(lambda what: None)
    put(b"there is room again")


def test_a_disk_that_takes_nothing_leaves_no_half(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put(b"1")
    assert list(folder.iterdir()) == []


def test_one_drains_at_a_time() -> None:
    put(b"1", b"2")
    begun, go_on = Event(), Event()

    def slowly(what: Spooled) -> None:
        begun.set()
        assert go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(spool.drain, slowly)
        assert begun.wait(10)
        assert spool.drain(slowly) == 0
        go_on.set()
        assert first.result(10) == 2
