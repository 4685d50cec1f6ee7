"""Rows that no room owns: signs of life of the background loops."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a loop last came round, by the database's clock."""

    name = models.CharField(primary_key=True, max_length=30)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
