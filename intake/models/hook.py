"""Telling another system what has happened to the cases that it sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Hook(models.Model):
    """Where the system of the inlet wants to hear. `secret` signs each call; after a change the
    old one signs too until `old_secret_until`; both sealed (`staff/secrets.py`). Events up to
    `since_event` were there before it."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="hooks")
    url = models.CharField(_("地址"), max_length=500)
    events = ArrayField(models.CharField(max_length=30), verbose_name=_("事件"))
    secret = models.TextField(editable=False)
    old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True)
    since_event = models.BigIntegerField(editable=False)
    is_active = models.BooleanField(_("启用"), default=True)
    created_at = models.DateTimeField(_("创建时间"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("事件通知")
        verbose_name_plural = _("事件通知")
        ordering = ("-is_active", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(old_secret="", old_secret_until=None)
                | ~Q(old_secret="") & Q(old_secret_until__isnull=False),
                name="hook_old_secret_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class CallState(models.TextChoices):
    PENDING = "pending", _("待发送")
    SENT = "sent", _("已送达")
    FAILED = "failed", _("未送达")


class HookCall(models.Model):
    """One event for one hook: a row before it is sent. `event` None: a trial. `payload` names the
    case and what happened, nobody's words; who sends it holds a lease meanwhile."""

    hook = models.ForeignKey("intake.Hook", models.CASCADE, related_name="calls", db_index=False)
    event = models.ForeignKey(
        "complaints.Event", models.PROTECT, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(_("事件"), max_length=30)
    payload = models.JSONField()
    created_at = models.DateTimeField(_("产生时间"))
    state = models.CharField(_("状态"), max_length=10, choices=CallState, default=CallState.PENDING)
    attempts = models.PositiveSmallIntegerField(_("尝试次数"), default=0)
    next_try_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    tried_at = models.DateTimeField(_("最近尝试"), null=True)
    response_code = models.PositiveSmallIntegerField(_("对方回答"), null=True)
    error = models.CharField(_("原因"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("事件通知记录")
        verbose_name_plural = _("事件通知记录")
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hook", "event"], name="hook_call_once"),
            models.CheckConstraint(
                condition=Q(state="pending", next_try_at__isnull=False)
                | ~Q(state="pending") & Q(next_try_at=None),
                name="hook_call_pending_says_until_when",
            ),
        ]
        indexes: ClassVar = [
            # What is due.
            models.Index(
                fields=["next_try_at"], condition=Q(state="pending"), name="hook_call_due"
            ),
            # The page of the hook.
            models.Index(fields=["hook", "-id"], name="hook_call_latest"),
            # What is forgotten after a month.
            models.Index(fields=["created_at"], name="hook_call_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.kind}"


class EventMark(models.Model):
    """How far the events have been turned into calls: one row. Up to `settled` each event is
    there or never will be; `seen` becomes that once every transaction before `horizon` has
    ended (`intake/systems/hook_rows.py`)."""

    settled = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(null=True)
    horizon = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="event_mark_is_one"),
        ]

    def __str__(self) -> str:
        return str(self.settled)
