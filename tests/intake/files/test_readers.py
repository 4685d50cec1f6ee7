"""Rows out of files as they are: every encoding, delimiter, title, merge, bomb and breakage."""

from __future__ import annotations

import json
import re
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from intake.files import columns, headings
from intake.files.columns import Field
from intake.files.readers import opened
from intake.files.rows import FileRefused, Unreadable
from tests.intake.files.books import read, rewritten, texts, workbook
from tests.shared import DATA

TABLE = "投诉内容,投诉人,电话\n货晚到三天,孙玉梅,13800138000\n\n态度很差𠮷😡,,\n"
ROWS = [
    {"投诉内容": "货晚到三天", "投诉人": "孙玉梅", "电话": "13800138000"},
    {"投诉内容": "态度很差𠮷😡", "投诉人": "", "电话": ""},
]


def refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as caught:
        read(path)
    assert caught.value.message
    return caught.value.code


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_in_every_encoding_and_with_every_delimiter(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    table = TABLE.replace(",", delimiter).replace("\n", end)
    assert texts(written(tmp_path / "a.csv", table, encoding)) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_by_its_mark(tmp_path: Path, encoding: str) -> None:
    assert texts(written(tmp_path / "a.txt", "\ufeff" + TABLE, encoding)) == ROWS


def test_gbk_without_four_byte_characters(tmp_path: Path) -> None:
    table = TABLE.replace("𠮷😡", "")
    assert texts(written(tmp_path / "a.csv", table, "gbk"))[1]["投诉内容"] == "态度很差"


def test_a_file_in_no_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("内容\n".encode() + bytes([0xFF, 0x80, 0xFE, 0xA0]) * 500)
    assert refusal(tmp_path / "a.csv") == "file.encoding"


def test_one_broken_byte_spoils_only_its_row(tmp_path: Path) -> None:
    good = "投诉内容,电话\n" + "货晚到三天,1\n" * 50
    (tmp_path / "a.csv").write_bytes(good.encode() + "坏".encode()[:2] + ",2\n好,3\n".encode())
    rows = read(tmp_path / "a.csv")
    assert len(rows) == 52
    assert rows[-1].named[0][1] == "好"
    assert str(rows[-2].named[0][1]).encode(errors="surrogateescape") == "坏".encode()[:2]


def test_titles_and_blank_lines_before_the_header(tmp_path: Path) -> None:
    table = "2026年11月投诉汇总,,\n,,\n\n制表人:陈,,\n" + TABLE
    path = written(tmp_path / "a.csv", table)
    assert texts(path) == ROWS
    assert [row.line for row in read(path)] == ["6", "8"]


def test_cells_with_line_ends_quotes_and_delimiters(tmp_path: Path) -> None:
    table = '内容,电话\n"第一行,\n""第二行""",1\n下一件,2\n'
    rows = read(written(tmp_path / "a.csv", table))
    assert [row.named[0][1] for row in rows] == ['第一行,\n"第二行"', "下一件"]
    assert [row.line for row in rows] == ["2", "4"]


def test_a_quote_never_closed_spoils_only_its_line(tmp_path: Path) -> None:
    table = '内容,电话\n甲,1\n"乙,2\n丙,3\n"丁"说,4\n戊,5\n'
    rows = read(written(tmp_path / "a.csv", table))
    assert [row.problem.code if row.problem else row.named[0][1] for row in rows] == [
        "甲",
        "row.broken",
        "丙",
        "row.broken",
        "戊",
    ]
    assert rows[1].original == ("", "", '"乙,2')
    assert [row.line for row in rows] == ["2", "3", "4", "5", "6"]


def test_thousands_of_open_quotes_take_no_minute(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "内容,电话\n" + '"乙,2\n丙,3\n' * 2000)
    started = time.process_time()
    rows = read(path)
    assert time.process_time() - started < 20
    assert len(rows) == 4000


def test_one_column_takes_commas_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text\n很差,再也不来\n"贵,慢"\n')
    assert texts(path) == [{"text": "很差,再也不来"}, {"text": "贵,慢"}]


def test_more_cells_than_headers_is_a_problem_with_all_of_them(tmp_path: Path) -> None:
    rows = read(written(tmp_path / "a.csv", "内容,电话\n很差,慢,138\n好,1,,\n"))
    assert rows[0].problem
    assert rows[0].problem.code == "row.too_wide"
    assert rows[0].original == ("很差", "慢", "138")
    assert rows[1].problem is None


def test_the_header_once_more_is_a_problem(tmp_path: Path) -> None:
    assert texts(written(tmp_path / "a.csv", "内容,电话\n差,1\n内容,电话\n")) == [
        {"内容": "差", "电话": "1"},
        {"problem": "row.header_again"},
    ]


def test_guards_against_formulas_are_taken_off(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "内容,电话\n'=1+1,'+8613800138000\n''=x,'普通\n")
    assert [list(row.values()) for row in texts(path)] == [
        ["=1+1", "+8613800138000"],
        ["'=x", "'普通"],
    ]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file.empty"),
        ("a.csv", b"\n\n\n", "file.no_content_column"),
        ("a.csv", b"a,b\n1,2\n", "file.no_content_column"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "file.no_content_column"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.kind"),
        ("a.xls", b"<html><table><tr><td>\xe5\x86\x85\xe5\xae\xb9</td></tr></table>", "file.kind"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 600, "file.broken"),
        ("a.json", b'[{"text": "x"}]', "file.kind"),
        ("a.jsonl", b'{"a": 1}\n', "file.no_content_column"),
        ("a.jsonl", b"not json\n", "file.no_content_column"),
    ],
)
def test_files_that_cannot_be_imported_are_refused(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name) == code


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.csv") == refusal(tmp_path) == "file.missing"


