"""A platform's file in the background: checked, confirmed, taken once, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections, transaction
from django.utils.translation import override

from common import walls
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints.models import Channel, Complaint, Event, OutsideReference, Statement
from intake.files.cells import unpack
from intake.imports import import_jobs, import_work
from intake.imports.import_jobs import Source
from intake.models import ColumnMemory, ImportJob, ImportRow, Inlet, JobState
from staff.eyes import eyes_of
from staff.models import Person
from tests.complaints.scenes import HOUR
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast

pytestmark = pytest.mark.django_db

TABLE = "工单编号,内容,电话\n1,晚到,138\n2,坏了,139\n3,丢了,137\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def bring(
    by: Person, text: str | bytes = TABLE, name: str = "a.csv", at: datetime = MONDAY, **said: Any
) -> ImportJob:
    """Uploaded, its columns left as they were guessed."""
    content = text if isinstance(text, bytes) else text.encode()
    source = Source(**{"channel": Channel.P12345, **said})
    return import_jobs.upload(source, SimpleUploadedFile(name, content), by=by, at=at)


def named(job: ImportJob, *meanings: str, at: datetime = MONDAY) -> ImportJob:
    return import_jobs.name_columns(job.pk, meanings or job.meanings, by=job.by, at=at)


def work(at: datetime = MONDAY) -> int:
    return import_work.work(lambda: at, seconds=60)


def checked(by: Person, text: str | bytes = TABLE, **said: Any) -> ImportJob:
    at = said.get("at", MONDAY)
    job = named(bring(by, text, **said), at=at)
    work(at)
    job.refresh_from_db()
    return job


def imported(by: Person, text: str | bytes = TABLE, **said: Any) -> ImportJob:
    at = said.get("at", MONDAY)
    job = import_jobs.confirm(checked(by, text, **said).pk, by=by, at=at)
    work(at)
    job.refresh_from_db()
    return job


def verdicts(job: ImportJob) -> list[str]:
    return [row.code or row.verdict for row in job.rows.order_by("number")]


def test_a_file_is_checked_and_then_registered(cast: Cast, settings: Any) -> None:
    job = bring(cast.chen, TABLE + "3,丢了,137\n4,,1\n")
    assert (job.state, job.headers) == (JobState.UPLOADED, ["工单编号", "内容", "电话"])
    assert job.meanings == ["ref", "what", "complainant_phone"]
    assert Path(job.file.path).is_relative_to(settings.MEDIA_ROOT)
    named(job)
    assert import_jobs.first_verdicts(job, at=MONDAY)[0][0].line == "2"
    assert work() == 10
    job.refresh_from_db()
    assert (job.state, job.rows_total, job.file.name) == (JobState.CHECKED, 5, "")
    assert verdicts(job) == ["register", "register", "register", "again", "what.blank"]
    assert not Complaint.objects.exists()
    assert work() == 0
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY + HOUR)
    assert work(MONDAY + HOUR) == 5
    job.refresh_from_db()
    assert (job.state, job.finished_at) == (JobState.DONE, MONDAY + HOUR)
    assert job.tally() == {"register": 3, "append": 0, "again": 1, "set_aside": 1}
    first, *_rest = Complaint.objects.order_by("pk")
    assert (first.submission_key, first.owner) == ("import:p12345:ref:1", cast.chen)
    assert (first.received_at, first.what) == (MONDAY + HOUR, "晚到")
    rows = list(job.rows.order_by("number"))
    assert [row.complaint_id for row in rows[:4:3]] == [first.pk, rows[2].complaint_id]
    assert [bool(row.content) for row in rows] == [False] * 4 + [True]
    assert not Event.objects.exclude(kind="register").exists()


def test_the_same_file_again_makes_no_second_case(cast: Cast) -> None:
    text = TABLE + ",没编号,1\n,没编号,1\n"
    first = imported(cast.chen, text)
    again = checked(cast.lin, text)
    assert first.tally()["register"] == 5
    assert again.tally() == {"register": 0, "append": 0, "again": 5, "set_aside": 0}
    assert import_jobs.twin_of(again) == first
    with pytest.raises(RuleBroken) as refused:
        import_jobs.confirm(again.pk, by=cast.lin, at=MONDAY)
    assert refused.value.code == "import.nothing"


def test_what_a_person_says_of_the_columns_holds_and_is_remembered(cast: Cast) -> None:
    strange = "甲,乙,丙,丙\nA-1,货没到,孙玉梅,138\n"
    job = bring(cast.chen, strange)
    assert job.meanings == ["", "", "", ""]
    assert import_jobs.remembered(Channel.P12345, None) == {}
    with pytest.raises(RuleBroken, match="哪一列是投诉内容"):
        named(job, "ref", "", "", "")
    for wrong in (["what"], ["what", "x", "", ""]):
        with pytest.raises(RuleBroken) as refused:
            named(job, *wrong)
        assert refused.value.code == "columns.unknown"
    named(job, "ref", "what", "complainant_name", "complainant_phone")
    work()
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    work()
    case = Complaint.objects.get()
    assert (case.what, case.complainant_name, case.complainant_phone) == ("货没到", "孙玉梅", "138")
    # the next file of the source needs no correction, whatever else it has, and another does
    later = bring(cast.lin, "乙,丙,丙,新,甲\n又没到,赵,139,x,A-2\n")
    assert later.meanings == ["what", "complainant_name", "complainant_phone", "", "ref"]
    assert bring(cast.lin, strange, channel=Channel.HEIMAO).meanings == ["", "", "", ""]
    inlet = Inlet.objects.create(
        key="gov", name="无锡 12345", channel=Channel.P12345, branch=cast.wuxi
    )
    other = bring(cast.lin, strange, inlet=inlet)
    assert (other.meanings, other.branch) == (["", "", "", ""], cast.wuxi)
    assert ColumnMemory.objects.count() == 1


def test_a_column_that_means_something_may_be_left_out(cast: Cast) -> None:
    job = bring(cast.chen, "内容,类别\n货没到,天气\n")
    named(job, "what", "")
    work()
    assert verdicts(job) == ["register"]
    import_jobs.name_columns(job.pk, ["what", "category"], by=cast.chen, at=MONDAY)
    assert work() == 1
    assert verdicts(job) == ["category.unknown"]


def test_lines_of_json_name_their_columns_too(cast: Cast) -> None:
    text = (
        '{"id": "7", "正文": "货没到"}\n{"正文": "坏\\u0000了"}\n{"正文": "丢了", "电话": "138"}\n'
    )
    job = bring(cast.chen, text, name="a.jsonl")
    assert (job.is_table, job.headers) == (False, ["id", "正文", "电话"])
    named(job, "ref", "what", "complainant_phone")
    work()
    assert verdicts(job) == ["register", "text.nul", "register"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"PK\x05\x06" + b"\x00" * 18, "file.kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file.kind"),
        (b"<html>", "file.kind"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once_and_not_kept(
    cast: Cast, settings: Any, content: bytes, code: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        bring(cast.chen, content, name="..\\../b\u202e.csv")
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]
    assert not ImportJob.objects.exists()


def test_a_file_that_breaks_off_or_is_empty_below_its_header_fails_with_the_reason(
    cast: Cast,
) -> None:
    job = checked(cast.chen, "内容,电话\n")
    assert (job.state, job.code, job.reason) == ("failed", "file.no_rows", "表头下面没有数据。")
    gone = named(bring(cast.chen))
    Path(gone.file.path).unlink()
    work()
    gone.refresh_from_db()
    assert (gone.state, gone.code, gone.rows.count()) == ("failed", "file.missing", 0)


def test_an_outside_number_with_other_words_is_set_aside_unless_changes_are_appended(
    cast: Cast,
) -> None:
    head = "受理编号,内容,办理期限\n"
    imported(cast.chen, head + "S1,晚到,2026-11-20\nS2,坏了,2026-11-20\n")
    changed = (
        head + "S1,晚到；客户又来电,2026-11-20\nS2,坏了,2026-11-25 17:00\nS3,新的,\nS3,新的 2,\n"
    )
    assert verdicts(checked(cast.lin, changed)) == [
        "ref.in_use", "ref.in_use", "register", "ref.in_use",
    ]  # fmt: skip
    undated = "受理编号,内容\nS2,坏了\n"
    assert verdicts(checked(cast.lin, undated)) == ["again"]
    at = MONDAY + HOUR
    job = imported(cast.lin, changed, append=True, at=at)
    assert verdicts(job) == ["append", "append", "register", "append"]
    case = Complaint.objects.get(submission_key="import:p12345:ref:S1")
    assert [each.said for each in case.statements.all()] == ["晚到；客户又来电"]
    moved = OutsideReference.objects.get(number="S2")
    assert moved.due_by == datetime.fromisoformat("2026-11-25T17:00+08:00")
    event = Event.objects.get(kind="move_outside_date")
    assert (event.complaint, event.actor) == (moved.complaint, cast.lin)
    assert checked(cast.lin, changed, append=True, at=at).tally()["again"] == 4
    assert Statement.objects.count() == 2


def test_another_date_further_up_in_the_file_is_set_aside_in_the_check_as_in_earnest(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 2)
    rows = [f"S1,晚到,2026-11-{day}" for day in (20, 25, 20, 26)]
    job = checked(cast.chen, "\n".join(["受理编号,内容,办理期限", *rows, ""]))
    expected = ["register", "ref.in_use", "again", "ref.in_use"]
    assert verdicts(job) == expected
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    work()
    assert verdicts(job) == expected


def test_the_numbers_and_dates_of_the_other_office_are_kept(cast: Cast) -> None:
    text = "受理编号,内容,受理期限,办理期限\nS1,晚到,2026-11-18 09:00,46350\nS2,坏了,,五个工作日\n"
    job = imported(cast.chen, text)
    assert verdicts(job) == ["register", "due_by.unclear"]
    kept = OutsideReference.objects.get()
    assert (kept.number, kept.channel, kept.by) == ("S1", Channel.P12345, cast.chen)
    assert kept.accept_by == datetime.fromisoformat("2026-11-18T09:00+08:00")
    assert kept.due_by == datetime.fromisoformat("2026-11-24T23:59+08:00")


def test_reasons_are_in_the_language_of_whoever_brought_the_file(cast: Cast) -> None:
    with override("en"):
        job = bring(cast.chen, "内容,类别\n货没到,天气\n")
    named(job)
    work()
    assert "天气" in job.rows.get().reason
    assert job.rows.get().reason.isascii() is False
    assert "没有" not in job.rows.get().reason


def test_rows_a_database_would_choke_on_are_kept_as_they_are(cast: Cast) -> None:
    rows = "内容,类别\n" + "晚到,\n" * 40
    job = checked(cast.chen, rows.encode() + b"a\x00b,\nx,\x00\n\xe6\x99,\n")
    assert verdicts(job)[-3:] == ["text.nul", "category.unknown", "text.surrogate"]
    last = job.rows.order_by("number").last()
    assert last
    original = unpack(last.content, job.headers).original
    assert str(original[0]).encode(errors="surrogateescape") == b"\xe6\x99"


# Who may


def test_only_quality_and_above_bring_in_and_only_the_bringer_goes_on(cast: Cast) -> None:
    for person in (cast.li, cast.wang, cast.root):
        with pytest.raises(NotAllowed):
            bring(person)
        assert not import_jobs.jobs_of(person).exists()
    job = checked(cast.chen)
    for deed in (import_jobs.confirm, import_jobs.cancel):
        with pytest.raises(NotAllowed, match="上传文件的人"):
            deed(job.pk, by=cast.gao, at=MONDAY)
    with pytest.raises(NotAllowed, match="上传文件的人"):
        import_jobs.name_columns(job.pk, job.meanings, by=cast.lin, at=MONDAY)
    assert import_jobs.jobs_of(cast.gao).get() == job


def test_the_wall_shows_a_file_to_headquarters_and_its_rows_not_to_whom_they_are_about(
    cast: Cast,
) -> None:
    job = imported(cast.chen)
    Complaint.objects.filter(what="晚到").update(subject_ids=[cast.gao.pk])
    for person, jobs, rows in ((cast.lin, 1, 3), (cast.gao, 1, 2), (cast.wang, 0, 0)):
        with walls.eyes(eyes_of(person)):
            assert ImportJob.objects.filter(pk=job.pk).count() == jobs
            assert ImportRow.objects.count() == rows
    Person.objects.filter(pk=cast.xu.pk).update(role="quality")
    xu = Person.objects.get(pk=cast.xu.pk)
    with walls.eyes(eyes_of(xu)):  # quality of a region: one's own file, and no other
        mine = bring(xu)
        assert list(import_jobs.jobs_of(xu)) == [mine]


# Calling off, dying, two at once


def clock(
    break_at: int, how: Callable[[], object], at: datetime = MONDAY
) -> Callable[[], datetime]:
    """A clock at whose n-th asking something happens."""
    asked = iter(range(1, 10_000))

    def now() -> datetime:
        if next(asked) == break_at:
            how()
        return at

    return now


def dies() -> None:
    raise KeyboardInterrupt


def many(count: int) -> str:
    return "工单编号,内容\n" + "".join(f"N{n},第{n}件\n" for n in range(count))


@pytest.mark.parametrize("break_at", [2, 3, 4])
def test_whoever_goes_on_loses_and_repeats_no_row(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, break_at: int
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 4)
    job = checked(cast.chen, many(10))
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    with pytest.raises(KeyboardInterrupt):
        import_work.work(clock(break_at, dies), seconds=60)
    assert Complaint.objects.count() == 4 * (break_at - 2)
    assert work() == 0  # the dead one's lease still holds
    assert not import_work.is_unworked(MONDAY + import_work.LEASE / 2)
    later = MONDAY + import_work.LEASE + timedelta(seconds=1)
    assert import_work.is_unworked(later)
    work(later)
    job.refresh_from_db()
    assert (job.state, job.tally()["register"]) == (JobState.DONE, 10)
    assert Complaint.objects.count() == 10


def test_a_file_half_read_is_read_anew(cast: Cast) -> None:
    job = named(bring(cast.chen, many(10)))
    with pytest.raises(KeyboardInterrupt):
        import_work.work(clock(2, dies), seconds=60)
    assert not job.rows.exists()
    assert Path(ImportJob.objects.get().file.path).exists()
    work(MONDAY + import_work.READING_LEASE + timedelta(seconds=1))
    job.refresh_from_db()
    assert (job.state, job.rows_total) == (JobState.CHECKED, 10)


def test_a_check_that_goes_on_knows_the_rows_before(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 2)
    text = "工单编号,内容\n1,晚到\n,一样\n1,晚到\n,一样\n1,别的\n"
    job = checked(cast.chen, text)
    assert verdicts(job) == ["register", "register", "again", "register", "ref.in_use"]
    assert "第 2 行" in job.rows.get(code="ref.in_use").reason
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    work()
    assert verdicts(job) == ["register", "register", "again", "register", "ref.in_use"]


def fails() -> None:
    raise ZeroDivisionError("x")


def test_what_fails_again_and_again_is_shown_to_a_person(cast: Cast) -> None:
    job = checked(cast.chen)
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    at = MONDAY
    for _ in range(import_work.PATIENCE):
        import_work.work(clock(2, fails, at), seconds=60)
        at += timedelta(minutes=5)
    job.refresh_from_db()
    assert (job.state, job.code, job.rows.count()) == (JobState.FAILED, "unexpected", 0)
    assert not Complaint.objects.exists()


def test_calling_off_keeps_what_is_in_and_takes_no_more(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 4)
    job = checked(cast.chen, many(10))
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    with pytest.raises(KeyboardInterrupt):
        import_work.work(clock(3, dies), seconds=60)
    import_jobs.cancel(job.pk, by=cast.chen, at=MONDAY)
    assert work(MONDAY + HOUR) == 0
    job.refresh_from_db()
    assert (job.state, job.rows.count(), Complaint.objects.count()) == ("cancelled", 4, 4)
    with pytest.raises(Conflict):
        import_jobs.cancel(job.pk, by=cast.chen, at=MONDAY)
    assert imported(cast.chen, many(10)).tally() == {
        "register": 6, "append": 0, "again": 4, "set_aside": 0,
    }  # fmt: skip


def test_nothing_comes_in_for_somebody_who_has_left(cast: Cast) -> None:
    job = checked(cast.chen)
    import_jobs.confirm(job.pk, by=cast.chen, at=MONDAY)
    Person.objects.filter(pk=cast.chen.pk).update(is_active=False)
    assert work() == 0
    job.refresh_from_db()
    assert (job.state, job.code, job.rows.count()) == ("failed", "import.not_allowed", 0)
    assert not Complaint.objects.exists()
    assert imported(cast.lin).tally()["register"] == 3


def test_calling_off_before_it_is_confirmed_drops_everything(cast: Cast) -> None:
    for job in (bring(cast.chen), named(bring(cast.chen)), checked(cast.chen)):
        import_jobs.cancel(job.pk, by=cast.chen, at=MONDAY)
        job.refresh_from_db()
        assert (job.state, job.rows.count(), job.head, job.file.name) == ("cancelled", 0, [], "")


def test_what_was_not_taken_is_forgotten_in_time(cast: Cast) -> None:
    over = imported(cast.chen, TABLE + "4,,1\n")
    waiting = checked(cast.chen, "内容\n等\n")
    later = MONDAY + import_jobs.KEPT + HOUR
    bring(cast.lin, at=later)
    waiting.refresh_from_db()
    assert (over.rows.count(), waiting.state, waiting.rows.count()) == (0, "cancelled", 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_the_look_at_a_file_may_take_longer_than_a_transaction_may_idle(cast: Cast) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        job = bring(cast.chen)
    assert job.headers == ["工单编号", "内容", "电话"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_two_workers_take_each_row_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 3)
    job = import_jobs.confirm(checked(cast.chen, many(30)).pk, by=cast.chen, at=MONDAY)
    dealt = done(at_once([work] * 3))
    job.refresh_from_db()
    assert sum(dealt) == 30
    assert (job.state, job.tally()["register"], Complaint.objects.count()) == ("done", 30, 30)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_two_files_of_the_same_numbers_at_once_make_each_case_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 3)
    jobs = [checked(person, many(12)) for person in (cast.chen, cast.lin)]
    for job in jobs:
        import_jobs.confirm(job.pk, by=job.by, at=MONDAY)
    at_once([work, work])
    for minutes in range(1, 5):  # whoever had to give way tries again
        work(MONDAY + timedelta(minutes=minutes))
    for job in jobs:
        job.refresh_from_db()
    assert [job.state for job in jobs] == ["done", "done"]
    assert sum(job.tally()["register"] for job in jobs) == Complaint.objects.count() == 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_a_worker_that_is_killed_leaves_no_row_half_done(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "CHUNK", 4)
    job = import_jobs.confirm(checked(cast.chen, many(20)).pk, by=cast.chen, at=MONDAY)
    connections.close_all()
    if not (child := os.fork()):
        kill = clock(4, lambda: os.kill(os.getpid(), signal.SIGKILL))
        try:
            import_work.work(kill, seconds=60)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    job.refresh_from_db()
    assert (job.cursor, Complaint.objects.count()) == (8, 8)
    work(MONDAY + HOUR)
    job.refresh_from_db()
    assert (job.state, job.tally()["register"], Complaint.objects.count()) == ("done", 20, 20)
