"""What clients were promised: each acknowledged complaint, on the disk before the next request."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path


class Journal:
    """`acknowledged` maps the client's key to every number it was ever told for it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a")
        self.acknowledged: dict[str, set[str]] = {}

    def add(self, key: str, no: str) -> None:
        """Written to the disk when it returns."""
        with self._lock:
            self.acknowledged.setdefault(key, set()).add(no)
            self._file.write(json.dumps({"key": key, "no": no}) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def snapshot(self) -> dict[str, set[str]]:
        """What was acknowledged up to now."""
        with self._lock:
            return {key: set(numbers) for key, numbers in self.acknowledged.items()}

    def close(self) -> None:
        """No more will come."""
        self._file.close()
