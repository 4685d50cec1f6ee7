"""A case whose clocks can't be swept is set aside: the others go on, headquarters is told, and it
is tried again for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from complaints.escalation import catch_up, sweep
from complaints.models import Clock, Complaint, Escalation
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast, Register

SECOND = timedelta(seconds=1)
DUE = MONDAY + 30 * MINUTE


@contextmanager
def poison(case: Complaint, table: str = "complaints_event") -> Iterator[None]:
    """While this lasts, the database refuses the case's rows of this table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'poisoned'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW"
            f" WHEN (NEW.complaint_id = {case.pk}) EXECUTE FUNCTION poison()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION poison CASCADE")


def failures(case: Complaint) -> int:
    return Clock.objects.get(complaint=case, kind="apology").failures


def stuck() -> list[Person]:
    found = Message.objects.filter(key__startswith="stuck:").order_by("pk")
    return [message.recipient for message in found]


@pytest.mark.parametrize("table", ["complaints_event", "complaints_escalation"])
def test_one_bad_case_does_not_keep_the_others_waiting(
    cast: Cast, register: Register, table: str
) -> None:
    cases = [register() for _ in range(9)]
    with poison(cases[4], table):
        assert sweep(until=DUE) == 8
        assert failures(cases[4]) == 1
    fired = Escalation.objects.values_list("complaint_id", flat=True)
    assert sorted(fired) == sorted(case.pk for case in cases if case != cases[4])


def test_it_is_tried_again_ever_later_but_within_five_minutes(
    cast: Cast, register: Register
) -> None:
    case = register()
    at, waits = DUE, []
    with poison(case):
        for _ in range(9):
            sweep(until=at)
            next_at = Clock.objects.get(complaint=case, kind="apology").next_at
            assert next_at is not None
            waits.append(int((next_at - at) / SECOND))
            at = next_at
    assert waits == [10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert sweep(until=at) == 2  # the second warning has come meanwhile
    assert failures(case) == 0


def test_after_the_third_failure_headquarters_duty_is_told_once(
    cast: Cast, register: Register
) -> None:
    case = register()
    with poison(case):
        for told, at in enumerate([DUE, DUE + 10 * SECOND, DUE + 30 * SECOND, DUE + 2 * MINUTE]):
            sweep(until=at)
            assert stuck() == ([cast.chen] if told >= 2 else [])
    message = Message.objects.get(key__startswith="stuck:")
    assert message.urgent
    assert str(message) == f"{case.no} 的时限无法自动升级，请人工跟进"


DUTY = [
    (set(), {"chen"}),
    ({"chen"}, {"lin"}),
    ({"chen", "lin"}, {"gao"}),
    ({"chen", "lin", "gao"}, {"root"}),
]


@pytest.mark.parametrize(("gone", "duty"), DUTY)
def test_duty_falls_to_the_next_one_at_headquarters(
    cast: Cast, register: Register, gone: set[str], duty: set[str]
) -> None:
    case = register()
    Person.objects.filter(username__in=gone).update(is_active=False)
    with poison(case):
        for at in (DUE, DUE + 10 * SECOND, DUE + 30 * SECOND):
            sweep(until=at)
    assert {person.username for person in stuck()} == duty


def test_a_batch_that_fails_for_no_case_of_its_own_is_taken_apart_whole(
    cast: Cast, register: Register
) -> None:
    """Two bad ones among many: each is found, and nothing else is set aside."""
    cases = [register() for _ in range(16)]
    with poison(cases[3]), _also(cases[11]):
        assert sweep(until=DUE) == 14
    aside = Clock.objects.filter(failures__gt=0).values_list("complaint_id", flat=True)
    assert sorted(aside) == [cases[3].pk, cases[11].pk]


@contextmanager
def _also(case: Complaint) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER poison_too BEFORE INSERT ON complaints_event FOR EACH ROW"
            f" WHEN (NEW.complaint_id = {case.pk}) EXECUTE FUNCTION poison()"
        )
    yield


def test_a_case_that_can_not_even_be_set_aside_keeps_nobody_waiting(
    cast: Cast, register: Register
) -> None:
    cases = [register() for _ in range(9)]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'poisoned'; END $$;"
            "CREATE TRIGGER poison BEFORE UPDATE ON complaints_clock FOR EACH ROW"
            f" WHEN (OLD.complaint_id = {cases[0].pk}) EXECUTE FUNCTION poison()"
        )
    assert sweep(until=DUE) == 8
    assert stuck() == [cast.chen]


def test_after_a_failure_the_rest_is_taken_in_the_same_run(cast: Cast, register: Register) -> None:
    cases = [register() for _ in range(9)]
    with poison(cases[0]):
        assert catch_up(lambda: DUE, batch=3) == 8
