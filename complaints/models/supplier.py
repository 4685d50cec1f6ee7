"""Firms outside the house that can be ruled responsible."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Supplier(models.Model):
    """A carrier, an agent, a maker: tracked by its share of the complaints, never ranked."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60, unique=True)
    contact = models.CharField(_("联系人和电话"), max_length=120, blank=True)
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = _("外部供应商")
        verbose_name_plural = _("外部供应商")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
