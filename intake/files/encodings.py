"""Which encoding a text file is in, when nobody says."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from intake.files.rows import FileRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_BROKEN = re.compile("[\udc80-\udcff]")
#: A file with at most this share of broken characters is read all the same; the rows that hold
#: them are set aside.
_TOLERATED = 0.05


@dataclass
class _Trial:
    """How many characters beyond ASCII an encoding reads, and how many bytes it can't."""

    encoding: str
    read: int = 0
    broken: int = 0

    @property
    def fits(self) -> bool:
        return self.broken <= _TOLERATED * (self.read + self.broken)


def detect(path: Path) -> str:
    """The encoding to open the file with, `errors="surrogateescape"`: the one its first bytes
    announce, else UTF-8 or GB18030, whichever reads it. Raises FileRefused `file.encoding`."""
    with path.open("rb") as file:
        head = file.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for encoding in ("utf-8", "gb18030"):
        if _try(path, encoding).fits:
            return encoding
    raise FileRefused(
        "file.encoding", _("无法识别文件的编码；请另存为 UTF-8、GB18030(GBK)或 UTF-16。")
    )


def _try(path: Path, encoding: str) -> _Trial:
    trial = _Trial(encoding)
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            _count(trial, decoder.decode(chunk))
    _count(trial, decoder.decode(b"", final=True))
    return trial


def _count(trial: _Trial, text: str) -> None:
    if text.isascii():
        return
    broken = len(_BROKEN.findall(text))
    trial.broken += broken
    trial.read += len(text) - len(text.encode("ascii", "ignore")) - broken
