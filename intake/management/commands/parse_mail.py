"""`parse_mail FILE...`: what we read in mails, one JSON object a line; nothing is registered."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from common import files
from intake.mail import cage
from intake.mail.parsed import Mail, MailFile


class Command(BaseCommand):
    """Reads mails as they are read when they come in (`docs/mail.md`)."""

    help = "Print what is read in each mail, one JSON object a line (docs/mail.md)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            line = json.dumps({"id": path.name, **_found(path)}, ensure_ascii=False)
            self.stdout.write(line.encode("utf-8", "replace").decode("utf-8"))


def _found(path: Path) -> dict[str, Any]:
    try:
        mail = cage.parse(path.read_bytes())
    except OSError as error:
        return {"error": type(error).__name__}
    except cage.Unread as unread:
        return {"error": f"mail.{unread.code}"}
    return _shown(mail)


def _shown(mail: Mail) -> dict[str, Any]:
    return {
        "subject": mail.subject,
        "from_email": mail.from_email,
        "from_name": mail.from_name,
        "to": mail.to,
        "body_text": mail.text,
        "visible_text": mail.visible,
        "body_html": mail.html,
        "attachments": [_attached(file) for file in mail.files],
    }


def _attached(file: MailFile) -> dict[str, Any]:
    kind = files.kind_of(file.content) or "application/octet-stream"
    if file.declared_type.startswith("message/"):  # a mail is text, too
        kind = file.declared_type
    return {"filename": file.name, "size": len(file.content), "content_type": kind}
