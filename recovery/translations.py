"""Catalogues compiled where they are stale, without msgfmt: `python -m recovery.translations`."""

from pathlib import Path

import polib

from recovery.places import BASE


def compile_stale(base: Path = BASE) -> int:
    """Write django.mo and djangojs.mo beside every .po that is newer; how many were written."""
    written = 0
    for source in sorted(base.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            written += 1
    return written


if __name__ == "__main__":
    compile_stale()
