"""`search`: the newest twenty hits through the API, for words of every length and frequency."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import quote

from complaints import search_copy
from recovery.bench import sql, words
from recovery.bench.bare import bare
from recovery.bench.clients import Wire, request
from recovery.bench.house import House
from recovery.bench.lines import Line, percentile
from recovery.bench.size import Size
from staff import tokens
from staff.models import BranchKind, Person, Role, TokenScope

_MOST = 100.0
_ORDER_NO = "YD2611010050"


def measure(house: House, size: Size) -> Iterator[Line]:
    """Copy all words, then search as headquarters does, and as a region does."""
    yield _copy()
    settle()
    with house.serving():
        for whose, person in _people().items():
            yield from _ask(house.port, size, whose, person)


def _copy() -> Line:
    """In the usual way, batch by batch; the rest of a large table in one go."""
    begun, copied = time.monotonic(), 0
    while copied < _SAMPLE and (some := search_copy.catch_up()):
        copied += some
    seconds = time.monotonic() - begun
    with bare(["complaints_searchtext", "complaints_searchgrams"]):
        sql.run(_FILL)
    sql.run("TRUNCATE complaints_searchdue")
    return Line(
        bench="intake",
        part="search",
        what="cases copied for the search in a second",
        ours=copied / seconds,
        unit="cases/s",
        how=f"by one process, {copied} cases of 100 characters, index and all",
    )


_SAMPLE = 20_000
_FILL = """
WITH texts AS (
    INSERT INTO complaints_searchtext (complaint_id, name, words)
    SELECT id, complaints_fold(complainant_name),
           complaints_words(order_no, what, remedy_sought, NULL)
    FROM complaints_complaint ON CONFLICT DO NOTHING RETURNING complaint_id, words
)
INSERT INTO complaints_searchgrams (case_id, grams)
SELECT complaint_id, complaints_grams(words) FROM texts
"""


def settle() -> None:
    """As after a quiet night."""
    sql.run("VACUUM (ANALYZE) complaints_complaint, complaints_searchtext, complaints_searchgrams")
    sql.run("CHECKPOINT")


def _people() -> dict[str, Person]:
    quality = Person.objects.filter(role=Role.QUALITY).order_by("pk")
    return {
        "all": quality.filter(branch__kind=BranchKind.HEADQUARTERS)[0],
        "a region's": quality.filter(branch__kind=BranchKind.REGION)[0],
    }


def _ask(port: int, size: Size, whose: str, person: Person) -> Iterator[Line]:
    _grant, token = tokens.issue(
        person, name="bench", scope=TokenScope.READ, lasts=timedelta(days=1)
    )
    wire, everything = Wire(port), []
    for kind, terms in _TERMS.items():
        took, wrong = [], []
        for term in [*terms] * size.searches:
            path = f"/api/v1/complaints/?page_size=20&q={quote(term)}"
            begun = time.perf_counter()
            status, _body = wire.ask(request("GET", path, {"Authorization": f"Token {token}"}))
            took.append((time.perf_counter() - begun) * 1000)
            if status != 200:
                wrong.append(f"{term}: {status}")
        everything += took
        yield _line(size, whose, kind, took, wrong, None)
    yield _line(size, whose, "all of these", everything, [], _MOST)


_TERMS: dict[str, Sequence[str]] = {
    "2 characters": [term for term in words.TERMS if len(term) == 2],
    "3 characters": [term for term in words.TERMS if len(term) == 3],
    "4 characters": [term for term in words.TERMS if len(term) == 4],
    "words nobody said": words.ABSENT,
    "an order number": [_ORDER_NO],
}


def _line(
    size: Size, whose: str, kind: str, took: list[float], wrong: list[str], most: float | None
) -> Line:
    p95 = percentile(took, 0.95)
    return Line(
        bench="intake",
        part="search",
        what=f"newest 20 hits among {whose} cases, {kind}, p95",
        ours=p95,
        unit="ms",
        target=f"< {most:.0f} ms" if most else "",
        ok=p95 < most if most else None,
        how=f"{size.told_cases} cases; p50 {percentile(took, 0.5):.1f} ms; {len(took)} answers"
        " through the API, one after the other",
        wrong=tuple(wrong),
    )
