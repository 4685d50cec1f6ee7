"""The workbook and the text file, cell by cell; nothing in them is ever calculated."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
import time_machine
from django.test import Client
from openpyxl.worksheet.worksheet import Worksheet

from reports.rankings import weekly
from reports.text_file import inert
from staff import branches
from staff.models import Branch, BranchKind
from tests.conftest import Cast
from tests.reports.conftest import CUT_OFF, WEEK, WUXI, Played, Settled

APART = ["超时", "尽力未达", "无法联系", "不适用", "计入分拣", "进行中"]
HEADER = ["名次", "分公司", "代码", "得分", "投诉"]
for _clock in ("致歉", "反馈", "整改单", "回访"):
    HEADER += [f"{_clock}及时率", f"{_clock}按时", f"{_clock}按时+超时"]
    HEADER += [f"{_clock}{outcome}" for outcome in APART]
HEADER += ["满意度", "满意", "接通", "接通率", "打过电话", "补偿（元）", "补偿笔数"]


def download(cast: Cast, ending: str) -> Any:
    client = Client()
    with time_machine.travel(CUT_OFF, tick=False):
        client.force_login(cast.wang)
        response = client.get(f"/rankings/weekly.{ending}", {"week": str(WEEK)})
    assert response.status_code == 200
    return response


def workbook(cast: Cast) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(download(cast, "xlsx").content))


def lines(cast: Cast) -> list[list[str]]:
    text = download(cast, "csv").content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def by_label(sheet: Worksheet, row: int) -> dict[str, Any]:
    across = range(1, len(HEADER) + 1)
    return {str(sheet.cell(2, n).value): sheet.cell(row, n).value for n in across}


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
def test_a_file_has_a_chinese_name(played: Played, cast: Cast, ending: str, kind: str) -> None:
    response = download(cast, ending)
    assert response["Content-Type"] == kind
    disposition = response["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''")
    assert unquote(disposition.split("''")[1]) == f"周排名 2026-W47.{ending}"


def test_the_workbook_cell_by_cell(played: Played, settled: Settled, cast: Cast) -> None:
    settled(cast.lanzhou, 3)
    sheet = workbook(cast)["周排名"]
    assert sheet["A1"].value == (
        "周排名 2026 年第 47 周（11-16 至 11-22） 制表时间 2026-11-24 12:00"
    )
    assert [cell.value for cell in sheet[2]] == HEADER
    assert sheet.max_row == 2 + 3
    assert sheet.freeze_panes == "C3"

    assert [sheet.cell(row, 2).value for row in (3, 4, 5)] == [
        "兰州分公司", "无锡分公司", "苏州分公司",
    ]  # fmt: skip
    wuxi = by_label(sheet, 4)
    assert (wuxi["名次"], wuxi["代码"], wuxi["得分"], wuxi["投诉"]) == (2, "WUX", 60.67, 5)
    expected = {"致歉": ("apology", 2 / 3), "反馈": ("result", 3 / 4), "整改单": ("sheet", 1 / 2),
                "回访": ("callback", 2 / 3)}  # fmt: skip
    for label, (kind, rate) in expected.items():
        assert wuxi[f"{label}及时率"] == pytest.approx(rate, abs=1e-12)
        assert wuxi[f"{label}按时"] == WUXI[f"{kind}_met"]
        assert wuxi[f"{label}按时+超时"] == WUXI[f"{kind}_decided"]
        names = ["breached", "attempted", "unreachable", "na", "charged", "running"]
        for outcome, name in zip(APART, names, strict=True):
            assert wuxi[f"{label}{outcome}"] == WUXI.get(f"{kind}_{name}", 0)
    assert (wuxi["满意度"], wuxi["满意"], wuxi["接通"]) == (0.5, 1, 2)
    assert wuxi["接通率"] == pytest.approx(2 / 3, abs=1e-12)
    assert (wuxi["打过电话"], wuxi["补偿（元）"], wuxi["补偿笔数"]) == (3, 650.5, 2)

    suzhou = by_label(sheet, 5)
    assert suzhou["名次"] == "样本不足"
    assert suzhou["得分"] is None
    assert (suzhou["致歉及时率"], suzhou["满意度"], suzhou["接通率"]) == (None, None, None)
    assert suzhou["致歉按时"] == 0


def test_numbers_are_numbers_with_their_formats(played: Played, cast: Cast) -> None:
    sheet = workbook(cast)["周排名"]
    formats = {HEADER[n]: sheet.cell(3, n + 1).number_format for n in range(len(HEADER))}
    assert formats["致歉及时率"] == formats["满意度"] == "0.0%"
    assert formats["补偿（元）"] == "#,##0.00"
    assert formats["得分"] == "0.00"
    for n, label in enumerate(HEADER, start=1):
        cell = sheet.cell(3, n)
        assert cell.data_type == ("s" if label in {"分公司", "代码"} else "n"), label
        assert cell.font.name == "Microsoft YaHei"
        assert sheet.column_dimensions[cell.column_letter].width >= 7
    assert sheet.column_dimensions["B"].width >= 20


def test_the_second_sheet_says_how_it_is_calculated(played: Played, cast: Cast) -> None:
    book = workbook(cast)
    assert book.sheetnames == ["周排名", "口径"]
    said = {row[0].value: row[1].value for row in book["口径"].iter_rows()}
    assert {"周", "归属", "及时率", "满意度", "接通率", "得分", "样本不足"} <= set(said)
    assert "致歉及时率 × 10" in said["得分"]
    assert "满意度 × 15" in said["得分"]
    assert "3 件" in said["样本不足"]


ODD = ["=1+1", "+1", "-1", "@SUM(A1)", "\tTab", "\r回车", "\n换行", "\uff1d1+1", "\uff0b1",
       "\uff0d1", "\uff20x"]  # fmt: skip


@pytest.fixture
def odd_branches(cast: Cast) -> list[str]:
    for number, name in enumerate(ODD):
        branches.save(
            Branch(code=f"-{number}", name=name, kind=BranchKind.BRANCH, parent=cast.east)
        )
    return ODD


def test_a_spreadsheet_calculates_nothing_from_the_text_file(
    odd_branches: list[str], cast: Cast
) -> None:
    table = lines(cast)
    names = {row[1] for row in table[1:]}
    assert {f"'{name}" for name in odd_branches} <= names
    triggers = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not [cell for row in table for cell in row if cell.startswith(triggers)]


@pytest.mark.parametrize("text", ["无锡分公司", "", "1+1", "a=b", "'x", "12345", "—"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_the_workbook_keeps_text_as_text(odd_branches: list[str], cast: Cast) -> None:
    sheet = workbook(cast)["周排名"]
    found = {cell.value: cell.data_type for cell in sheet["B"][2:]}
    assert {found[name] for name in odd_branches if "\r" not in name} == {"s"}
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


def test_the_text_file_line_by_line(played: Played, cast: Cast) -> None:
    content = download(cast, "csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    header, wuxi, lanzhou, suzhou = lines(cast)
    assert header == HEADER
    said = dict(zip(header, wuxi, strict=True))
    assert (said["名次"], said["分公司"], said["得分"]) == ("1", "无锡分公司", "60.67")
    assert (said["致歉及时率"], said["致歉按时"], said["致歉按时+超时"]) == ("66.67%", "2", "3")
    assert (said["满意度"], said["接通率"]) == ("50.00%", "66.67%")
    assert (said["补偿（元）"], said["补偿笔数"]) == ("650.50", "2")
    assert [row[0] for row in (lanzhou, suzhou)] == ["样本不足", "样本不足"]
    assert dict(zip(header, suzhou, strict=True))["致歉及时率"] == ""


def test_both_files_and_the_page_say_the_same(played: Played, cast: Cast) -> None:
    sheet = workbook(cast)["周排名"]
    ranking = weekly(WEEK, at=CUT_OFF)
    for row, line, number in zip(ranking.rows, lines(cast)[1:], range(3, 99), strict=False):
        cells = by_label(sheet, number)
        assert cells["分公司"] == line[1] == row.branch.name
        assert cells["投诉"] == float(line[4]) == row.complaints
