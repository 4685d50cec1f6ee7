"""Where the test data lies that the project does not carry: `../shared/data`, or further up."""

from __future__ import annotations

from recovery.places import BASE

DATA = next(
    (above / "shared" / "data" for above in BASE.parents if (above / "shared" / "data").is_dir()),
    BASE.parent / "shared" / "data",
)
