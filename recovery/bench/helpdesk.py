"""`helpdesk`: the same work the way helpdesks do it, ticket by ticket through objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from django.db import transaction

from complaints import ladder
from complaints.ladder import ACKNOWLEDGE_WITHIN
from complaints.models import Clock, ClockKind, Escalation, Event
from complaints.rules import Action
from notify.models import Message
from recovery.bench import check, sql
from recovery.bench.desk import Desk
from recovery.bench.lines import Line, middle
from recovery.bench.sweep import ROUNDS, Sweeps
from recovery.bench.workers import together
from staff.models import Person, Role

_TEXT = "%(no)s 的%(clock)s时限将于 %(due)s 到期"


def measure(desk: Desk) -> Iterator[Line]:
    """A part of the due steps, in turn: our sweep, and ticket by ticket."""
    sweeps = Sweeps(desk)
    count = desk.size.helpdesk
    until = desk.due_by(count)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(count / sweeps.run(count, sweeps.ours(count))[0])
        theirs.append(count / _ticket_by_ticket(sweeps, until))
    ratio = middle(ours) / middle(theirs)
    yield Line(
        part="helpdesk",
        what="steps a second against loading and saving each ticket",
        ours=middle(ours),
        plain=middle(theirs),
        ratio=ratio,
        unit="steps/s",
        how=f"{count} steps due at once, the same rows but no digests: each recipient of each step"
        f" gets a message of its own; one transaction a ticket; medians of {ROUNDS}",
        wrong=sweeps.found(),
    )


def _ticket_by_ticket(sweeps: Sweeps, until: datetime) -> float:
    sql.run("CHECKPOINT")
    seconds, _done = together(partial(escalate_tickets, until))
    sweeps.wrong += check.everything(sweeps.before, until=until)
    sweeps.before.bring_back()
    return seconds


def escalate_tickets(until: datetime) -> int:
    """Load each clock that is due, decide, save; the number of steps taken."""
    due = Clock.objects.filter(next_at__lte=until).order_by("next_at")
    return sum(_escalate(pk, until) for pk in due.values_list("pk", flat=True))


@transaction.atomic
def _escalate(pk: int, until: datetime) -> int:
    clock = Clock.objects.select_related("complaint", "policy_clock").get(pk=pk)
    steps = list(clock.policy_clock.steps.all())
    taken = set(clock.escalations.values_list("step", flat=True))
    now = [ring for ring in ladder.rings(clock, steps) if ring.at <= until]
    due = [ring for ring in now if ring.step.number not in taken]
    for ring in due:
        _tell(clock, ring, until)
        taken.add(ring.step.number)
        if ring.step.level > clock.level:
            clock.level, clock.rise_at = ring.step.level, until + ACKNOWLEDGE_WITHIN
    clock.next_at = ladder.next_at(clock, steps, taken)
    clock.save()
    return len(due)


def _tell(clock: Clock, ring: ladder.Ring, until: datetime) -> None:
    people = _people(clock, ring)
    level = ring.step.level
    Escalation(
        clock=clock,
        complaint=clock.complaint,
        step=ring.step.number,
        level=level,
        roles=ring.step.roles,
        recipient_ids=[person.pk for person in people],
        rang_at=ring.at,
        fired_at=until,
    ).save()
    Event(
        complaint=clock.complaint,
        kind=Action.ESCALATE if level else Action.WARN,
        at=until,
        data={"clock": clock.kind, "round": clock.round, "level": level},
    ).save()
    for person in people:
        _message(clock, ring, person, until).save()


def _message(clock: Clock, ring: ladder.Ring, person: Person, until: datetime) -> Message:
    return Message(
        key=f"clock:{clock.pk}:{ring.step.number}",
        recipient=person,
        text=_TEXT,
        params={
            "no": clock.complaint.no,
            "clock": clock.get_kind_display(),
            "due": f"{clock.due_at:%m-%d %H:%M}",
        },
        url=f"/complaints/{clock.complaint.no}/",
        urgent=ring.step.level > 0,
        created_at=until,
    )


def _people(clock: Clock, ring: ladder.Ring) -> list[Person]:
    """Each role's nearest holders on the way up the tree, and who owes it."""
    case = clock.complaint
    sheet = clock.kind == ClockKind.SHEET
    branch = (sheet and case.responsible_branch) or case.owner_branch
    roles = list(ring.step.roles)
    found: list[Person] = []
    if ring.step.tells_debtor:
        debtor = case.rectifier if sheet else case.owner
        if clock.kind == ClockKind.CALLBACK or debtor is None:
            roles.append(Role.QUALITY)
        else:
            found.append(debtor)
    for role in roles:
        found += _nearest(role, branch.ancestor_ids)
    return list(dict.fromkeys(found))


def _nearest(role: str, branch_ids: Iterable[int]) -> list[Person]:
    for branch_id in branch_ids:
        people = list(Person.objects.filter(role=role, branch=branch_id, is_active=True))
        if people:
            return people
    return []
