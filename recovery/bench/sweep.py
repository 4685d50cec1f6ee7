"""`sweep`: all that is due at once, against the plainest statement that writes the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from complaints import escalation
from recovery.bench import check, plain, sql, state
from recovery.bench.desk import Desk
from recovery.bench.lines import Line, middle
from recovery.bench.state import State
from recovery.bench.workers import Crew, Done, Work, together

ROUNDS = 3
BATCHES = (500, 1000, 2000, 5000, 10_000, 20_000)
_SPREAD = "one step of one clock a case, 1 % apologies, 33 % each of the others, all rungs"


class Sweeps:
    """Timed runs over the same due steps; each is checked and then undone."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.before = state.keep(desk.cases.horizon)
        self.wrong: list[str] = []

    def ours(self, count: int, *, workers: int = 1, batch: int = escalation.BATCH) -> Work:
        """A sweep of so many due steps, as a worker does it."""
        until = self.desk.due_by(count)
        return partial(escalation.catch_up, lambda: until, batch=batch)

    def run(self, count: int, *work: Work) -> tuple[float, list[Done]]:
        """Seconds and what each process did."""
        sql.run("CHECKPOINT")
        seconds, done = together(*work)
        self.verify(count, done)
        self.before.bring_back()
        return seconds, done

    def verify(self, count: int, done: list[Done]) -> None:
        """Keep what is wrong with the rows of this run."""
        taken = sum(each.count for each in done)
        if taken != count:
            self.wrong.append(f"{taken} steps reported of {count}")
        self.wrong += check.everything(self.before, until=self.desk.due_by(count))

    def found(self) -> tuple[str, ...]:
        """What has been wrong since this was last asked."""
        wrong, self.wrong = tuple(self.wrong), []
        return wrong


def measure(desk: Desk) -> Iterator[Line]:
    """Against the plain statement, in two processes, apologies first, and with fewer steps."""
    sweeps = Sweeps(desk)
    _prepare(sweeps, sweeps.before)
    yield from _against_plain(sweeps)
    yield _two_workers(sweeps)
    yield _apologies_first(sweeps)
    yield _growth(sweeps)


def measure_batches(desk: Desk) -> Iterator[Line]:
    """How long batches of different sizes take."""
    sweeps = Sweeps(desk)
    due = desk.size.due
    seconds = {
        batch: [sweeps.run(due, sweeps.ours(due, batch=batch))[0] for _ in range(2)]
        for batch in BATCHES
    }
    for batch, taken in seconds.items():
        yield Line(
            part="batches",
            what=f"steps a second in batches of {batch} cases",
            ours=due / middle(taken),
            ratio=middle(seconds[escalation.BATCH]) / middle(taken),
            unit="steps/s",
            how=f"{due} steps due at once, median of 2; ratio to batches of {escalation.BATCH}",
            wrong=sweeps.found(),
        )


def _prepare(sweeps: Sweeps, before: State) -> None:
    """A first sweep, not timed: it warms the house and tells the plain statement who is told."""
    due = sweeps.desk.size.due
    _seconds, done = together(sweeps.ours(due))
    sweeps.verify(due, done)
    plain.prepare(before)
    before.bring_back()


def _against_plain(sweeps: Sweeps) -> Iterator[Line]:
    due = sweeps.desk.size.due
    plainly = partial(plain.sweep, sweeps.desk.due_by(due))
    ours: list[tuple[float, Done]] = []
    raw: list[tuple[float, Done]] = []
    for _ in range(ROUNDS):
        for work, kept in ((sweeps.ours(due), ours), (plainly, raw)):
            seconds, done = sweeps.run(due, work)
            kept.append((due / seconds, done[0]))
    rates, limits = [rate for rate, _ in ours], [rate for rate, _ in raw]
    ratio = middle(rates) / middle(limits)
    cpu = middle([done.cpu for _, done in ours]), middle([done.cpu for _, done in raw])
    yield Line(
        part="sweep",
        what="steps a second, one worker, against the plainest single statement",
        ours=middle(rates),
        plain=middle(limits),
        ratio=ratio,
        unit="steps/s",
        target="ratio >= 0.6, aim 0.75",
        ok=ratio >= 0.6,
        how=f"{due} steps due at once, {_SPREAD}; batches of {escalation.BATCH} cases; taken in"
        f" turn, medians of {ROUNDS}; ours {_list(rates)}, plain {_list(limits)}; CPU a step"
        f" {cpu[0] / due * 1e6:.0f} and {cpu[1] / due * 1e6:.0f} µs, ratio {cpu[1] / cpu[0]:.2f}",
        wrong=sweeps.found(),
    )
    yield Line(
        part="sweep",
        what="most memory of the sweeping process",
        ours=max(done.memory for _, done in ours),
        unit="MB",
        how="resident, Django included",
    )


def _two_workers(sweeps: Sweeps) -> Line:
    due = sweeps.desk.size.due
    one, two = [], []
    for _ in range(ROUNDS):
        one.append(due / sweeps.run(due, sweeps.ours(due))[0])
        two.append(due / sweeps.run(due, sweeps.ours(due), sweeps.ours(due))[0])
    ratio = middle(two) / middle(one)
    return Line(
        part="sweep",
        what="steps a second, two workers against one",
        ours=middle(two),
        plain=middle(one),
        ratio=ratio,
        unit="steps/s",
        target="ratio >= 1.3",
        ok=ratio >= 1.3,
        how=f"the same steps, taken in turn, medians of {ROUNDS}; two {_list(two)},"
        f" one {_list(one)}",
        wrong=sweeps.found(),
    )


def _apologies_first(sweeps: Sweeps) -> Line:
    """The seconds from the start until another connection sees no apology due any more."""
    due = sweeps.desk.size.due
    until = sweeps.desk.due_by(due)
    sql.run("CHECKPOINT")
    crew = Crew(sweeps.ours(due))
    waiting = _apologies_due(until)
    begun = crew.start()
    while _apologies_due(until):
        time.sleep(0.005)
    seconds = time.monotonic() - begun
    sweeps.verify(due, crew.results())
    sweeps.before.bring_back()
    return Line(
        part="sweep",
        what=f"{waiting} apology clocks among {due} due: the last one is done",
        ours=seconds,
        unit="s",
        target="<= 1",
        ok=seconds <= 1,
        how="as seen by another connection, from the start of the sweep",
        wrong=sweeps.found(),
    )


def _apologies_due(until: object) -> int:
    return int(
        sql.value(
            "SELECT count(*) FROM complaints_clock WHERE kind = 'apology' AND next_at <= %s",
            [until],
        )
    )


def _growth(sweeps: Sweeps) -> Line:
    due = sweeps.desk.size.due
    counts = [due // 100, due // 10, due]
    each = {
        count: middle([sweeps.run(count, sweeps.ours(count))[0] for _ in range(ROUNDS)]) / count
        for count in counts
        if count
    }
    least, most = each[min(each)], each[max(each)]
    return Line(
        part="sweep",
        what=f"time a step, {max(each)} due against {min(each)}",
        ours=most * 1e6,
        plain=least * 1e6,
        ratio=most / least,
        unit="µs/step",
        target="growth <= 1.5",
        ok=most <= 1.5 * least,
        how="; ".join(f"{count} due: {taken * 1e6:.0f} µs" for count, taken in each.items())
        + f"; medians of {ROUNDS}",
        wrong=sweeps.found(),
    )


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)
