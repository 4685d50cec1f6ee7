"""What every channel says: the sentence, where it leads, and the id that is the same each time."""

from __future__ import annotations

from django.conf import settings

from notify.models import Message


def identity(message: Message) -> str:
    """By this a receiver knows a repeated message."""
    return f"message-{message.pk}"


def sentence(message: Message) -> str:
    """The message on one line."""
    return " ".join(message.render().split())


def letter(message: Message, *, apart: str = "\n\n") -> str:
    """The sentence, and the address of the page where it leads."""
    link = f"{settings.SITE_URL}{message.url}" if message.url else ""
    return f"{sentence(message)}{apart}{link}".strip()