def test_other_archives_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
    assert refusal(tmp_path / "a.zip") == "file.kind"


def test_workbooks_with_types_of_their_own(tmp_path: Path) -> None:
    rows = [
        ["投诉内容", "投诉时间", "电话", "单号"],
        ["货晚到_x000D_\n三天", datetime(2026, 11, 20, 10, 30), 13800138000, 1234567890123456789],
        [None, None, None, None],
        ["态度𠮷😡", None, "13800138000", 123456789012345],
    ]
    first, second = read(workbook(tmp_path / "a.xlsx", rows))
    assert [cell for _name, cell in first.named[:3]] == [
        "货晚到\r\n三天",
        datetime(2026, 11, 20, 10, 30),
        13800138000,
    ]
    assert isinstance(first.named[3][1], Unreadable)
    assert second.line == "4"
    assert second.named[3][1] == 123456789012345


@pytest.mark.parametrize("declared", ["A1:A1", "A1", "C3:C4", "A1:B99999"])
def test_a_wrong_dimension_loses_no_row(tmp_path: Path, declared: str) -> None:
    path = workbook(tmp_path / "a.xlsx", [["内容", "电话"], *([f"第{n}件", n] for n in range(500))])
    rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('ref="A1:B501"', f'ref="{declared}"'),
    )
    assert len(read(path)) == 500


def test_formulas_count_with_their_value_and_not_without(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", [["内容", "电话"], ["=A9&B9", 1], ["有值", "=1+1"], ["#REF!", 3]]
    )
    rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r"<f>1\+1</f><v ?/?>(</v>)?", "<f>1+1</f><v>2</v>", xml),
    )
    cells = [[cell for _name, cell in row.named] for row in read(path)]
    assert isinstance(cells[0][0], Unreadable)
    assert cells[0][0].shown == "=A9&B9"
    assert cells[1] == ["有值", 2]
    assert isinstance(cells[2][0], Unreadable)


