"""What has to be known of a customer before one speaks to them, and what was typed but not sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import phones

_PEOPLE = settings.AUTH_USER_MODEL


class CustomerNote(models.Model):
    """Special needs of whoever calls from this number (听力障碍, 仅限下午联系, a language). Rows
    are never changed: the one that stands has no `superseded_at`."""

    phone_key = models.CharField(max_length=phones.KEY_LENGTH)
    words = models.CharField(_("特别需要"), max_length=200)
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("客户须知")
        verbose_name_plural = _("客户须知")
        ordering = ("-at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["phone_key"],
                condition=Q(superseded_at=None),
                name="customer_note_one_stands",
            ),
            models.CheckConstraint(
                condition=Q(phone_key__gt="", words__gt=""), name="customer_note_says_something"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None, superseded_by=None)
                | Q(superseded_at__isnull=False, superseded_by__isnull=False),
                name="customer_note_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.at:%Y-%m-%d}"


class Draft(models.Model):
    """A form that was begun: `values` by field name, as far as typed. `key` is the form's own,
    which its case carries once it is registered."""

    person = models.ForeignKey(_PEOPLE, models.CASCADE, related_name="drafts")
    key = models.UUIDField()
    values = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        ordering = ("-saved_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "key"], name="draft_one_a_form"),
        ]
        indexes: ClassVar = [
            # Read by the sweep: what is too old to be kept.
            models.Index(fields=["saved_at"], name="draft_by_saving"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.saved_at:%Y-%m-%d %H:%M}"

    @property
    def summary(self) -> str:
        """The first 40 characters of what happened, else the order number."""
        line = " ".join(str(self.values.get("what") or self.values.get("order_no", "")).split())
        return line if len(line) <= 40 else line[:39] + "…"

    @property
    def masked_name(self) -> str:
        return phones.mask_name(str(self.values.get("complainant_name", "")))

    @property
    def masked_phone(self) -> str:
        return phones.mask(str(self.values.get("complainant_phone", "")))
