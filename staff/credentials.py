"""What the door keeps beside passwords: how often it was tried in vain, and what a token may do."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Throttle(models.Model):
    """How often something was tried lately. `key` is a digest of what and from where, so that the
    table names nobody; until `until` it is not tried at all."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # Read by throttle.enter, which forgets the oldest.
            models.Index(fields=["last_at"], name="throttle_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.count}"


class TokenScope(models.TextChoices):
    READ = "read", _("只读")
    REGISTER = "register", _("只登记投诉")
    ALL = "all", _("与本人相同")


class TokenGrant(models.Model):
    """What the token of a program is called and may do. A token without one opens nothing."""

    token = models.OneToOneField("knox.AuthToken", models.CASCADE, related_name="grant")
    #: Empty for one that was got by signing in.
    name = models.CharField(_("名称"), max_length=60, blank=True)
    scope = models.CharField(_("范围"), max_length=10, choices=TokenScope)
    #: A digest of the password of the day: a new password ends the token.
    password_mark = models.CharField(max_length=64)
    last_used_at = models.DateTimeField(_("最近使用"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(scope__in=TokenScope.values), name="token_grant_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.scope
