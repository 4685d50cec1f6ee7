"""Hosts whose clocks are wrong by days: only the database's clock counts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from recovery.faults import ask
from recovery.faults.house import until
from recovery.faults.scene import Scene

OFFSETS = ("+2d", "-2d")
_WORDS = ("LD_PRELOAD", "FAKETIME")
_SHIFTED = ("web", "worker", "beat", "sweeper1", "sweeper2")
_EARLY = """
    SELECT (SELECT count(*) FROM complaints_escalation WHERE fired_at < rang_at)
         + (SELECT count(*) FROM complaints_escalation e
            JOIN complaints_event v USING (complaint_id)
            WHERE v.kind IN ('warn', 'escalate') AND v.recorded_at < e.rang_at
              AND (v.data->>'rang_at')::timestamptz = e.rang_at)
"""
#: Cases whose times are not those of the database that wrote them.
_MISDATED = """
    SELECT count(*) FROM complaints_complaint c JOIN complaints_event v ON v.complaint_id = c.id
    WHERE v.kind = 'register' AND v.recorded_at >= %s AND c.order_no LIKE 'clerk%%'
      AND abs(extract(epoch FROM v.recorded_at - c.received_at)) > 60
"""


def library() -> Path | None:
    """libfaketime, where the machine has it."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def clocks_shifted(scene: Scene) -> dict[str, Any]:
    """F23: web, worker, beat and sweepers two days ahead, then two days behind."""
    preload = library()
    if preload is None:
        return {"ok": None, "skipped": "libfaketime is not installed (apt install faketime)"}
    begun = ask.now()
    errors = 0
    for offset in OFFSETS:
        with scene.clerks.window() as met:
            _shift(scene, {"LD_PRELOAD": str(preload), "FAKETIME": offset})
            scene.wind(scene.pick(30, 300), over=8)
            time.sleep(scene.pick(12.0, 60.0))
        errors += met.errors["500"]
    _shift(scene, {})
    scene.settle()
    early, misdated = int(ask.value(_EARLY)), int(ask.value(_MISDATED, [begun]))
    return {
        "early": early,
        "misdated": misdated,
        "errors_500": errors,
        "ok": early == misdated == errors == 0,
    }


def _shift(scene: Scene, words: dict[str, str]) -> None:
    for name in _SHIFTED:
        kept = scene.house.kept[name]
        rest = {key: text for key, text in kept.child.environment.items() if key not in _WORDS}
        kept.restart_with({**rest, **words})
    until(scene.house.web_answers, "the shifted web server does not answer")
