"""A mailbox on an IMAP server: what is in it, by number; nothing in it is changed."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from intake.items import LARGEST
from intake.mail.mailboxes import Settings

#: Seconds for each answer of the server.
PATIENCE = 20
#: Numbers asked for at once; a stretch without mails makes the next one wider.
_STRETCH = 1000
_DATE = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_UID = re.compile(rb"UID (\d+)")

#: What a server, or the way to it, may do to us; more is thinkable.
FAULTS = (OSError, imaplib.IMAP4.error, ImapToolsError, ssl.SSLError, ValueError)


@dataclass(frozen=True)
class Letter:
    """A mail as the server has it: one byte more than is kept says that there is more of it.
    `arrived_at` is when the server got it."""

    uid: int
    raw: bytes
    arrived_at: datetime | None


class Refused(OSError):
    """The server does not hand over this one mail, and goes on with others."""


class Folder:
    """One folder, open for reading."""

    def __init__(self, box: BaseMailBox, folder: str) -> None:
        self._client = box.client
        status = box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        self.uid_validity, self.uid_next = int(status["UIDVALIDITY"]), int(status["UIDNEXT"])
        box.folder.set(folder, readonly=True)

    def uids_after(self, last: int) -> Iterator[int]:
        """The numbers of the mails behind `last`, in their order."""
        low, width = last + 1, _STRETCH
        while low < self.uid_next:
            status, data = self._client.uid("SEARCH", "UID", f"{low}:{low + width - 1}")
            _check(status)
            # "n:*" and the like always name the last mail; so do some servers for any stretch
            found = sorted(uid for uid in map(int, (data[0] or b"").split()) if uid >= low)
            yield from (uid for uid in found if uid < low + width)
            low, width = low + width, _STRETCH if found else width * 4

    def letter(self, uid: int) -> Letter | None:
        """The mail with this number; None when it is gone. Raises Refused."""
        wanted = f"(UID INTERNALDATE BODY.PEEK[]<0.{LARGEST + 1}>)"
        status, data = self._client.uid("FETCH", str(uid), wanted)
        if status != "OK":
            raise Refused
        for number, part in enumerate(data):
            if isinstance(part, tuple):
                behind = data[number + 1] if number + 1 < len(data) else b""
                said = part[0] + b" " + (behind if isinstance(behind, bytes) else b"")
                named = _UID.search(said)
                if named is None or int(named[1]) == uid:
                    return Letter(uid, part[1], _moment(said))
        if any(isinstance(part, bytes) and b"BODY[" in part.upper() for part in data):
            raise Refused  # it is there, and NIL stands for its body
        return None


@contextmanager
def opened(settings: Settings, password: str) -> Iterator[Folder]:
    """Sign in and open the folder. Raises one of `FAULTS`."""
    box = _connected(settings)
    try:
        box.login(settings.user or settings.address, password, initial_folder=None)
        _introduce_ourselves(box)
        yield Folder(box, settings.folder)
    finally:
        with suppress(*FAULTS):
            box.logout()


def _connected(settings: Settings) -> BaseMailBox:
    host, port = settings.host, settings.real_port
    if settings.security == "none":
        return MailBoxUnencrypted(host, port, timeout=PATIENCE)
    context = ssl.create_default_context()
    if settings.security == "starttls":
        return MailBoxStartTls(host, port, timeout=PATIENCE, ssl_context=context)
    return MailBox(host, port, timeout=PATIENCE, ssl_context=context)


def _introduce_ourselves(box: BaseMailBox) -> None:
    """RFC 2971: NetEase (163, 126) opens no folder for a client that doesn't."""
    if "ID" in box.client.capabilities:
        with suppress(imaplib.IMAP4.error):
            box.client.xatom("ID", '("name" "recovery" "version" "1" "vendor" "recovery")')


def _check(status: str) -> None:
    if status != "OK":
        raise imaplib.IMAP4.error(status)


def _moment(said: bytes) -> datetime | None:
    found = _DATE.search(said)
    if found is None:
        return None
    try:
        stated = datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return None
    return stated.astimezone(UTC)
