"""The door for files: real samples of every kind pass, whatever is not what it says does not."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import wave
import zipfile
import zlib

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import files
from common.errors import RuleBroken

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", pixels)
        + _chunk(b"IEND", b"")
    )


def _zip(**parts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return content.getvalue()


_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def _office(part: str, **more: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"[Content_Types].xml": _TYPES, part: "<x/>", **more}.items():
            archive.writestr(name, text)
    return content.getvalue()


def _xlsx() -> bytes:
    content = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["投诉内容"])
    book.save(content)
    return content.getvalue()


def _wav() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 80)
    return content.getvalue()


def _box(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\2\0" + b"isommp42" + b"\0\0\0\x08free"


# A grey pixel, baseline JPEG: quantisation, frame, Huffman and scan headers as a camera writes.
_JPEG_BODY = (
    b"\xff\xdb\x00\x43\x00" + b"\x10" * 64 + b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    b"\xff\xc4\x00\x14\x00\x01" + b"\0" * 15 + b"\x09\xff\xc4\x00\x14\x10\x01" + b"\0" * 15 + b"\0"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x54\xdf\xff\xd9"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + _JPEG_BODY
EXIF = b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00" + _JPEG_BODY
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"
PDF = (
    b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\0" * 200 + b"PE\0\0" + b"\0" * 300
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"

SAMPLES: dict[str, tuple[bytes, str]] = {
    "现场.jpg": (JPEG, "image/jpeg"),
    "IMG_2031.JPEG": (EXIF, "image/jpeg"),
    "截图.png": (_png(), "image/png"),
    "动图.gif": (GIF, "image/gif"),
    "old.gif": (GIF.replace(b"89a", b"87a"), "image/gif"),
    "wx.webp": (WEBP, "image/webp"),
    "alpha.webp": (WEBP.replace(b"VP8L", b"VP8X"), "image/webp"),
    "合同.pdf": (PDF, "application/pdf"),
    "bom.pdf": (b"\xef\xbb\xbf\r\n" + PDF, "application/pdf"),
    "说明.docx": (_office("word/document.xml"), files._WORD),
    "清单.xlsx": (_xlsx(), files._EXCEL),
    "录音.mp3": (b"ID3\x03\x00\x00\x00\x00\x00\x0aTIT2" + b"\0" * 20, "audio/mpeg"),
    "bare.mp3": (b"\xff\xfb\x90\x00" + b"\0" * 413, "audio/mpeg"),
    "mpeg2.mp3": (b"\xff\xf3\x48\xc4" + b"\0" * 140, "audio/mpeg"),
    "来电.wav": (_wav(), "audio/wav"),
    "语音.amr": (b"#!AMR\n\x3c" + b"\0" * 31, "audio/amr"),
    "宽带.amr": (b"#!AMR-WB\n\x44" + b"\0" * 60, "audio/amr"),
    "备忘.m4a": (_box(b"M4A "), "audio/mp4"),
    "安卓录音.m4a": (_box(b"isom"), "audio/mp4"),
    "视频.mp4": (_box(b"mp42"), "video/mp4"),
    "手机.mp4": (_box(b"3gp4"), "video/mp4"),
    "记录.txt": ("客户说:货晚到三天。\r\n".encode(), "text/plain"),
    "bom.txt": ("客户说".encode("utf-8-sig"), "text/plain"),
    "国标.TXT": ("客户说:货晚到三天。".encode("gb18030"), "text/plain"),
    "记事本.txt": ("客户说".encode("utf-16"), "text/plain"),
    "MZ.txt": (b"MZ is a postal region", "text/plain"),
    "BM.txt": (b"BMW 7890, PK 10086", "text/plain"),
}


def refusal(name: str, content: bytes) -> RuleBroken:
    with pytest.raises(RuleBroken) as caught:
        files.check(SimpleUploadedFile(name, content))
    assert caught.value.field == "file"
    return caught.value


@pytest.mark.parametrize("name", SAMPLES)
def test_every_accepted_kind_passes(name: str) -> None:
    content, kind = SAMPLES[name]
    upload = SimpleUploadedFile(name, content)
    checked = files.check(upload)
    assert checked == files.Checked(name, kind, len(content), hashlib.sha256(content).hexdigest())
    assert upload.read() == content


def test_there_is_a_sample_of_every_accepted_kind() -> None:
    assert {kind for _content, kind in SAMPLES.values()} == set(files.ACCEPTED)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_kind_passes_under_another_name(name: str) -> None:
    content, kind = SAMPLES[name]
    allowed = {kind, files._TWINS.get(kind)}
    for other, endings in files.ACCEPTED.items():
        if other not in allowed:
            assert refusal(f"x{endings[0]}", content).code == "file.not_what_it_says"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("发票.pdf", _png()),
        ("照片.jpg", HTML),
        ("图.png", EXE),
        ("图.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
        ("图.gif", b"GIF89x"),
        ("程序.txt", EXE),
        ("半截.txt", b"abc\x00def"),
        ("乱码.txt", bytes(range(128, 256)) * 3),
        ("图.svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
        ("普通压缩包.docx", _zip(readme="x")),
        ("坏的.xlsx", b"PK\x03\x04" + b"\0" * 60),
        ("说明.xlsx", _office("word/document.xml")),
        ("宏.xlsx", _office("xl/workbook.xml", **{"xl/vbaProject.bin": "x"})),
        ("苹果.mp4", _box(b"heic")),
        ("视频.webp", b"RIFF\x10\0\0\0AVI LIST"),
        ("声音.mp3", b"\xff\xfb\xf0\x00" + b"\0" * 100),
        ("国标.mp3", "".encode("utf-16") + "投诉".encode("utf-16-le")),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(name: str, content: bytes) -> None:
    broken = refusal(name, content)
    assert broken.code == "file.not_what_it_says"
    assert name in broken.message


@pytest.mark.parametrize(
    "name", ["现场.jpg", "截图.png", "动图.gif", "合同.pdf", "录音.mp3", "视频.mp4"]
)
def test_an_archive_behind_a_picture_is_refused(name: str) -> None:
    content = SAMPLES[name][0]
    assert refusal(name, content + _zip(Main_dot_class="x")).code == "file.not_what_it_says"


@pytest.mark.parametrize(
    "name",
    ["a.exe", "a.svg", "a.html", "a.zip", "a.xlsm", "a.doc", "a.jpg.exe", "发票\u202egpj.exe"],
)
def test_other_kinds_are_refused_by_name(name: str) -> None:
    assert refusal(name, _png()).code == "file.kind"


@pytest.mark.parametrize("content", [EXE, HTML + b"\x00", b"PK\x03\x04"])
def test_without_an_ending_only_known_bytes_pass(content: bytes) -> None:
    assert refusal("附件", content).code == "file.kind"


def test_exactly_twenty_megabytes_pass_and_one_byte_more_does_not() -> None:
    full = JPEG + b"\0" * (files.LARGEST - len(JPEG))
    assert files.check(SimpleUploadedFile("full.jpg", full)).size == 20 * 1024 * 1024
    assert refusal("full.jpg", full + b"\0").code == "file.too_large"


def test_a_large_upload_on_disk_is_read_whole() -> None:
    content = JPEG + bytes(range(256)) * 20_000
    with TemporaryUploadedFile("a.jpg", "image/jpeg", len(content), None) as upload:
        upload.write(content)
        upload.seek(0)
        assert files.check(upload).sha256 == hashlib.sha256(content).hexdigest()
        assert upload.read(4) == content[:4]


def test_an_empty_file_is_refused() -> None:
    assert refusal("空.txt", b"").code == "file.empty"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/图.png", "图.png"),
        (r"C:\Users\li\桌面\图.png", "图.png"),
        ("发票\u202egnp.png", "发票gnp.png"),
        ("\u200b.图.png", "图.png"),
        ("  图 \u3000 一.png ", "图 一.png"),
        ("图.png...", "图.png"),
        ("图.PNG", "图.PNG"),
        ("截图", "截图.png"),
        (".png", "png.png"),
        ("…", "….png"),
        ("a.b.c.png", "a.b.c.png"),
    ],
)
def test_a_name_is_a_label_only(name: str, label: str) -> None:
    upload = SimpleUploadedFile("x", _png())
    upload._name = name  # as a mail or a robot gives it, past Django's own trimming
    assert files.check(upload).name == label


@pytest.mark.parametrize("name", ["", ".", "..", "/", "\u202e"])
def test_no_name_gets_one(name: str) -> None:
    upload = SimpleUploadedFile("x", _png())
    upload._name = name
    assert files.check(upload).name == "file.png"


@pytest.mark.parametrize("length", [149, 150, 151, 300, 5000])
def test_a_long_name_keeps_its_ending(length: int) -> None:
    upload = SimpleUploadedFile("x", _png())
    upload._name = "图" * (length - 4) + ".png"
    name = files.check(upload).name
    assert len(name) == min(length, 150)
    assert name.endswith("图.png")


def test_a_name_with_controls_is_refused() -> None:
    upload = SimpleUploadedFile("x", _png())
    upload._name = "图\r\x00.png"
    with pytest.raises(RuleBroken, match="空字符"):
        files.check(upload)


@unhurried
@given(st.binary(max_size=200), st.sampled_from([e for es in files.ACCEPTED.values() for e in es]))
def test_any_bytes_are_answered_by_a_rule(content: bytes, ending: str) -> None:
    try:
        answer = files.check(SimpleUploadedFile("x" + ending, content)).content_type
    except RuleBroken as broken:
        answer = broken.code
    assert answer in {"file.empty", "file.not_what_it_says", files._TYPE_OF_ENDING[ending]}


def _directory(entries: int) -> bytes:
    """A zip of nothing but a directory, of 46 bytes an entry."""
    entry = b"PK\x01\x02" + b"\0" * 42
    size = entries * len(entry)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries % 65536, entries % 65536, size, 0, 0)
    return entry * entries + end


@pytest.mark.parametrize("entries", [1, 20_000, 390_000])
@pytest.mark.parametrize(("name", "head"), [("a.jpg", JPEG), ("a.docx", b"PK\x03\x04")])
def test_a_directory_without_end_is_refused_before_it_is_read(
    name: str, head: bytes, entries: int
) -> None:
    started = time.thread_time()
    assert refusal(name, head + _directory(entries)).code == "file.not_what_it_says"
    assert time.thread_time() - started < 2
