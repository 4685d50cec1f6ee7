"""How much there is at a scale; 1.0 is what the promises speak of."""

from __future__ import annotations

from dataclasses import dataclass

#: One case in five of those that are open has no part in a prefix; so many make a whole.
_WHOLE = 5
#: Below this a measure says nothing, but the bench still runs.
_LEAST_CASES = 50
_LEAST_PROBES = 8


@dataclass(frozen=True)
class Size:
    """Counts of rows, from the scale alone."""

    scale: float

    @property
    def open_cases(self) -> int:
        """Cases with four running clocks each."""
        return max(_LEAST_CASES, round(250_000 * self.scale) // _WHOLE * _WHOLE)

    @property
    def few_cases(self) -> int:
        """The open cases that `idle` begins with: 10,000 running clocks."""
        return max(_WHOLE, self.open_cases // 100 // _WHOLE * _WHOLE)

    @property
    def closed_cases(self) -> int:
        """Cases with four stopped clocks each."""
        return self.open_cases * 10

    @property
    def many_cases(self) -> int:
        """Closed cases that `idle` opens again at the end: 10,000,000 running clocks in all."""
        return self.open_cases * 9

    @property
    def due(self) -> int:
        """Steps due at once: one in each of two fifths of the open cases."""
        return self.open_cases // _WHOLE * 2

    @property
    def helpdesk(self) -> int:
        return min(1000, self.due)

    @property
    def overdue(self) -> int:
        """Clocks that have come due during an outage."""
        return min(10_000, max(_LEAST_CASES, round(100_000 * self.scale)))

    @property
    def probes(self) -> int:
        return max(_LEAST_PROBES, round(300 * min(1.0, self.scale * 10)))

    @property
    def idle_rounds(self) -> int:
        return max(20, round(200 * min(1.0, self.scale * 10)))

    @property
    def told_cases(self) -> int:
        """Cases with words of their own, which are searched."""
        return max(_LEAST_CASES, round(1_000_000 * self.scale))

    @property
    def file_rows(self) -> int:
        """Rows of one file."""
        return max(_LEAST_CASES, round(50_000 * self.scale))

    @property
    def seconds(self) -> float:
        """How long clients press at a time."""
        return min(10.0, max(0.3, 100 * self.scale))

    @property
    def searches(self) -> int:
        """How often each word is searched for."""
        return max(1, round(20 * min(1.0, self.scale * 10)))
