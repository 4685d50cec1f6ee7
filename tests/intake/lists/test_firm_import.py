"""Lists of people, branches and volumes: previewed line by line, written as previewed or not."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection

from common.errors import Conflict, NotAllowed, RuleBroken
from intake.lists import firm_import
from intake.lists.lines import Preview
from intake.models import Kind, Upload
from staff import branches, people
from staff.models import Branch, BusinessVolume, Person, Post, Role
from tests.conftest import MONDAY, Cast
from tests.intake.files.books import workbook
from tests.shared import DATA
from tests.staff.moving import vacate
from tests.staff.test_pages import enter

DAY = timedelta(days=1)
HEAD = "用户名,姓名,角色,机构,电话,邮箱,任职日期"

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(cast: Cast) -> Callable[..., Upload]:
    def _keep(*lines: str, kind: Kind = Kind.PEOPLE, by: Person | None = None) -> Upload:
        told = ("\n".join(lines) + "\n").encode("utf-8-sig")
        return firm_import.upload(kind, "表.csv", told, by=by or cast.root, at=MONDAY)

    return _keep


Keep = Callable[..., Upload]


def look(kept: Upload) -> Preview:
    return firm_import.preview(kept, by=kept.by, at=MONDAY)


def told(shown: Preview) -> list[tuple[str, str, str]]:
    """Line, verdict, and what would change or why not."""
    return [
        (each.line, each.verdict.value, each.reason or " ".join(
            f"{change.label}:{change.old}>{change.new}" for change in each.changes
        ))
        for each in shown.lines
    ]  # fmt: skip


def confirm(kept: Upload, digest: str | None = None) -> dict[str, int]:
    return firm_import.confirm(kept.pk, digest or look(kept).digest, by=kept.by, at=MONDAY)


def test_a_list_of_people_says_line_by_line_what_it_would_do(cast: Cast, keep: Keep) -> None:
    branches.close(cast.suzhou.pk, since=MONDAY, by=cast.root, at=MONDAY)
    Person.objects.filter(pk=cast.ma.pk).update(is_active=False)
    kept = keep(
        HEAD,
        "neu,新人,客服专员,无锡分公司,13800138000,neu@example.com,2026-11-01",
        "li,李静怡,,,,,",
        "WANG,王强,主管,WUX,,wang@example.com,",
        "zhao,,主管,,,,2026-12-01",
        "neu,又一个,一线,WUX,,,",
        "a b,坏,一线,WUX,,,",
        "x1,,一线,WUX,,,",
        "x2,甲,店长,WUX,,,",
        "x3,甲,一线,火星,,,",
        "x4,甲,一线,SUZ,,,",
        "x5,甲,一线,,,,",
        "x6,甲,一线,WUX,,@@,",
        "x7,甲,一线,WUX,,,2027-01-01",
        "x8,甲,一线,WUX,1.38E+10,,",
        "ma,马兰,,,,,",
        "root,,一线,WUX,,,",
        ",甲,一线,WUX,,,",
        "x9,甲,一线,WUX,,,明天",
    )
    before = Person.objects.count()
    rows = told(look(kept))
    assert rows[:4] == [
        ("2", "new", "姓名:>新人 电话:>13800138000 邮箱:>neu@example.com 角色:>一线"
         " 机构:>无锡分公司 生效时间:>2026-11-01 00:00"),
        ("3", "changed", "姓名:李静>李静怡"),
        ("4", "unchanged", ""),
        ("5", "changed", "角色:一线>主管 生效时间:>2026-12-01 00:00"),
    ]  # fmt: skip
    why = [
        "与第 2 行重复", "只能用字母", "请填写姓名", "没有“店长”这个角色", "没有“火星”这个机构",
        "由“华东平台”接手", "要写机构", "邮", "不能晚于现在", "后面的数字已经丢失", "已经停用",
        "最后一名系统管理员", "没有写用户名", "看不懂日期“明天”",
    ]  # fmt: skip
    assert [verdict for _line, verdict, _why in rows[4:]] == ["refused"] * len(why)
    for (line, _verdict, reason), words in zip(rows[4:], why, strict=True):
        assert words in reason, line
    assert Person.objects.count() == before


@pytest.mark.parametrize("kind", Kind)
def test_a_list_that_is_too_long_is_refused_whole(cast: Cast, keep: Keep, kind: Kind) -> None:
    key = {Kind.PEOPLE: "用户名", Kind.BRANCHES: "代码", Kind.VOLUMES: "业务量"}[kind]
    by = cast.chen if kind == Kind.VOLUMES else cast.root
    with pytest.raises(RuleBroken, match="20000") as refused:
        keep(f"{key},别的", *["1,"] * (firm_import.MOST + 1), kind=kind, by=by)
    assert (refused.value.code, refused.value.field) == ("file.too_many_rows", "file")


def test_what_is_confirmed_is_what_was_shown(cast: Cast, keep: Keep) -> None:
    kept = keep(
        HEAD,
        "neu,新人,一线,WUX,13800138000,,2026-11-01",
        "li,李静怡,,,,,",
        "zhao,,主管,NW,,,2026-12-01",
        "x,,,,,,",
    )
    assert confirm(kept) == {"new": 1, "changed": 2, "unchanged": 0, "refused": 1}
    neu = Person.objects.get(username="neu")
    assert (neu.name, neu.phone, neu.branch, neu.has_usable_password()) == (
        "新人", "13800138000", cast.wuxi, False,
    )  # fmt: skip
    post = Post.objects.get(person=neu)
    assert (post.is_current, post.by, post.since) == (True, cast.root, MONDAY - 15.5 * DAY)
    assert Person.objects.get(pk=cast.li.pk).name == "李静怡"
    assert Person.objects.get(pk=cast.zhao.pk).role == Role.FRONTLINE
    assert people.take_up_posts(MONDAY + 20 * DAY) == 1
    assert Person.objects.get(pk=cast.zhao.pk).branch == cast.northwest
    kept.refresh_from_db()
    assert (bytes(kept.content), kept.confirmed_at) == (b"", MONDAY)
    with pytest.raises(Conflict, match="已经导入过"):
        firm_import.confirm(kept.pk, "x", by=cast.root, at=MONDAY)


def test_nothing_is_written_when_the_house_has_changed_since(cast: Cast, keep: Keep) -> None:
    kept = keep(HEAD, "neu,新人,一线,WUX,,,", "li,李静怡,,,,,")
    seen = look(kept).digest
    people.describe(cast.li.pk, people.Details("李静", phone="1"), by=cast.root)
    assert look(kept).digest == seen  # the phone is no matter of the file
    people.describe(cast.li.pk, people.Details("李婧"), by=cast.root)
    with pytest.raises(Conflict, match="有了变化"):
        confirm(kept, seen)
    assert not Person.objects.filter(username="neu").exists()
    confirm(kept)
    assert Person.objects.filter(username="neu").exists()


def test_a_write_that_fails_half_way_leaves_nothing(
    cast: Cast, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(HEAD, "neu,新人,一线,WUX,,,", "zhao,,主管,,,,")

    def fail(*_: Any, **__: Any) -> None:
        raise RuleBroken("post.same", "")

    with monkeypatch.context() as patch:
        patch.setattr(people, "appoint", fail)
        with pytest.raises(RuleBroken):
            confirm(kept)
    assert not Person.objects.filter(username="neu").exists()
    kept.refresh_from_db()
    assert kept.confirmed_at is None


def test_a_later_upload_takes_the_place_of_the_first(cast: Cast, keep: Keep) -> None:
    first = keep(HEAD, "neu,新人,一线,WUX,,,")
    keep(HEAD, "neu2,新人,一线,WUX,,,")
    first.refresh_from_db()
    with pytest.raises(Conflict, match="代替"):
        look(first)


def test_a_list_of_branches_is_taken_in_any_order(cast: Cast, keep: Keep) -> None:
    vacate(cast, cast.lanzhou, cast.northwest, at=MONDAY)
    branches.close(cast.lanzhou.pk, since=MONDAY, by=cast.root, at=MONDAY)
    kept = keep(
        "代码,名称,类别,上级,城市,生效日期",
        "CZ1,常州一部,网点,CZX,常州,",
        "CZX,常州分公司,分公司,SOUTH,常州,",
        "SOUTH,华南平台,平台,HQ,广州,2026-11-01",
        "WUX,太湖分公司,,华南平台,无锡,",
        "SUZ,苏州分公司,分公司,EAST,,",
        "suz,苏州,,,,",
        "X1,无上级,分公司,,,",
        "X2,错上级,分公司,火星,,",
        "X3,苏州分公司,分公司,EAST,,",
        "X 4,坏代码,分公司,EAST,,",
        "HQ2,总部二,总部,HQ,,",
        "EAST,,分公司,,,",
        "LZ,兰州,,,,",
        "EAST2,,,WUX,,",
        kind=Kind.BRANCHES,
    )
    before = Branch.objects.count()
    rows = told(look(kept))
    assert Branch.objects.count() == before
    assert [verdict for _line, verdict, _why in rows] == [
        *["new"] * 3, "changed", "unchanged", *["refused"] * 9,
    ]  # fmt: skip
    assert rows[3][2] == (
        "名称:无锡分公司>太湖分公司 上级:华东平台>华南平台 城市:>无锡 生效时间:>确认时"
    )
    why = ["与第 6 行重复", "要写上级", "没有“火星”", "已经有叫这个名称", "只能用字母",
           "只能有一个", "类别不能改", "由“西北平台”接手", "请填写机构名称"]  # fmt: skip
    for (line, _verdict, reason), words in zip(rows[5:], why, strict=True):
        assert words in reason, line
    confirm(kept)
    made = Branch.objects.get(code="CZ1")
    assert [b.code for b in (made.parent, made.parent.parent)] == ["CZX", "SOUTH"]
    wuxi = Branch.objects.get(code="WUX")
    assert (wuxi.name, wuxi.parent.code, wuxi.city) == ("太湖分公司", "SOUTH", "无锡")


VOLUMES = [
    ("业务量", "9600", 9600), ("业务量（单）", "9,600", 9600), ("业务量（万单）", "0.96", 9600),
    ("单量", "1.5万", 15000), ("票数", "9600.0", 9600), ("业务量", "0", 0),
    ("业务量", "9600.5", None), ("业务量", "许多", None), ("业务量", "-5", None),
    ("业务量", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("header", "cell", "pieces"), VOLUMES)
def test_volumes_are_counted_in_pieces_whatever_the_unit(
    cast: Cast, keep: Keep, header: str, cell: str, pieces: int | None
) -> None:
    kept = keep(f"分公司,月份,{header}", f'WUX,2026-10,"{cell}"', kind=Kind.VOLUMES, by=cast.chen)
    ((_line, verdict, why),) = told(look(kept))
    assert (verdict, why.rpartition(">")[2]) == (
        ("new", str(pieces)) if pieces is not None else ("refused", why)
    )


MONTHS = ["2026-10", "2026年10月", "202610", "2026/10", "2026-10-01", "2026.10", "2026年10月份"]


def test_months_are_read_as_people_write_them_and_figures_corrected(cast: Cast, keep: Keep) -> None:
    for month in MONTHS:
        kept = keep("分公司,月份,业务量", f"WUX,{month},1", kind=Kind.VOLUMES, by=cast.chen)
        assert told(look(kept))[0][1] == "new", month
    confirm(kept)
    again = keep(
        "分公司,月份,业务量", "无锡分公司,2026-10,2", "WUX,2026-10,3", "EAST,2026-10,1",
        "SUZ,2026-13,1", "SUZ,2027-01,1", "SUZ,,1",
        kind=Kind.VOLUMES, by=cast.chen,
    )  # fmt: skip
    rows = told(look(again))
    assert rows[0][1:] == ("changed", "业务量（单）:1>2")
    assert [verdict for _line, verdict, _why in rows[1:]] == ["refused"] * 5
    confirm(again)
    standing = BusinessVolume.objects.get(superseded_at=None)
    assert (standing.month, standing.pieces, standing.source) == (date(2026, 10, 1), 2, "表.csv")


def test_a_workbook_with_titles_merged_cells_formulas_and_numbers(
    cast: Cast, tmp_path: Path
) -> None:
    path = workbook(
        tmp_path / "人员.xlsx",
        [
            ["青蜓物流人员名册"], [], ["工号", "姓名", "职务", "所属机构", "手机", "密码"],
            [10001, "甲", "一线", "WUX", 13800138000.0, "secret"],
            [10002, "乙", None, None, 1.38e10, "secret"],
            [10003, "=1+1", "一线", "WUX", None, None],
        ],
        merge=["A1:F1", "C4:C5", "D4:D5"],
    )  # fmt: skip
    shown = firm_import.import_file(Kind.PEOPLE, path, by=cast.root, at=MONDAY, rehearsal=False)
    assert shown.notes == ["这些列不导入：密码"]
    rows = told(shown)
    assert [verdict for _line, verdict, _why in rows] == ["new", "new", "refused"]
    assert "没有算出结果的公式" in rows[2][2]
    made = Person.objects.get(username="10001")
    assert (made.phone, made.has_usable_password()) == ("13800138000", False)
    assert Person.objects.get(username="10002").branch == cast.wuxi


def test_gbk_and_semicolons_are_read(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("用户名;姓名;角色;机构\nneu;新人;一线;无锡分公司\n".encode("gbk"))
    shown = firm_import.import_file(Kind.PEOPLE, path, by=cast.root, at=MONDAY, rehearsal=True)
    assert told(shown)[0][1] == "new"
    assert not Person.objects.filter(username="neu").exists()


@pytest.mark.parametrize("kind", list(Kind))
def test_files_that_are_something_else_are_refused_with_a_sentence(cast: Cast, kind: Kind) -> None:
    by = cast.chen if kind == Kind.VOLUMES else cast.root
    horrors = DATA / "sheets/messytables-horror"
    for path in sorted(horrors.iterdir()) if horrors.exists() else []:
        if path.stat().st_size:
            with pytest.raises(RuleBroken) as caught:
                firm_import.upload(kind, path.name, path.read_bytes(), by=by, at=MONDAY)
            assert caught.value.field == "file", path
    for content, code in ((b"", "file.empty"), (b"a,b\n1,2\n", "file.no_key_column")):
        with pytest.raises(RuleBroken) as caught:
            firm_import.upload(kind, "x.csv", content, by=by, at=MONDAY)
        assert caught.value.code == code


def test_each_list_has_its_keepers(cast: Cast, keep: Keep) -> None:
    for person in cast.people:
        allowed = set(firm_import.kinds_of(person))
        for kind in Kind:
            if kind not in allowed:
                with pytest.raises(NotAllowed):
                    keep(HEAD, kind=kind, by=person)
    assert firm_import.kinds_of(cast.root) == [Kind.PEOPLE, Kind.BRANCHES]
    assert firm_import.kinds_of(cast.chen) == [Kind.VOLUMES]


def test_ten_thousand_people_are_previewed_in_ten_seconds(cast: Cast, keep: Keep) -> None:
    with connection.cursor() as cursor:  # the promises are looked at when the test ends
        cursor.execute("SET LOCAL statement_timeout = 0")
    lines = [f"p{n},众人{n},一线,WUX,1380013{n:04d},p{n}@example.com," for n in range(10_000)]
    start = time.process_time()
    kept = keep(HEAD, *lines)
    assert time.process_time() - start < 10
    assert confirm(kept)["new"] == 10_000
    assert Person.objects.filter(username__startswith="p").count() == 10_000


def test_the_command_shows_and_writes(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("用户名,姓名,角色,机构\nneu,新人,一线,WUX\nli,李静怡,,\nx,,,\n", "utf-8")
    for options, written in (({"dry_run": True}, 0), ({}, 1)):
        out, err = io.StringIO(), io.StringIO()
        call_command("import_people", str(path), stdout=out, stderr=err, **options)
        assert out.getvalue() == "new 1, changed 1, unchanged 0, refused 1\n"
        assert "姓名 李静 → 李静怡" in err.getvalue()
        assert Person.objects.filter(username="neu").count() == written
    for name, by in ((path, "li"), (tmp_path / "none.csv", "root")):
        with pytest.raises(CommandError):
            call_command("import_people", str(name), by=by)


def csv(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("人员.csv", "\n".join([HEAD, *lines, ""]).encode())


def test_the_pages_lead_from_the_file_to_what_came_of_it(cast: Cast) -> None:
    with time_machine.travel(MONDAY, tick=False):
        client = enter(cast.root)
        bad = client.post(
            "/imports/", {"kind": "people", "file": SimpleUploadedFile("a.csv", b"a")}
        )
        assert bad.status_code == 422
        assert "找不到“用户名”这一列" in bad.content.decode()
        refused = client.post("/imports/", {"kind": "volumes", "file": csv()})
        assert refused.status_code == 422
        sent = client.post(
            "/imports/",
            {"kind": "people", "file": csv("neu,新人,一线,WUX,,,", "li,<b>,,,,,", "x,,,,,,")},
        )
        kept = Upload.objects.get()
        assert sent["Location"] == f"/imports/{kept.pk}/"
        page = client.get(sent["Location"]).content.decode()
        assert "确认导入 2 行" in page
        assert "&lt;b&gt;" in page
        only = client.get(f"{sent['Location']}?verdict=refused").content.decode()
        assert only.count("data-verdict=") == 1
        stale = client.post(sent["Location"], {"digest": "old"})
        assert stale.status_code == 409
        assert "请看过新的预览再确认" in stale.content.decode()
        for other in (cast.li, cast.chen):
            assert enter(other).get(sent["Location"]).status_code in (403, 404)
        done = client.post(sent["Location"], {"digest": look(kept).digest}, follow=True)
        assert "导入结果" in done.content.decode()
        assert Person.objects.get(pk=cast.li.pk).name == "<b>"
        assert client.get("/imports/").content.decode().count("人员.csv") == 1


def test_volumes_are_shown_with_what_they_were(cast: Cast, keep: Keep) -> None:
    for pieces in (1234567, 7654321):
        confirm(
            keep("分公司,月份,业务量", f"WUX,2026-10,{pieces}", kind=Kind.VOLUMES, by=cast.chen)
        )
    page = enter(cast.wang).get("/volumes/?month=2026-10").content.decode()
    assert "7654321" in page
    assert "<del>1234567</del>" in page
    assert enter(cast.gao).get("/volumes/?month=x").status_code == 200
    for person in (cast.li, cast.root):
        assert enter(person).get("/volumes/").status_code == 403
