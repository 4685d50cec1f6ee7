"""The sweep: whatever has come due is taken, in sets, by whoever comes first, each step once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import compress
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from complaints import firing
from complaints.firing import Case
from complaints.models import Clock, Complaint
from notify.post import Note, post
from staff.posts import duty

logger = logging.getLogger(__name__)

#: Clocks that one transaction takes; larger ones hold their locks longer and win little.
BATCH = 5000
#: So many failures in a row, and headquarters' duty is told.
PATIENCE = 3

# The lock lets rows be written that only refer to a case, and is not kept out by them. The planner
# expects few of the due clocks to be seen; sorting all of them for each batch, cases and all, then
# seems as cheap as reading them in their order until there are enough.
_CLAIM = """
SET LOCAL enable_sort = off;
SELECT clock.id, kase.id, kase.policy_id, kase.owner_branch_id, kase.responsible_branch_id,
       kase.subject_ids
FROM complaints_clock AS clock
JOIN complaints_complaint AS kase ON kase.id = clock.complaint_id
WHERE clock.kind = 'apology' AND clock.next_at <= %s
ORDER BY clock.next_at LIMIT %s
FOR NO KEY UPDATE OF kase SKIP LOCKED
"""
_AS_USUAL = "SET LOCAL enable_sort TO DEFAULT"
#: The one hour is the shortest: apologies before all else.
_APOLOGIES, _OTHERS = _CLAIM, _CLAIM.replace("kind =", "kind <>")

# Planning a claim takes longer than finding out that there is nothing to claim, as nearly always.
_IS_DUE = """
SELECT EXISTS (SELECT FROM complaints_clock WHERE kind = 'apology' AND next_at <= %s),
       EXISTS (SELECT FROM complaints_clock WHERE kind <> 'apology' AND next_at <= %s)
"""

_SET_ASIDE = """
UPDATE complaints_clock
SET failures = LEAST(failures + 1, 100),
    next_at = %(until)s + LEAST(interval '10 seconds' * 2 ^ LEAST(failures, 10),
                                interval '5 minutes')
