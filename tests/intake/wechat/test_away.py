"""The platforms are answered in time whatever the database does, and nothing is lost or doubled."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from common.time import now
from complaints.models import Complaint
from intake import items, spool, tasks
from intake.models import Inlet, Item
from intake.wechat import accounts, taking, views
from intake.wechat.calls import Call
from recovery.faults.loop import Loop
from recovery.faults.proxy import PASS, REFUSE, RESET, SILENT, Proxy, tcp, unix
from tests.conftest import Cast
from tests.intake.wechat.platform import Platform, account, message
from tests.recovery.running import until

pytestmark = [pytest.mark.usefixtures("transactional_db"), pytest.mark.xdist_group("races")]

#: Seconds after which the platform hangs up.
PATIENCE = 5.0


@pytest.fixture
def line(inlet: Inlet) -> Iterator[Proxy]:
    """The way to the database, for every connection made from now on."""
    place = connection.settings_dict
    host, port = place["HOST"], int(place["PORT"] or 5432)
    target = unix(f"{host}/.s.PGSQL.{port}") if host.startswith("/") else tcp(port)
    loop = Loop()
    proxy = Proxy(loop, target)
    connection.close()
    place.update(HOST="127.0.0.1", PORT=str(proxy.port))
    try:
        yield proxy
    finally:
        proxy.set(PASS)
        until(nobody_waits, "somebody still waits for the database")
        connection.close()
        place.update(HOST=host, PORT=str(port))
        proxy.close()
        loop.stop()


def nobody_waits() -> bool:
    return not [each for each in threading.enumerate() if each.name == "patience"]


def answered(platform: Platform, *call: Any) -> bytes:
    """What the platform hears, in time."""
    begun = time.monotonic()
    answer = platform.post(*call)
    assert time.monotonic() - begun < PATIENCE
    assert answer.status_code == 200, answer.status_code
    return bytes(answer.content)


def numbers() -> Counter[str]:
    return Counter(Item.objects.values_list("outside_id", flat=True))


@pytest.mark.parametrize(
    ("trouble", "patience"), [(SILENT, views.PATIENCE), (REFUSE, 1), (RESET, 1), ("slow:400", 0.5)]
)
def test_what_comes_meanwhile_is_taken_in_once_the_database_is_back(
    platform: Platform,
    line: Proxy,
    spooled: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    patience: float,
) -> None:
    first = platform.sealed(message(number="1", Content="货晚到三天"))
    assert platform.post(*first).status_code == 200  # the first call of all has code to read
    assert numbers() == {"1": 1}
    connection.close()
    monkeypatch.setattr(views, "PATIENCE", patience)
    line.set(trouble)
    assert answered(platform, *platform.sealed(message(number="2", Content="还没到"))) == b"success"
    # called again by a platform that did not hear us, and once more what was there before
    assert answered(platform, *platform.sealed(message(number="2", Content="还没到"))) == b"success"
    assert answered(platform, *first) == b"success"
    forged = platform.but(token="guessed").sealed(message(number="3"))
    assert platform.post(*forged).status_code == 403
    assert len(list(spooled.glob("*.json"))) == 3
    line.set(PASS)
    until(nobody_waits, "what was begun comes to its end")
    tasks.settle_items()
    assert numbers() == {"1": 1, "2": 1}
    assert spool.waiting() == 0
    case = Complaint.objects.get()
    assert (case.what, [each.said for each in case.statements.all()]) == ("货晚到三天", ["还没到"])


def test_a_process_that_knows_no_keys_verifies_once_the_database_is_back(
    platform: Platform, line: Proxy, spooled: Path, caplog: pytest.LogCaptureFixture
) -> None:
    accounts.forget(platform.channel, platform.key)
    connection.close()
    line.set(REFUSE)
    true = platform.sealed(message(number="1", Content="货晚到三天"))
    forged = platform.but(token="guessed").sealed(message(number="2"))
    old = platform.sealed(message(number="3"), timestamp=str(int(time.time()) - 400))
    for call in (forged, old, true):
        assert answered(platform, *call) == b"success"
    assert platform.post({}, "<!DOCTYPE x><xml/>").status_code == 400
    assert platform.get({"echostr": "x"}).status_code == 503
    with pytest.raises(OperationalError):
        taking.drain(now)
    assert spool.waiting() == 3
    line.set(PASS)
    assert taking.drain(now) == 1
    assert numbers() == {"1": 1}
    assert len(list((spooled / "refused").iterdir())) == 2
    assert caplog.text.count("is refused: Forged") == 2


def test_a_full_spool_sends_the_platform_away_to_come_again(
    platform: Platform, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", 1)
    connection.close()
    line.set(REFUSE)
    call = platform.sealed(message(number="1"))
    assert answered(platform, *call) == b"success"
    again = platform.post(*call)
    assert (again.status_code, again["Retry-After"]) == (503, "5")


def test_a_message_counts_from_when_it_came_and_bars_no_other(
    platform: Platform, inlet: Inlet, spooled: Path
) -> None:
    before = now()
    for number in ("1", "2"):
        query, body = platform.sealed(message(number=number, Content="货晚到"))
        call = Call(platform.channel, platform.key, query, body.encode())
        taking.put_by(call, at=before, verified=True)
    poison = json.loads(next(iter(sorted(spooled.glob("*.json")))).read_text())
    (spooled / "0.json").write_text(json.dumps({**poison, "channel": "pigeon"}))
    assert taking.drain(now) == 2
    assert {item.received_at for item in Item.objects.all()} == {before}
    assert items.drain(now) == 2


def test_a_clock_that_is_ahead_dates_nothing_into_the_future(cast: Cast) -> None:
    platform = Platform(key="fw")
    account(cast, platform)
    query, body = platform.sealed(message(number="1"))
    call = Call(platform.channel, platform.key, query, body.encode())
    at = now()
    taking.put_by(call, at=at.replace(year=at.year + 1), verified=True)
    assert taking.drain(now) == 1
    assert at <= Item.objects.get().received_at <= now()
