"""Importing a file: each row becomes one case once, or is set aside whole with its reason."""

from __future__ import annotations

import csv
import io
import json
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from complaints.models import Category, Channel, Clock, Complaint, Event, Severity
from intake.files.readers import opened
from intake.files.rows import FileRefused
from intake.imports import importing
from intake.imports.importing import AlreadyIn, Order, Registered, SetAside, run
from staff.models import Person
from tests.conftest import MONDAY, Cast
from tests.intake.files.books import rewritten, workbook
from tests.shared import DATA

SHANGHAI = ZoneInfo("Asia/Shanghai")

pytestmark = pytest.mark.django_db


def bring_in(path: Path, **options: Any) -> tuple[str, str]:
    """The last line on stdout, and all of stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "import_complaints", str(path), stdout=out, stderr=err, **{"channel": "heimao", **options}
    )
    return out.getvalue().strip().splitlines()[-1], err.getvalue()


def counts(registered: int, skipped: int, aside: int) -> str:
    return f"registered {registered}, skipped as already in {skipped}, set aside {aside}"


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


def verdicts(path: Path, cast: Cast, *, at: datetime = MONDAY, **order: Any) -> list[str]:
    """`in`, `again` or the code of why not, for each row."""
    with opened(path) as source:
        found = run(
            source,
            Order(**{"channel": Channel.P12345, "by": cast.chen, **order}),
            clock=lambda: at,
        )
        return [
            {Registered: "in", AlreadyIn: "again"}.get(type(verdict))
            or getattr(verdict, "code", "")
            for _row, verdict in found
        ]


def yesterday(clock: str = "10:30") -> str:
    return f"{timezone.localtime() - timedelta(days=1):%Y-%m-%d} {clock}"


def test_a_row_becomes_a_case_with_all_it_says(tmp_path: Path, cast: Cast) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [
            [
                "工单号",
                "投诉内容",
                "受理时间",
                "投诉人",
                "电话",
                "运单号",
                "类别",
                "严重程度",
                "分公司",
                "诉求",
                "匿名",
                "备注",
            ],
            [
                "W1",
                "货晚到三天\n没人管",
                datetime(2026, 11, 16, 10, 30),
                "孙玉梅",
                13800138000.0,
                "YD0001",
                "派送延误",
                "重大",
                "兰州分公司",
                "赔偿",
                "否",
                "急",
            ],
        ],
    )
    assert verdicts(path, cast) == ["in"]
    case = Complaint.objects.get()
    assert case.submission_key == "import:p12345:ref:W1"
    assert (case.channel, case.what) == (Channel.P12345, "货晚到三天\n没人管")
    assert case.received_at == datetime(2026, 11, 16, 10, 30, tzinfo=SHANGHAI)
    assert case.entered_at == MONDAY
    assert (case.complainant_name, case.complainant_phone) == ("孙玉梅", "13800138000")
    assert (case.phone_key, case.order_no) == ("+8613800138000", "YD0001")
    assert (case.category, case.severity) == (cast.late_goods, Severity.CRITICAL)
    assert (case.concerned_branch, case.remedy_sought) == (cast.lanzhou, "赔偿")
    assert not case.anonymous
    assert case.owner == case.first_receiver == case.entered_by == cast.chen
    assert Clock.objects.filter(complaint=case).count() == 4
    assert Event.objects.filter(complaint=case, kind="register").count() == 1


def test_what_a_row_leaves_out_is_filled_by_the_rule(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(
        tmp_path / "a.csv", "内容;电话", "说好今天送,没送", "东西坏了;无", "态度差;138"
    )
    assert verdicts(path, cast, branch=cast.wuxi) == ["in"] * 3
    late, broken, rude = Complaint.objects.order_by("pk")
    assert (late.category, broken.category.code, rude.category) == (
        cast.late_goods,
        "other",
        cast.rude,
    )
    assert [case.anonymous for case in (late, broken, rude)] == [True, True, False]
    assert late.received_at == MONDAY
    assert late.severity == Severity.MINOR
    assert late.concerned_branch == cast.wuxi


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("类别", "天气", "category.unknown"),
        ("分公司", "火星分公司", "concerned_branch.unknown"),
        ("严重程度", "严重", "severity.unknown"),
        ("匿名", "也许", "anonymous.unclear"),
        ("受理时间", "昨天", "received_at.unclear"),
        ("受理时间", "2026-11-16 12:01", "received_at.future"),
        ("受理时间", "2019-01-01", "received_at.too_old"),
        ("电话", "1.38E+10", "complainant_phone.digits_lost"),
        ("运单号", "4.5E+14", "order_no.digits_lost"),
        ("姓名", "名" * 61, "text.too_long"),
        ("电话", "1" * 41, "text.too_long"),
        ("姓名", "张\x00三", "text.nul"),
        ("诉求", "响\x07", "text.control"),
        ("工单号", "W" * 101, "text.too_long"),
        ("匿名", "否", "complainant.missing"),
    ],
)
def test_a_row_not_understood_is_set_aside_and_the_next_is_taken(
    tmp_path: Path, cast: Cast, header: str, cell: str, code: str
) -> None:
    path = write_csv(tmp_path / "a.csv", f"投诉内容,{header}", f"货晚到,{cell}", "货坏了,")
    assert verdicts(path, cast) == [code, "in"]
    assert Complaint.objects.get().what == "货坏了"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("", "what.blank"),
        ("\u200b", "what.blank"),
        ("长" * 10_001, "text.too_long"),
        ("a\x00", "text.nul"),
        ("\ud83d", "text.surrogate"),
        ([1], "cell.unreadable"),
        (None, "what.blank"),
    ],
)
def test_content_that_cannot_be_stored_is_set_aside(
    tmp_path: Path, cast: Cast, what: Any, code: str
) -> None:
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"text": what, "phone": "1"}) + '\n{"text": "𠮷😡", "phone": ""}\n'
    )
    assert verdicts(tmp_path / "a.jsonl", cast) == [code, "in"]
    assert Complaint.objects.get().what == "𠮷😡"


def test_branches_and_categories_by_code_and_name(tmp_path: Path, cast: Cast) -> None:
    Category.objects.create(code="rude-2", name="态度生硬", parent=cast.late_goods.parent)
    Category.objects.create(code="old", name="旧类别", is_active=False)
    path = write_csv(
        tmp_path / "a.csv",
        "内容,分公司,类别",
        "1,lz,late-delivery",
        "2,LZ,时效延误 / 派送延误",
        "3,兰州分公司,派送延误",
        "4,,态度生硬",
        "5,,旧类别",
        "6,,时效延误/态度生硬",
    )
    assert verdicts(path, cast) == ["in", "in", "in", "category.unknown", "category.unknown", "in"]
    assert set(
        Complaint.objects.filter(concerned_branch=cast.lanzhou).values_list("category", flat=True)
    ) == {cast.late_goods.pk}


def test_the_same_file_again_makes_no_second_case(tmp_path: Path, cast: Cast) -> None:
    rows = [
        ["内容", "电话", "日期"],
        ["晚到", 138, "2026-11-15"],
        ["晚到", 138, "2026-11-15"],
        ["坏了", None, None],
    ]
    path = workbook(tmp_path / "a.xlsx", rows)
    assert verdicts(path, cast) == ["in"] * 3
    assert verdicts(path, cast, at=MONDAY + timedelta(days=1)) == ["again"] * 3
    other = write_csv(
        tmp_path / "b.csv", "日期,内容,电话,空", "2026-11-15,晚到,138,", ",坏了,,", ",坏了,,"
    )
    assert verdicts(other, cast) == ["again", "again", "in"]
    assert Complaint.objects.count() == 4


def test_the_same_rows_by_another_channel_are_other_complaints(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(tmp_path / "a.csv", "内容", "晚到")
    assert verdicts(path, cast) == ["in"]
    assert verdicts(path, cast, channel=Channel.HEIMAO) == ["in"]


def test_an_outside_number_is_one_case_and_never_hides_another(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(
        tmp_path / "a.csv", "工单号,内容,电话", "7,晚到,1", "7,晚到,2", "7,坏了,3", ",晚到,4"
    )
    for rehearsal in (True, False):
        assert verdicts(path, cast, rehearsal=rehearsal) == ["in", "again", "ref.in_use", "in"]
    later = write_csv(tmp_path / "b.csv", "编号,内容", "7,晚到", "7.0,又来了")
    assert verdicts(later, cast) == ["again", "in"]
    assert verdicts(write_csv(tmp_path / "c.csv", "编号,内容", "7,另一件"), cast) == ["ref.in_use"]


def test_an_error_nobody_foresaw_stops_only_its_row(
    tmp_path: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(cell: Any) -> Any:
        if cell == "炸":
            raise ZeroDivisionError("x")
        return Severity.MINOR

    monkeypatch.setattr(importing.values, "severity", fails)
    path = write_csv(tmp_path / "a.csv", "内容,级别", "1,一般", "2,炸", "3,一般")
    assert verdicts(path, cast) == ["in", "unexpected", "in"]


def test_a_workbook_that_breaks_off_is_taken_as_far_as_it_goes(tmp_path: Path, cast: Cast) -> None:
    path = workbook(tmp_path / "a.xlsx", [["内容"], *([f"第{n}件"] for n in range(400))])
    rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: xml[: int(len(xml) * 0.9)])
    out = io.StringIO()
    with pytest.raises(CommandError, match="无法读取"):
        call_command("import_complaints", str(path), channel="heimao", stdout=out, stderr=out)
    taken = Complaint.objects.count()
    assert 300 < taken < 400
    assert out.getvalue().strip().endswith(counts(taken, 0, 0))


def test_late_rows_need_quality(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(tmp_path / "a.csv", "内容,日期", "晚到,2026-11-01")
    assert verdicts(path, cast, by=cast.li) == ["received_at.late_entry"]
    assert verdicts(path, cast, by=cast.chen) == ["in"]


def test_the_command_counts_and_names_the_importer(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(
        tmp_path / "a.csv", "内容,备注,日期", f"晚到,x,{yesterday()}", "坏了,y,", "丢了,z,昨天"
    )
    last, err = bring_in(path, branch="wux")
    assert last == counts(2, 0, 1)
    assert "备注" in err
    assert "received_at.unclear: 1" in err
    assert {case.owner for case in Complaint.objects.all()} == {cast.chen}
    assert {case.concerned_branch for case in Complaint.objects.all()} == {cast.wuxi}
    last, _err = bring_in(path, by="WANG")
    assert last == counts(0, 2, 1)


def test_what_is_set_aside_can_be_mended_and_imported(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "内容,电话,类别",
        "晚到,1,",
        '"=HYPERLINK(""x"")",+86 1,天气',
        '"坏',
        "丢了,多,了,一格",
    )
    last, err = bring_in(path)
    aside = tmp_path / "a.csv.set-aside.csv"
    assert last == counts(1, 0, 3)
    assert str(aside) in err
    with aside.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["line", "code", "reason", "内容", "电话", "类别"]
    assert [[row[0], row[1], *row[3:]] for row in rows] == [
        ["3", "category.unknown", '\'=HYPERLINK("x")', "'+86 1", "天气"],
        ["4", "row.broken", "", "", "", '"坏'],
        ["5", "row.too_wide", "丢了", "多", "了", "一格"],
    ]
    assert all(row[2] for row in rows)

    aside.write_text(aside.read_text("utf-8-sig").replace("天气", "派送延误"), "utf-8-sig")
    last, _err = bring_in(aside)
    assert last == counts(1, 0, 2)
    mended = Complaint.objects.get(what__startswith="=")
    assert (mended.what, mended.complainant_phone) == ('=HYPERLINK("x")', "+86 1")
    again = tmp_path / "a.csv.set-aside.csv.set-aside.csv"
    assert "多,了,一格" in again.read_text("utf-8-sig")


def test_no_earlier_set_aside_file_is_overwritten(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(tmp_path / "a.csv", "内容,类别", "晚到,天气")
    first = tmp_path / "a.csv.set-aside.csv"
    bring_in(path)
    bring_in(path)
    assert sorted(tmp_path.iterdir()) == [path, first]
    first.write_text("由人改过", "utf-8")
    bring_in(path)
    assert first.read_text("utf-8") == "由人改过"
    assert "天气" in (tmp_path / "a.csv.set-aside-2.csv").read_text("utf-8")
    assert len(list(tmp_path.iterdir())) == 3


def test_json_lines_are_set_aside_as_they_were(tmp_path: Path, cast: Cast) -> None:
    lines = [
        '{"text":  "晚到",  "category": "天气"}',
        '{"text": "坏',
        '{"text": "好", "category": null}',
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes("\n".join(lines).encode() + b'\n{"text": "\xff\xfe"}')
    last, _err = bring_in(path)
    assert last == counts(1, 0, 3)
    aside = tmp_path / "a.jsonl.set-aside.jsonl"
    found = [json.loads(line) for line in aside.read_text("utf-8").splitlines()]
    assert [(row["line"], row["code"]) for row in found] == [
        ("1", "category.unknown"),
        ("2", "row.json"),
        ("4", "row.encoding"),
    ]
    assert [row["original"] for row in found[:2]] == lines[:2]
    assert found[2]["original"].encode(errors="surrogateescape") == b'{"text": "\xff\xfe"}'
    Category.objects.create(code="weather", name="天气")
    last, _err = bring_in(aside)
    assert last == counts(1, 0, 2)
    last, _err = bring_in(path)
    assert last == counts(0, 2, 2)


def test_broken_bytes_come_out_as_they_went_in(tmp_path: Path, cast: Cast) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("内容\n".encode() + "晚到\n".encode() * 30 + b"\xe6\x99\n")
    last, _err = bring_in(path)
    assert last == counts(30, 0, 1)
    assert (tmp_path / "a.csv.set-aside.csv").read_bytes().endswith(b",\xe6\x99\r\n")


def test_a_rehearsal_counts_the_same_and_leaves_nothing(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "编号,内容,类别",
        "1,晚到,",
        "1,晚到,",
        "2,坏了,天气",
        "2,坏了,",
        ",丢了,",
        ",丢了,",
    )
    rehearsed, _err = bring_in(path, dry_run=True)
    assert list(tmp_path.iterdir()) == [path]
    assert not Complaint.objects.exists()
    assert not Event.objects.exists()
    last, _err = bring_in(path)
    assert rehearsed == last == counts(4, 1, 1)
    assert bring_in(path, dry_run=True)[0] == counts(0, 6, 0)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"channel": "fax"}, "没有渠道 fax.*heimao"),
        ({"branch": "MARS"}, "没有机构 MARS.*WUX"),
        ({"by": "nobody"}, "没有在用的用户 nobody"),
        ({"by": "root"}, "系统管理员不能登记投诉"),
    ],
)
def test_wrong_options_are_answered_clearly(
    tmp_path: Path, cast: Cast, options: dict[str, str], sentence: str
) -> None:
    path = write_csv(tmp_path / "a.csv", "内容", "晚到")
    with pytest.raises(CommandError, match=sentence):
        bring_in(path, **options)
    assert not Complaint.objects.exists()


def test_no_quality_manager_at_headquarters_is_said(tmp_path: Path, cast: Cast) -> None:
    Person.objects.filter(pk=cast.chen.pk).update(is_active=False)
    path = write_csv(tmp_path / "a.csv", "内容", "晚到")
    with pytest.raises(CommandError, match="总部没有在用的品质管理员；请用 --by"):
        bring_in(path)
    assert bring_in(path, by="gao")[0] == counts(1, 0, 0)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"a,b\n1,2\n", "找不到投诉内容这一列"),
        ("a.csv", b"", "是空的"),
        ("b.zip", b"PK\x05\x06", "无法读取"),
    ],
)
def test_files_that_cannot_be_imported_are_answered_clearly(
    tmp_path: Path, cast: Cast, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        bring_in(tmp_path / name)
    with pytest.raises(CommandError, match="打不开文件"):
        bring_in(tmp_path / "nowhere.csv")


def test_set_aside_rows_may_go_elsewhere(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(tmp_path / "a.csv", "内容,类别", "晚到,天气")
    (tmp_path / "out").mkdir()
    bring_in(path, set_aside_to=tmp_path / "out")
    assert (tmp_path / "out/a.csv.set-aside.csv").exists()
    with pytest.raises(CommandError, match="--set-aside-to"):
        bring_in(path, set_aside_to=tmp_path / "nowhere")


def interrupt_at(times: int) -> Callable[[], datetime]:
    """A clock that presses Ctrl-C when it is asked for the n-th time."""
    asked = iter(range(1, 10_000))

    def clock() -> datetime:
        if next(asked) == times:
            signal.raise_signal(signal.SIGINT)
        return timezone.now()

    return clock


def test_after_ctrl_c_the_rest_is_taken(
    tmp_path: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "a.csv", "内容,类别", "0,天气", *(f"第{n}件," for n in range(9)))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with monkeypatch.context() as patch:
        patch.setattr("intake.management.commands.import_complaints.database_now", interrupt_at(5))
        with pytest.raises(CommandError, match="已中断") as caught:
            bring_in(path)
    signal.signal(signal.SIGINT, before)
    assert caught.value.returncode == 130
    assert Complaint.objects.count() == 3
    assert "天气" in (tmp_path / "a.csv.set-aside.csv").read_text("utf-8")
    assert bring_in(path)[0] == counts(6, 3, 1)


def test_three_hundred_real_complaints(tmp_path: Path, cast: Cast) -> None:
    with (DATA / "corpus/seed_corpus.jsonl").open("rb") as file:
        lines = [next(file) for _ in range(300)]
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"".join(lines))
    started = time.process_time()
    last, err = bring_in(path)
    assert time.process_time() - started < 30
    assert last == counts(300, 0, 0)
    assert "已处理 200 行" in err
    assert set(Complaint.objects.values_list("what", flat=True)) == {
        json.loads(x)["text"].strip() for x in lines
    }
    assert set(Complaint.objects.values_list("anonymous", flat=True)) == {True}
    assert bring_in(path)[0] == counts(0, 300, 0)


SHEETS = sorted(path for path in (DATA / "sheets").rglob("*") if path.is_file())


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_horror_is_imported_or_refused(path: Path, tmp_path: Path, cast: Cast) -> None:
    try:
        with opened(path) as source:
            rows = sum(1 for _row in source.rows)
    except FileRefused:
        with pytest.raises(CommandError):
            bring_in(path, set_aside_to=tmp_path)
    else:
        last, _err = bring_in(path, set_aside_to=tmp_path)
        assert sum(int(part.split()[-1]) for part in last.split(",")) == rows


def test_verdicts_say_which_case(tmp_path: Path, cast: Cast) -> None:
    path = write_csv(tmp_path / "a.csv", "内容", "晚到")
    order = Order(channel=Channel.PHONE, by=cast.li)
    for kind in (Registered, AlreadyIn):
        with opened(path) as source:
            ((_row, verdict),) = run(source, order, clock=lambda: MONDAY)
        assert verdict == kind(Complaint.objects.get().no)
    assert SetAside("a", "b") != SetAside("a", "c")
