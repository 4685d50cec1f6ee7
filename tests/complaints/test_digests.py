"""Hundreds of rings at once are one message for each person, and every escalation is there."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from complaints.escalation import sweep
from complaints.models import Complaint, Escalation
from notify.digest import FEW, WINDOW
from notify.models import Message
from staff.models import Person
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast, Register


def copies(case: Complaint, count: int) -> None:
    """So many more cases like this one, with its owner and its clocks."""
    with connection.cursor() as cursor:
        columns = [
            field.column for field in Complaint._meta.concrete_fields
            if field.column not in ("id", "no", "submission_key")
        ]  # fmt: skip
        names = ", ".join(columns)
        cursor.execute(
            f"WITH made AS (INSERT INTO complaints_complaint (no, {names})"  # noqa: S608  (our own columns)
            f" SELECT 'C' || n, {names} FROM complaints_complaint, generate_series(1, %s) n"
            " WHERE id = %s RETURNING id, owner_id, owner_branch_id, received_at)"
            " INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)"
            " SELECT id, owner_id, owner_branch_id, received_at FROM made",
            [count, case.pk],
        )
        cursor.execute(
            "INSERT INTO complaints_clock (complaint_id, round, kind, policy_clock_id, started_at,"
            " due_at, original_due_at, rises, next_at)"
            " SELECT c.id, k.round, k.kind, k.policy_clock_id, k.started_at, k.due_at, k.due_at,"
            " k.rises, k.next_at FROM complaints_complaint c, complaints_clock k"
            " WHERE c.no LIKE 'C%%' AND k.complaint_id = %s",
            [case.pk],
        )


def heard(person: Person) -> list[tuple[str, int, bool]]:
    rows = Message.objects.filter(recipient=person).order_by("pk")
    return [(row.key.split(":")[0], row.folded, row.urgent) for row in rows]


def test_five_hundred_cases_at_once_are_one_message_for_each_person(
    cast: Cast, register: Register
) -> None:
    copies(register(), 499)
    until = MONDAY + 60 * MINUTE
    assert sweep(until=until) == 1500
    assert Escalation.objects.filter(level=1).count() == 500
    assert heard(cast.li) == [("digest", 1000, False)]
    assert heard(cast.wang) == [("digest", 500, False), ("digest", 500, True)]
    digest = Message.objects.get(recipient=cast.wang, urgent=True)
    assert str(digest) == "500 件投诉的时限到点，请到升级看板处理"
    assert digest.url == "/escalations/"
    assert digest.hold_until is not None
    assert digest.hold_until - until == MINUTE


@pytest.mark.parametrize("cases", [FEW, FEW + 1])
def test_up_to_twenty_are_told_one_by_one(cast: Cast, register: Register, cases: int) -> None:
    copies(register(), cases - 1)
    sweep(until=MONDAY + 30 * MINUTE)
    expected = [("clock", 0, False)] * cases if cases <= FEW else [("digest", cases, False)]
    assert heard(cast.li) == expected


def test_batches_of_one_window_add_to_one_digest(cast: Cast, register: Register) -> None:
    copies(register(), 99)
    until = MONDAY + 30 * MINUTE
    while sweep(until=until, batch=30):
        pass
    assert heard(cast.li) == [("digest", 100, False)]


def test_what_trickles_in_is_told_singly_until_there_are_too_many(
    cast: Cast, register: Register
) -> None:
    copies(register(), 29)
    while sweep(until=MONDAY + 30 * MINUTE, batch=1):
        pass
    assert heard(cast.li) == [("clock", 0, False)] * FEW + [("digest", 10, False)]


def test_a_digest_that_grows_is_unread_again(cast: Cast, register: Register) -> None:
    copies(register(), 59)
    sweep(until=MONDAY + 30 * MINUTE, batch=30)
    Message.objects.update(read_at=MONDAY + 30 * MINUTE)
    sweep(until=MONDAY + 30 * MINUTE, batch=30)
    digest = Message.objects.get(recipient=cast.li)
    assert (digest.folded, digest.read_at) == (60, None)


def test_the_next_window_has_its_own_digest(cast: Cast, register: Register) -> None:
    copies(register(), 29)
    until = MONDAY + 30 * MINUTE
    sweep(until=until)
    sweep(until=until + 18 * MINUTE)
    assert heard(cast.li) == [("digest", 30, False), ("digest", 30, False)]
    keys = set(Message.objects.filter(recipient=cast.li).values_list("key", flat=True))
    assert len(keys) == 2
    assert all(int(key.split(":")[2]) % WINDOW.total_seconds() == 0 for key in keys)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_ten_sweeps_at_once_write_one_digest_for_each_person(
    cast: Cast, register: Register
) -> None:
    copies(register(), 299)
    until = MONDAY + 30 * MINUTE
    start = threading.Barrier(10)

    def run() -> None:
        start.wait()
        try:
            while sweep(until=until, batch=40):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(until=until)
    digests = Message.objects.filter(recipient=cast.li, folded__gt=0)
    singles = Message.objects.filter(recipient=cast.li, folded=0).count()
    assert [digest.folded for digest in digests] == [300 - singles]
    assert singles <= FEW
    assert Escalation.objects.count() == 300
