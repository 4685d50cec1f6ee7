"""Where the corpora lie that tests read and no file of the project holds."""

from __future__ import annotations

from recovery.places import BASE

_NEAR, _FARTHER = (folder / "shared" for folder in BASE.parents[:2])

DATA = (_NEAR if _NEAR.is_dir() else _FARTHER) / "data"
