"""Many cases whose clocks come due soon, written with a few statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from complaints import registration, triage
from complaints.models import (
    Category,
    Channel,
    ClockKind,
    Complaint,
    Policy,
    PolicyClock,
    PolicyStep,
    Severity,
)
from complaints.registration import Report
from recovery.faults import ask
from staff.models import Person, Role

#: For each kind how long it runs and its steps: (level, minutes from due, roles). Who owes it
#: hears of the warning. Three steps come when they are wound to, three in the two minutes after.
LADDER: dict[ClockKind, tuple[int, list[tuple[int, int, list[Role]]]]] = {
    ClockKind.APOLOGY: (
        1,
        [(1, 0, [Role.SUPERVISOR]), (2, 1, [Role.QUALITY, Role.DIRECTOR])],
    ),
    ClockKind.RESULT: (
        2,
        [(0, -1, []), (1, 0, [Role.SUPERVISOR]), (2, 1, [Role.DIRECTOR])],
    ),
    ClockKind.SHEET: (2, [(0, -1, [])]),
}
STEPS = sum(len(steps) for _, steps in LADDER.values())
MINUTE = timedelta(minutes=1)
#: The rest of a new case is copied from one that was registered in the usual way.
_OWN = {
    "id": "nextval(pg_get_serial_sequence('complaints_complaint', 'id'))",
    "no": "%(prefix)s || '-' || n",
    "submission_key": "%(prefix)s || ':' || n",
    "policy_id": "%(policy)s",
    "received_at": "%(begin)s - interval '1 minute'",
    "entered_at": "%(begin)s",
}


@dataclass(frozen=True)
class Wound:
    """Cases made by one winding: all whose number begins with `prefix`."""

    prefix: str
    cases: int
    ids: list[int]


class Winder:
    """Makes the policy and the cases that new ones are copied from, then winds."""

    def __init__(self, *, owners: int = 12) -> None:
        self._windings = 0
        self._policy = _policy()
        self._models = _models(owners)

    def wind(self, cases: int, *, over: float, after: float = 3.0) -> Wound:
        """New cases of minor severity. Of each the apology comes due, and the result's warning
        comes, at a moment between `after` and `after + over` seconds from now."""
        begin = ask.now() + timedelta(seconds=after)
        return self._write(cases, begin, timedelta(seconds=over))

    def wind_at(self, cases: int, due: datetime) -> Wound:
        """New cases whose apology is due at this very moment, whenever that is."""
        return self._write(cases, due, timedelta(0))

    def _write(self, cases: int, begin: datetime, spread: timedelta) -> Wound:
        self._windings += 1
        prefix = f"F{self._windings:04d}"
        values = {
            "prefix": prefix,
            "policy": self._policy.pk,
            "begin": begin,
            "spread": spread,
            "cases": cases,
            "models": self._models,
        }
        return Wound(prefix, cases, [row[0] for row in ask.rows(_wind_sql(), values)])


def _wind_sql() -> str:
    """Cases, owners and clocks in one statement; the names of columns are the models' own."""
    columns = [field.column for field in Complaint._meta.concrete_fields if field.column]
    chosen = ", ".join(_OWN.get(column, f"model.{column}") for column in columns)
    return f"""
        WITH wanted AS (
            SELECT n, (%(models)s::bigint[])[1 + n %% cardinality(%(models)s::bigint[])] AS model,
                   %(begin)s::timestamptz + %(spread)s::interval * n / %(cases)s AS moment
            FROM generate_series(0, %(cases)s - 1) AS n
        ), made AS (
            INSERT INTO complaints_complaint ({", ".join(columns)})
            SELECT {chosen} FROM wanted JOIN complaints_complaint model ON model.id = wanted.model
            RETURNING id, no, owner_id, owner_branch_id, received_at, policy_id
        ), owned AS (
            INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)
            SELECT id, owner_id, owner_branch_id, received_at FROM made
        ), started AS (
            INSERT INTO complaints_clock (complaint_id, round, kind, policy_clock_id, started_at,
                                          due_at, original_due_at, met_as, next_at)
            SELECT made.id, 1, pc.kind, pc.id, moment - interval '1 minute',
                   due, due, '', moment
            FROM made JOIN wanted ON made.no = %(prefix)s || '-' || wanted.n
            JOIN complaints_policyclock pc ON pc.policy_id = made.policy_id,
            LATERAL (SELECT moment + (pc.minutes - 1) * interval '1 minute' AS due) AS when_due
        )
        SELECT id FROM made ORDER BY id
    """


def _policy() -> Policy:
    """A draft, which nobody's case falls under but those that name it."""
    highest = Policy.objects.aggregate(highest=Max("version"))["highest"]
    policy = Policy.objects.create(version=highest + 1, effective_from=None)
    for kind, (minutes, steps) in LADDER.items():
        clock = PolicyClock.objects.create(policy=policy, kind=kind, minutes=minutes)
        PolicyStep.objects.bulk_create(
            PolicyStep(
                clock=clock,
                number=number,
                level=level,
                offset_minutes=offset,
                tells_debtor=level == 0,
                roles=roles,
            )
            for number, (level, offset, roles) in enumerate(steps)
        )
    return policy


def _models(owners: int) -> list[int]:
    """One accepted case for each of so many people of the front line."""
    people = Person.objects.filter(role=Role.FRONTLINE).order_by("pk")[:owners]
    report = Report(
        channel=Channel.PHONE,
        what="货晚到三天，打电话没人接。",
        category=Category.objects.get(code="other"),
        severity=Severity.MINOR,
        complainant_phone="13800138000",
    )
    at = ask.now()
    quality = Person.objects.filter(role=Role.QUALITY, branch__parent=None)[0]
    models = [registration.register(report, by=person, at=at)[0].pk for person in people]
    for model in models:
        triage.accept(model, by=quality, at=at)
    return models
