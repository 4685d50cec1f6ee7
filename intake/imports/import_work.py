"""Working off files of complaints: read, checked, registered, a chunk of rows at a time.

The rows are the queue. Whoever works holds the job's lease and shows it again in each chunk's
transaction, so that a worker who was killed, or frozen and thought dead, loses and repeats no row.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from common import text, walls
from common.errors import is_away
from intake.files import apart
from intake.files.cells import unpack
from intake.files.references import References
from intake.files.rows import FileRefused, Row
from intake.imports.import_jobs import drop_file, end, may_import, names_of, order_of
from intake.imports.importing import (
    Appended,
    Desk,
    Known,
    Registered,
    SetAside,
    Verdict,
    already_in,
)
from intake.imports.mapping import slots
from intake.models import WORKED, ImportJob, ImportRow, JobState, RowVerdict

logger = logging.getLogger(__name__)

#: Rows of one transaction.
CHUNK = 100
#: Rows written at once while a file is read.
LOAD = 1000
#: More rows than these are two files.
MOST_ROWS = 200_000
#: So long nobody else takes a job on whose rows somebody works; a file is read for longer.
LEASE = timedelta(seconds=30)
READING_LEASE = timedelta(seconds=apart.BUSY * apart.SECONDS + 30)
#: After so many failures in a row a person has to look.
PATIENCE = 5
#: A job that nobody has moved for so long has no worker.
UNWORKED = timedelta(seconds=20)


def work(now: Callable[[], datetime], *, seconds: float) -> int:
    """Work on the jobs that wait, the one that waits longest first, for about so many seconds; how
    many rows were dealt with. Any number may work at once, each at a job of its own."""
    ends, dealt = time.monotonic() + seconds, 0
    while time.monotonic() < ends and (job := _claim(now())):
        with override(job.language):
            dealt += _turn(job, now, ends)
    return dealt


def is_unworked(at: datetime) -> bool:
    """Whether a job waits that no worker has moved for a while."""
    with walls.lifted():
        return _free(at).filter(moved_at__lt=at - UNWORKED).exists()


def _free(at: datetime) -> QuerySet[ImportJob]:
    return ImportJob.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at), state__in=WORKED
    ).order_by("moved_at", "pk")


def _claim(at: datetime) -> ImportJob | None:
    """A free job under a lease of one's own."""
    with walls.lifted(), transaction.atomic():
        job = _free(at).select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        job.lease_token = uuid.uuid4()
        job.lease_until = at + (READING_LEASE if job.state == JobState.READING else LEASE)
        job.save(update_fields=["lease_token", "lease_until"])
        return job


def _turn(job: ImportJob, now: Callable[[], datetime], ends: float) -> int:
    """Go on with the job until it waits for a person, time is up or another has taken it over;
    how many rows were dealt with."""
    token, dealt = _token(job), 0
    try:
        if job.state == JobState.READING:
            dealt += _read(job, now)
        references = References()
        while done := _chunk(job.pk, token, references, now):
            dealt += done
            if time.monotonic() > ends:
                break
    except FileRefused as refused:
        _give_up(job.pk, token, refused.code, str(refused), now())
    except Exception as error:
        if is_away(error) and connection.connection and connection.connection.closed:
            raise
        logger.exception("Import %s could not go on.", job.pk)
        _try_later(job.pk, token, error, now())
    else:
        _release(job.pk, token)
    return dealt


def _token(job: ImportJob) -> uuid.UUID:
    if job.lease_token is None:
        raise ValueError("the job has no lease")
    return job.lease_token


def _held(job_id: int, token: uuid.UUID) -> ImportJob | None:
    """The job, locked, if the lease is still ours: else another has taken it over, or a person
    has called it off."""
    held = ImportJob.objects.select_for_update(of=("self",)).select_related("by", "branch")
    return held.filter(pk=job_id, lease_token=token, state__in=WORKED).first()


# Reading


