"""The one door for files: what the bytes are decides, not what the name says."""

from __future__ import annotations

import hashlib
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from common.text import clean

#: The most one file may weigh: 20 MB (20 × 1024 × 1024 bytes).
LARGEST = 20 * 1024 * 1024

#: What may be attached: the endings a name may have, by the content type of the bytes.
ACCEPTED: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "audio/amr": (".amr",),
    "audio/mp4": (".m4a",),
    "video/mp4": (".mp4",),
    "text/plain": (".txt",),
}
_TYPE_OF_ENDING = {ending: kind for kind, endings in ACCEPTED.items() for ending in endings}
_SAME = {"image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav",
         "audio/x-m4a": "audio/mp4", "audio/vnd.wave": "audio/wav"}


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: its label, true content type, size in bytes and SHA-256."""

    name: str
    content_type: str
    size: int
    sha256: str


def check(upload: UploadedFile, *, field: str = "file") -> Checked:
    """What the upload really is. Raises RuleBroken `file.empty`, `file.too_large`,
    `file.kind`, `file.not_what_it_says`, `text.*`."""
    size = upload.size or 0
    name = _label(upload.name or "", field)
    if not size:
        raise RuleBroken("file.empty", _("文件“%(name)s”是空的。") % {"name": name}, field=field)
    if size > LARGEST:
        raise RuleBroken(
            "file.too_large",
            _("文件“%(name)s”超过 20 MB,请压缩后再上传。") % {"name": name},
            field=field,
        )
    expected = _TYPE_OF_ENDING.get(PurePosixPath(name.lower()).suffix)
    if expected is None:
        raise RuleBroken(
            "file.kind",
            _("不支持“%(name)s”这类文件;可上传图片、PDF、Word、Excel、录音、视频和文本。")
            % {"name": name},
            field=field,
        )
    if expected not in _types_of(upload):
        raise RuleBroken(
            "file.not_what_it_says",
            _("文件“%(name)s”的内容与扩展名不符,请确认后重新上传。") % {"name": name},
            field=field,
        )
    return Checked(name, expected, size, _sha256(upload))


def _label(name: str, field: str) -> str:
    """The last part of the name, without what could mislead a reader; at most 150 characters,
    its ending kept."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    label = clean(last, limit=1000, field=field).lstrip(".") or "file"
    path = PurePosixPath(label)
    return path.stem[: 150 - len(path.suffix[:10])] + path.suffix[:10]


def _types_of(upload: UploadedFile) -> set[str]:
    """The content types the bytes could be."""
    upload.seek(0)
    head = upload.read(8192)
    upload.seek(0)
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except puremagic.PureError:
        found = set()
    types = {_SAME.get(kind, kind) for kind in found if kind}
    if head[:4] == b"PK\x03\x04":
        types |= _office_types(upload)
    if head[4:8] == b"ftyp":
        types |= {"video/mp4", "audio/mp4"}
    if not types and _is_text(head):
        types.add("text/plain")
    return types


def _office_types(upload: UploadedFile) -> set[str]:
    """Word and Excel files are zips; the folder inside tells which."""
    try:
        with zipfile.ZipFile(upload.file) as archive:
            folders = {name.split("/", 1)[0] for name in archive.namelist()[:200]}
    except zipfile.BadZipFile:
        return set()
    finally:
        upload.seek(0)
    office = "application/vnd.openxmlformats-officedocument."
    kinds = {"word": "wordprocessingml.document", "xl": "spreadsheetml.sheet"}
    return {office + kind for folder, kind in kinds.items() if folder in folders}


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[:-4].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 8:
                continue
        return True
    return False


def _sha256(upload: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()
