"""By which ways a person wants to hear, and when not."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from notify.models.outlet import Outlet


class Preference(models.Model):
    """One person's choice; without a row it is mail, at any hour. The quiet hours are of the
    firm's zone and may span midnight; what is urgent does not wait for their end.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference"
    )
    outlets = models.ManyToManyField(Outlet, related_name="+")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    class Meta:
        verbose_name = _("消息设置")
        verbose_name_plural = _("消息设置")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="preference_quiet_hours_are_two_times",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)
