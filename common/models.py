"""Rows that no room owns: signs of life of the background loops, and keys of sent forms."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Heartbeat(models.Model):
    """When a loop last came round, by the database's clock."""

    name = models.CharField(primary_key=True, max_length=30)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"


class Press(models.Model):
    """A form that was sent, by the key it carried; kept so that it counts once."""

    key = models.CharField(primary_key=True, max_length=200)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key
