"""Mails that machines write: answers to our answers, bounces, lists. They are kept, not taken."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from intake.mail.mailboxes import Settings
from intake.mail.parsed import Mail
from intake.understood import Ignored

_BOUNCERS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon)@", re.IGNORECASE)
_ANSWERERS = re.compile(
    r"^(?:no-?reply|do-?not-?reply|noreply[\w.-]*|bounces?[+\w.=-]*|mailer-daemon|postmaster|auto\w*"
    r"|robot|daemon|nobody|root|www-data)@",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"multipart/report|message/(?:delivery-status|disposition-notification)", re.IGNORECASE
)
_BULK = re.compile(r"\b(?:bulk|junk|list|auto[_-]?reply)\b", re.IGNORECASE)
_ANSWERS = (
    "自动回复", "自動回復", "自动答复", "自動答覆", "自动应答", "系统自动回复", "外出自动回复",
    "不在办公室", "auto(?:matic)?[ -]?(?:reply|response|antwort)", "out of (?:the )?office",
    "réponse automatique", "automatische antwort", "respuesta automática", "risposta automatica",
    "abwesenheitsnotiz",
)  # fmt: skip
_SUBJECT = re.compile(
    r"^\s*(?:(?:re|回复|答复)\s*[:：]\s*)?[\[【(（]?\s*"
    rf"(?:{'|'.join(_ANSWERS)})\s*[\]】)）]?\s*(?:[:：|].*)?$",
    re.IGNORECASE | re.DOTALL,
)
#: Of a subject so many characters are looked at, its white space collapsed.
_BEGINNING = 300
_ANSWERING_FIELDS = (
    "x-autoreply", "x-autorespond", "x-auto-reply", "x-autoresponse", "x-qq-auto-reply",
)  # fmt: skip


def why(mail: Mail, settings: Settings) -> Ignored | None:
    """Why no person has written this to us; None when one has, or may have."""
    sender = mail.from_email.lower()
    if sender in settings.own_addresses:
        return Ignored("mail.own", _("由本系统的地址发出。"))
    if _is_bounce(mail):
        return Ignored("mail.bounce", _("退信或投递回执。"))
    if expected(sender, settings):
        return None
    if _is_answer(mail):
        return Ignored("mail.auto_reply", _("自动回复。"))
    if _BULK.search(mail.marks.get("precedence", "")) or _is_listed(mail):
        return Ignored("mail.list", _("群发或邮件列表。"))
    return None


def answers_itself(address: str) -> bool:
    """Whether nobody reads what is sent there."""
    return bool(_ANSWERERS.match(address))


def _is_bounce(mail: Mail) -> bool:
    marks = mail.marks
    return (
        re.sub(r"\s", "", marks.get("return-path", "")) == "<>"
        or bool(_REPORTS.match(marks.get("content-type", "").strip()))
        or bool(_BOUNCERS.match(mail.from_email))
        or "x-failed-recipients" in marks
    )


def _is_answer(mail: Mail) -> bool:
    """RFC 3834, what mailers did before it, and QQ Mail, which says so in Chinese alone."""
    stated = mail.marks.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if stated not in ("", "no"):
        return True
    if any(
        mail.marks.get(name, "no").strip().lower() not in ("no", "false")
        for name in _ANSWERING_FIELDS
    ):
        return True
    return bool(_SUBJECT.match(" ".join(mail.subject.split())[:_BEGINNING]))


def _is_listed(mail: Mail) -> bool:
    return "list-id" in mail.marks or "list-post" in mail.marks


def expected(sender: str, settings: Settings) -> bool:
    """Whether it is a machine whose mails are complaints all the same; `sender` in lower case."""
    domain = "@" + sender.rpartition("@")[2]
    return sender in settings.machines or domain in settings.machines
