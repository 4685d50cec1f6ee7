"""What a kept mail means: words of a customer for a new case or an old one, or nothing for us."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from intake.mail import automatic, cage, reply_addresses
from intake.mail.mailboxes import Settings, settings_of
from intake.mail.parsed import Mail
from intake.models import Inlet, Item, ItemState, Reply, Thread
from intake.understood import File, Told, Understood

_NAME_LIMIT = 60


def read(item: Item) -> Understood:
    """The mail understood. Raises RuleBroken `mail.empty`, `mail.unreadable`, `mail.too_slow`,
    `mail.too_big`, `mail.flood`, `what.blank`, `text.*`."""
    mail = _parsed(item)
    inlet = item.inlet
    settings = settings_of(inlet)
    if ignored := automatic.why(mail, settings):
        return ignored
    _check_flood(item, settings)
    complaint_id, notes = _case(mail, inlet, settings)
    if "parts_cut" in mail.notes:
        notes.append(_("邮件的部分过多，只读取了前面的部分，全文见原始内容。"))
    what = _words(mail, new=complaint_id is None)
    if text.is_blank(what):
        # what no text may hold is said before that there is none, as by every other way in
        text.clean(mail.text, limit=len(mail.text), field="what", lines=True)
        raise RuleBroken("what.blank", _("邮件没有内容，也没有附件。"))
    name = text.printable(mail.from_name, limit=_NAME_LIMIT)
    address = _address(mail)
    return Told(
        what=what,
        name=name or text.printable(address, limit=_NAME_LIMIT),
        address=address,
        said_at=item.received_at,
        complaint_id=complaint_id,
        files=[File(file.name or "file", file.content) for file in mail.files],
        notes=notes,
    )


def _parsed(item: Item) -> Mail:
    raw = bytes(item.raw)
    if not raw.strip():
        raise RuleBroken("mail.empty", _("邮件是空的，或没能从邮件服务器取回。"))
    try:
        return cage.parse(raw)
    except cage.Unread as unread:
        reasons = {
            "too_slow": _("邮件 10 秒内没有读完，请人工查看原文。"),
            "too_big": _("邮件展开后过大，请人工查看原文。"),
        }
        reason = reasons.get(unread.code, _("邮件无法解析，请人工查看原文。"))
        raise RuleBroken(f"mail.{unread.code}", reason) from unread


def _check_flood(item: Item, settings: Settings) -> None:
    """More from one sender in an hour than a person writes is for a person to look at, once: among
    what somebody sends under another's address may be that other's own. Raises RuleBroken."""
    seen = item.state != ItemState.WAITING
    if seen or not item.sender or automatic.expected(item.sender, settings):
        return
    hour = (item.received_at - timedelta(hours=1), item.received_at)
    same = Item.objects.filter(inlet=item.inlet_id, sender=item.sender, pk__lt=item.pk)
    count = same.filter(received_at__gt=hour[0], received_at__lte=hour[1]).count()
    if count >= settings.hourly:
        reason = _("同一来信人一小时内超过 %(limit)d 封。") % {"limit": settings.hourly}
        raise RuleBroken("mail.flood", reason)


def _case(mail: Mail, inlet: Inlet, settings: Settings) -> tuple[int | None, list[str]]:
    """The case it belongs to, when that is beyond forging, and what has to be said about it."""
    by_address = reply_addresses.case_of(settings.address, inlet.pk, mail.came_by)
    if by_address is not None and _is_a_case(by_address, inlet):
        known = Thread.objects.filter(inlet=inlet, complaint=by_address).first()
        if known is None or known.address.lower() == mail.from_email.lower():
            return by_address, []
        return by_address, [_("来信地址与原来的不同：%(address)s") % {"address": _shown(mail)}]
    named = [f"<{reference}>" for reference in mail.references]
    answered = Reply.objects.filter(message_id__in=named, thread__inlet=inlet)
    threads = [reply.thread for reply in answered.select_related("thread")]
    mine = [one for one in threads if one.address.lower() == mail.from_email.lower()]
    if mine:
        return mine[0].complaint_id, []
    notes = [_("来信人未核实：%(address)s") % {"address": _shown(mail)}]
    if threads:
        notes.append(_("来信引用了别的投诉的邮件，但来信地址不同，没有并入。"))
    return None, notes


def _is_a_case(complaint_id: int, inlet: Inlet) -> bool:
    return Thread.objects.filter(complaint=complaint_id, inlet=inlet).exists()


def _shown(mail: Mail) -> str:
    return text.printable(mail.from_email, limit=100) or _("无地址")


def _address(mail: Mail) -> str:
    """Where the customer can be answered; "" for nowhere."""
    try:
        validate_email(mail.from_email)
    except ValidationError:
        return ""
    return mail.from_email if len(mail.from_email) <= 254 else ""


def _words(mail: Mail, *, new: bool) -> str:
    """For a new case all that was written, the subject above it: what is quoted may be what the
    complaint is about. For one that is there already, only what is new."""
    body = mail.text if new else mail.visible
    subject = text.printable(mail.subject, limit=200)
    parts = [subject] if new or text.is_blank(body) else []
    parts.append(body)
    # a mail that hangs on one without words of its own is its text already
    hanging = [each for each in mail.enclosed if each not in mail.text]
    parts += ["〔" + _("随信转来的邮件") + "〕\n" + each for each in hanging]
    words = "\n\n".join(part for part in parts if not text.is_blank(part))
    return words or (_("（邮件没有正文，见附件。）") if mail.files else "")
