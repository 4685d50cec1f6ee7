"""What a bench says: one JSON object for each thing measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure of ours, beside the raw limit or the peer where there is one. `ok` says whether
    the target is kept, None where there is none; `wrong` what a check of the rows has found."""

    bench: str = "clocks"
    part: str
    what: str
    unit: str
    how: str
    ours: float | None = None
    plain: float | None = None
    ratio: float | None = None
    target: str = ""
    ok: bool | None = None
    wrong: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As it is printed; figures rounded to what they are worth."""
        said = asdict(self)
        said.update({name: _rounded(said[name]) for name in ("ours", "plain", "ratio")})
        said["wrong"] = list(self.wrong)
        return said


def middle(values: Sequence[float]) -> float:
    """Their median."""
    return float(median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
