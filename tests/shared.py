"""Where the test data lies that is not part of the project."""

from __future__ import annotations

from recovery.places import BASE

_PLACES = (BASE.parent / "shared", BASE.parent.parent / "shared")
#: The folder of the data, beside the checkout or above it.
DATA = next((place for place in _PLACES if place.is_dir()), _PLACES[0]) / "data"
