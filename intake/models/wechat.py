"""What WeChat and WeCom leave with us besides their messages."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Nonce(models.Model):
    """Time and nonce of a plain call, and the message it brought; forgotten after some minutes."""

    inlet = models.ForeignKey("intake.Inlet", models.CASCADE, related_name="+")
    value = models.CharField(max_length=100)
    outside_id = models.CharField(max_length=200)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("已用随机数")
        verbose_name_plural = _("已用随机数")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inlet", "value"], name="nonce_once"),
        ]

    def __str__(self) -> str:
        return self.value


class MediaState(models.TextChoices):
    WAITING = "waiting", _("待取回")
    KEPT = "kept", _("已取回")
    GIVEN_UP = "given_up", _("未能取回")


class Media(models.Model):
    """A picture or recording that a message names and the platform keeps for three days. `kind`
    is the message's; `url` is where the platform shows a picture to everybody, if it said so."""

    item = models.OneToOneField("intake.Item", models.PROTECT, related_name="media")
    kind = models.CharField(_("类型"), max_length=20)
    media_id = models.CharField(max_length=200)
    url = models.CharField(max_length=1000, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=MediaState, default=MediaState.WAITING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.CharField(_("最近的失败"), max_length=200, blank=True)
    attachment = models.OneToOneField(
        "complaints.Attachment", models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("微信素材")
        verbose_name_plural = _("微信素材")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", next_try_at__isnull=False)
                | ~models.Q(state="waiting") & models.Q(next_try_at=None),
                name="media_waiting_says_until_when",
            ),
        ]
        indexes: ClassVar = [
            # What the fetching waits for.
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="waiting"), name="media_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.media_id


class Pull(models.Model):
    """Where we stand in the messages of one account of 微信客服: the platform only says that there
    are some. `asked` is the latest item that said so, and `token` what it gave us for the asking;
    without one we look in from time to time."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="+")
    account = models.CharField(max_length=100)
    cursor = models.CharField(max_length=500, blank=True)
    token = models.CharField(max_length=200, blank=True)
    asked = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_index=True)
    last_error = models.CharField(_("最近的失败"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("微信客服进度")
        verbose_name_plural = _("微信客服进度")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inlet", "account"], name="pull_once_an_account"),
        ]

    def __str__(self) -> str:
        return self.account
