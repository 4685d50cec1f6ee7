"""Hostile files, read in a process that may be killed: each refused with a code, soon and small."""

from __future__ import annotations

import resource
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import RuleBroken
from intake.files import apart
from intake.files.cells import pack, unpack
from intake.files.readers import opened
from intake.files.rows import FileRefused, Row, Unreadable
from intake.imports.mapping import Said, guess, slots
from intake.imports.marks import Marks
from tests.intake.files.books import read, rewritten, workbook


def bomb(path: Path) -> Path:
    """200 MB of nothing in 200 kB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/sharedStrings.xml", b" " * (200 * 1024 * 1024))
    return path


def entities(path: Path) -> Path:
    """A billion laughs in the sheet."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return rewritten(
        workbook(path, [["内容"], ["货没到"]]),
        "xl/worksheets/sheet1.xml",
        lambda xml: f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>' + xml.replace("货没到", "&l9;"),
    )


def macros(path: Path) -> Path:
    """A workbook with a program in it."""
    workbook(path, [["内容"], ["货没到"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    return path


def wide(path: Path) -> Path:
    """A header of a million columns."""
    path.write_text("内容" + ",x" * 1_000_000 + "\n货没到\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("make", "name", "codes"),
    [
        (bomb, "a.xlsx", {"file.bomb"}),
        (entities, "a.xlsx", {"file.broken"}),
        (macros, "a.xlsx", {"file.macros"}),
        (wide, "a.csv", {"file.too_wide"}),
    ],
)
def test_a_hostile_file_is_refused_within_ten_seconds_and_300_mb(
    tmp_path: Path, make: Callable[[Path], Path], name: str, codes: set[str]
) -> None:
    path = make(tmp_path / name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(FileRefused) as refused:
        apart.head(path, {})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refused.value.code in codes
    assert after.ru_utime - before.ru_utime < 10


def test_what_takes_too_long_or_too_much_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "a.csv"
    slow.write_text("内容,电话\n" + '"乙,2\n丙,3\n' * 50_000, "utf-8")
    with (
        pytest.raises(FileRefused) as refused,
        apart._answer(slow, {}, None, rows=None, seconds=2) as found,
    ):
        list(found.rows)
    assert refused.value.code == "file.too_slow"
    heavy = tmp_path / "b.jsonl"
    heavy.write_text('{"内容": "' + "货" * 8_000_000 + '"}', "utf-8")
    monkeypatch.setattr(apart, "MEMORY", 1024 * 1024)
    with pytest.raises(FileRefused) as refused:
        apart.head(heavy, {})
    assert refused.value.code == "file.too_heavy"


def test_columns_that_are_claimed_and_empty_cost_nothing(tmp_path: Path) -> None:
    def phantom(_book: Any, sheet: Any) -> None:
        sheet.cell(row=1, column=16_384).value = " "
        sheet.cell(row=3, column=16_384).value = ""

    rows: list[list[Any]] = [["内容", "电话"], ["货没到", "138"], ["坏了", "139"]]
    (first, second) = read(workbook(tmp_path / "a.xlsx", rows, more=phantom))
    assert first.original == ("货没到", "138")
    assert second.named == (("内容", "坏了"), ("电话", "139"))
    path = tmp_path / "a.csv"
    path.write_text("内容,电话\n货没到,138" + "," * 1_000_000 + "\n", "utf-8")
    assert [row.original for row in read(path)] == [("货没到", "138")]


def test_rows_come_back_as_they_went(tmp_path: Path) -> None:
    cells = (
        None, "货\x00没\udce6到", 3, 2.5, True, datetime(2026, 11, 16, 12, 0, 1), date(2026, 1, 2),
        time(3, 4), timedelta(hours=5), Unreadable("=1", "没算"), 10**30,
    )  # fmt: skip
    headers = [f"h{n}" for n in range(len(cells))]
    row = Row("表!3", cells, tuple(zip(headers, cells, strict=True)))
    assert pack(row).isascii()
    assert unpack(pack(row), headers) == row
    broken = unpack(pack(Row("4", ("x",), problem=RuleBroken("row.broken", "坏"))), headers)
    assert (broken.original, broken.problem and broken.problem.code) == (("x",), "row.broken")
    line = Row("1", '{"内容": "甲"}', (("内容", "甲"),))
    assert unpack(pack(line), None) == line


def test_marks_count_rows_that_are_alike(tmp_path: Path) -> None:
    marks = Marks()
    one, other = Row("1", (), (("a", "x"), ("b", None))), Row("2", (), (("b", " "), ("a", "x ")))
    assert [marks.of(row).rpartition(":")[2] for row in (one, other)] == ["0", "1"]
    assert marks.of(Row("3", (), (("a", "y"),))).endswith(":0")


def test_what_was_said_is_stronger_than_a_name() -> None:
    headers = ["内容", "备注", "备注", "电话"]
    assert slots(headers) == ["内容", "备注", "备注#2", "电话"]
    assert guess(headers, {}) == ["what", "", "", "complainant_phone"]
    said = {"内容": "", "备注": "ref", "备注#2": "what"}
    assert guess(headers, said) == ["", "ref", "what", "complainant_phone"]


def test_a_header_that_says_nothing_is_found_by_its_width(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("转办单;;\n\n甲;乙;丙\n1,2;货没到;3\n", "gb18030")
    found, rows = apart.head(path, {})
    assert found.headers == ["甲", "乙", "丙"]
    assert [unpack(row, found.headers).original for row in rows] == [("1,2", "货没到", "3")]
    with opened(path, Said({"乙": "what"}, found.headers)) as source:
        assert [row.line for row in source.rows] == ["4"]
