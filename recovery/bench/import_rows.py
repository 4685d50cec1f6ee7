"""`import`: a platform's file through the page's own services, from upload to the last case."""

from __future__ import annotations

import csv
import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from common.time import database_now
from complaints.models import Channel, Complaint
from intake.imports import import_jobs, import_work
from intake.imports.import_jobs import Source
from intake.models import ImportJob, JobState, RowVerdict
from recovery.bench.workers import Done, together
from staff.models import Branch, Person, Role

_HEADER = (
    "工单编号", "受理时间", "投诉人", "联系电话", "运单号", "诉求内容", "客户诉求", "涉及分公司",
    "办理期限", "备注",
)  # fmt: skip
_WHAT = "第 {n} 票：货晚到三天，打电话没人接，外包装破损，要求赔偿。" + "多次催促仍没有回音。" * 15
_LONG_ENOUGH = 3600.0


def measure(folder: Path, *, rows: int = 50_000, kind: str = "xlsx") -> dict[str, Any]:
    """Import so many rows of a file written into the folder, on a house that has a branch, a
    quality manager and the category `other`. `rows_per_s` counts from confirming to the last
    case, `checked_per_s` reading and checking, `peak_mb` the most that the worker or its reader
    has held; `wrong` says what a count of the cases found."""
    path = _write(folder / f"rows.{kind}", rows)
    job = _upload(path)
    seconds, checked = together(_work)
    job.refresh_from_db()
    before = Complaint.objects.count()
    import_jobs.confirm(job.pk, by=job.by, at=database_now())
    run_seconds, ran = together(_work)
    job.refresh_from_db()
    return {
        "rows": rows,
        "rows_per_s": rows / run_seconds,
        "checked_per_s": rows / seconds,
        "peak_mb": max(max(each.memory, each.count) for each in (*checked, *ran)),
        "cpu_per_row_ms": _cpu(ran) / rows * 1000,
        "file_mb": path.stat().st_size / 2**20,
        "wrong": _wrong(job, rows, Complaint.objects.count() - before),
    }


def _upload(path: Path) -> ImportJob:
    by = Person.objects.filter(role=Role.QUALITY, is_active=True).order_by("pk")[0]
    at = database_now()
    with path.open("rb") as file:
        source = Source(channel=Channel.P12345)
        job = import_jobs.upload(source, _uploaded(file, path), by=by, at=at)
    return import_jobs.name_columns(job.pk, job.meanings, by=by, at=at)


def _uploaded(file: IO[bytes], path: Path) -> UploadedFile[bytes]:
    return UploadedFile(file, path.name, size=path.stat().st_size)


def _work() -> int:
    """Until the job waits for a person, or is over; the most that its reader has held, in MB."""
    import_work.work(database_now, seconds=_LONG_ENOUGH)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def _cpu(done: list[Done]) -> float:
    return sum(each.cpu for each in done)


def _wrong(job: ImportJob, rows: int, cases: int) -> list[str]:
    wrong = []
    if job.state != JobState.DONE:
        wrong.append(f"the job ended {job.state}: {job.reason}")
    if job.counts != {RowVerdict.REGISTER.value: rows}:
        wrong.append(f"verdicts {job.counts} of {rows} rows")
    if cases != rows:
        wrong.append(f"{cases} cases of {rows} rows")
    return wrong


def _write(path: Path, rows: int) -> Path:
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([_HEADER, *_rows(rows)])
        return path
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet()
    for number, row in enumerate([_HEADER, *_rows(rows)]):
        sheet.write_row(number, 0, row)
    book.close()
    return path


def _rows(count: int) -> Iterator[tuple[str, ...]]:
    """Of the last hour, each with a number of its own, over all branches."""
    now = timezone.localtime(database_now())
    names = list(Branch.objects.filter(closed_at=None).values_list("name", flat=True)[:500])
    names = [name for name in names if names.count(name) == 1] or [""]
    stamp = f"{time.time_ns() // 1_000_000}"
    due = f"{now + timedelta(days=5):%Y-%m-%d}"
    for n in range(count):
        received = now - timedelta(seconds=60 + n % 1500)
        yield (
            f"1234{stamp}{n:06d}", f"{received:%Y-%m-%d %H:%M:%S}", "孙玉梅",
            f"138{n:08d}"[:11], f"YD{n:09d}", _WHAT.format(n=n), "尽快送到并赔偿",
            names[n % len(names)], due, "转办",
        )  # fmt: skip
