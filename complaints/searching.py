"""Searching the words of cases (`docs/decisions/0013-search-in-a-table-of-its-own.md`).

Whoever searches finds what is committed: what the copy of the words lacks yet (`search_copy`) is
compared as it stands in the case itself.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db import connection
from django.db.models import (
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)

from common import phones
from complaints.models import (
    Complaint,
    OutsideReference,
    SearchDue,
    SearchGrams,
    SearchText,
    Statement,
)
from complaints.models.complaint import ComplaintQuerySet

#: So many of the newest cases are simply read through: words common among them are found at once.
WALKED = 300
#: In more cases than these a word is common enough to be met soon by reading on, ...
MANY = 5000
#: ... if it does not merely share its grams with many: then the reading ends here. A single
#: character, which has no grams, is looked for only so far.
WALKED_FURTHER = 20_000
WALKED_FOR_ONE = 2000
#: Fewer digits of a phone would make a directory of customers.
_SHORTEST_PHONE = 5
#: More of a name is not compared.
LONGEST_NAME = 200
#: Letters and digits in a row, after folding; some other signs of ASCII stand between them.
_RUN = re.compile("[0-z]{4,}")
_NUMBER = re.compile(r"TS\d{4}-\d{7,}-\d")

_Hit = tuple[datetime, int]


class Folded(Func):
    """Words as they are compared."""

    function = "complaints_fold"
    output_field = TextField()


class _Words(Func):
    """The words of a case as it stands, the same as the copy holds."""

    function = "complaints_words"
    output_field = TextField()


class _Has(Func):
    """Whether the first text contains the second, character by character."""

    template = "(strpos(%(expressions)s) > 0)"
    output_field = BooleanField()


def newest(found: ComplaintQuerySet, words: str, *, most: int) -> list[int]:
    """The ids of the newest `most` of these cases that have the words in what the customer said
    or in the order number, or exactly this number, phone or name; the newest first. A single
    character is looked for in the newest cases only."""
    number = words.upper()
    if _NUMBER.fullmatch(number):
        return list(found.filter(no=number).values_list("pk", flat=True))
    term = _folded(words)
    hits: set[_Hit] = set()
    # seldom anything: asked before who may see it, which takes long to plan
    if known := _known_by(words, term):
        hits.update(_top(found.filter(pk__in=known), most))
    if SearchDue.objects.exists():
        hits.update(_top(_fresh(found, term), most))
    hits.update(_said_in(found, term, most))
    return [pk for _at, pk in sorted(hits, reverse=True)[:most]]


def _folded(words: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_fold(%s)", [words])
        return str(cursor.fetchone()[0])


def _top(found: ComplaintQuerySet, most: int) -> list[_Hit]:
    newest_first = found.order_by("-received_at", "-pk")
    return list(newest_first.values_list("received_at", "pk")[:most])


def _known_by(words: str, term: str) -> list[int]:
    """The ids of those with the whole name, the whole phone, or another office's number."""
    ways: list[QuerySet[Any, int]] = [
        OutsideReference.objects.filter(number=words).values_list("complaint", flat=True),
        SearchText.objects.filter(name=term[:LONGEST_NAME]).values_list("complaint", flat=True),
    ]
    if len(key := phones.key(words)) >= _SHORTEST_PHONE:
        ways.append(Complaint.objects.filter(phone_key=key).values_list("pk", flat=True))
    # each by its index: with OR between them all cases would be read
    first, *others = [way.order_by() for way in ways]
    return list(first.union(*others, all=True))


def _fresh(found: ComplaintQuerySet, term: str) -> ComplaintQuerySet:
    """Those that the copy lacks."""
    said = Statement.objects.filter(complaint=OuterRef("pk")).order_by().values("complaint")
    joined = said.annotate(words=StringAgg("said", Value("\n"), order_by="pk")).values("words")
    words = _Words("order_no", "what", "remedy_sought", Subquery(joined))
    due = found.filter(pk__in=SearchDue.objects.values("case_id"))
    return due.alias(name=Folded("complainant_name")).filter(
        Q(_Has(words, Value(term))) | Q(name=term)
    )


def _said_in(found: ComplaintQuerySet, term: str, most: int) -> list[_Hit]:
    walked = WALKED if len(term) > 1 else WALKED_FOR_ONE
    read = list(_read(found, term)[:walked])
    said = [(at, pk) for at, pk, hit in read if hit][:most]
    if len(said) == most or len(read) < walked or len(term) < 2:
        return said  # enough, or nothing is left to read
    likely = _likely(term, MANY + 1)
    if len(likely) > MANY:
        said = _read_on(found, term, most, WALKED_FURTHER)
        if len(said) == most:
            return said
        likely = _likely(term, None)
    return _read_on(found.filter(pk__in=likely), term, most, len(likely)) if likely else []


def _read(found: ComplaintQuerySet, term: str) -> QuerySet[Any, Any]:
    """The newest first, each with whether it has the term."""
    newest_first = found.annotate(hit=_said(term)).order_by("-received_at", "-pk")
    return newest_first.values_list("received_at", "pk", "hit")


def _read_on(found: ComplaintQuerySet, term: str, most: int, walked: int) -> list[_Hit]:
    """Those among so many that have it, read from the newest until there are enough."""
    sql, values = _read(found, term)[:walked].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT received_at, pk FROM ({sql}) AS walked (received_at, pk, hit)"  # noqa: S608  # Django's own, its parameters apart
            " WHERE hit LIMIT %s",
            [*values, most],
        )
        return list(cursor.fetchall())


def _likely(term: str, limit: int | None) -> list[int]:
    """The cases that have all grams of the term, in no order; the words decide."""
    likely = SearchGrams.objects.filter(grams__contains=grams(term))
    return list(likely.values_list("case_id", flat=True)[:limit])


def grams(term: str) -> list[int]:
    """The numbers of what every text with the term has: its pairs of signs, and instead of those
    within four or more letters and digits in a row, each four of them (the same as the database's
    `complaints_grams` makes of a text)."""
    found, within = set(), set()
    for run in _RUN.finditer(term):
        found |= {_four(*term[n : n + 4]) for n in range(run.start(), run.end() - 3)}
        within |= set(range(run.start(), run.end() - 1))
    places = set(range(len(term) - 1)) - within
    return sorted(found | {_pair(*term[n : n + 2]) for n in places})


def _pair(first: str, second: str) -> int:
    return (ord(first) * 92821 + ord(second)) & 0x7FFFFFFF


def _four(*signs: str) -> int:
    a, b, c, d = map(ord, signs)
    return -(((a * 128 + b) * 128 + c) * 128 + d)


def _said(term: str) -> Exists:
    said = SearchText.objects.filter(_Has(F("words"), Value(term)), complaint=OuterRef("pk"))
    return Exists(said)
