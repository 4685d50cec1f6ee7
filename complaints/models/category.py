"""What complaints are about: a tree of two levels or more."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.Model):
    """`keywords` hint at the category from what the customer says."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("上级"),
    )
    keywords = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name=_("关键词")
    )
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = _("投诉类别")
        verbose_name_plural = _("投诉类别")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return f"{self.parent.name} / {self.name}" if self.parent else self.name
