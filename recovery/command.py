"""`manage.py COMMAND`: Django's commands, on the servers of this folder."""

import os
import sys

from django.core.management import execute_from_command_line

from recovery import sharing
from recovery.local import make_key
from recovery.places import make_state

_ASKING = {"help", "version", "--help", "--version", "-h"}
# faults and bench start a house of their own; the watchdog is there for when no server is
WITHOUT_DATABASE = _ASKING | {
    "compilemessages",
    "sla_replay",
    "faults",
    "bench",
    "watchdog",
    "parse_mail",
}
# these run for ever: a stuck statement must not hold a case for ever, too
LASTING = {"sweeper"}


def main(arguments: list[str]) -> None:
    """Run one command; servers that nobody runs yet are started and end with the last command."""
    command = (arguments[1:] or ["help"])[0]
    if command not in LASTING:
        os.environ.setdefault("STATEMENT_TIMEOUT", "0")
        os.environ.setdefault("LOCK_TIMEOUT", "0")
        os.environ.setdefault("IDLE_TIMEOUT", "0")
    if not sharing.all_given():
        state = make_state()
        make_key(state)
        if command not in WITHOUT_DATABASE:
            os.environ.update(sharing.join(state))
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)
