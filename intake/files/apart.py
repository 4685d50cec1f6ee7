"""Reading a file of complaints in a process of its own, which is killed when it takes too much."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from intake.files.rows import FileRefused

logger = logging.getLogger(__name__)

_BASE = Path(__file__).resolve().parents[2]

#: How many rows the first look takes.
HEAD = 20
#: Seconds of work that a look and a whole file may take; by the clock it may be so many times
#: that on a machine that has much else to do.
HEAD_SECONDS, SECONDS = 10, 60
BUSY = 3
#: Bytes of memory that reading may take.
MEMORY = 280 * 1024 * 1024


@dataclass
class Read:
    """What stands in a file: `rows` are pairs of a mark and a packed row (`cells.py`), to be walked
    once; `headers` are those of the table, or the names that the lines of JSON have
    used. `notes` and these names are whole only when the rows have been walked."""

    is_table: bool
    headers: list[str]
    since_1904: bool
    rows: Iterator[tuple[str, str]] = field(default_factory=lambda: iter(()))
    notes: list[str] = field(default_factory=list)


def head(path: Path, said: Mapping[str, str]) -> tuple[Read, list[str]]:
    """The first rows of the file, for somebody who says what its columns mean. Raises FileRefused
    with what the readers raise, `file.too_slow`, `file.too_heavy`."""
    with _answer(path, said, None, rows=HEAD, seconds=HEAD_SECONDS) as read:
        packed = [row for _mark, row in read.rows]
    return read, packed


@contextmanager
def whole(path: Path, said: Mapping[str, str], header: Sequence[str] | None) -> Iterator[Read]:
    """All rows of the file while the block lasts, under the header that `head` has found. Raises
    FileRefused as `head` does; walking the rows raises it for a file that breaks off."""
    with _answer(path, said, header, rows=None, seconds=SECONDS) as read:
        yield read


@contextmanager
def _answer(
    path: Path,
    said: Mapping[str, str],
    header: Sequence[str] | None,
    *,
    rows: int | None,
    seconds: int,
) -> Iterator[Read]:
    request = {
        "path": str(path.absolute()),
        "said": dict(said),
        "header": None if header is None else list(header),
        "rows": rows,
        "seconds": seconds,
        "memory": MEMORY,
        "language": get_language() or settings.LANGUAGE_CODE,
        "locale": [str(folder) for folder in settings.LOCALE_PATHS],
    }
    with tempfile.TemporaryFile() as out:
        _run(request, out, seconds)
        out.seek(0)
        yield _read(out)


def _run(request: dict[str, Any], out: IO[bytes], seconds: int) -> None:
    """Raises FileRefused when it had to be killed, or died."""
    words = [sys.executable, "-m", "intake.files.apart_child"]
    try:
        ran = subprocess.run(
            words,
            input=json.dumps(request).encode(),
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=BUSY * seconds,
            cwd=_BASE,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise _too_slow(seconds) from late
    if ran.returncode == -signal.SIGXCPU:
        raise _too_slow(seconds)
    if b"MemoryError" in ran.stderr:
        raise _too_heavy()
    if ran.returncode:
        logger.error("The reader of a file died (%d): %s", ran.returncode, ran.stderr[-2000:])
        raise _broken(ran.returncode)


def _read(out: IO[bytes]) -> Read:
    begun = _said(json.loads(out.readline()))
    read = Read(
        is_table=begun["headers"] is not None,
        headers=begun["headers"] or [],
        since_1904=begun["since_1904"],
    )
    read.rows = _rows(out, read)
    return read


def _rows(out: IO[bytes], read: Read) -> Iterator[tuple[str, str]]:
    for line in out:
        match json.loads(line):
            case [str(mark), str(packed)]:
                yield mark, packed
            case other:
                end = _said(other)
                read.notes += end["notes"]
                read.headers = end["names"] if end["names"] is not None else read.headers
                return
    raise _broken(0)  # an answer without its end


def _said(line: dict[str, Any]) -> dict[str, Any]:
    if "refused" in line:
        raise FileRefused(*line["refused"])
    if "too_big" in line:
        raise _too_heavy()
    return line


def _too_slow(seconds: int) -> FileRefused:
    return FileRefused(
        "file.too_slow",
        _("文件在 %(seconds)d 秒内没有读完，不予导入；请拆分后再试。") % {"seconds": seconds},
    )


def _too_heavy() -> FileRefused:
    return FileRefused("file.too_heavy", _("文件太大，内存里放不下，不予导入；请拆分后再试。"))


def _broken(status: int) -> FileRefused:
    return FileRefused(
        "file.broken", _("文件无法读取，可能已损坏（%(status)d）。") % {"status": status}
    )
