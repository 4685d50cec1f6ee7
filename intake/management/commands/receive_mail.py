"""`receive_mail [--inlet KEY] < message`: one mail from a mail server's pipe, kept before it ends.

Exit codes are those of sysexits.h, which mail servers know: 0 it is kept; 65 there was none; 67
there is no such way in; 75 not now, the mail server keeps it and tries again.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from common.time import database_now
from complaints.models import Channel
from intake import inlets, items
from intake.mail.arrivals import arrival
from intake.models import Inlet

_CHUNK = 1024 * 1024


class Command(BaseCommand):
    """Keeps the mail and ends; a worker reads it a moment later (`docs/mail.md`)."""

    help = "Take in one mail from standard input, as a mail server's pipe (docs/mail.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--inlet", metavar="KEY", help="the way in; not needed when it is one")

    def run_from_argv(self, argv: list[str]) -> None:
        """Whatever goes wrong that nobody thought of: the mail server tries again."""
        try:
            super().run_from_argv(argv)
        except SystemExit as ended:
            known = (0, os.EX_DATAERR, os.EX_NOUSER, os.EX_TEMPFAIL)
            sys.exit(ended.code if ended.code in known else os.EX_TEMPFAIL)
        except Exception as error:
            self.stderr.write(type(error).__name__)
            sys.exit(os.EX_TEMPFAIL)

    def handle(self, *args: Any, **options: Any) -> None:
        raw = _read(sys.stdin.buffer)
        if not raw.strip():
            raise CommandError("no message on standard input", returncode=os.EX_DATAERR)
        items.keep(_inlet(options["inlet"]), arrival(raw), at=database_now())


def _read(source: BinaryIO) -> bytes:
    """All that is kept of it, and one byte more when there is more; the rest is read and let go,
    so that the mail server is not cut off."""
    raw = source.read(items.LARGEST + 1)
    while source.read(_CHUNK):
        pass
    return raw


def _inlet(key: str | None) -> Inlet:
    if key is not None:
        found = inlets.active(Channel.MAIL, key)
        if found is None:
            raise CommandError(f"no way in for mail is called {key}", returncode=os.EX_NOUSER)
        return found
    known = list(Inlet.objects.filter(channel=Channel.MAIL, is_active=True)[:2])
    if len(known) != 1:
        raise CommandError("say which way in: --inlet KEY", returncode=os.EX_TEMPFAIL)
    return known[0]
