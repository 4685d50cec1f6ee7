"""How the header of a table is found, and what its columns mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

F = TypeVar("F", bound=Hashable)

#: A header of more columns is no header of ours.
WIDEST = 512

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_PUNCTUATION = re.compile(r"[\s_\-*:.#/]+")


@lru_cache(maxsize=4096)
def plain(header: str) -> str:
    """The header's letters; blanks, `_`, `-`, `*` and what stands in brackets don't count."""
    text = unicodedata.normalize("NFKC", header).lower()
    return _PUNCTUATION.sub("", _BRACKETS.sub("", text))


class Headings(Generic[F]):
    """The names of each field, the surest first. A row is a header when it names the `key`."""

    def __init__(self, names: Mapping[F, tuple[str, ...]], key: F) -> None:
        self.names = names
        self.key = key
        self._meaning = {
            plain(name): (meaning, rank)
            for meaning, group in names.items()
            for rank, name in enumerate(group)
        }

    def meaning(self, header: str) -> F | None:
        """What a header says its column holds; None for one that says nothing to us."""
        found = self._meaning.get(plain(header))
        return found[0] if found else None

    def understood(self, headers: Sequence[str]) -> dict[F, list[int]]:
        """The columns of each field by their positions, the surest name first."""
        ranked: dict[F, list[tuple[int, int]]] = {}
        for position, found in enumerate(self._meanings(headers)):
            if found:
                ranked.setdefault(found[0], []).append((found[1], position))
        return {name: [position for _, position in sorted(pairs)] for name, pairs in ranked.items()}

    def _meanings(self, headers: Sequence[str]) -> Iterable[tuple[F, int] | None]:
        """What each header says, with how sure its name is (0: surest)."""
        return [self._meaning.get(plain(header)) for header in headers]

    def score(self, row: Sequence[str]) -> int:
        """How much a header says."""
        return len(self.understood(row))

    def header_row(self, rows: Sequence[Sequence[str]]) -> int | None:
        """Which of the first rows of a table is its header: of those that name the key, the one
        that names most fields, the upper one of equals. None when no row names the key."""
        heads = [row[:WIDEST] for row in rows]
        scores = [len(found) if self.key in (found := self.understood(row)) else 0 for row in heads]
        best = max(scores, default=0)
        return scores.index(best) if best else None
