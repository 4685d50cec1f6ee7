"""`register` and `page`: complaints through the real doors, next to the same rows as one prepared
statement from pgbench."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from django.utils import timezone

from complaints import search_copy
from complaints.models import Category
from recovery.bench import raw_intake, sql
from recovery.bench.clients import Answers, Ask, press, request
from recovery.bench.firm import WHAT
from recovery.bench.house import House
from recovery.bench.lines import Line, middle, percentile
from recovery.bench.size import Size
from staff import tokens
from staff.models import Person, Role, TokenScope

ROUNDS = 3
#: Clients at once where answers are timed, and where they are counted.
FEW, MANY = 4, 8
_ROWS = "1 case, 1 ownership, 1 event, 4 clocks, 1 mark for the search"
_SAID = {
    "channel": "phone",
    "what": WHAT,
    "severity": "minor",
    "complainant_name": "孙玉梅",
    "complainant_phone": "13800138000",
    "order_no": "YD2611000001",
}


class Run(NamedTuple):
    """Registrations a second, and seconds of CPU for each: of the database, and of the web or of
    pgbench."""

    rate: float
    cpu: float


class Registering:
    """Clients who register, each with a token and a session of their own."""

    def __init__(self, house: House, size: Size) -> None:
        self.house = house
        self.size = size
        people = Person.objects.filter(role=Role.FRONTLINE).order_by("pk")[:MANY]
        self._asks = [_api(person) for person in people]
        self._people = people

    def through_the_api(self, clients: int) -> Answers:
        """Register for a while."""
        return press(self.house.port, self._asks[:clients], seconds=self.size.seconds)

    def through_the_page(self, clients: int) -> Answers:
        """Send the form for a while."""
        asks = [_page(person) for person in self._people[:clients]]
        return press(self.house.port, asks, seconds=self.size.seconds)

    def ours(self, wrong: list[str]) -> Run:
        """Through the API with many clients; what is not whole is told in `wrong`."""
        before = self.house.spent()
        with checked(wrong):
            answers = self.through_the_api(MANY)
        wrong += answers.unlike(201)
        return Run(answers.rate, (self.house.spent() - before) / len(answers.seconds))

    def plain(self) -> Run:
        """As the plain statement, with as many clients, and nothing left to copy beside it."""
        while search_copy.catch_up():
            pass
        before = self.house.spent()
        rate, count, cpu = raw_intake.run(self.house, MANY, seconds=self.size.seconds)
        return Run(rate, (self.house.spent() - before + cpu) / count)


def measure(house: House, size: Size) -> Iterator[Line]:
    """Through the API with and without the search, and as the plain statement, in turns; then how
    long each answer takes."""
    with house.started("sweeper"), house.serving():
        registering = Registering(house, size)
        registering.through_the_api(FEW)  # the first requests load what later ones have
        ours, off, plain = [], [], []
        wrong: list[str] = []
        for _ in range(ROUNDS):
            ours.append(registering.ours(wrong))
            with unsearched():
                off.append(registering.ours(wrong))
            plain.append(registering.plain())
        yield _rate(ours, plain, wrong)
        yield _cpu(ours, plain)
        yield _search(ours, off)
        yield from _times("register", "API", registering.through_the_api(FEW), 40)


def measure_page(house: House, size: Size) -> Iterator[Line]:
    """How long the page takes to register a case."""
    with house.started("sweeper"), house.serving():
        registering = Registering(house, size)
        registering.through_the_page(1)
        wrong: list[str] = []
        with checked(wrong):
            answers = registering.through_the_page(FEW)
        wrong += answers.unlike(302)
        yield from _times("page", "page", answers, None, wrong)


@contextmanager
def checked(wrong: list[str]) -> Iterator[None]:
    """What was registered within is whole: told in `wrong` otherwise."""
    last = sql.value("SELECT max(id) FROM complaints_complaint")
    yield
    for what, query in _WHOLE.items():
        if count := sql.value(query, {"last": last}):
            wrong.append(f"{count} cases {what}")


_WHOLE = {
    "without their four clocks": """
        SELECT count(*) FROM complaints_complaint AS kase WHERE id > %(last)s AND 4 <> (
            SELECT count(*) FROM complaints_clock WHERE complaint_id = kase.id)""",
    "without their event": """
        SELECT count(*) FROM complaints_complaint AS kase WHERE id > %(last)s AND 1 <> (
            SELECT count(*) FROM complaints_event
            WHERE complaint_id = kase.id AND kind = 'register')""",
    "without their owner": """
        SELECT count(*) FROM complaints_complaint AS kase WHERE id > %(last)s AND 1 <> (
            SELECT count(*) FROM complaints_ownership
            WHERE complaint_id = kase.id AND until IS NULL)""",
}


@contextmanager
def unsearched() -> Iterator[None]:
    """Within, nothing is written for the search."""
    each = "ALTER TABLE complaints_complaint {} TRIGGER complaint_new_is_searched"
    sql.run(each.format("DISABLE"))
    yield
    sql.run(each.format("ENABLE"))


def _api(person: Person) -> Ask:
    _grant, token = tokens.issue(
        person, name="bench", scope=TokenScope.REGISTER, lasts=timedelta(days=1)
    )
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    body = json.dumps({**_SAID, "category": "other"}).encode()

    def ask() -> bytes:
        key = {"Idempotency-Key": secrets.token_hex(8)}
        return request("POST", "/api/v1/complaints/", {**headers, **key}, body)

    return ask


def _page(person: Person) -> Ask:
    browser, csrf = Client(), secrets.token_hex(16)
    browser.force_login(person)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={csrf}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    said = {
        **_SAID,
        "csrfmiddlewaretoken": csrf,
        "received_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "category": str(Category.objects.get(code="other").pk),
        "complainant_role": "customer",
    }

    def ask() -> bytes:
        body = urlencode({**said, "submission_key": str(uuid.uuid4())}).encode()
        return request("POST", "/complaints/new/", headers, body)

    return ask


def _rate(ours: list[Run], plain: list[Run], wrong: list[str]) -> Line:
    fast, raw = (middle([run.rate for run in runs]) for runs in (ours, plain))
    ratio = fast / raw
    return Line(
        bench="intake",
        part="register",
        what="registrations a second through the API, against one prepared statement",
        ours=fast,
        plain=raw,
        ratio=ratio,
        unit="cases/s",
        target="ratio >= 0.10",
        ok=ratio >= 0.10,
        how=f"{_ROWS}; token, validation, walls, idempotency, the search fed beside; 2 gunicorn"
        f" processes, {MANY} clients; plain: pgbench, {MANY} clients; medians of {ROUNDS}",
        wrong=tuple(wrong),
    )


def _cpu(ours: list[Run], plain: list[Run]) -> Line:
    dear, raw = (middle([run.cpu * 1000 for run in runs]) for runs in (ours, plain))
    return Line(
        bench="intake",
        part="register",
        what="CPU of one registration, web and database, against pgbench and database",
        ours=dear,
        plain=raw,
        ratio=raw / dear,
        unit="ms",
        how="of the same runs; on a machine with other work it says more than the clock",
    )


def _search(on: list[Run], off: list[Run]) -> Line:
    with_it, without = (middle([run.rate for run in runs]) for runs in (on, off))
    ratio = with_it / without
    return Line(
        bench="intake",
        part="register",
        what="the same with the search on, against off",
        ours=with_it,
        plain=without,
        ratio=ratio,
        unit="cases/s",
        target="ratio >= 0.9",
        ok=ratio >= 0.9,
        how="off: no case is marked for the search, so that nothing is copied; in turns",
    )


def _times(
    part: str, door: str, answers: Answers, most: float | None, wrong: Sequence[str] = ()
) -> Iterator[Line]:
    for share in (0.5, 0.95, 0.99):
        took = percentile(answers.seconds, share) * 1000
        judged = most is not None and share == 0.99
        yield Line(
            bench="intake",
            part=part,
            what=f"one registration through the {door}, p{share * 100:.0f}",
            ours=took,
            unit="ms",
            target=f"< {most:.0f} ms" if judged else "",
            ok=took < most if judged and most is not None else None,
            how=f"{FEW} clients, {len(answers.seconds)} answers",
            wrong=tuple(wrong) if share == 0.5 else (),
        )
