"""What the search reads: a copy of the words of each case, and an index of it, fed after the commit
(docs/decisions/0013-search-in-a-table-of-its-own.md)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class SearchText(models.Model):
    """The words of a case as they are compared: folded (NFKC, lower case), a line each for the
    order number, what happened, what is asked for, and whatever the customer said besides."""

    complaint = models.OneToOneField(
        "complaints.Complaint", models.PROTECT, primary_key=True, related_name="search_text"
    )
    name = models.TextField(blank=True)
    words = models.TextField()

    class Meta:
        indexes: ClassVar = [
            # The search by a whole name.
            models.Index(fields=["name"], condition=~Q(name=""), name="search_by_name"),
        ]

    def __str__(self) -> str:
        return str(self.complaint_id)


class SearchGrams(models.Model):
    """Which pairs of neighbouring signs (of letters and digits, also which fours) a case's words
    have, each as a number: it narrows a search down, and `SearchText` decides. It has no wall,
    behind which PostgreSQL would not use the index, and no words."""

    case_id = models.BigIntegerField(primary_key=True)
    grams = ArrayField(models.IntegerField())

    class Meta:
        indexes: ClassVar = [
            # The search for two characters and more.
            GinIndex(fields=["grams"], name="search_by_grams"),
        ]

    def __str__(self) -> str:
        return str(self.case_id)


class SearchDue(models.Model):
    """A case whose words the search has not copied yet, or not since they changed; a trigger
    writes it with the change itself."""

    case_id = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.case_id)
