"""Where the corpora lie that tests read and no project file holds."""

from __future__ import annotations

from pathlib import Path

from recovery.places import BASE

DATA = next(
    (
        folder / "data"
        for folder in (BASE.parent / "shared", BASE.parents[1] / "shared")
        if folder.is_dir()
    ),
    BASE.parent / "shared" / "data",
)