def test_merged_headers_in_two_rows_under_a_merged_title(tmp_path: Path) -> None:
    rows = [
        ["2026年投诉汇总", None, None, None],
        [],
        ["投诉内容", "客户", None, "分公司"],
        [None, "姓名", "电话", None],
        ["晚到", "孙玉梅", "138", "无锡"],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, merge=["A1:D1", "A3:A4", "B3:C3", "D3:D4"])
    assert texts(path) == [{"投诉内容": "晚到", "姓名": "孙玉梅", "电话": "138", "分公司": "无锡"}]


def test_cells_merged_over_rows_count_for_each_but_one_content_is_one_complaint(
    tmp_path: Path,
) -> None:
    rows = [
        ["分公司", "内容", "电话"],
        ["无锡", "甲", "1"],
        [None, "乙", "2"],
        [None, None, "3"],
        ["苏州", "丙", "4"],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, merge=["A2:A4", "B3:B4"])
    assert [list(row.values()) for row in texts(path)] == [
        ["无锡", "甲", "1"],
        ["无锡", "乙", "2"],
        ["无锡", "", "3"],
        ["苏州", "丙", "4"],
    ]


def test_every_sheet_with_a_content_column_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    def more(book: openpyxl.Workbook, _sheet: Any) -> None:
        second = book.create_sheet("二月")
        second.append(["内容", "电话"])
        second.append(["乙", 2])
        book.create_sheet("说明").append(["填表须知"])
        book.create_sheet("空表")

    path = workbook(tmp_path / "a.xlsx", [["内容", "电话"], ["甲", 1]], more=more)
    with opened(path) as source:
        assert [(row.line, row.named[0][1]) for row in source.rows] == [
            ("Sheet!2", "甲"),
            ("二月!2", "乙"),
        ]
        assert len(source.notes) == 1
        assert "说明" in source.notes[0]


def test_sheets_with_different_headers_are_refused(tmp_path: Path) -> None:
    def more(book: openpyxl.Workbook, _sheet: Any) -> None:
        book.create_sheet("二月").append(["电话", "投诉内容"])

    assert (
        refusal(workbook(tmp_path / "a.xlsx", [["内容", "电话"]], more=more))
        == "file.different_headers"
    )


def test_a_stray_cell_far_away_costs_neither_memory_nor_rows(tmp_path: Path) -> None:
    def more(_book: Any, sheet: Any) -> None:
        sheet["XFD30000"] = "x"

    path = workbook(tmp_path / "a.xlsx", [["内容"], ["甲"]], more=more)
    assert texts(path) == [{"内容": "甲"}, {"problem": "row.too_wide"}]


def test_workbooks_that_count_from_1904_say_so(tmp_path: Path) -> None:
    def more(book: openpyxl.Workbook, _sheet: Any) -> None:
        book.epoch = CALENDAR_MAC_1904

    with opened(workbook(tmp_path / "a.xlsx", [["内容"], ["甲"]], more=more)) as source:
        assert source.since_1904


