"""Faults of the database: restarted, crashed, slow, or with one case locked."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import psycopg2

from recovery.faults import ask, proxy
from recovery.faults.house import until
from recovery.faults.scene import Scene

#: Within so many seconds of the database's end the house answers again.
RECOVERED = 10.0
_BACKEND = """
    SELECT pid FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name = 'recovery'
      AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
"""
#: As the settings of the house give to every connection of its own, jobs' sight included.
_IDLE = "-c idle_in_transaction_session_timeout=15s -c recovery.reach=house"
IDLE = 15.0


def restarted(scene: Scene) -> dict[str, Any]:
    """F16: fast shutdown, immediate shutdown, the postmaster killed, one backend killed."""
    away: dict[str, float] = {}
    with scene.clerks.window() as met:
        for _ in range(scene.pick(1, 5)):
            for name, end in _ENDS.items():
                scene.wind(scene.pick(25, 200), over=3)
                time.sleep(scene.chance.uniform(1, 3))
                away[name] = max(away.get(name, 0.0), _away(scene, end))
    scene.hasten()
    settled = scene.settle()
    return {
        **met.figures(),
        "away_s": {name: round(seconds, 1) for name, seconds in away.items()},
        "settled_s": round(settled, 1),
        "ok": max(away.values()) <= RECOVERED and not met.errors["500"],
    }


def _away(scene: Scene, end: Any) -> float:
    """Seconds until the house answers again."""
    scene.note_kill("postgres")
    end(scene)
    time.sleep(0.2)
    return until(scene.house.web_answers, "the database or the web did not come back") + 0.2


def _stop(number: signal.Signals) -> Any:
    return lambda scene: scene.house.kept["postgres"].signal(number)


def _kill_backend(scene: Scene) -> None:
    os.kill(int(ask.value(_BACKEND)), signal.SIGKILL)


_ENDS = {
    "fast": _stop(signal.SIGINT),
    "immediate": _stop(signal.SIGQUIT),
    "postmaster_killed": _stop(signal.SIGKILL),
    "backend_killed": _kill_backend,
}


def slow(scene: Scene) -> dict[str, Any]:
    """F18: every packet to and from the database takes 200 ms longer."""
    begun = ask.now()
    scene.house.database.set("slow:200")
    try:
        with scene.clerks.window() as met:
            scene.wind(scene.pick(20, 200), over=20)
            time.sleep(scene.pick(25.0, 60.0))
    finally:
        scene.house.database.set(proxy.PASS)
    scene.settle()
    late = scene.lateness(begun)
    return {**met.figures(), "ok": not met.errors and late["late_max_s"] <= 30}


def case_locked(scene: Scene) -> dict[str, Any]:
    """F20: somebody locks one case and goes to sleep; the database ends that after 15 s."""
    begun = ask.now()
    wound = scene.winder.wind(scene.pick(40, 200), over=3.0, after=2.0)
    locked = wound.ids[0]
    sleeper = psycopg2.connect(
        host=scene.house.postgres.sockets, user="recovery", dbname="recovery", options=_IDLE
    )
    with sleeper.cursor() as cursor:
        cursor.execute("SELECT id FROM complaints_complaint WHERE id = %s FOR UPDATE", [locked])
        seen = cursor.rowcount
    scene.poisoned.append(locked)
    time.sleep(8)
    others = scene.lateness(begun)
    early = _steps(locked)
    scene.poisoned.remove(locked)
    waited = until(lambda: _steps(locked), "the locked case was never taken")
    sleeper.close()
    late = scene.lateness(begun)
    return {
        "others_late_max_s": others["late_max_s"],
        "locked_late_s": late["late_max_s"],
        "ok": seen == 1 and early == 0 and others["late_max_s"] <= 5 and waited <= IDLE + 20,
    }


def _steps(case: int) -> int:
    return int(
        ask.value("SELECT count(*) FROM complaints_escalation WHERE complaint_id = %s", [case])
    )
