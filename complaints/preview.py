"""What a policy would do: when the clocks of a complaint would ring, and whom they would tell.

It starts the clocks of a case that is never stored, with the code that starts real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from complaints import clocks, ladder
from complaints.ladder import ACKNOWLEDGE_WITHIN, Ring
from complaints.models import Clock, ClockKind, Complaint, Policy, PolicyStep
from staff.models import Branch, Person, Role
from staff.posts import Roster

#: Owed by whoever owns the case; quality owes the callback, and the sheet while nobody is ruled
#: to write it.
_OWNED = (ClockKind.APOLOGY, ClockKind.RESULT)


@dataclass(frozen=True)
class Alarm:
    """A step that comes at `at`, or already at `sooner_at` when nobody acknowledges the levels
    below it. Told are the `people` who hold its roles now, and the owner when `tells_owner`."""

    at: datetime
    sooner_at: datetime
    level: int
    roles: tuple[str, ...]
    tells_debtor: bool
    tells_owner: bool
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Course:
    """How one clock would run if nothing was done."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    alarms: tuple[Alarm, ...]


def preview(
    policy: Policy,
    *,
    received_at: datetime,
    branch: Branch,
    severity: str,
    channel: str,
    anonymous: bool = False,
) -> list[Course]:
    """The clocks of a complaint that the branch would receive then, in the order of the node
    table; those that don't apply to an anonymous one are left out."""
    complaint = Complaint(
        policy=policy,
        received_at=received_at,
        owner_branch=branch,
        severity=severity,
        channel=channel,
        anonymous=anonymous,
    )
    running = [
        clock for clock in clocks.round_from(complaint, received_at) if clock.voided_at is None
    ]
    people = _People(branch)
    return [_course(clock, people) for clock in running]


def _course(clock: Clock, people: _People) -> Course:
    rings = ladder.rings(clock, list(clock.policy_clock.steps.all()))
    sooner = _unacknowledged(rings)
    kind = ClockKind(clock.kind)
    return Course(
        kind=kind,
        started_at=clock.started_at,
        due_at=clock.due_at,
        alarms=tuple(
            Alarm(
                at=ring.at,
                sooner_at=sooner.get(ring.step.level, ring.at),
                level=ring.step.level,
                roles=tuple(ring.step.roles),
                tells_debtor=ring.step.tells_debtor,
                tells_owner=ring.step.tells_debtor and kind in _OWNED,
                people=people.told(kind, ring.step),
            )
            for ring in rings
        ),
    )


def _unacknowledged(rings: Sequence[Ring]) -> dict[int, datetime]:
    """When each level comes if nobody acknowledges any."""
    comes: dict[int, datetime] = {}
    for ring in sorted(rings, key=lambda ring: ring.step.level):
        if ring.step.level:
            below = comes.get(ring.step.level - 1)
            comes[ring.step.level] = min(ring.at, below + ACKNOWLEDGE_WITHIN) if below else ring.at
    return comes


class _People:
    """Who holds the roles for the branch now."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.roster = Roster()
        self.known = Person.objects.only("username", "name", "role").in_bulk()

    def told(self, kind: ClockKind, step: PolicyStep) -> tuple[Person, ...]:
        """The people a step of this clock tells, beside the owner."""
        roles = step.roles
        if step.tells_debtor and kind not in _OWNED:
            roles = [Role.QUALITY, *roles]
        return tuple(self.known[pk] for pk in self.roster.holders_of_any(roles, self.branch.pk))