def _read(job: ImportJob, now: Callable[[], datetime]) -> int:
    """Write the rows down, all or none. Raises FileRefused."""
    said = dict(zip(slots(job.headers), job.meanings, strict=True))
    header = job.headers if job.is_table else None
    with (
        apart.whole(Path(job.file.path), said, header) as read,
        walls.lifted(),
        transaction.atomic(),
    ):
        held = _held(job.pk, _token(job))
        if held is None:
            return 0
        held.rows_total = _load(held, read.rows)
        held.notes_text = json.dumps(read.notes)
        held.state, held.moved_at = JobState.CHECKING, now()
        held.lease_until = held.moved_at + LEASE
        _name_later_columns(held, read.headers)
        drop_file(held)
        held.save()
    return held.rows_total


def _load(job: ImportJob, rows: Iterator[tuple[str, str]]) -> int:
    """How many there were."""
    number = 0
    while batch := list(islice(rows, LOAD)):
        numbers = list(range(number + 1, number + len(batch) + 1))
        lines = [_line(packed) for _mark, packed in batch]
        number += len(batch)
        if number > MOST_ROWS:
            raise FileRefused(
                "file.too_many_rows",
                _("文件超过 %(most)d 行，请拆分后再导入。") % {"most": MOST_ROWS},
            )
        with connection.cursor() as cursor:
            marks, contents = [mark for mark, _packed in batch], [packed for _m, packed in batch]
            cursor.execute(_LOAD, [job.pk, numbers, lines, contents, marks])
    if not number:
        raise FileRefused("file.no_rows", _("表头下面没有数据。"))
    return number


def _line(packed: str) -> str:
    """Where the row stands, of a sheet with a long name the end."""
    return text.printable(json.loads(packed)[0][-60:], limit=60)


_LOAD = """
INSERT INTO intake_importrow (job_id, number, line, content, mark, key, verdict, code, reason)
SELECT %s, number, line, content, mark, '', '', '', ''
FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[]) AS given (number, line, content, mark)
"""


def _name_later_columns(job: ImportJob, names: Sequence[str]) -> None:
    """Names that lines of JSON use further down keep the meaning that their words have."""
    if not job.is_table:
        later = [name for name in names if name not in job.headers]
        job.headers_text = json.dumps([*job.headers, *later])
        meanings = order_of(job, rehearsal=True).headings
        job.meanings += [field.value if (field := meanings.meaning(x)) else "" for x in later]


# Checking and registering


def _chunk(
    job_id: int, token: uuid.UUID, references: References, now: Callable[[], datetime]
) -> int:
    """Judge the next rows and write down what came of them, in one transaction; how many there
    were, 0 when there is nothing more to do now. Raises FileRefused when whoever would own the
    cases may not import any more."""
    with walls.lifted(), transaction.atomic():
        job = _held(job_id, token)
        if job is None or job.state not in (JobState.CHECKING, JobState.RUNNING):
            return 0
        if job.state == JobState.RUNNING and not may_import(job.by):
            raise FileRefused(
                "import.not_allowed",
                _("上传的人已不能导入投诉，没有再往下登记；请由别人重新上传，已登记的不会重复。"),
            )
        at = now()
        rows = list(job.rows.filter(number__gt=job.cursor).order_by("number")[:CHUNK])
        if not rows:
            _end_pass(job, at)
            return 0
        verdicts = _judge(job, rows, references, at)
        _write(job, rows, verdicts)
        job.cursor = rows[-1].number
        job.counts = dict(Counter(job.counts) + Counter(_named(each) for _key, each in verdicts))
        job.moved_at, job.lease_until, job.failures = at, at + LEASE, 0
        job.save(update_fields=["cursor", "counts", "moved_at", "lease_until", "failures"])
        return len(rows)


def _end_pass(job: ImportJob, at: datetime) -> None:
    if job.state == JobState.RUNNING:
        end(job, JobState.DONE, at)
        return
    job.state, job.moved_at = JobState.CHECKED, at
    job.lease_until = job.lease_token = None
    job.save()


