"""What has been changed about a way in, by whom: rows that only grow (a trigger sees to it)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class InletChange(models.Model):
    """One press of "save". `changes` holds an object for each field: its `name`, and `old` and
    `new` as they were shown; of a secret only its name and that it `is_secret`."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="changes")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("修改人")
    )
    at = models.DateTimeField(_("修改时间"))
    changes = models.JSONField(_("改了什么"))

    class Meta:
        verbose_name = _("受理入口的变更")
        verbose_name_plural = _("受理入口的变更")
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.inlet_id} {self.at}"
