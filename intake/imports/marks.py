"""What a row without an outside number is known by: all that stands in it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter

from intake.files.rows import Row, as_text, is_empty

# Twice what a complaint may hold: what lies behind makes no difference to a row that is refused.
_READ = 20_000


class Marks:
    """Marks rows in the order of their file: two equal ones are two complaints."""

    def __init__(self) -> None:
        self._occurred: Counter[str] = Counter()

    def of(self, row: Row) -> str:
        """The digest of its cells, and which of its like it is."""
        digest = _digest(row)
        self._occurred[digest] += 1
        return f"{digest}:{self._occurred[digest] - 1}"


def _digest(row: Row) -> str:
    """Of all that stands in the row, whatever the order of the columns or the format."""
    filled = sorted(
        (_plain(name), _plain(as_text(cell))) for name, cell in row.named if not is_empty(cell)
    )
    return hashlib.sha256(json.dumps(filled).encode()).hexdigest()


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value[:_READ]).split())
