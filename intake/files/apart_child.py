"""`python -m intake.files.apart_child`: reads one file in a process that may be killed.

The request is one JSON object on stdin, the answer JSON lines on stdout: the table, the rows, an
end. It knows the readers alone: no settings, no database.
"""

from __future__ import annotations

import json
import resource
import sys
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.apps import apps
from django.conf import settings
from django.utils import translation

from intake.files.cells import pack
from intake.files.readers import opened
from intake.files.rows import FileRefused, Source
from intake.imports.mapping import AnyHeader, Said
from intake.imports.marks import Marks

#: The longest answer, in bytes.
ANSWER = 1024 * 1024 * 1024

_NO_CONTENT = "file.no_content_column"


def main() -> None:
    """Answer the request. What the reader refuses is an answer too."""
    request = json.load(sys.stdin)
    _limit(request["seconds"], request["memory"])
    settings.configure(USE_I18N=True, LANGUAGE_CODE="zh-hans", LOCALE_PATHS=request["locale"])
    apps.populate(())  # as far as translation wants it; `django.setup` would load half of Django
    translation.activate(request["language"])
    try:
        _read(request, sys.stdout)
    except FileRefused as refused:
        _say(sys.stdout, refused=[refused.code, str(refused)])
    except MemoryError:
        _say(sys.stdout, too_big=True)


def _limit(seconds: int, memory: int) -> None:
    """`seconds` of work: on a machine that has much to do the clock says little; `memory` in
    bytes, of its own."""
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, ANSWER),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, hard))


def _read(request: dict[str, Any], answer: TextIO) -> None:
    path, said, header = Path(request["path"]), request["said"], request["header"]
    try:
        with opened(path, Said(said, header)) as source:
            _tell(source, answer, request["rows"])
    except FileRefused as refused:
        if refused.code != _NO_CONTENT or header is not None:
            raise
        with opened(path, AnyHeader(said)) as source:
            _tell(source, answer, request["rows"])


def _tell(source: Source, answer: TextIO, most: int | None) -> None:
    marks = Marks()
    _say(answer, headers=source.headers, since_1904=source.since_1904)
    names: dict[str, None] = {}
    for row in islice(source.rows, most):
        names.update(dict.fromkeys(name for name, _cell in row.named))
        mark = "" if row.problem else marks.of(row)
        answer.write(json.dumps([mark, pack(row)]) + "\n")
    _say(answer, notes=source.notes, names=list(names) if source.headers is None else None)


def _say(answer: TextIO, **said: Any) -> None:
    answer.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
