"""Sends message rows by e-mail where a firm has set it up; at least once, the same id each time."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils.translation import override

from notify.models import Message


@transaction.atomic
def deliver(*, at: datetime, limit: int = 500) -> int:
    """Send the oldest undelivered messages; how many left. Two deliverers share the work.

    When the mail server refuses, the error goes to the caller, the batch stays undelivered and
    is tried again: a person may then get a mail twice, with the same Message-ID.
    """
    waiting = (
        Message.objects.filter(delivered_at=None)
        .select_related("recipient")
        .order_by("created_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    batch = list(waiting)
    if settings.EMAIL_HOST:
        _send([message for message in batch if message.recipient.email])
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(delivered_at=at)
    return len(batch)


def _send(messages: list[Message]) -> None:
    if messages:
        with override(settings.LANGUAGE_CODE):
            get_connection().send_messages([_mail(message) for message in messages])


def _mail(message: Message) -> EmailMessage:
    text = message.render()
    link = f"{settings.SITE_URL}{message.url}" if message.url else ""
    return EmailMessage(
        subject=text,
        body=f"{text}\n\n{link}".strip(),
        to=[message.recipient.email],
        headers={"Message-ID": f"<message-{message.pk}@{settings.SITE_HOST}>"},
    )
