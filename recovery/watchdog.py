"""Asks the database what `/readyz` asks, and writes straight to the mail server when it is ill.

It needs neither the broker nor any process of ours: cron or a timer starts it, it looks, and ends.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import Error, connection
from django.utils.translation import gettext as _

from common.spans import in_words
from common.time import database_now
from complaints import pulse
from recovery.caretakers import addresses
from recovery.places import state_folder, write_private

#: Seconds until a database that says nothing counts as away.
PATIENCE = 20.0
#: Seconds in which no trouble is written of twice.
QUIET = 3600.0


class Unheard(Exception):
    """Nobody can be told; the text says why."""


@dataclass
class Findings:
    """What is wrong, a sentence by its code, and who is to hear of it."""

    troubles: dict[str, str] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)


def look(patience: float = PATIENCE) -> Findings:
    """What is wrong now. Returns within about `patience` seconds, whatever the database does."""
    found = Findings(addresses=list(settings.WATCHDOG_TO))
    # a server that is frozen in the midst of an answer holds its caller for ever
    asking = threading.Thread(target=_ask, args=(found,), name="watchdog", daemon=True)
    asking.start()
    asking.join(patience)
    if asking.is_alive():
        silent = _("数据库在 %(n)d 秒内没有回答。") % {"n": patience}
        return Findings({"database": silent}, list(settings.WATCHDOG_TO))
    return found


def _ask(found: Findings) -> None:
    try:
        at, seen = database_now(), pulse.read()
        found.addresses = found.addresses or addresses()
    except Error as error:
        why = str(error).strip().partition("\n")[0]
        found.troubles["database"] = _("数据库没有回答：%(why)s") % {"why": why}
        return
    finally:
        connection.close()
    age = seen.age(at)
    if age is None:
        found.troubles["sweep"] = _("时限巡检从来没有运行过。")
    elif seen.is_silent(at):
        found.troubles["sweep"] = _("时限巡检已有 %(span)s没有运行。") % {"span": in_words(age)}
    if seen.is_late(at):
        late = {"span": in_words(seen.lag(at))}
        found.troubles["clocks"] = _("有时限到点已 %(span)s，还没有处理。") % late


def tell(found: Findings, *, at: float) -> list[str]:
    """Write of what was not written of within the hour before `at` (seconds of the epoch); the
    addresses written to, none when all was said. Raises Unheard."""
    told = _told()
    fresh = [code for code in found.troubles if not 0 <= at - told.get(code, -QUIET) < QUIET]
    if not fresh:
        return []
    _send([found.troubles[code] for code in fresh], found.addresses)
    _remember({**told, **dict.fromkeys(fresh, at)})
    return found.addresses


def _send(sentences: list[str], to: list[str]) -> None:
    if reason := unheard(to):
        raise Unheard(reason)
    try:
        EmailMessage(
            _("投诉受理台告警：%(first)s") % {"first": sentences[0]}, _body(sentences), to=to
        ).send()
    except (OSError, ValueError) as error:
        raise Unheard(_("信没有发出去：%(why)s") % {"why": error}) from error


def unheard(to: list[str]) -> str:
    """Why nobody can be told; empty if somebody can."""
    if not settings.EMAIL_HOST:
        return _("没有设置 EMAIL_URL，无法发信。")
    if not to:
        return _("没有收信人：请设置 WATCHDOG_TO，或给系统管理员、总部品质管理员填上邮箱。")
    return ""


def _body(sentences: list[str]) -> str:
    where = {"site": settings.SITE_URL, "host": socket.gethostname()}
    return "\n".join(
        [
            *sentences,
            "",
            _("在此期间预警和升级会迟到；登记的时间、时限的结果不受影响，恢复后会自动补上。"),
            _("运行情况：%(site)s/system/（本信由 %(host)s 上的 watchdog 发出）") % where,
        ]
    )


def _file() -> Path:
    return state_folder() / "watchdog.json"


def _told() -> dict[str, float]:
    """When each trouble was last written of; nothing where nobody knows."""
    try:
        return {str(code): float(at) for code, at in json.loads(_file().read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _remember(told: dict[str, float]) -> None:
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_private(_file(), json.dumps(told))
    except OSError as error:
        raise Unheard(_("信已发出，但记不下来，下次还会再发：%(why)s") % {"why": error}) from error
