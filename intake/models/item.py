"""One thing that came by a way in, as it came: kept before anybody tries to understand it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ItemState(models.TextChoices):
    """What has become of it. Received = registered + appended + duplicate + ignored + set aside,
    once nothing waits."""

    WAITING = "waiting", _("待处理")
    REGISTERED = "registered", _("已登记")
    APPENDED = "appended", _("已并入原投诉")
    DUPLICATE = "duplicate", _("重复收到")
    IGNORED = "ignored", _("已忽略")
    SET_ASIDE = "set_aside", _("待人工处理")


#: Whatever was decided, it led to a case.
WITH_CASE = (ItemState.REGISTERED, ItemState.APPENDED, ItemState.DUPLICATE)


class Item(models.Model):
    """`outside_id` is the channel's own id: the same again is the same item. `raw` is what came,
    byte for byte, up to the limit of `intake/items.py` (`cut` says that more came); `code` and
    `reason` say why it was ignored or set aside. `repeats` counts how often it came again."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="items")
    outside_id = models.CharField(_("外部编号"), max_length=200)
    media_type = models.CharField(max_length=100, blank=True)
    raw = models.BinaryField()
    cut = models.BooleanField(default=False)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(max_length=64)
    sender = models.CharField(_("来自"), max_length=254, blank=True)
    subject = models.CharField(_("主题"), max_length=200, blank=True)
    sent_at = models.DateTimeField(_("发出时间"), null=True)
    received_at = models.DateTimeField(_("收到时间"))
    repeats = models.PositiveIntegerField(default=0)

    state = models.CharField(_("状态"), max_length=10, choices=ItemState, default=ItemState.WAITING)
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, null=True, related_name="items"
    )
    thread = models.ForeignKey("intake.Thread", models.PROTECT, null=True, related_name="items")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("收到的内容")
        verbose_name_plural = _("收到的内容")
        ordering = ("-received_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inlet", "outside_id"], name="item_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_try_at__isnull=False)
                | ~Q(state="waiting") & Q(next_try_at=None),
                name="item_waiting_says_until_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["registered", "appended", "duplicate"])
                | Q(complaint__isnull=False),
                name="item_taken_names_its_case",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ignored", "set_aside"]) | Q(code__gt=""),
                name="item_refused_says_why",
            ),
        ]
        indexes: ClassVar = [
            # What settles waits for.
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="item_waiting"),
            # The page of what a person has to look at.
            models.Index(
                fields=["-received_at"], condition=Q(state="set_aside"), name="item_set_aside"
            ),
            # The page of all that came.
            models.Index(fields=["-received_at", "-id"], name="item_by_time"),
            # The daily count of each way in.
            models.Index(fields=["inlet", "received_at"], name="item_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.inlet_id} {self.outside_id}"
