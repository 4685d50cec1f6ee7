"""The privacy notice of the public form. What it says is versioned: a change of its words or of
the retention makes a new version, and each receipt keeps which one was agreed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """`version` names the template that holds the words (`templates/feedback/notices/`);
    `years`: so long after the case is closed what was sent is kept."""

    version: str
    years: int

    @property
    def template(self) -> str:
        """Where its words are."""
        return f"feedback/notices/{self.version}.html"


CURRENT = Notice("2026-11", years=3)
