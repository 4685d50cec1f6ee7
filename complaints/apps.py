"""Registers the room with Django."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from complaints.checks import chinese_has_trigrams


class ComplaintsConfig(AppConfig):
    name = "complaints"
    verbose_name = "投诉"

    def ready(self) -> None:
        """Look at the database whenever Django does."""
        register(chinese_has_trigrams, Tags.database)