WHERE complaint_id = %(case)s AND next_at <= %(until)s
RETURNING id, failures
"""


class Swept(NamedTuple):
    """What a batch, or a round of both, came to: the steps taken, and whether there may be more
    to take."""

    steps: int
    more: bool


def sweep(*, until: datetime, batch: int = BATCH) -> int:
    """Take every step that has come by `until`, in one round: a batch of at most `batch` clocks of
    the apologies, and one of all others. The number of steps taken. Any number of sweeps may run
    at once: each takes cases no other has locked."""
    return _sweep(until, batch).steps


def catch_up(now: Callable[[], datetime], *, batch: int = BATCH) -> int:
    """Sweep round by round until one leaves nothing that was due and free when it began, however
    much comes meanwhile; the steps taken."""
    steps, more = 0, True
    while more:
        taken, more = _sweep(now(), batch)
        steps += taken
    return steps


def fire(complaint: Complaint, *, until: datetime, taken_at: datetime | None = None) -> int:
    """Take the steps of this locked case that have come by `until`, as `firing.fire` does for
    many; the number taken. Whoever acts on an overdue case fires its breach first."""
    due = list(_due_of([complaint.pk], until))
    return firing.fire(due, [Case.of(complaint)], until=until, taken_at=taken_at)


def fire_all(complaints: Sequence[Complaint], *, until: datetime) -> int:
    """`fire` for many locked cases, with one statement."""
    due = _due_of([each.pk for each in complaints], until)
    due_cases = set(due.values())
    found = [Case.of(each) for each in complaints if each.pk in due_cases]
    return firing.fire(list(due), found, until=until)


def _sweep(until: datetime, batch: int) -> Swept:
    """A batch of each: however many apologies keep coming, the others have their turn."""
    taken = [_take(claim, until, batch) for claim in _due_claims(until)]
    return Swept(sum(each.steps for each in taken), any(each.more for each in taken))


def _due_claims(until: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_IS_DUE, [until, until])
        return list(compress((_APOLOGIES, _OTHERS), cursor.fetchone()))


def _take(claim: str, until: datetime, batch: int) -> Swept:
    try:
        with transaction.atomic():
            clock_ids, cases = _claimed(claim, until, batch)
            steps = firing.fire(clock_ids, cases, until=until)
        return Swept(steps, more=len(clock_ids) >= batch)
    except Exception:  # whatever it is, it must not keep the others waiting
        if connection.connection is None or connection.connection.closed:
            raise
        logger.exception("A batch of due clocks failed; its cases are now taken apart.")
    steps = _in_parts(_due_cases(until, batch), until)
    return Swept(steps, more=steps > 0)


def _claimed(claim: str, until: datetime, batch: int) -> tuple[list[int], list[Case]]:
    """Up to `batch` clocks to look at, and their cases, locked."""
    with connection.cursor() as cursor:
        cursor.execute(claim, [until, batch])
        rows = cursor.fetchall()
        cursor.execute(_AS_USUAL)
    cases = {row[1]: Case(*row[1:]) for row in rows}
    return [row[0] for row in rows], list(cases.values())


def _due_of(case_ids: Iterable[int], until: datetime) -> dict[int, int]:
    """The clocks of these cases to look at, with the case of each."""
    due = Clock.objects.filter(complaint__in=case_ids, next_at__lte=until)
    return dict(due.values_list("pk", "complaint_id"))


def _due_cases(until: datetime, batch: int) -> list[int]:
    due = Clock.objects.filter(next_at__lte=until).order_by("next_at")
    return list(dict.fromkeys(due.values_list("complaint_id", flat=True)[:batch]))


def _in_parts(case_ids: Sequence[int], until: datetime) -> int:
    """Halve the batch until what fails stands alone, one case a transaction; the steps taken."""
    if not case_ids:
        return 0
    try:
        with transaction.atomic():
            cases = Complaint.objects.filter(pk__in=case_ids).order_by("pk")
            free = cases.select_for_update(skip_locked=True, no_key=True, of=("self",))
            return fire_all(list(free), until=until)
    except Exception:  # the same: only the case that fails is set aside
        if len(case_ids) == 1:
            logger.exception("The clocks of case %s failed; they are tried again.", case_ids[0])
            _put_aside(case_ids[0], until)
            return 0
    half = len(case_ids) // 2
    return _in_parts(case_ids[:half], until) + _in_parts(case_ids[half:], until)


def _put_aside(case_id: int, until: datetime) -> None:
    """Set the case aside; where not even that can be written, tell duty at once and go on."""
    try:
        _set_aside(case_id, until)
    except Exception:  # the same: the others of the batch must not wait for this one
        if connection.connection is None or connection.connection.closed:
            raise
        logger.exception("Case %s could not be set aside.", case_id)
        due = Clock.objects.filter(complaint=case_id, next_at__lte=until)
        _tell_duty(case_id, list(due.values_list("pk", flat=True)), until)


@transaction.atomic
def _set_aside(case_id: int, until: datetime) -> None:
    """Try the case again soon, within 5 minutes at the latest and for ever; from the third
    failure on headquarters' duty knows, in words that need nothing else to be well."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_ASIDE, {"case": case_id, "until": until})
        failing = [clock_id for clock_id, failures in cursor.fetchall() if failures >= PATIENCE]
    if failing:
        _tell_duty(case_id, failing, until)


def _tell_duty(case_id: int, clock_ids: Sequence[int], at: datetime) -> None:
    no, subjects = Complaint.objects.values_list("no", "subject_ids").get(pk=case_id)
    told = duty(without=subjects)
    post([_stuck(clock_id, no, told) for clock_id in clock_ids], at=at)


def _stuck(clock_id: int, no: str, told: list[int]) -> Note:
    return Note(
        key=f"stuck:{clock_id}",
        recipient_ids=told,
        text=gettext_noop("%(no)s 的时限无法自动升级，请人工跟进"),
        params={"no": no},
        url=f"/complaints/{no}/",
        urgent=True,
    )
