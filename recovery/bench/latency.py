"""`latency`: from the moment a step comes to the row that says it was taken, as others see it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

from common.time import database_now
from complaints import registration
from complaints.models import Category, Channel, Severity
from complaints.registration import Report
from recovery.bench import check, probes, sql, state
from recovery.bench.cases import WITHIN
from recovery.bench.desk import Desk
from recovery.bench.house import House
from recovery.bench.lines import Line, percentile
from recovery.bench.probes import Observer
from recovery.bench.raw_loop import ring_all
from recovery.bench.state import State
from recovery.bench.workers import Crew
from staff.models import Person, Role

#: Probes begin so long after they were planted.
_LEAD = 4.0
_A_SECOND = 10.0
#: Complaints a second: 500 a minute.
_RATE = 500 / 60
_PATIENCE = 120.0

_RINGING = """
SELECT clock_id, rang_at FROM bench_expected WHERE complaint_id BETWEEN %s AND %s
"""
_QUIET = "UPDATE complaints_clock SET next_at = NULL WHERE complaint_id >= %s"


def measure(desk: Desk) -> Iterator[Line]:
    """Beside the raw loop; then without a sweeper, under load, and after an outage."""
    probes.set_up()
    try:
        yield from _idle(desk, desk.house)
        yield _beat_only(desk, desk.house)
        yield from _under_load(desk, desk.house)
        yield _after_an_outage(desk, desk.house)
    finally:
        probes.take_down()


class Planted:
    """Cases that ring at these moments; watched, then checked and quiet."""

    def __init__(self, desk: Desk, moments: Sequence[datetime]) -> None:
        self.until = max(moments)
        self.first, self.last = desk.cases.write_at(list(moments))
        self.before: State = state.mark()
        self.due: dict[int, datetime] = dict(sql.rows(_RINGING, [self.first, self.last]))

    def delays(self, observer: Observer) -> list[float]:
        """Wait for all; milliseconds from each moment until it was seen."""
        late = (self.until - database_now()).total_seconds()
        observer.wait(self.due, patience=max(late, 0.0) + _PATIENCE)
        return [
            (observer.seen[clock] - due).total_seconds() * 1000 for clock, due in self.due.items()
        ]

    def finish(self) -> tuple[str, ...]:
        """What is wrong with the rows; the cases ring no more."""
        wrong = check.steps(self.before, until=self.until, first=self.first, last=self.last)
        sql.run(_QUIET, [self.first])
        return tuple(wrong)


def _probe(desk: Desk, load: Crew | None = None) -> tuple[list[float], tuple[str, ...]]:
    """Milliseconds of each probe, while `load` is at work, and what is wrong with the rows."""
    planted = Planted(desk, _moments(desk))
    with Observer() as observer:
        if load is not None:
            load.start()
        delays = planted.delays(observer)
    return delays, planted.finish()


def _moments(desk: Desk) -> list[datetime]:
    begin = database_now() + timedelta(seconds=_LEAD)
    return probes.moments(desk.size.probes, begin=begin, over=desk.size.probes / _A_SECOND)


def _idle(desk: Desk, house: House) -> Iterator[Line]:
    """With one sweeper and nothing else to do, and the raw loop right before."""
    raw = _raw(desk)
    with house.running("sweeper"):
        ours, wrong = _probe(desk)
    p99, limit = percentile(ours, 0.99), percentile(raw, 0.99)
    yield Line(
        part="latency",
        what="p99 from due to the row, one sweeper",
        ours=p99,
        plain=limit,
        ratio=p99 / limit,
        unit="ms",
        target="< 50; aim ratio <= 5",
        ok=p99 < 50,
        how=f"{len(ours)} probes, ten a second, seen by another connection;"
        f" ours {_spread(ours)}; raw loop {_spread(raw)}",
        wrong=wrong,
    )


def _raw(desk: Desk) -> list[float]:
    crew = Crew(partial(ring_all, desk.size.probes))
    due = dict(enumerate(_moments(desk)))
    sql.run(
        "INSERT INTO bench_ring SELECT * FROM unnest(%s::bigint[], %s::timestamptz[])",
        [list(due), list(due.values())],
    )
    with Observer() as observer:
        crew.start()
        observer.wait(due, patience=desk.size.probes / _A_SECOND + _LEAD + _PATIENCE)
    crew.results()
    return [(observer.seen[each] - moment).total_seconds() * 1000 for each, moment in due.items()]


def _beat_only(desk: Desk, house: House) -> Line:
    with house.running("beat", "worker"):
        ours, wrong = _probe(desk)
    longest = max(ours) / 1000
    return Line(
        part="latency",
        what="longest from due to the row, sweepers dead, beat and worker alive",
        ours=longest,
        unit="s",
        target="< 10",
        ok=longest < 10,
        how=f"{len(ours)} probes, beat every 5 s; {_spread(ours)}",
        wrong=wrong,
    )


def _under_load(desk: Desk, house: House) -> Iterator[Line]:
    """With 500 complaints registered a minute, by the service, in a process of its own."""
    seconds = desk.size.probes / _A_SECOND + _LEAD
    crew = Crew(partial(register, seconds))
    with house.running("sweeper"):
        ours, wrong = _probe(desk, crew)
        done = crew.results()[0]
    p99 = percentile(ours, 0.99) / 1000
    yield Line(
        part="latency",
        what="p99 from due to the row, 500 complaints a minute coming in",
        ours=p99,
        unit="s",
        target="< 10",
        ok=p99 < 10,
        how=f"{len(ours)} probes, one sweeper, {done.count} complaints registered by the service"
        f" in {done.ended - done.begun:.0f} s; {_spread(ours)}",
        wrong=wrong,
    )


def register(seconds: float) -> int:
    """Register complaints at the rate of an incident for so long; how many."""
    people = list(Person.objects.filter(role=Role.FRONTLINE).order_by("pk"))
    category = Category.objects.get(code="other")
    begun, count = time.monotonic(), 0
    while count < seconds * _RATE:
        time.sleep(max(0.0, begun + count / _RATE - time.monotonic()))
        report = Report(
            channel=Channel.PHONE,
            what=f"第 {count} 票货晚到三天，打电话没人接。",
            category=category,
            severity=Severity.MINOR,
            complainant_phone="13800138000",
        )
        registration.register(report, by=people[count % len(people)], at=database_now())
        count += 1
    return count


def _after_an_outage(desk: Desk, house: House) -> Line:
    """From the start of a sweeper's process until the last overdue step is seen."""
    count = desk.size.overdue
    begin = database_now() - WITHIN
    planted = Planted(desk, probes.moments(count, begin=begin, over=WITHIN.total_seconds()))
    with Observer() as observer, ExitStack() as stack:
        begun = database_now()
        stack.enter_context(house.started("sweeper"))
        observer.wait(planted.due, patience=_PATIENCE)
    seen = [(moment - begun).total_seconds() for moment in observer.seen.values()]
    return Line(
        part="latency",
        what=f"{count} overdue after an outage: the last one is taken",
        ours=max(seen),
        unit="s",
        target="<= 10",
        ok=max(seen) <= 10,
        how=f"from the start of the sweeper's process; the first is seen after {min(seen):.1f} s",
        wrong=planted.finish(),
    )


def _spread(milliseconds: Sequence[float]) -> str:
    p50, p99 = (percentile(milliseconds, share) for share in (0.5, 0.99))
    return f"p50 {p50:.1f}, p99 {p99:.1f}, max {max(milliseconds):.1f} ms"
