"""Files of complaints through the page: uploaded, their columns named, checked, confirmed; a worker
does the rest (`intake/imports/import_work.py`)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common import files
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints.models import Channel
from intake.files import apart
from intake.files.cells import unpack
from intake.files.columns import Field
from intake.files.rows import FileRefused, Row
from intake.imports.importing import Desk, Order, Verdict, already_in
from intake.imports.mapping import NOTHING, Said, guess, slots
from intake.models import OVER, ColumnMemory, ImportJob, ImportRow, Inlet, JobState, RowVerdict
from staff.access import Scope, scope_of
from staff.models import Branch, Person, Role

#: Who may bring in complaints for others.
IMPORTING = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: Whose files these are.
CHANNELS = (Channel.P12345, Channel.P12315, Channel.HEIMAO, Channel.PARENT, Channel.OTHER)
#: The most a file may weigh: 64 MB (64 × 1024 × 1024 bytes).
LARGEST = 64 * 1024 * 1024
#: So long the rows that were not taken can be fetched, and a file waits for its confirmation.
KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a file comes from, and what holds for all of its rows."""

    channel: Channel
    inlet: Inlet | None = None
    branch: Branch | None = None
    append: bool = False


def jobs_of(person: Person) -> QuerySet[ImportJob]:
    """The files in the person's sight: at headquarters all, elsewhere one's own."""
    if person.role not in IMPORTING:
        return ImportJob.objects.none()
    found = ImportJob.objects.select_related("by", "inlet", "branch")
    return found if scope_of(person) == Scope.EVERYTHING else found.filter(by=person)


def upload(source: Source, file: UploadedFile[bytes], *, by: Person, at: datetime) -> ImportJob:
    """Keep the file and look at its first rows, in a process of their own; what its columns seem
    to mean is guessed. Raises RuleBroken `file.*`, `text.*`; NotAllowed."""
    _check_role(by)
    name = _label(file)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.name = f"{uuid.uuid4().hex}{PurePosixPath(name).suffix.lower()[:10]}"
    job = ImportJob(
        channel=source.channel,
        inlet=source.inlet,
        branch=source.branch or (source.inlet.branch if source.inlet else None),
        append=source.append,
        name=name,
        size=file.size or 0,
        sha256=digest.hexdigest(),
        by=by,
        at=at,
        moved_at=at,
        language=get_language() or settings.LANGUAGE_CODE,
    )
    job.file.save(file.name, file, save=False)
    try:
        _look_at(job)
        with transaction.atomic():
            job.save()
        _drop_old(at)  # after the look, which takes a while: nobody waits for what this locks
    except BaseException:
        job.file.delete(save=False)
        raise
    return job


def _look_at(job: ImportJob) -> None:
    said = remembered(job.channel, job.inlet_id)
    _allow_idling()
    try:
        read, head = apart.head(Path(job.file.path), said)
    except FileRefused as refused:
        raise RuleBroken(refused.code, refused.message, field="file") from refused
    job.is_table, job.since_1904 = read.is_table, read.since_1904
    job.headers_text, job.head_text = json.dumps(read.headers), json.dumps(head)
    job.notes_text = json.dumps(read.notes)
    job.meanings = guess(read.headers, said)


def _allow_idling() -> None:
    """This transaction may wait for the process that looks, as long as that may take."""
    seconds = apart.BUSY * apart.HEAD_SECONDS + 5
    with connection.cursor() as cursor:
        cursor.execute(_IDLE, [f"{seconds}s"])


_IDLE = "SELECT set_config('idle_in_transaction_session_timeout', %s, true)"


def remembered(channel: str, inlet_id: int | None) -> dict[str, str]:
    """What was said before of the columns of this source."""
    found = ColumnMemory.objects.filter(channel=channel, inlet=inlet_id).first()
    return found.said if found else {}


@transaction.atomic
def name_columns(job_id: int, meanings: Sequence[str], *, by: Person, at: datetime) -> ImportJob:
    """Say what each column means, code by code; remembered for the source's next file. The rows
    are read, or when they are, checked anew. Raises RuleBroken `columns.no_content`,
    `columns.unknown`; Conflict `import.moved`; NotAllowed."""
    job = _mine(job_id, by, JobState.UPLOADED, JobState.CHECKING, JobState.CHECKED)
    if len(meanings) != len(job.headers) or not _known(meanings):
        raise RuleBroken("columns.unknown", _("列的含义不完整，请重新选择。"))
    if Field.WHAT.value not in meanings:
        raise RuleBroken("columns.no_content", _("请指明哪一列是投诉内容。"))
    _remember(job, meanings, at)
    job.meanings = list(meanings)
    job.state = JobState.CHECKING if job.rows_total else JobState.READING
    job.cursor, job.counts, job.moved_at, job.lease_until = 0, {}, at, None
    job.save()
    return job


def _known(meanings: Iterable[str]) -> bool:
    return set(meanings) <= {NOTHING, *(field.value for field in Field)}


