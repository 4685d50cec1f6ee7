"""Lists of people, branches and volumes: uploaded, previewed, confirmed as they were previewed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from common.files import LARGEST
from intake.files.headings import Headings
from intake.files.readers import opened
from intake.files.rows import FileRefused, Row, Source
from intake.lists import branch_lines, people_lines, volume_lines
from intake.lists.lines import Preview
from intake.models import Kind, Upload
from staff.branches import lock_tree
from staff.models import Person, Role
from staff.volumes import KEEPERS

#: More rows than these are two files.
MOST = 20_000


@dataclass(frozen=True)
class _Way:
    """Who may import this kind of list, how its header is found, how its lines are made."""

    roles: Sequence[Role]
    headings: Headings[Any]
    preview: Callable[[Source, Person, datetime, str], Preview]


_WAYS = {
    Kind.PEOPLE: _Way(
        (Role.ADMINISTRATOR,),
        people_lines.HEADINGS,
        lambda source, by, at, name: people_lines.preview(source, by=by, at=at),
    ),
    Kind.BRANCHES: _Way(
        (Role.ADMINISTRATOR,),
        branch_lines.HEADINGS,
        lambda source, by, at, name: branch_lines.preview(source, by=by, at=at),
    ),
    Kind.VOLUMES: _Way(
        KEEPERS,
        volume_lines.HEADINGS,
        lambda source, by, at, name: volume_lines.preview(source, by=by, at=at, name=name),
    ),
}


def kinds_of(person: Person) -> list[Kind]:
    """What the person may import."""
    return [kind for kind, way in _WAYS.items() if person.role in way.roles]


def uploads_of(person: Person) -> QuerySet[Upload]:
    """One's own uploads, as far as they are still for one's role."""
    return Upload.objects.filter(by=person, kind__in=kinds_of(person)).defer("content")


@transaction.atomic
def upload(kind: Kind, name: str, content: bytes, *, by: Person, at: datetime) -> Upload:
    """Keep the file until it is confirmed; an earlier one of the same kind is dropped. Raises
    RuleBroken `file.*`; NotAllowed."""
    _check_role(kind, by)
    label = text.clean(PurePosixPath(name.replace("\\", "/")).name, limit=150, field="file")
    if not content:
        raise RuleBroken("file.empty", _("文件 %(path)s 是空的。") % {"path": label}, field="file")
    if len(content) > LARGEST:
        raise RuleBroken(
            "file.too_large",
            _("文件“%(name)s”超过 20 MB，请压缩后再上传。") % {"name": label},
            field="file",
        )
    digest = hashlib.sha256(content).hexdigest()
    made = Upload(kind=kind, name=label, content=content, sha256=digest, by=by, at=at)
    try:
        preview(made, by=by, at=at)
    except RuleBroken as broken:
        raise RuleBroken(broken.code, broken.message, field="file") from broken
    Upload.objects.filter(by=by, kind=kind).exclude(content=b"").update(content=b"")
    made.save()
    return made


def preview(kept: Upload, *, by: Person, at: datetime) -> Preview:
    """What the file would do now. Raises RuleBroken `file.*`; Conflict `upload.gone`;
    NotAllowed."""
    if not kept.content:
        raise Conflict("upload.gone", _("这个文件已经导入过，或已被后来上传的代替，请重新上传。"))
    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(kept.name).suffix[:10]) as file:
        file.write(kept.content)
        file.flush()
        return preview_file(Kind(kept.kind), Path(file.name), kept.name, by=by, at=at)


def preview_file(kind: Kind, path: Path, name: str, *, by: Person, at: datetime) -> Preview:
    """As `preview`, of a file that nobody keeps."""
    _check_role(kind, by)
    way = _WAYS[kind]
    with opened(path, way.headings) as source:
        strange = [each for each in source.headers or () if each and not way.headings.meaning(each)]
        if strange:
            source.notes.append(_("这些列不导入：%(names)s") % {"names": "、".join(strange)[:500]})
        source.rows = iter(_rows(source))
        return way.preview(source, by, at, name)


def _rows(source: Source) -> list[Row]:
    """All of them. Raises FileRefused `file.too_many_rows`."""
    rows = list(islice(source.rows, MOST + 1))
    if len(rows) > MOST:
        raise FileRefused(
            "file.too_many_rows", _("文件超过 %(most)d 行，请拆分后再导入。") % {"most": MOST}
        )
    return rows


@transaction.atomic
def confirm(upload_id: int, digest: str, *, by: Person, at: datetime) -> dict[str, int]:
    """Write what the preview with this digest has shown, all of it or nothing; the number of
    lines of each verdict. Raises Conflict `upload.moved` when it would do something else by now,
    `upload.gone`; RuleBroken; NotAllowed."""
    kept = Upload.objects.select_for_update(of=("self",)).get(pk=upload_id, by=by)
    shown = _write(lambda: preview(kept, by=by, at=at), digest)
    kept.content, kept.confirmed_at, kept.counts = b"", at, shown.counts
    kept.save(update_fields=["content", "confirmed_at", "counts"])
    return shown.counts


@transaction.atomic
def import_file(kind: Kind, path: Path, *, by: Person, at: datetime, rehearsal: bool) -> Preview:
    """Write what the file says at once, unless it is a rehearsal. Raises RuleBroken; NotAllowed."""
    if rehearsal:
        return preview_file(kind, path, path.name, by=by, at=at)
    return _write(lambda: preview_file(kind, path, path.name, by=by, at=at), None)


def _write(look: Callable[[], Preview], digest: str | None) -> Preview:
    """Look again while nobody else changes the tree or imports, and write."""
    lock_tree()
    shown = look()
    if digest is not None and shown.digest != digest:
        raise moved()
    try:
        with transaction.atomic():
            shown.write()
    except IntegrityError as error:  # somebody else wrote the same name a moment ago
        raise moved() from error
    return shown


def moved() -> Conflict:
    """The sentence for a file that would do something else by now."""
    return Conflict("upload.moved", _("上次预览以后数据有了变化，请看过新的预览再确认。"))


def _check_role(kind: Kind, by: Person) -> None:
    if by.role not in _WAYS[kind].roles or not by.is_active:
        raise NotAllowed("not_allowed", _("您不能导入这类数据。"))