def _judge(
    job: ImportJob, rows: Sequence[ImportRow], references: References, at: datetime
) -> list[tuple[str, Verdict]]:
    """The key and verdict of each row."""
    rehearsal = job.state == JobState.CHECKING
    desk = Desk(order_of(job, rehearsal=rehearsal), job.since_1904, references)
    read = [_unpacked(row, job) for row in rows]
    keys = desk.prepare(read)
    known = already_in(keys)
    if rehearsal:
        known = {**_further_up(job, keys, references), **known}
    desk.know(known)
    verdicts = []
    for row in read:
        verdict = desk.judge(row, at=at)
        prepared = desk.prepared(row)
        verdicts.append((prepared.key if prepared else "", verdict))
    return verdicts


def _unpacked(row: ImportRow, job: ImportJob) -> Row:
    read = unpack(row.content, names_of(job))
    return Row(read.line, read.original, read.named, read.problem, row.mark)


def _further_up(job: ImportJob, keys: Sequence[str], references: References) -> dict[str, Known]:
    """What a check has found earlier in this file for the same keys, and would be in by now."""
    earlier = job.rows.filter(key__in=keys, number__lte=job.cursor, verdict=RowVerdict.REGISTER)
    rows = [_unpacked(row, job) for row in earlier]
    if not rows:
        return {}
    desk = Desk(order_of(job, rehearsal=True), job.since_1904, references)
    desk.prepare(rows)
    found = [(desk.prepared(row), desk.further_up(row)) for row in rows]
    return {one.key: known for one, known in found if one and known}


def _named(verdict: Verdict) -> str:
    match verdict:
        case Registered():
            return RowVerdict.REGISTER.value
        case Appended():
            return RowVerdict.APPEND.value
        case SetAside():
            return RowVerdict.SET_ASIDE.value
        case _:
            return RowVerdict.AGAIN.value


def _write(
    job: ImportJob, rows: Sequence[ImportRow], verdicts: Sequence[tuple[str, Verdict]]
) -> None:
    """What came of each row, in one statement. A row that is in needs its words no longer."""
    given = [
        (
            row.pk,
            key,
            _named(verdict),
            verdict.code[:60] if isinstance(verdict, SetAside) else "",
            text.printable(verdict.reason, limit=500) if isinstance(verdict, SetAside) else "",
            "" if isinstance(verdict, SetAside) else verdict.no,
        )
        for row, (key, verdict) in zip(rows, verdicts, strict=True)
    ]
    columns = [list(column) for column in zip(*given, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [job.state == JobState.RUNNING, *columns])


_VERDICTS = """
UPDATE intake_importrow AS row
SET key = given.key, verdict = given.verdict, code = given.code, reason = given.reason,
    complaint_id = kase.id,
    content = CASE WHEN %s AND given.verdict <> 'set_aside' THEN '' ELSE content END
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS given (id, key, verdict, code, reason, no)
LEFT JOIN complaints_complaint AS kase ON kase.no = given.no
WHERE row.id = given.id
"""


# Ends


def _release(job_id: int, token: uuid.UUID) -> None:
    with walls.lifted():
        ImportJob.objects.filter(pk=job_id, lease_token=token).update(
            lease_until=None, lease_token=None
        )


def _give_up(job_id: int, token: uuid.UUID, code: str, reason: str, at: datetime) -> None:
    with walls.lifted(), transaction.atomic():
        if job := _held(job_id, token):
            job.code, job.reason = code[:60], text.printable(reason, limit=500)
            job.rows.filter(number__gt=job.cursor).delete()
            end(job, JobState.FAILED, at)


def _try_later(job_id: int, token: uuid.UUID, error: Exception, at: datetime) -> None:
    """The same chunk again in a while; a person looks when it fails again and again."""
    with walls.lifted(), transaction.atomic():
        job = _held(job_id, token)
        if job is None:
            return
        job.failures += 1
        if job.failures < PATIENCE:
            job.lease_token, job.lease_until = None, at + timedelta(seconds=5) * 2**job.failures
            job.save(update_fields=["failures", "lease_token", "lease_until"])
            return
    _give_up(job_id, token, "unexpected", f"{type(error).__name__}: {error}", at)
