"""Faults of the broker: away, silent, flapping, torn, emptied. It may only cost time."""

from __future__ import annotations

import shutil
import signal
import time
from typing import Any

import redis

from recovery.faults import ask, proxy
from recovery.faults.scene import Scene, Size

#: How long a message may take to leave while the broker is away (seconds).
LONGEST_DELAY = 120.0
SLOWER = 1.2
#: The same in a short run, and what a person does not feel in any case (ms).
ROUGHLY, UNFELT_MS = 1.5, 400.0


def refused(scene: Scene) -> dict[str, Any]:
    """F11: nobody listens where the broker was."""
    return _under(scene, proxy.REFUSE, scene.pick(15.0, 180.0, 1200.0))


def silent(scene: Scene) -> dict[str, Any]:
    """F12: the broker takes every word and never answers."""
    return _under(scene, proxy.SILENT, scene.pick(72.0, 180.0, 1200.0))


def flapping(scene: Scene) -> dict[str, Any]:
    """F13: the line to the broker breaks every few seconds."""
    return _under(scene, proxy.FLAP, scene.pick(20.0, 180.0, 1200.0))


def torn(scene: Scene) -> dict[str, Any]:
    """F14: each answer of the broker breaks off after seven bytes."""
    return _under(scene, "cut:7", scene.pick(15.0, 60.0))


def emptied(scene: Scene) -> dict[str, Any]:
    """F15: the broker forgets everything, comes back without its files, and is full."""
    begun = ask.now()
    with scene.clerks.window() as met:
        for loss in (_flush, _start_anew, _fill):
            scene.wind(scene.pick(20, 200), over=5)
            loss(scene)
            scene.tell_for(scene.pick(5.0, 20.0))
    scene.settle(150)
    left = scene.deliveries(begun)
    return {**met.figures(), **left, "ok": not met.errors and _in_time(left)}


def _under(scene: Scene, mode: str, seconds: float) -> dict[str, Any]:
    """Intake, sweep and delivery while the line to the broker behaves like this."""
    normal = scene.normal_p95()
    begun = ask.now()
    scene.wind(scene.pick(60, 300), over=seconds * 0.8)
    scene.house.broker.set(mode)
    try:
        with scene.clerks.window() as met:
            scene.tell_for(seconds)
    finally:
        scene.house.broker.set(proxy.PASS)
    settled = scene.settle(150)
    left = scene.deliveries(begun)
    if met.p95 > _limit(scene, normal):  # has the machine itself become slower meanwhile?
        normal = max(normal, scene.normal_p95(again=True))
    return {
        "fault_seconds": seconds,
        **met.figures(),
        "p95_normal_ms": normal,
        "p95_ratio": round(met.p95 / normal, 2) if normal else None,
        **left,
        "settled_s": round(settled, 1),
        "ok": not met.errors and met.p95 <= _limit(scene, normal) and _in_time(left),
    }


def _limit(scene: Scene, normal: float) -> float:
    """How slow the intake may get (ms). A short run has too few requests to be strict."""
    return normal * SLOWER if scene.size is not Size.QUICK else max(UNFELT_MS, normal * ROUGHLY)


def _in_time(left: dict[str, Any]) -> bool:
    return bool(left["delivered"]) and bool(left["delivery_delay_s"] <= LONGEST_DELAY)


def _flush(scene: Scene) -> None:
    with redis.Redis.from_url(scene.house.valkey.url) as broker:
        broker.flushall()


def _start_anew(scene: Scene) -> None:
    kept = scene.house.kept["valkey"]
    kept.down(signal.SIGKILL)
    scene.note_kill("valkey")
    shutil.rmtree(scene.house.valkey.data / "appendonlydir", ignore_errors=True)
    kept.up()


def _fill(scene: Scene) -> None:
    """Out of memory for a while: every write is refused."""
    with redis.Redis.from_url(scene.house.valkey.url) as broker:
        broker.config_set("maxmemory", "1mb")
        time.sleep(scene.pick(5.0, 20.0))
        broker.config_set("maxmemory", "0")
