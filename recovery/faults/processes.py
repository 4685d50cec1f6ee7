"""Faults of processes: killed, frozen, doubled, or all gone."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from recovery.faults import ask, traps, wellness
from recovery.faults.house import DELIVERERS, until
from recovery.faults.keeper import holder_of_port
from recovery.faults.receipts import Receipt
from recovery.faults.scene import Scene, sleep_until
from recovery.processes import BEAT

SWEEPERS = ("sweeper1", "sweeper2")


def sweepers_killed(scene: Scene) -> dict[str, Any]:
    """F3: a sweeper dies again and again, soon after it has begun to sweep, while the clocks
    ring; nothing else sweeps."""
    seconds = scene.pick(14.0, 60.0)
    with scene.only(*SWEEPERS):
        scene.wind(scene.pick(150, 1000), over=seconds)
        end = time.monotonic() + seconds + 3
        while time.monotonic() < end:
            time.sleep(scene.chance.uniform(0.1, 1.0))
            busy = [name for name in SWEEPERS if wellness.has_come_round(scene.house, name)]
            if busy:
                scene.kill(scene.chance.choice(busy))
    return {"settled_s": round(scene.settle(), 1)}


def sweeper_killed_inside(scene: Scene) -> dict[str, Any]:
    """F4: the one sweeper dies while it writes each of the four tables in turn."""
    tables = list(traps.WRITTEN) * scene.pick(1, 10)
    with scene.only("sweeper1"):
        torn = sum(_killed_at(scene, table) for table in tables)
    return {"tries": len(tables), "half_written": torn, "ok": torn == 0}


def _killed_at(scene: Scene, table: str) -> int:
    """How many steps of the broken transaction are there all the same."""
    sweeper = scene.house.kept["sweeper1"]
    wound = scene.winder.wind(5, over=0.1, after=1.0)
    with traps.slow(table, seconds=1.0):
        until(traps.is_caught, f"no sweep wrote {table}")
        sweeper.down(signal.SIGKILL)
        scene.note_kill("sweeper1")
    until(lambda: not traps.is_caught(), "the transaction of the dead goes on")
    left = ask.value(
        "SELECT count(*) FROM complaints_escalation WHERE complaint_id = ANY(%s)", [wound.ids]
    )
    sweeper.up()
    return int(left)


def deliverers_killed(scene: Scene) -> dict[str, Any]:
    """F5: whoever sends a mail dies after the server has taken it and before it hears so."""
    wanted = scene.pick(6, 50)
    killed: list[str] = []

    def strike(receipt: Receipt, port: int) -> None:
        wants_more = len(killed) < wanted and receipt.id not in killed
        if wants_more and _kill_holder(scene, port):
            killed.append(receipt.id)

    scene.house.mail.before_answer = strike
    try:
        until(lambda: _mail(scene, killed, wanted), "too few deliverers sent", 180)
    finally:
        scene.house.mail.before_answer = None
    scene.hasten()
    seconds = scene.settle(120)
    arrived = scene.house.receipts.counts()
    again = sum(arrived["mail", id] > 1 for id in killed)
    return {
        "killed_between_send_and_mark": len(killed),
        "sent_again_with_same_id": again,
        "settled_s": round(seconds, 1),
        "ok": len(killed) >= wanted and again == len(killed),
    }


def _kill_holder(scene: Scene, port: int) -> bool:
    """End exactly the process that holds this connection (a child of the worker, or a sweeper);
    whether it was found."""
    for name in DELIVERERS:
        members = scene.house.kept[name].members()
        pid = holder_of_port(port, scene.house.mail.port, members)
        if pid is not None:
            _kill(pid)
            scene.note_kill(name, hands=1)
            return True
    return False


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _mail(scene: Scene, killed: list[str], wanted: int) -> bool:
    """A note for some people, once in a while; whether enough deliverers have died."""
    scene.tell(5)
    wellness.hurry(scene.house)
    time.sleep(1)
    return len(killed) >= wanted


def worker_killed(scene: Scene) -> dict[str, Any]:
    """F6: the whole worker dies again and again; what it had taken is sent within 90 s."""
    begun = ask.now()
    with scene.only("worker", "beat"):
        scene.wind(scene.pick(50, 300), over=20)
        for _ in range(scene.pick(3, 20)):
            scene.tell_for(scene.chance.uniform(1, 5))
            scene.kill("worker")
        scene.settle(150)
    left = scene.deliveries(begun)
    return {**left, "ok": left["delivered"] > 0 and left["delivery_delay_s"] <= 90}


def beat_killed(scene: Scene) -> dict[str, Any]:
    """F8: beat dies, runs twice, and finds a schedule file that is no schedule; only beat and
    worker sweep."""
    seconds = scene.pick(12.0, 60.0)
    second = scene.house.add(
        "beat2", (*BEAT.command, "-s", str(scene.house.state / "beat2-schedule"))
    )
    try:
        with scene.only("worker", "beat"):
            scene.wind(scene.pick(60, 500), over=seconds)
            for _ in range(scene.pick(2, 10)):
                time.sleep(seconds / scene.pick(2, 10) / 2)
                scene.kill("beat")
            scene.house.kept["beat"].down(signal.SIGKILL)
            for path in scene.house.state.glob("beat-schedule*"):
                path.write_bytes(b"no schedule at all")
            scene.house.kept["beat"].up()
            time.sleep(seconds / 2)
            second.down()
            settled = scene.settle()
    finally:
        scene.house.remove("beat2")
    return {"settled_s": round(settled, 1)}


def all_sweepers_gone(scene: Scene) -> dict[str, Any]:
    """F9: nothing sweeps; the house says so within a minute, the watchdog writes, and all that
    is overdue is caught up with when the sweepers are back."""
    cases = scene.pick(500, 5000)
    mailed = len(scene.house.receipts)
    with scene.only():
        gone = time.monotonic()
        scene.wind(cases, over=20)
        noticed = until(lambda: scene.house.status("/readyz") == 503, "/readyz stays well", 90)
        scene.house.manage("manage.py", "watchdog")
        wrote = len(scene.house.receipts) > mailed
        sleep_until(gone + scene.pick(70.0, 150.0))
    caught_up = scene.settle(120)
    return {
        "cases": cases,
        "noticed_s": round(noticed, 1),
        "watchdog_wrote": wrote,
        "caught_up_s": round(caught_up, 1),
        "ok": noticed <= 75 and wrote,
    }


def frozen(scene: Scene) -> dict[str, Any]:
    """F10: each process stops for a while and goes on as if nothing had been; the sweeper in
    the middle of a transaction, which the database ends after 15 s."""
    seconds = scene.pick(20.0, 25.0)
    begun = ask.now()
    for name in scene.pick(["worker"], ["worker", "web", "beat", "sweeper2", "worker", "valkey"]):
        scene.wind(50, over=10)
        _freeze(scene, name, seconds)
    _freeze_inside(scene, seconds)
    scene.settle(120)
    late = scene.lateness(begun)
    return {"freezes": scene.kills.total(), "ok": late["late_max_s"] <= 30}


def _freeze(scene: Scene, name: str, seconds: float) -> None:
    kept = scene.house.kept[name]
    kept.signal(signal.SIGSTOP)
    scene.note_kill(name)
    time.sleep(seconds)
    kept.signal(signal.SIGCONT)


def _freeze_inside(scene: Scene, seconds: float) -> None:
    with scene.only("sweeper1"):
        scene.winder.wind(20, over=0.1, after=1.0)
        with traps.slow("complaints_event", seconds=1.0):
            until(traps.is_caught, "no sweep wrote events")
            scene.house.kept["sweeper1"].signal(signal.SIGSTOP)
            scene.note_kill("sweeper1")
    time.sleep(seconds)
    scene.house.kept["sweeper1"].signal(signal.SIGCONT)
