"""Where what came in lies while the database is away: a file each, on the disk before we answer."""

from __future__ import annotations

import base64
import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

#: Files and bytes that may wait. What nobody could verify yet gets half, so that strangers
#: leave room for the others.
MOST_FILES = 20_000
MOST_BYTES = 512 * 1024 * 1024
#: So many refused files are kept for a look; older ones go.
MOST_REFUSED = 1_000
_REFUSED = "refused"
_ENDING = ".json"


class Full(Exception):
    """There is no more room; whoever sends has to come again."""


class Refused(Exception):
    """What lies there is not what it claims to be."""


@dataclass(frozen=True)
class Spooled:
    """A call as it came: the channel and key of its way in, query and body, and when (by this
    machine's clock)."""

    channel: str
    key: str
    query: Mapping[str, str]
    body: bytes
    at: datetime


def put(what: Spooled, *, verified: bool) -> Path:
    """Write it down; once this returns, it outlives a power cut. Raises Full, OSError."""
    folder = _folder()
    _check_room(folder, verified)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}{_ENDING}"
    draft, place = folder / f".{name}", folder / name
    try:
        _write(draft, _written(what))
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    draft.rename(place)
    _sync(folder)
    return place


def waiting() -> int:
    """How many lie there."""
    folder = Path(settings.SPOOL_DIR)
    return len(_names(folder)) if folder.is_dir() else 0


def drain(take: Callable[[Spooled], None]) -> int:
    """Hand each to `take`, the oldest first, and remove it once that returns; how many were
    taken. What raises Refused is laid aside with a line in the log; any other error leaves the
    rest where it is and comes out. Where another drains already, nothing is done."""
    folder = _folder()
    taken = 0
    with _alone(folder) as we_are:
        for name in _names(folder) if we_are else []:
            try:
                take(_read(folder / name))
            except Refused as refused:
                _lay_aside(folder, name, str(refused))
            else:
                (folder / name).unlink()
                taken += 1
    return taken


def _folder() -> Path:
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _names(folder: Path) -> list[str]:
    """Of what waits, the oldest first."""
    found = [entry.name for entry in os.scandir(folder) if entry.name.endswith(_ENDING)]
    return sorted(name for name in found if not name.startswith("."))


def _check_room(folder: Path, verified: bool) -> None:
    files = size = 0
    for entry in os.scandir(folder):
        if entry.name.endswith(_ENDING):
            files += 1
            size += _size(entry)
    share = 1 if verified else 2
    if files * share >= MOST_FILES or size * share >= MOST_BYTES:
        logger.error("The spool is full: %s files, %s bytes.", files, size)
        raise Full


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # taken in just now
        return 0


def _written(what: Spooled) -> bytes:
    fields = {
        "channel": what.channel,
        "key": what.key,
        "query": dict(what.query),
        "at": what.at.isoformat(),
        "body": base64.b64encode(what.body).decode(),
    }
    return json.dumps(fields).encode()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Spooled:
    """Raises Refused for what nobody here has written."""
    try:
        fields = json.loads(path.read_bytes())
        return Spooled(
            channel=str(fields["channel"]),
            key=str(fields["key"]),
            query={str(name): str(value) for name, value in fields["query"].items()},
            body=base64.b64decode(fields["body"], validate=True),
            at=datetime.fromisoformat(fields["at"]).astimezone(UTC),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("unreadable") from None


def _lay_aside(folder: Path, name: str, why: str) -> None:
    aside = folder / _REFUSED
    aside.mkdir(mode=0o700, exist_ok=True)
    logger.warning("What was spooled as %s is refused: %s.", name, why)
    (folder / name).replace(aside / name)
    for old in _names(aside)[:-MOST_REFUSED]:
        (aside / old).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else drains on this machine."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _sync(folder: Path) -> None:
    """The name too is on the disk, not only the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
