"""The commands: a mail server's pipe, the mailbox at once, what is read in a file."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from intake import inlets
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, Item, Mailbox
from recovery.places import BASE
from tests.conftest import Cast
from tests.intake.mail.letters import DESK, SUN, letter, mailbox
from tests.intake.mail.server import PASSWORD, USER, post_box
from tests.shared import DATA


class Pipe:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def receive(monkeypatch: pytest.MonkeyPatch, raw: bytes, *arguments: str) -> int:
    """The exit code that the mail server sees."""
    monkeypatch.setattr(sys, "stdin", Pipe(raw))
    try:
        call_command("receive_mail", *arguments)
    except CommandError as refused:
        return refused.returncode
    return 0


def test_a_mail_by_pipe_is_kept_when_the_command_ends(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert receive(monkeypatch, letter()) == 0
    item = Item.objects.get()
    assert (bytes(item.raw), item.sender, item.state) == (letter(), SUN, "waiting")
    assert receive(monkeypatch, letter(), "--inlet", "mail") == 0
    assert Item.objects.get().repeats == 1


def test_what_cannot_be_kept_says_so_in_the_codes_of_mail_servers(
    cast: Cast, inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert receive(monkeypatch, b"  \n") == os.EX_DATAERR
    assert receive(monkeypatch, letter(), "--inlet", "other") == os.EX_NOUSER
    mailbox(cast, "second")
    assert receive(monkeypatch, letter()) == os.EX_TEMPFAIL
    assert not Item.objects.exists()


def test_while_the_database_is_away_the_mail_server_keeps_it() -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", "receive_mail", "--inlet", "mail"],
        cwd=BASE,
        input=letter(),
        env={**os.environ, "DATABASE_URL": "postgres://x@127.0.0.1:1/x"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == os.EX_TEMPFAIL, ran.stderr


def test_wrong_words_make_the_mail_server_wait_not_bounce() -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", "receive_mail", "--nonsense"],
        cwd=BASE, input=letter(), capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == os.EX_TEMPFAIL


def test_more_than_can_be_kept_is_kept_up_to_the_limit(
    inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.items.LARGEST", 200)
    assert receive(monkeypatch, letter("长" * 1000)) == 0
    assert Item.objects.get().cut


def test_what_is_read_in_files_is_one_line_each(tmp_path: Path) -> None:
    cases = [DATA / "mail_cases" / "eml" / name for name in (
        "webklex__gbk_charset.eml", "imap_tools__attachment_2_base64.eml",
    )]  # fmt: skip
    out = io.StringIO()
    call_command("parse_mail", *map(str, cases), str(tmp_path / "none.eml"), stdout=out)
    first, second, third = map(json.loads, out.getvalue().splitlines())
    assert first["id"] == "webklex__gbk_charset.eml"
    assert (first["subject"], first["from_email"], first["to"]) == (
        "Nuu", "from@there.com", ["to@here.com"],
    )  # fmt: skip
    assert first["body_text"] == first["visible_text"] == "Hi"
    assert [(a["filename"], a["size"]) for a in second["attachments"]] == [
        ("yandex_email.eml", 6692)
    ] * 2
    assert second["attachments"][0]["content_type"] == "message/rfc822"
    assert third == {"id": "none.eml", "error": "FileNotFoundError"}


def test_reading_files_needs_no_database(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(letter())
    ran = subprocess.run(
        [sys.executable, "manage.py", "parse_mail", str(path)],
        cwd=BASE,
        env={**os.environ, "DATABASE_URL": "postgres://x@127.0.0.1:1/x"},
        capture_output=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    assert (found["subject"], found["visible_text"]) == ("投诉", "货没到，都三天了。")


def test_a_mailbox_is_set_up_changed_and_fetched(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setenv("MAILBOX_PASSWORD", PASSWORD)
    with post_box() as box:
        words: dict[str, Any] = {"host": "127.0.0.1", "port": box.port, "security": "none"}
        box.put(letter("旧"))
        call_command(
            "mailbox", "tousu", address=DESK, user=USER, from_now=True, stdout=out, **words
        )
        monkeypatch.delenv("MAILBOX_PASSWORD")
        call_command("mailbox", "tousu", name="投诉邮箱", branch="WUX", plus=True, stdout=out)
        box.put(letter("新", number=2))
        call_command("fetch_mail", stdout=out)
        call_command("fetch_mail", inlet="tousu", stdout=out)
    inlet = Inlet.objects.get()
    assert (inlet.branch, inlet.name, settings_of(inlet).plus) == (cast.wuxi, "投诉邮箱", True)
    assert inlets.secrets_of(inlet) == {"password": PASSWORD}
    assert PASSWORD not in out.getvalue() + str(inlet.settings)
    assert "新" in bytes(Item.objects.get().raw).decode()
    assert Mailbox.objects.get().failures == 0
    with pytest.raises(CommandError):
        call_command("fetch_mail", inlet="none")
