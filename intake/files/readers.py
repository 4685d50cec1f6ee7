"""Opening a file of complaints: what its bytes are decides how it is read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from intake.files.columns import COMPLAINTS, Field
from intake.files.csv_rows import open_csv, open_text
from intake.files.headings import WIDEST, Headings
from intake.files.jsonl_rows import open_jsonl
from intake.files.rows import FileRefused, Source
from intake.files.xlsx_rows import open_xlsx

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_JSON_LINES = {".jsonl", ".ndjson"}


@contextmanager
def opened(path: Path, headings: Headings[Any] = COMPLAINTS) -> Iterator[Source]:
    """The file's rows while the block lasts; JSONL holds complaints only. Raises FileRefused
    `file.missing`, `file.empty`, `file.kind`, `file.macros`, `file.too_wide` and what the
    format's reader raises."""
    with ExitStack() as stack:
        source = _open(path, stack, headings)
        if len(source.headers or ()) > WIDEST:
            raise FileRefused(
                "file.too_wide", _("表头超过 %(most)d 列，请删去多余的列。") % {"most": WIDEST}
            )
        yield source


def _open(path: Path, stack: ExitStack, headings: Headings[Any]) -> Source:
    start = _start(path)
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
        return open_xlsx(path, stack, headings)
    if start.startswith(_OLD_OFFICE):
        raise _kind(_("这是旧版 .xls 或加密的工作簿，请在 Excel 中另存为不加密的 .xlsx。"))
    visible = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if visible[:1] == b"<":
        raise _kind(_("这其实是网页或 XML 表格，请在 Excel 中打开后另存为 .xlsx。"))
    if visible[:1] == b"[" and path.suffix.lower().startswith(".json"):
        raise _kind(_("这是一整个 JSON 数组，请改成每行一个对象的 JSONL。"))
    is_json = visible[:1] == b"{" or path.suffix.lower() in _JSON_LINES
    if is_json and headings.key is Field.WHAT:
        return open_jsonl(stack.enter_context(path.open("rb")), headings)
    return open_csv(stack.enter_context(open_text(path)), headings)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise FileRefused(
            "file.missing",
            _("打不开文件 %(path)s:%(why)s。") % {"path": path, "why": error.strerror},
        ) from error
    if not start:
        raise FileRefused("file.empty", _("文件 %(path)s 是空的。") % {"path": path})
    return start


def _kind(sentence: str) -> FileRefused:
    return FileRefused("file.kind", sentence)


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.lower() for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # the reader says that it is broken
    if not any(name.startswith("xl/") for name in names):
        raise _kind(_("不支持这种文件；可导入 CSV、XLSX 和 JSONL。"))
    if any(name.endswith("vbaproject.bin") for name in names):
        raise FileRefused(
            "file.macros", _("工作簿里有宏，不予打开；请在 Excel 中另存为不带宏的 .xlsx。")
        )
