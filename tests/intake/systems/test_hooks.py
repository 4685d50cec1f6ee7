"""Other systems hear of their own cases: each event once, signed, and nothing leads inside."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from common import outward
from common.errors import RuleBroken
from complaints import events
from complaints.models import Channel, Complaint, Event
from complaints.rules import Action
from intake import items
from intake.models import CallState, EventMark, Hook, HookCall, Inlet, Item
from intake.systems import hook_rows, hook_sending, hooks, machine, taking
from intake.understood import Told
from tests.complaints.scenes import HOUR
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast, Register
from tests.intake.systems.listening import Listener, certified, is_theirs, listening

NOW = MONDAY.timestamp()
ALL = [action.value for action in hooks.HEARD]


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.HOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return Inlet.objects.create(
        key="orders", name="订单系统", channel=Channel.PARENT, branch=cast.wuxi
    )


@pytest.fixture
def hook(cast: Cast, inlet: Inlet, listener: Listener) -> Hook:
    return hooked(cast, inlet, listener)[0]


def hooked(cast: Cast, inlet: Inlet, to: Listener, events: Any = ALL) -> tuple[Hook, str]:
    return hooks.create(inlet, url=to.url, events=events, by=cast.root, at=MONDAY)


def sent_in(inlet: Inlet, outside_id: str = "A-1") -> Complaint:
    """A case that came by the system."""
    item = taken(inlet, outside_id)
    assert item.complaint
    return item.complaint


def taken(inlet: Inlet, outside_id: str, received_at: datetime | None = None) -> Item:
    told = Told(what="货没到", phone="13800138000", received_at=received_at)
    raw = taking.written({"outside_id": outside_id, "what": "货没到"})
    piece = taking.piece(machine.COMPLAINT, outside_id, told, raw)
    return taking.take(inlet, piece, at=MONDAY)[0]


def drain(at: datetime = MONDAY) -> int:
    return hook_sending.drain(lambda: at)


def test_what_happens_to_an_own_case_is_told_once_in_order_and_signed(
    cast: Cast, inlet: Inlet, listener: Listener, register: Register
) -> None:
    _hook, secret = hooked(cast, inlet, listener)
    case = sent_in(inlet)
    register()
    sent_in(Inlet.objects.create(key="crm", name="x", channel=Channel.OTHER, branch=cast.wuxi))
    events.record(case, Action.REVEAL, by=cast.li, at=MONDAY)
    events.record(case, Action.HEAR, by=None, at=MONDAY + HOUR, data={"said": "孙玉梅说"})
    assert drain() == 2
    assert drain() == 0
    first, second = listener.heard
    told = Event.objects.get(complaint=case, kind="register")
    assert first.body == {
        "id": f"evt-{told.pk}", "kind": "register", "at": MONDAY.isoformat(), "no": case.no,
        "outside_id": "A-1", "status": "triage",
    }  # fmt: skip
    assert (second.body["kind"], second.path) == ("hear", "/told?by=us")
    assert "孙" not in str(second.body)
    for heard in listener.heard:
        assert heard.headers["Recovery-Event-Id"] == heard.body["id"]
        assert is_theirs(heard, secret, now=NOW)
        assert not is_theirs(heard, secret + "x", now=NOW)
        assert not is_theirs(heard, secret, now=NOW + 301)
    forged = listener.heard[0]
    forged.raw = forged.raw.replace(b"triage", b"closed")
    assert not is_theirs(forged, secret, now=NOW)
    assert set(HookCall.objects.values_list("state", "response_code")) == {("sent", 200)}


def test_a_hook_hears_what_it_asked_for_from_now_on(
    cast: Cast, inlet: Inlet, listener: Listener
) -> None:
    early = sent_in(inlet, "early")
    hooked(cast, inlet, listener, ["close", "hear"])
    events.record(early, Action.HEAR, by=None, at=MONDAY)
    sent_in(inlet, "late")
    assert drain() == 1
    assert listener.heard[0].body["no"] == early.no


def test_while_its_secret_changes_both_sign(cast: Cast, inlet: Inlet, listener: Listener) -> None:
    hook, old = hooked(cast, inlet, listener)
    new = hooks.rotate(hook, at=MONDAY)
    assert new != old
    sent_in(inlet)
    drain()
    both = listener.heard[0]
    assert both.headers["Recovery-Signature"].count("v1=") == 2
    assert is_theirs(both, old, now=NOW)
    assert is_theirs(both, new, now=NOW)
    sent_in(inlet, "A-2")
    drain(MONDAY + hooks.OVERLAP)
    after = listener.heard[1]
    later = (MONDAY + hooks.OVERLAP).timestamp()
    assert is_theirs(after, new, now=later)
    assert not is_theirs(after, old, now=later)
    kept = Hook.objects.values().get()
    assert old not in str(kept)
    assert new not in str(kept)


def test_what_is_not_taken_is_tried_again_for_a_day_with_the_same_id(
    inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    listener.status = 500
    sent_in(inlet)
    at, tries = MONDAY, []
    while (call := HookCall.objects.first()) is None or call.state == CallState.PENDING:
        at = call.next_try_at if call and call.next_try_at else at
        tries.append(at)
        assert drain(at) == 1
        assert drain(at) == 0
    pauses = [(after - before).total_seconds() for before, after in pairwise(tries)]
    assert pauses[:9] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    assert set(pauses[9:]) == {3600}
    assert MONDAY + timedelta(hours=23) <= tries[-1] <= MONDAY + timedelta(hours=24)
    assert (call.state, call.response_code, call.attempts) == ("failed", 500, len(tries))
    assert len({heard.headers["Recovery-Event-Id"] for heard in listener.heard}) == 1
    assert len({heard.headers["Recovery-Signature"] for heard in listener.heard}) == len(tries)
    listener.status = 200
    assert hooks.again(hook, call.pk, at=at)
    assert drain(at) == 1
    assert not hooks.again(hook, call.pk, at=at)


def test_a_redirect_is_not_followed(inlet: Inlet, hook: Hook, listener: Listener) -> None:
    with listening() as inside:
        listener.status, listener.location = 302, inside.url
        sent_in(inlet)
        drain()
        assert inside.heard == []
    call = HookCall.objects.get()
    assert (call.state, call.response_code) == ("pending", 302)


@pytest.mark.parametrize(
    ("manner", "state", "error"),
    [
        ("never_ending_body", "sent", ""),
        ("never_ending_head", "pending", "timeout"),
        ("silence", "pending", "timeout"),
        ("nonsense", "pending", "answer"),
    ],
)
def test_an_answer_holds_nobody_up(
    inlet: Inlet, hook: Hook, listener: Listener, monkeypatch: pytest.MonkeyPatch,
    manner: str, state: str, error: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(outward, "PATIENCE", 0.5)
    listener.manner = manner
    sent_in(inlet)
    began = time.monotonic()
    drain()
    assert time.monotonic() - began < 3
    call = HookCall.objects.get()
    assert (call.state, call.error) == (state, error)


def test_nobody_listening_is_no_fault_of_ours(inlet: Inlet, hook: Hook) -> None:
    Hook.objects.update(url="http://127.0.0.1:1/")
    sent_in(inlet)
    drain()
    assert HookCall.objects.get().error == "connection"


def test_a_slow_hook_blocks_no_other_and_its_own_wait_behind_it(
    cast: Cast, inlet: Inlet, hook: Hook, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "PATIENCE", 1.0)
    monkeypatch.setattr(hook_sending, "_EACH", 2)
    listener.manner = "silence"
    with listening() as quick:
        hooked(cast, inlet, quick)
        for number in range(5):
            sent_in(inlet, str(number))
        began = time.monotonic()
        assert drain() == 6
        assert time.monotonic() - began < 3
        assert [heard.body["outside_id"] for heard in quick.heard] == list("01234")
    assert len(listener.heard) == 1


def test_an_event_that_is_not_taken_holds_up_no_other(
    inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    listener.status = 400
    for number in range(3):
        sent_in(inlet, str(number))
    assert drain() == 3
    assert HookCall.objects.filter(state="pending", attempts=1).count() == 3


def test_a_hook_that_is_off_hears_nothing_and_later_nothing_of_that_time(
    inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    hook_rows.sweep(at=MONDAY)
    sent_in(inlet, "1")
    hook_rows.sweep(at=MONDAY)
    hooks.switch(hook, on=False)
    assert HookCall.objects.get().error == "off"
    sent_in(inlet, "2")
    drain()
    hooks.switch(hook, on=True)
    sent_in(inlet, "3")
    drain()
    assert [heard.body["outside_id"] for heard in listener.heard] == ["3"]


def test_a_hook_that_is_switched_off_while_it_is_called_hears_no_more(
    inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    hook_rows.sweep(at=MONDAY)
    sent_in(inlet, "1")
    hook_rows.sweep(at=MONDAY)
    ((call,),) = hook_sending._claim(MONDAY, set())
    hooks.switch(hook, on=False)
    hook_sending._write_down([call], [hook_sending.Outcome(500)], at=MONDAY)
    call.refresh_from_db()
    assert (call.state, call.error, call.lease_token) == ("failed", "off", None)
    hooks.again(hook, call.pk, at=MONDAY)
    hooks.switch(hook, on=True)
    drain(MONDAY + HOUR)
    assert not listener.heard


def test_a_trial_says_that_it_is_one(hook: Hook, listener: Listener) -> None:
    hooks.trial(hook, at=MONDAY)
    assert drain() == 1
    heard = listener.heard[0]
    assert (heard.body["kind"], heard.body["no"]) == ("test", None)
    assert heard.headers["Recovery-Event-Id"].startswith("test-")


def test_calls_that_are_over_are_forgotten_after_a_month(inlet: Inlet, hook: Hook) -> None:
    sent_in(inlet)
    drain()
    hooks.trial(hook, at=MONDAY)
    month = MONDAY + timedelta(days=30)
    assert hook_sending.forget(at=month - HOUR) == 0
    assert hook_sending.forget(at=month) == 1
    assert HookCall.objects.get().state == CallState.PENDING


# Whatever order transactions end in


@pytest.mark.xdist_group("races")
def test_an_event_that_appears_after_later_ones_is_told_all_the_same(
    transactional_db: None, inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    case, other = sent_in(inlet, "1"), sent_in(inlet, "2")
    written, go_on = Flag(), Flag()

    def slowly() -> None:
        try:
            with transaction.atomic():
                events.record(case, Action.HEAR, by=None, at=MONDAY)
                written.set()
                go_on.wait(20)
        finally:
            connection.close()

    slow = Thread(target=slowly)
    slow.start()
    try:
        assert written.wait(20)
        events.record(other, Action.CLOSE, by=None, at=MONDAY)
        for _ in range(6):
            drain()
        assert [heard.body["kind"] for heard in listener.heard] == ["register"] * 2 + ["close"]
        early = Event.objects.get(kind="close").pk - 1
        assert EventMark.objects.get().settled < early
    finally:
        go_on.set()
        slow.join()
    for _ in range(6):
        drain()
    assert [heard.body["kind"] for heard in listener.heard][3:] == ["hear"]
    settled = Event.objects.get(kind="close").pk
    patience = time.monotonic() + 180  # as long as a test beside this one keeps a transaction open
    while EventMark.objects.get().settled < settled:
        assert time.monotonic() < patience
        time.sleep(0.1)
        drain()


@pytest.mark.xdist_group("races")
def test_however_many_send_each_event_is_told_once(
    transactional_db: None, inlet: Inlet, hook: Hook, listener: Listener
) -> None:
    for number in range(6):
        sent_in(inlet, str(number))
    done(at_once([drain] * 5))
    drain()
    told = [heard.body["outside_id"] for heard in listener.heard]
    assert sorted(told) == list("012345")


# Where it may lead


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a.com/", "http://a.com/", "https://", "https:///x", "https://u:p@a.com/",
     "https://a.com:99999/", "https://a.com/\r\nX: y", "https://a.com/ x", "https://例.com/",
     "javascript:alert(1)", "https://a.com/" + "x" * 500, "https://[::1", "file:///etc/passwd"],
    ids=range(14),
)  # fmt: skip
def test_only_https_out_into_the_world_is_an_address(
    cast: Cast, inlet: Inlet, settings: Any, url: str
) -> None:
    settings.HOOKS_ALLOW_PRIVATE = False
    with pytest.raises(RuleBroken) as refused:
        hooks.create(inlet, url=url, events=ALL, by=cast.root, at=MONDAY)
    assert refused.value.code == "hook.url"
    assert not Hook.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",  # noqa: S104
     "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
     "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "::7f00:1", "2001:db8::1", "fe80::1%eth0"],
)  # fmt: skip
def test_no_address_inside_is_called(address: str) -> None:
    assert not outward.is_public(address)
    host = f"[{address}]" if ":" in address else address
    if "%" not in address:
        with pytest.raises(outward.NotCalled) as refused:
            outward.post(f"https://{host}/", b"", {})
        assert refused.value.reason in ("private_address", "unknown_host")


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
def test_no_other_way_of_writing_it_leads_inside(host: str) -> None:
    with pytest.raises(outward.NotCalled, match="private_address"):
        outward.post(f"https://{host}/", b"", {})


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_the_world_is_outside(address: str) -> None:
    assert outward.is_public(address)


def test_one_address_inside_among_others_is_enough_to_call_none(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, port: int, **more: Any) -> list[Any]:
        return [(2, 1, 6, "", (address, port)) for address in ("8.8.8.8", "127.0.0.1")]

    monkeypatch.setattr(outward.socket, "getaddrinfo", resolve)
    with pytest.raises(outward.NotCalled, match="private_address"):
        outward.post("https://evil.example/", b"", {})
    assert listener.heard == []


def test_the_call_goes_to_the_address_that_was_looked_at_under_the_name_that_was_typed(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def resolve(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(outward.socket, "getaddrinfo", resolve)
    url = listener.url.replace("127.0.0.1", "hooks.example")
    assert outward.post(url, b"{}", {}, private=True) == 200
    assert asked.count("hooks.example") == 1
    assert listener.heard[0].headers["Host"].startswith("hooks.example:")


@pytest.mark.parametrize(
    ("named", "trusted", "outcome"),
    [
        ("hooks.example", True, "200"),
        ("other.example", True, "tls"),
        ("hooks.example", False, "tls"),
    ],
)
def test_the_certificate_is_checked_for_the_name_that_was_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str, trusted: bool, outcome: str
) -> None:
    def resolve(host: str, port: int, *more: Any, **said: Any) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    papers, authority = certified(tmp_path, named)
    monkeypatch.setattr(outward.socket, "getaddrinfo", resolve)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    asked: list[str | None] = []
    papers.sni_callback = lambda _wire, name, _context: asked.append(name)
    with listening(papers) as there:
        url = there.url.replace("http://127.0.0.1", "https://hooks.example")
        try:
            said = str(outward.post(url, b"{}", {}, private=True))
        except outward.NotCalled as failure:
            said = failure.reason
    assert said == outcome
    assert asked == ["hooks.example"]
    assert [heard.raw for heard in there.heard] == ([b"{}"] if outcome == "200" else [])


def test_an_inlet_has_ten_hooks_at_most(cast: Cast, inlet: Inlet, listener: Listener) -> None:
    for _ in range(hooks.MOST):
        hooked(cast, inlet, listener)
    with pytest.raises(RuleBroken, match="10"):
        hooked(cast, inlet, listener)
    with pytest.raises(RuleBroken, match="事件"):
        hooked(cast, inlet, listener, ["reveal"])


def test_a_case_that_a_person_registered_from_what_was_set_aside_is_the_systems_own(
    cast: Cast, inlet: Inlet, hook: Hook, listener: Listener, register: Register
) -> None:
    item = taken(inlet, "A-1", MONDAY - 80 * HOUR)
    assert item.code == "received_at.late_entry"
    case = register()
    told = items.hold_talk(item)
    items.taken_by_hand(item.pk, case, told, by=cast.chen, at=MONDAY)
    drain()
    assert [json.loads(heard.raw)["no"] for heard in listener.heard] == [case.no]
