"""A way in: a mailbox, an account, a form, another system; and who hears first what comes by it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models import Channel


class Inlet(models.Model):
    """What comes by it belongs to `branch` unless it names another; `receiver` hears it first and
    so owns it (首问负责); without one it is the front line of the branch. `settings` holds what is
    no secret, `secrets` what is, sealed (`staff/secrets.py`)."""

    key = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    branch = models.ForeignKey(
        "staff.Branch", models.PROTECT, related_name="+", verbose_name=_("受理机构")
    )
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("首问人"),
    )
    category = models.ForeignKey(
        "complaints.Category",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("默认类别"),
    )
    settings = models.JSONField(default=dict, blank=True)
    secrets = models.TextField(blank=True, editable=False)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("受理入口")
        verbose_name_plural = _("受理入口")
        ordering = ("channel", "key")
        indexes: ClassVar = []

    def __str__(self) -> str:
        return self.name
