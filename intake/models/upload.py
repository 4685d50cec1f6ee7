"""Files that somebody has uploaded and not confirmed yet."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What a file of the firm's own is about."""

    PEOPLE = "people", _("人员")
    BRANCHES = "branches", _("机构")
    VOLUMES = "volumes", _("业务量")


class Upload(models.Model):
    """A file that waits for its confirmation. Once it is confirmed, or another takes its place,
    its content is dropped; that it was there, and what came of it, stays."""

    kind = models.CharField(_("内容"), max_length=10, choices=Kind)
    name = models.CharField(_("文件名"), max_length=150)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("上传时间"))
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("导入文件")
        verbose_name_plural = _("导入文件")
        ordering = ("-at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(content=b""), name="upload_confirmed_is_empty"
            ),
        ]

    def __str__(self) -> str:
        return self.name
