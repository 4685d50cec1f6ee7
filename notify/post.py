"""Telling people: writes message rows inside the caller's transaction; nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_noop, override

from notify.models import Message

#: The sentence of a digest of clocks that rang together; `count` is `Message.folded`.
DIGEST_TEXT = gettext_noop("%(count)s 件投诉的时限到点，请到升级看板处理")


@dataclass(frozen=True)
class Note:
    """What is to be told: `key` names the occasion, and each recipient hears it once. One that
    is `in_app_only` leaves by no outside way."""

    key: str
    recipient_ids: Iterable[int]
    text: str
    params: dict[str, str] = field(default_factory=dict)
    url: str = ""
    urgent: bool = False
    in_app_only: bool = False


def post(notes: Iterable[Note], *, at: datetime) -> None:
    """Put the notes into the recipients' inboxes, with one statement for all of them."""
    rows = [
        Message(
            key=note.key,
            recipient_id=recipient_id,
            text=note.text,
            params=note.params,
            url=note.url,
            urgent=note.urgent,
            created_at=at,
            dispatched_at=at if note.in_app_only else None,
        )
        for note in notes
        for recipient_id in note.recipient_ids
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)


def msgid(label: Callable[[], str]) -> str:
    """A label as it stands in the source, whatever language the writer has chosen."""
    with override(settings.LANGUAGE_CODE):
        return str(label())
