"""Whether a process is well: `python -m recovery.probe NAME` exits with 0 or says why not."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request

from recovery.celery import app
from recovery.places import sign_of_life

PATIENCE = 5.0
BEAT_SILENCE = 60.0
SWEEPER_SILENCE = 60.0


def web() -> str:
    """Empty if the web server answers, else what is wrong."""
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz"
    request = urllib.request.Request(address, headers={"Host": _host()})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE):
            return ""
    except (OSError, urllib.error.HTTPError) as error:
        return f"{address}: {error}"


def _host() -> str:
    first = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    return "localhost" if first in {"", "*"} else first


def worker() -> str:
    """Empty if the worker of this machine answers over the broker, else what is wrong."""
    name = f"worker@{socket.gethostname()}"
    answers = app.control.ping(destination=[name], timeout=PATIENCE)
    return "" if answers else f"{name} does not answer"


def beat() -> str:
    """Empty if beat looked at its schedule within the last minute, else what is wrong."""
    try:
        silence = time.time() - sign_of_life("beat").stat().st_mtime
    except FileNotFoundError:
        return "beat has not begun"
    return "" if silence < BEAT_SILENCE else f"beat has been silent for {silence:.0f} s"


def sweeper() -> str:
    """Empty if this machine's sweeper came round within the last minute, else what is wrong."""
    try:
        silence = time.time() - sign_of_life("sweeper").stat().st_mtime
    except FileNotFoundError:
        return "the sweeper has not begun"
    return "" if silence < SWEEPER_SILENCE else f"the sweeper has been silent for {silence:.0f} s"


PROBES = {"web": web, "worker": worker, "beat": beat, "sweeper": sweeper}


def main(arguments: list[str]) -> None:
    """Exit with 0 if the named process is well."""
    names = [name for name in arguments if name in PROBES]
    if not names:
        sys.exit(f"Name one of {', '.join(PROBES)}.")
    if wrong := PROBES[names[0]]():
        sys.exit(wrong)


if __name__ == "__main__":
    main(sys.argv[1:])
