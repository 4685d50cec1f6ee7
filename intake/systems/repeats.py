"""The same call twice is one deed and one answer: the Idempotency-Key of the machine API."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from intake.models import Inlet, PastCall

#: So long an answer is remembered.
KEPT = timedelta(hours=24)
LONGEST_KEY = 200


class KeyReused(RuleBroken):
    """The same key has come with another body, or for another address."""

    status = 422


@dataclass(frozen=True)
class Answer:
    """What the system is answered."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """Who calls, with which key (None: without one) and what: `digest` is of address and body."""

    inlet: Inlet
    key: str | None
    digest: str


def call(inlet: Inlet, key: str | None, address: str, body: bytes) -> Call:
    """Raises RuleBroken `idempotency_key.invalid`."""
    if key is not None and not (
        0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
    ):
        raise RuleBroken(
            "idempotency_key.invalid",
            _("Idempotency-Key 须为 1 到 200 个可见的英文字符。"),
            field="Idempotency-Key",
        )
    digest = sha256(address.encode() + b"\0" + body) if key else sha256()
    return Call(inlet, key, digest.hexdigest())


@transaction.atomic
def once(said: Call, deed: Callable[[], Answer], *, at: datetime) -> Answer:
    """Do the deed and remember its answer in one transaction; a repetition within `KEPT` gets that
    answer, and one that comes meanwhile waits for it. A deed that is refused leaves the key free.
    Raises KeyReused `idempotency_key.reused`, and whatever the deed raises."""
    if said.key is None:
        return deed()
    if not _claim(said, at):
        return _answered(_past(said))
    answer = deed()
    _remember(said, answer)
    return answer


def steps(said: Call, deed: Callable[[], Answer], *, at: datetime) -> Answer:
    """The same for a deed of many transactions, each of which does no harm when it is done again:
    a repetition that comes meanwhile, or after a call that broke off, does what is left to do, and
    both get the answer that was there first. Raises as `once` does."""
    if said.key is None:
        return deed()
    if not _claim(said, at) and (past := _past(said)).status is not None:
        return _answered(past)
    _remember(said, deed())
    return _answered(_past(said))


def forget(*, at: datetime) -> int:
    """Drop what is older than `KEPT`; how many answers."""
    dropped, _rows = PastCall.objects.filter(at__lte=at - KEPT).delete()
    return dropped


_CLAIM = """
INSERT INTO intake_pastcall (inlet_id, key, digest, at, answer) VALUES (%s, %s, %s, %s, '')
ON CONFLICT (inlet_id, key) DO UPDATE
    SET digest = excluded.digest, at = excluded.at, status = NULL, answer = ''
    WHERE intake_pastcall.at <= %s
RETURNING id
"""


def _claim(said: Call, at: datetime) -> bool:
    """Whether the key is this call's; a call that has it at this moment is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [said.inlet.pk, said.key, said.digest, at, at - KEPT])
        return cursor.fetchone() is not None


def _past(said: Call) -> PastCall:
    past = PastCall.objects.get(inlet=said.inlet, key=said.key)
    if past.digest != said.digest:
        raise KeyReused(
            "idempotency_key.reused",
            _("这个 Idempotency-Key 已用于另一份内容，请换一个。"),
            field="Idempotency-Key",
        )
    return past


def _answered(past: PastCall) -> Answer:
    return Answer(past.status or 500, json.loads(past.answer))


def _remember(said: Call, answer: Answer) -> None:
    kept = PastCall.objects.filter(inlet=said.inlet, key=said.key, status=None)
    kept.update(status=answer.status, answer=json.dumps(answer.body, ensure_ascii=False))
