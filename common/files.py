"""The one door for files: what the bytes are decides, not what the name says."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, cast

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from common.text import clean

#: The most one file may weigh: 20 MB (20 × 1024 × 1024 bytes).
LARGEST = 20 * 1024 * 1024

#: The most the directory of a zip may weigh, in bytes: some ten thousand entries.
_DIRECTORY = 1024 * 1024

_OFFICE = "application/vnd.openxmlformats-officedocument."
_WORD = _OFFICE + "wordprocessingml.document"
_EXCEL = _OFFICE + "spreadsheetml.sheet"

#: What may be attached: the endings a name may have, by the content type of the bytes.
ACCEPTED: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    _WORD: (".docx",),
    _EXCEL: (".xlsx",),
    "audio/mpeg": (".mp3",),
    "audio/wav": (".wav",),
    "audio/amr": (".amr",),
    "audio/mp4": (".m4a",),
    "video/mp4": (".mp4",),
    "text/plain": (".txt",),
}
_TYPE_OF_ENDING = {ending: kind for kind, endings in ACCEPTED.items() for ending in endings}

# The first bytes of each kind, from the formats' own specifications. General-purpose guessing
# refuses real recordings and takes a note that begins with "MZ" for a program.
_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n....IHDR", re.DOTALL)),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL)),
    ("application/pdf", re.compile(rb"(?:\xef\xbb\xbf)?\s{0,16}%PDF-\d")),
    # ID3v2, or a frame of layer III with a bit rate and a sampling rate that exist.
    ("audio/mpeg", re.compile(rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")),
    ("audio/wav", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("audio/amr", re.compile(rb"#!AMR(?:-WB)?\n")),
    ("audio/mp4", re.compile(rb"....ftypM4[AB]", re.DOTALL)),
    ("video/mp4", re.compile(rb"....ftyp(?:iso.|mp4|mp7|M4V|avc1|3g|MSNV|dash|f4v)", re.DOTALL)),
)
# Recorders of phones write .m4a and .mp4 with the same brand.
_TWINS = {"audio/mp4": "video/mp4", "video/mp4": "audio/mp4"}
_TEXT_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: its label, true content type, size in bytes and SHA-256."""

    name: str
    content_type: str
    size: int
    sha256: str


def check(upload: UploadedFile[bytes], *, field: str = "file") -> Checked:
    """What the upload really is; a name without an ending is given that of the bytes.

    Raises RuleBroken `file.empty`, `file.too_large`, `file.kind`, `file.not_what_it_says`,
    `text.*`."""
    size = upload.size or 0
    name = label(upload.name or "", field)
    _check_size(size, name, field)
    types = _types_of(upload)
    if not PurePosixPath(name).suffix and types:
        name += ACCEPTED[types[0]][0]
    expected = _TYPE_OF_ENDING.get(PurePosixPath(name.lower()).suffix)
    if expected is None:
        raise RuleBroken(
            "file.kind",
            _("不支持“%(name)s”这类文件；可上传图片、PDF、Word、Excel、录音、视频和文本。")
            % {"name": name},
            field=field,
        )
    if expected not in types:
        raise RuleBroken(
            "file.not_what_it_says",
            _("文件“%(name)s”的内容与扩展名不符，请确认后重新上传。") % {"name": name},
            field=field,
        )
    return Checked(name, expected, size, _sha256(upload))


def kind_of(content: bytes) -> str:
    """The content type of the bytes, whatever a name says; "" for what may not be kept."""
    types = _types_of(SimpleUploadedFile("file", content))
    return types[0] if content and types else ""


def _check_size(size: int, name: str, field: str) -> None:
    if not size:
        raise RuleBroken("file.empty", _("文件“%(name)s”是空的。") % {"name": name}, field=field)
    if size > LARGEST:
        raise RuleBroken(
            "file.too_large",
            _("文件“%(name)s”超过 20 MB，请压缩后再上传。") % {"name": name},
            field=field,
        )


def label(name: str, field: str) -> str:
    """The last part of the name, without what could mislead a reader; at most 150 characters,
    its ending kept."""
    last = unicodedata.normalize("NFC", name[-1000:]).replace("\\", "/").rsplit("/", 1)[-1]
    label = clean(last, limit=3000, field=field).strip(" .") or "file"
    path = PurePosixPath(label)
    ending = path.suffix[:10]
    return path.stem[: 150 - len(ending)] + ending


def _types_of(upload: UploadedFile[bytes]) -> list[str]:
    """The content types the bytes could be, the likeliest first; none for what may not be kept."""
    upload.seek(0)
    head = upload.read(64)
    if head.startswith(b"PK\x03\x04"):
        return _office_types(upload)
    types = [kind for kind, signature in _SIGNATURES if signature.match(head)]
    if types:
        types += [_TWINS[kind] for kind in types if kind in _TWINS]
        return [] if _hides_an_archive(upload) else types
    return ["text/plain"] if _is_text(upload) else []


def _office_types(upload: UploadedFile[bytes]) -> list[str]:
    """Word and Excel files are zips; the parts inside tell which. None with macros."""
    names = {name.lower().replace("\\", "/") for name in _names_in(upload) or ()}
    macros = any(name.endswith("vbaproject.bin") for name in names)
    if macros or "[content_types].xml" not in names:
        return []
    parts = {_WORD: "word/document.xml", _EXCEL: "xl/workbook.xml"}
    return [kind for kind, part in parts.items() if part in names]


def _hides_an_archive(upload: UploadedFile[bytes]) -> bool:
    """Whether a zip hangs behind the picture or recording: two files in one."""
    names = _names_in(upload)
    return names is None or bool(names)


class _TooManyNames(Exception):
    """A zip whose directory is larger than anybody's."""


@dataclass(frozen=True)
class _Sparing:
    """A file as `ZipFile` reads it. It reads the whole directory at once and makes an object of
    each entry: of 18 MB of empty ones, hundreds of MB. Raises _TooManyNames."""

    file: IO[bytes]

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise _TooManyNames
        return self.file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()


def _names_in(upload: UploadedFile[bytes]) -> list[str] | None:
    """What the zip holds that the file is, or ends with; nothing if there is none, None if it has
    too many entries to be counted."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(_Sparing(cast("IO[bytes]", upload))) as archive:
            return archive.namelist()
    except _TooManyNames:
        return None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def _is_text(upload: UploadedFile[bytes]) -> bool:
    """Whether all of it can be read: UTF-8, GB18030, or UTF-16 with its mark."""
    upload.seek(0)
    content = upload.read()
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return not _TEXT_CONTROLS.search(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return False


def _sha256(upload: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()
