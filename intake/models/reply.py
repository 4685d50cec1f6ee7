"""A mail that the house writes to a customer by itself."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReplyState(models.TextChoices):
    PENDING = "pending", _("待发送")
    SENT = "sent", _("已发送")
    GIVEN_UP = "given_up", _("已放弃")
    WITHHELD = "withheld", _("不发送")


class Reply(models.Model):
    """`key` names the occasion: each has one reply, or a row that says why none was written
    (`reason`). Whoever sends it holds a lease (`lease_until`, `lease_token`). It is no contact with
    the customer: no clock stops by it. `message_id` is how the customer's answer finds the case."""

    key = models.CharField(max_length=80, unique=True)
    thread = models.ForeignKey("intake.Thread", models.PROTECT, related_name="replies")
    item = models.OneToOneField("intake.Item", models.PROTECT, null=True, related_name="reply")
    address = models.CharField(_("地址"), max_length=254, blank=True)
    message_id = models.CharField(max_length=400, unique=True)
    in_reply_to = models.CharField(max_length=300, blank=True)
    subject = models.CharField(_("主题"), max_length=200)
    body = models.TextField(_("正文"))
    state = models.CharField(_("状态"), max_length=8, choices=ReplyState)
    reason = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("自动回复")
        verbose_name_plural = _("自动回复")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | ~Q(state="sent") & Q(sent_at=None),
                name="reply_sent_with_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="withheld") | Q(reason__gt=""), name="reply_withheld_says_why"
            ),
        ]
        indexes: ClassVar = [
            # What replies.send waits for.
            models.Index(fields=["available_at"], condition=Q(state="pending"), name="reply_due"),
            # Whether somebody was written to lately.
            models.Index(fields=["-created_at"], name="reply_lately"),
        ]

    def __str__(self) -> str:
        return self.key
