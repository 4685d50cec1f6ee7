"""What people are told: a row first, sent afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One thing told to one person. In the inbox from its first moment; `delivered_at` is when
    it also left by the person's outside channels (at once when they have none).

    `text` is a Chinese msgid with `%(name)s` places; `params` fills them with texts that are
    msgids themselves where a translation exists. Each reader sees it in their own language.
    """

    key = models.CharField(max_length=120)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages")
    text = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=200, blank=True)
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "recipient"], name="message_told_once"),
        ]
        indexes: ClassVar = [
            # Read by delivery.deliver and by the health page.
            models.Index(
                fields=["created_at"],
                condition=models.Q(delivered_at=None),
                name="message_undelivered",
            ),
            # Read by the inbox and its unread count.
            models.Index(fields=["recipient", "-created_at"], name="message_inbox"),
            models.Index(
                fields=["recipient"], condition=models.Q(read_at=None), name="message_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.render()

    def render(self) -> str:
        """The sentence in the language of whoever reads it now."""
        return gettext(self.text) % {
            name: gettext(value) if value else "" for name, value in self.params.items()
        }