def test_bombs_are_refused_before_they_are_opened(tmp_path: Path) -> None:
    path = workbook(tmp_path / "ratio.xlsx", [["内容"], ["甲"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.bin", b"\0" * 20_000_000)
    assert refusal(path) == "file.bomb"
    path = workbook(tmp_path / "size.xlsx", [["内容"], ["甲"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/media/a.bin", b"\0" * 101 * 1024 * 1024)
        archive.writestr("xl/media/b.bin", bytes(range(256)) * 4)
    assert refusal(path) == "file.bomb"


def test_entities_that_unfold_are_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["内容"], ["甲"]])
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: laughs + xml.replace(">", ">&b;", 1))
    assert refusal(path) == "file.broken"


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.99])
def test_half_a_workbook_is_refused(tmp_path: Path, keep: float) -> None:
    path = workbook(tmp_path / "a.xlsx", [["内容"], *([f"第{n}件"] for n in range(300))])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    assert refusal(path) == "file.broken"


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_sheet_in_a_whole_workbook_is_refused(tmp_path: Path, packing: int) -> None:
    path = workbook(tmp_path / "a.xlsx", [["内容"], *([f"第{n}件"] for n in range(300))])
    part = "xl/worksheets/sheet1.xml"
    rewritten(path, part, lambda xml: xml, packing=packing)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(part)
    content = bytearray(path.read_bytes())
    middle = info.header_offset + info.compress_size // 2
    content[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(content)
    assert refusal(path) == "file.broken"


def test_a_merged_range_beyond_all_sheets_is_refused(tmp_path: Path) -> None:
    merged = f'<mergeCells><mergeCell ref="A1:A{"9" * 5000}"/></mergeCells>'
    path = workbook(tmp_path / "a.xlsx", [["内容"], ["甲"]])
    end = "</sheetData>"
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(end, end + merged))
    assert refusal(path) == "file.broken"


def test_json_lines_one_by_one(tmp_path: Path) -> None:
    lines = [
        '{"text": "甲", "phone": 13800138000, "order_no": 1.38E+10}',
        "",
        '{"text": "乙"',
        "[1]",
        '{"text": "丙", "text": "丁"}',
        '{"text": NaN}',
        '{"text": ["戊"]}',
        '{"text": "己", "extra": {"a": 1}}',
        "[" * 100_000,
        '{"text": ' + "9" * 5000 + "}",
    ]
    content = "\ufeff" + "\r\n".join(lines)
    (tmp_path / "a.jsonl").write_bytes(content.encode() + b'\n{"text": "\xff"}\n')
    rows = read(tmp_path / "a.jsonl")
    assert [row.problem.code if row.problem else "" for row in rows] == [
        "",
        "row.json",
        "row.not_an_object",
        "row.duplicate_key",
        "row.json",
        "",
        "",
        "row.json",
        "row.json",
        "row.encoding",
    ]
    assert [row.line for row in rows] == ["1", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    assert [row.original for row in rows[:-1]] == [line for line in lines if line]
    assert rows[0].named == (("text", "甲"), ("phone", 13800138000), ("order_no", "1.38E+10"))
    assert isinstance(rows[5].named[0][1], Unreadable)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("投诉内容(必填)", Field.WHAT),
        ("*电话", Field.PHONE),
        ("Order_No.", Field.ORDER_NO),
        ("运 单 号", Field.ORDER_NO),
        ("受理时间:", Field.RECEIVED_AT),
        ("RECEIVED AT", Field.RECEIVED_AT),
        ("诉求", Field.REMEDY),
        ("诉求内容", Field.WHAT),
        ("工单号", Field.REF),
        ("单号", Field.ORDER_NO),
        ("序号", None),
        ("id", None),
        ("label", None),
        ("", None),
    ],
)
def test_what_headers_mean(header: str, found: Field | None) -> None:
    assert columns.meaning(header) == found


def test_no_name_means_two_things() -> None:
    names = [headings.plain(name) for names in columns.NAMES.values() for name in names]
    assert len(names) == len(set(names))


def test_the_corpus_is_read_whole() -> None:
    path = DATA / "corpus/seed_corpus.jsonl"
    rows = read(path)
    lines = path.read_text("utf-8").splitlines()
    assert len(rows) == len(lines) == 3000
    assert not any(row.problem for row in rows)
    assert [dict(row.named)["text"] for row in rows] == [json.loads(line)["text"] for line in lines]


SHEETS = sorted(path for path in (DATA / "sheets").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_horror_is_read_or_refused_with_a_sentence(path: Path) -> None:
    try:
        rows = read(path)
    except FileRefused as refused:
        assert len(refused.message) > 5  # noqa: PT017
    else:
        assert path.name in {"large.xlsx", "sw_gen.xlsx"}
        assert len(rows) == {"large.xlsx": 0, "sw_gen.xlsx": 15}[path.name]