def _remember(job: ImportJob, meanings: Sequence[str], at: datetime) -> None:
    memory, _created = ColumnMemory.objects.select_for_update().get_or_create(
        channel=job.channel, inlet=job.inlet, defaults={"at": at}
    )
    now = dict(zip(slots(job.headers), meanings, strict=True))
    memory.said_text, memory.at = json.dumps({**memory.said, **now}), at
    memory.save()


@transaction.atomic
def confirm(job_id: int, *, by: Person, at: datetime) -> ImportJob:
    """Let a worker register what the check has found. Raises Conflict `import.moved`; RuleBroken
    `import.nothing`; NotAllowed."""
    job = _mine(job_id, by, JobState.CHECKED)
    if not job.counts.get(RowVerdict.REGISTER) and not job.counts.get(RowVerdict.APPEND):
        raise RuleBroken("import.nothing", _("没有要写入的内容。"))
    job.state, job.cursor, job.counts = JobState.RUNNING, 0, {}
    job.confirmed_at = job.moved_at = at
    job.save()
    return job


@transaction.atomic
def cancel(job_id: int, *, by: Person, at: datetime) -> ImportJob:
    """Let no further row come in; what is in stays. Raises Conflict `import.moved`; NotAllowed."""
    job = _mine(job_id, by, *(state for state in JobState if state not in OVER))
    confirmed = job.state == JobState.RUNNING
    left = job.rows.filter(number__gt=job.cursor) if confirmed else job.rows.all()
    left.delete()
    job.counts = job.counts if confirmed else {}
    end(job, JobState.CANCELLED, at)
    return job


def end(job: ImportJob, state: JobState, at: datetime) -> None:
    """Nothing more happens to it; the file itself is dropped once that is sure."""
    job.state, job.finished_at, job.moved_at = state, at, at
    job.lease_until = job.lease_token = None
    job.head_text = "[]"
    drop_file(job)
    job.save()


def drop_file(job: ImportJob) -> None:
    """The rows stand for it now. Not saved yet."""
    if job.file:
        storage, name = job.file.storage, str(job.file.name)
        job.file = ""
        transaction.on_commit(lambda: storage.delete(name))


def order_of(job: ImportJob, *, rehearsal: bool) -> Order:
    """What holds for every row of the job."""
    said = dict(zip(slots(job.headers), job.meanings, strict=True))
    return Order(
        channel=Channel(job.channel),
        by=job.by,
        branch=job.branch,
        headings=Said(said),
        append=job.append,
        rehearsal=rehearsal,
    )


def names_of(job: ImportJob) -> list[str] | None:
    """The headers under which its rows are unpacked; None for lines of JSON."""
    return job.headers if job.is_table else None


def first_verdicts(job: ImportJob, *, at: datetime) -> list[tuple[Row, Verdict]]:
    """What would come of the first rows, before a worker has looked at any; nothing is written."""
    rows = [unpack(packed, names_of(job)) for packed in job.head]
    desk = Desk(order_of(job, rehearsal=True), job.since_1904)
    desk.know(already_in(desk.prepare(rows)))
    return [(row, desk.judge(row, at=at)) for row in rows]


def twin_of(job: ImportJob) -> ImportJob | None:
    """An earlier import of the very same bytes by the same channel that was not called off."""
    same = ImportJob.objects.filter(sha256=job.sha256, channel=job.channel, pk__lt=job.pk)
    return same.exclude(state__in=[JobState.CANCELLED, JobState.FAILED]).first()


def _mine(job_id: int, by: Person, *states: JobState) -> ImportJob:
    """The locked job of somebody who brought it, in one of these states."""
    _check_role(by)
    job = ImportJob.objects.select_for_update(of=("self",)).get(pk=job_id)
    if job.by_id != by.pk:
        raise NotAllowed("not_allowed", _("只有上传文件的人可以这样做。"))
    if job.state not in states:
        raise Conflict("import.moved", _("这个文件已经往下走了，请刷新后再看。"))
    return job


def may_import(person: Person) -> bool:
    """Whether the person brings in complaints, and so owns them."""
    return person.is_active and person.role in IMPORTING


def _check_role(by: Person) -> None:
    if not may_import(by):
        raise NotAllowed("not_allowed", _("只有品质管理员及以上可以导入投诉。"))


def _label(file: UploadedFile[bytes]) -> str:
    name = files.label(file.name or "", "file")
    if not file.size:
        raise RuleBroken("file.empty", _("文件“%(name)s”是空的。") % {"name": name}, field="file")
    if file.size > LARGEST:
        raise RuleBroken(
            "file.too_large",
            _("文件“%(name)s”超过 %(most)d MB，请拆分后再上传。")
            % {"name": name, "most": LARGEST // 1024 // 1024},
            field="file",
        )
    return name


def _drop_old(at: datetime) -> None:
    """What was never confirmed is called off, and what was not taken is forgotten, in time."""
    waiting = ImportJob.objects.filter(moved_at__lt=at - KEPT).exclude(state__in=OVER)
    for job in waiting.exclude(state=JobState.RUNNING):
        with transaction.atomic():
            job.rows.all().delete()
            end(job, JobState.CANCELLED, at)
    over = ImportJob.objects.filter(finished_at__lt=at - KEPT)
    ImportRow.objects.filter(job__in=over.values("pk")).delete()
