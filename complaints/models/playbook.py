"""What to say and do, ready beside the form while the customer is on the line."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class PlaybookEntry(models.Model):
    """One situation: what to say, what to do, what may be offered, whom to report to."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    title = models.CharField(_("标题"), max_length=100)
    categories = models.ManyToManyField(
        "complaints.Category", related_name="playbook", verbose_name=_("适用类别"), blank=True
    )
    keywords = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name=_("关键词")
    )
    say = models.TextField(_("说什么"))
    do = models.TextField(_("做什么"))
    offer = models.TextField(_("可提供"))
    report_to = models.TextField(_("报给谁"))
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = _("应对指引")
        verbose_name_plural = _("应对指引")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title
