"""Where the data lies that tests read and the house never needs: beside it, under `shared/data`."""

from __future__ import annotations

from pathlib import Path

from recovery.places import BASE

_ASIDE = (BASE.parent / "shared", BASE.parent.parent / "shared")

DATA: Path = next((each / "data" for each in _ASIDE if each.is_dir()), _ASIDE[0] / "data")
