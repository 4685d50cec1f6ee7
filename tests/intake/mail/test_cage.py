"""The child that reads mails: ended when it takes too long or too much, and replaced."""

from __future__ import annotations

import base64
import os
import signal
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest

from intake.mail import cage
from intake.mail.parsed import Mail
from tests.intake.mail.letters import letter

HEAD = b"From: a@b.c\r\nMessage-ID: <1@b.c>\r\n"


@pytest.fixture(scope="module")
def reader() -> Iterator[cage.Cage]:
    running = cage.Cage()
    running.parse(letter())
    yield running
    running.close()


def work_of(reader: cage.Cage) -> float:
    """Seconds of work of the child, however busy the machine is."""
    said = Path(f"/proc/{reader.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def nested(kind: str, levels: int) -> bytes:
    raw = b"From: x@y.z\n\nthe innermost"
    for number in range(levels):
        mark = f"b{number}".encode()
        if kind == "message":
            raw = b"Content-Type: message/rfc822\n\n" + raw
        else:
            raw = (
                b"Content-Type: multipart/mixed; boundary=" + mark + b"\n\n--" + mark + b"\n" + raw
                + b"\n--" + mark + b"--\n"
            )  # fmt: skip
    return HEAD + raw


def bomb() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 50_000_000)
    return content.getvalue()


HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
PARTS = HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
END = b"\r\n\r\nx"
WILD = {
    "20,000 recipients": HEAD + b"To: " + b", ".join(b"a%d@b.c" % n for n in range(20_000)) + END,
    "280 kB of subject": HEAD + b"Subject: " + b"=?gb2312?B?xOO6ww==?=\r\n " * 13_000 + END,
    "half words of a subject": HEAD + b"Subject: " + b"=?gb2312?B?" * 26_000 + END,
    "100,000 nested tags": HTML + b"<div>" * 100_000 + b"x",
    "hidden ends of tags": HTML + b'<b title="</b>">' * 40_000 + b"x",
    "300 mails in each other": nested("message", 300),
    "300 parts in each other": nested("multipart", 300),
    "500 parts": PARTS + b"--x\r\n\r\nhi\r\n" * 500,
    "a million boundaries": PARTS + b"--x\n" * 1_000_000,
    "100,000 fields": b"X: y\r\n" * 100_000 + HEAD + b"\r\nx",
    "lines without line feeds": b"a:\r" * 3_000_000,
    "brackets": b"From: " + b"(" * 60_000 + END,
    "quotes": b"From: " + b'"\\' * 30_000 + END,
    "parameters": b"Content-Type: text/plain" + b"; a*0*=b" * 8_000 + b"\r\n" + HEAD + b"\r\nx",
    "utf-7": HTML.replace(b"html", b"html; charset=utf-7") + b"+ADw-script+AD4-x",
    "a zip bomb": HEAD + b"Content-Type: application/zip; name=a.zip\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(bomb()),
    "winmail.dat": HEAD + b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n\x78\x9f",
    "nothing": b"",
    "a line": b"\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WILD)
def test_wild_mails_are_read_within_two_seconds(name: str, reader: cage.Cage) -> None:
    before = work_of(reader)
    mail = reader.parse(WILD[name])
    assert work_of(reader) - before < 2
    assert len(mail.to) <= 100
    assert "<script" not in mail.html + mail.text


def test_the_names_of_files_are_labels_as_the_sender_gave_them(reader: cage.Cage) -> None:
    for given, name in (
        ('filename="../../x.png"', "../../x.png"),
        ("filename*=gb2312''%D5%D5%C6%AC.png", "照片.png"),
        ("filename*0*=utf-8''%E7%85%A7; filename*1*=%E7%89%87; filename*2=.png", "照片.png"),
        ('filename="=?GBK?B?1dXGrA==?=.png"', "照片.png"),
        ('filename="' + "长" * 300 + '.png"', "长" * 300 + ".png"),
    ):
        raw = f"From: a@b.c\r\nContent-Disposition: attachment; {given}\r\n\r\nx".encode()
        assert [file.name for file in reader.parse(raw).files] == [name]


def test_25_megabytes_are_read_in_bounded_memory(reader: cage.Cage) -> None:
    content = os.urandom(18 * 1024 * 1024)
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x\r\n"
    raw += b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = reader.parse(raw + base64.encodebytes(content) + b"--x--\r\n")
    assert (mail.text, mail.files[0].content == content) == ("hi", True)


def test_a_mail_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    hasty = cage.Cage(patience=0.0)
    with pytest.raises(cage.Unread) as unread:
        hasty.parse(letter())
    assert unread.value.code == "too_slow"
    patient = cage.Cage()
    try:
        assert patient.parse(letter()).subject == "投诉"
    finally:
        patient.close()
        hasty.close()


def test_a_child_that_dies_is_replaced() -> None:
    reader = cage.Cage()
    try:
        reader.parse(letter())
        first = reader.pid
        assert first
        os.kill(first, signal.SIGKILL)
        assert reader.parse(letter()).subject == "投诉"
        assert reader.pid != first
    finally:
        reader.close()


def test_one_child_reads_all_mails_and_has_limits_and_no_secrets(reader: cage.Cage) -> None:
    before = reader.pid
    for number in range(20):
        reader.parse(letter(number=number))
    assert reader.pid == before
    limits = Path(f"/proc/{before}/limits").read_text()
    for name in ("Max address space", "Max data size"):
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert str(300 * 1024 * 1024) in line
    assert b"SECRET_KEY" not in Path(f"/proc/{before}/environ").read_bytes()


def test_many_threads_share_the_child(reader: cage.Cage) -> None:
    found: list[Mail] = []
    each = [Thread(target=lambda: found.append(reader.parse(letter()))) for _ in range(8)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert [mail.subject for mail in found] == ["投诉"] * 8
