"""Break a whole house on purpose and count what was lost and what came twice."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recovery.children import Failed
from recovery.faults import run
from recovery.faults.scene import Size
from recovery.faults.table import faults
from recovery.ground import Ground
from recovery.places import BASE, state_folder

_LIMITS = {"STATEMENT_TIMEOUT", "LOCK_TIMEOUT", "IDLE_TIMEOUT"}

ground = Ground("recovery-faults-")


class Command(BaseCommand):
    """`faults --quick` in every check, `faults` before a release, `faults --long` with outages
    of the broker of 20 minutes. One JSON object a fault; exit code 1 on any loss or double."""

    help = "Play faults on a throw-away house of its own and reconcile."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which faults, and how much of them."""
        size = parser.add_mutually_exclusive_group()
        for word in ("quick", "long"):
            size.add_argument(
                f"--{word}", dest="size", action="store_const", const=word, default="full"
            )
        parser.add_argument("--only", default="", help="such as F3,F12")
        parser.add_argument("--seed", type=int, default=None)
        parser.add_argument("--keep", action="store_true", help="leave the folder with all logs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play; the folder with the logs stays when something failed."""
        _chosen(options["only"])
        if not ground.is_laid():
            self._begin_again(ground.lay())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
        seed = random.randrange(10_000) if options["seed"] is None else options["seed"]  # noqa: S311
        with ground.hold():
            ok = self._play(Size(options["size"]), _chosen(options["only"]), seed)
            if ok and not options["keep"]:
                ground.clear()
        if not ok:
            self.stderr.write(f"The logs are in {state_folder()}.")
            sys.exit(1)

    def _play(self, size: Size, only: list[str], seed: int) -> bool:
        """Whether the last line, which is about all others, says that all is well."""
        ok = False
        try:
            for line in run.play(state_folder(), size=size, only=only, seed=seed):
                self.stdout.write(json.dumps(line, ensure_ascii=False))
                self.stdout.flush()
                ok = bool(line.get("ok"))
        except Failed as failure:
            raise CommandError(f"{failure}\nThe logs are in {state_folder()}.") from failure
        except KeyboardInterrupt:
            ground.clear()
            raise CommandError("Stopped.", returncode=130) from None
        return ok

    def _begin_again(self, environment: dict[str, str]) -> None:
        """Settings are read once; and what manage.py lets a command do is not for the house."""
        inherited = {name: text for name, text in os.environ.items() if name not in _LIMITS}
        words = [sys.executable, "-m", "django", *sys.argv[1:]]
        os.chdir(BASE)
        os.execve(sys.executable, words, {**inherited, **environment})


def _chosen(words: str) -> list[str]:
    """The ids that were named; none: all of the size. Raises CommandError."""
    ids = [word.strip().upper() for word in words.split(",") if word.strip()]
    if strangers := set(ids) - {fault.id for fault in faults()}:
        raise CommandError(f"No such fault: {', '.join(sorted(strangers))}.")
    return ids
