"""The ways out of the house that the firm has set up."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutletKind(models.TextChoices):
    MAIL = "mail", _("邮件")
    SMS = "sms", _("短信")
    WECOM = "wecom", _("企业微信群机器人")
    DINGTALK = "dingtalk", _("钉钉群机器人")
    FEISHU = "feishu", _("飞书群机器人")
    WEBHOOK = "webhook", _("网络钩子")


class Outlet(models.Model):
    """A way out. Mail and SMS are one each: the environment says how, and the person's own
    address where to. The others go to `address`, a secret: whoever has it can write there.
    """

    #: The kinds that the environment sets up.
    OWN_ADDRESS: ClassVar = (OutletKind.MAIL, OutletKind.SMS)

    kind = models.CharField(_("类别"), max_length=10, choices=OutletKind)
    name = models.CharField(_("名称"), max_length=60, unique=True)
    address = models.CharField(_("地址"), max_length=500, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("发送通道")
        verbose_name_plural = _("发送通道")
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind__in=["mail", "sms"]),
                name="outlet_one_for_mail_and_sms",
                violation_error_message=_("邮件和短信各只有一条通道。"),
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["mail", "sms"], address="")
                | ~models.Q(kind__in=["mail", "sms"]) & ~models.Q(address=""),
                name="outlet_address_where_it_has_one",
                violation_error_message=_("请填写地址；邮件和短信不用填。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display()) if self.kind in self.OWN_ADDRESS else self.name
