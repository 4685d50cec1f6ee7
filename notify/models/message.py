"""What people are told: a row first, sent afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One thing told to one person. In the inbox from its first moment; `dispatched_at` is when
    it was handed to the person's ways out (at once when they have none), never before
    `hold_until`. `folded` is how many notes a digest stands for, 0 for an ordinary message.

    `text` is a Chinese msgid with `%(name)s` places; `params` fills them with texts that are
    msgids themselves where a translation exists. Each reader sees it in their own language.
    """

    key = models.CharField(max_length=120)
    # its index is that of the inbox
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages", db_index=False
    )
    text = models.CharField(max_length=200)
    params = models.JSONField(default=dict, db_default={})
    url = models.CharField(max_length=200, blank=True, db_default="")
    urgent = models.BooleanField(default=False, db_default=False)
    folded = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    hold_until = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("消息")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "recipient"], name="message_told_once"),
        ]
        indexes: ClassVar = [
            # Read by dispatch and by selectors.oldest_waiting.
            models.Index(
                fields=["created_at"],
                condition=models.Q(dispatched_at=None),
                name="message_undispatched",
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
