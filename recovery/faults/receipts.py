"""What arrived outside: every receipt with its id, kept in a file as it comes in."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Receipt:
    """One arrival: `id` is what the sender says stays the same when it repeats."""

    channel: str
    id: str
    to: str
    at: float


class Receipts:
    """Appended to by sinks, read by the reconciler; any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("a")
        self._all: list[Receipt] = []

    def add(self, channel: str, id: str, to: str) -> Receipt:
        """Written to the disk when it returns."""
        receipt = Receipt(channel, id, to, time.time())
        with self._lock:
            self._all.append(receipt)
            self._file.write(json.dumps(asdict(receipt)) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        return receipt

    def counts(self) -> Counter[tuple[str, str]]:
        """How often each (channel, id) arrived."""
        with self._lock:
            return Counter((receipt.channel, receipt.id) for receipt in self._all)

    def first(self) -> dict[tuple[str, str], float]:
        """When each (channel, id) arrived first, in seconds since 1970."""
        with self._lock:
            return {(each.channel, each.id): each.at for each in reversed(self._all)}

    def __len__(self) -> int:
        with self._lock:
            return len(self._all)

    def close(self) -> None:
        """No more will come."""
        self._file.close()
