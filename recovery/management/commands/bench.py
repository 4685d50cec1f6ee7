"""Measure the house on a throw-away one, next to the raw limit of this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recovery.bench import run
from recovery.bench.size import Size
from recovery.children import Failed
from recovery.ground import Ground
from recovery.places import BASE, state_folder

ground = Ground("recovery-bench-")


class Command(BaseCommand):
    """`bench clocks`, `bench intake`: one JSON object a figure (docs/performance.md); exit code 1
    only when rows are missing, doubled or strange."""

    help = "Measure clocks or intake on a throw-away PostgreSQL of its own (docs/performance.md)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to measure, and on how much."""
        parser.add_argument("what", choices=list(run.PARTS))
        parts = "; ".join(f"{what}: {','.join(_parts(what))}" for what in run.PARTS)
        parser.add_argument("--only", default="", help=f"some of {parts}")
        parser.add_argument(
            "--scale", type=float, default=1.0, help="1.0: 1,000,000 running clocks, or cases"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure; the folder goes away with the run."""
        only = [word.strip() for word in options["only"].split(",") if word.strip()]
        if unknown := set(only) - set(_parts(options["what"])):
            raise CommandError(f"There is no part {', '.join(sorted(unknown))}.")
        if not ground.is_laid():
            self._begin_again(ground.lay())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
        wrong: list[str] = []
        with ground.hold():
            try:
                size = Size(options["scale"])
                for line in run.measure(state_folder(), options["what"], size=size, only=only):
                    self.stdout.write(json.dumps(line, ensure_ascii=False))
                    self.stdout.flush()
                    wrong += line.get("wrong", [])
            except Failed as failure:
                raise CommandError(str(failure)) from failure
            finally:
                ground.clear()
        if wrong:
            sys.exit(1)

    def _begin_again(self, environment: dict[str, str]) -> None:
        """Settings are read once, at the start of a process."""
        os.chdir(BASE)
        words = [sys.executable, "-m", "django", *sys.argv[1:]]
        os.execve(sys.executable, words, {**os.environ, **environment})


def _parts(what: str) -> tuple[str, ...]:
    return (*run.PARTS[what], *run.MORE_PARTS[what])
