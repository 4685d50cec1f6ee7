"""What the database itself refuses, whatever the program does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from complaints import escalation
from complaints.models import Clock, Complaint, Event, Ownership, Ruling
from tests.complaints.scenes import HOUR, accept, fresh, rule
from tests.conftest import MONDAY, Cast, Register

NOT_NULL, UNIQUE, CHECK, FOREIGN, RESTRICT = "23502", "23505", "23514", "23503", "23001"


def sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def refused(state: str, saying: str = "") -> Iterator[None]:
    with pytest.raises(DatabaseError) as error:
        yield
    cause: Any = error.value.__cause__
    assert cause.pgcode == state
    assert saying in str(cause)


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    complaint = register(received_at=MONDAY - HOUR)
    accept(complaint, cast, at=MONDAY)
    rule(complaint, cast, at=MONDAY)
    return complaint


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE complaints_event SET data = '{}'",
        "UPDATE complaints_event SET kind = kind",
        "DELETE FROM complaints_event",
    ],
)
def test_the_story_is_never_changed_nor_deleted(case: Complaint, statement: str) -> None:
    before = list(Event.objects.values())
    with refused(RESTRICT, "append-only"):
        sql(statement)
    assert list(Event.objects.values()) == before


@pytest.mark.parametrize("table", ["complaints_event", "complaints_complaint"])
def test_the_story_is_never_emptied(case: Complaint, table: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE complaints_event ENABLE TRIGGER event_never_truncated")
    with refused(RESTRICT, "append-only"):
        sql(f"TRUNCATE {table} CASCADE")
    assert Event.objects.exists()


@pytest.mark.parametrize(
    "setting",
    [
        "first_receiver_id = (SELECT id FROM staff_person WHERE username = 'zhao')",
        "entered_at = entered_at + interval '1 minute'",
        "no = 'TS2611-0000000-0'",
        "policy_id = policy_id + 1",
    ],
)
def test_what_is_set_once_never_changes(case: Complaint, setting: str) -> None:
    with refused(RESTRICT, "never change"):
        sql(f"UPDATE complaints_complaint SET {setting} WHERE id = {case.pk}")  # noqa: S608


def test_a_case_is_never_deleted(case: Complaint) -> None:
    with refused(RESTRICT):
        sql("DELETE FROM complaints_complaint WHERE id = %s", case.pk)


@pytest.mark.parametrize(
    ("setting", "state", "name"),
    [
        ("owner_id = NULL", NOT_NULL, "owner_id"),
        ("owner_branch_id = NULL", NOT_NULL, "owner_branch_id"),
        ("received_at = entered_at + interval '1 second'", CHECK, "not_from_the_future"),
        ("round = 0", CHECK, "round_from_one"),
        ("responsible_branch_id = NULL", CHECK, "rectifier_needs_branch"),
        ("status = 'invalid'", CHECK, "invalid_says_why"),
        ("invalid_reason = 'praise'", CHECK, "invalid_says_why"),
        ("status = 'closed'", CHECK, "closed_says_when"),
        ("closed_at = now()", CHECK, "closed_says_when"),
    ],
)
def test_a_case_keeps_its_shape(case: Complaint, setting: str, state: str, name: str) -> None:
    with refused(state, name):
        sql(f"UPDATE complaints_complaint SET {setting} WHERE id = {case.pk}")  # noqa: S608


@pytest.mark.parametrize("kind", ["owner", "entered_by", "first_receiver", "rectifier"])
def test_people_of_a_case_are_never_deleted(case: Complaint, kind: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with refused(FOREIGN):
        sql(f"DELETE FROM staff_person WHERE id = {getattr(fresh(case), kind).pk}")  # noqa: S608


def test_one_ownership_is_open(cast: Cast, case: Complaint) -> None:
    same = {"complaint": case, "person": cast.wang, "branch": cast.wuxi}
    with pytest.raises(IntegrityError, match="ownership_one_open_a_case"), transaction.atomic():
        Ownership.objects.create(**same, since=MONDAY)
    with pytest.raises(IntegrityError, match="ownership_ends_after_start"), transaction.atomic():
        Ownership.objects.create(**same, since=MONDAY, until=MONDAY - HOUR)
    Ownership.objects.create(**same, since=MONDAY, until=MONDAY)


def test_one_ruling_stands(cast: Cast, case: Complaint) -> None:
    with pytest.raises(IntegrityError, match="ruling_one_stands_a_case"), transaction.atomic():
        Ruling.objects.create(complaint=case, basis="x", by=cast.chen, at=MONDAY)


@pytest.mark.parametrize(
    ("statement", "state", "name"),
    [
        (
            "INSERT INTO complaints_escalation (clock_id, complaint_id, step, level, roles,"
            " recipient_ids, rang_at, fired_at) SELECT clock_id, complaint_id, step, level, roles,"
            " recipient_ids, rang_at, fired_at FROM complaints_escalation LIMIT 1",
            UNIQUE,
            "escalation_step_taken_once",
        ),
        (
            "UPDATE complaints_escalation SET fired_at = rang_at - interval '1 microsecond'",
            CHECK,
            "escalation_never_early",
        ),
        ("UPDATE complaints_clock SET due_at = started_at", CHECK, "clock_due_after_start"),
        ("UPDATE complaints_clock SET next_at = NULL, met_at = now()", CHECK, "clock_met_says_how"),
        ("UPDATE complaints_clock SET met_as = 'met'", CHECK, "clock_met_says_how"),
        (
            "UPDATE complaints_clock SET next_at = NULL, met_at = now(), met_as = 'met',"
            " voided_at = now()",
            CHECK,
            "clock_met_or_void",
        ),
        (
            "UPDATE complaints_clock SET due_at = due_at - interval '1 second'",
            CHECK,
            "clock_due_only_moves_on",
        ),
        (
            "UPDATE complaints_clock SET paused_for = '48 hours 1 microsecond'"
            " WHERE kind = 'result'",
            CHECK,
            "clock_pause_is_capped",
        ),
        (
            "UPDATE complaints_clock SET paused_for = '1 minute' WHERE kind = 'sheet'",
            CHECK,
            "clock_pause_is_capped",
        ),
        (
            "UPDATE complaints_clock SET forfeited_at = now() WHERE kind = 'apology'",
            CHECK,
            "clock_only_sheets_are_forfeited",
        ),
        (
            "INSERT INTO complaints_escalation (clock_id, complaint_id, step, level, rang_at,"
            " fired_at, roles, recipient_ids) SELECT clock_id, complaint_id, 99, level, rang_at,"
            " fired_at, roles, recipient_ids FROM complaints_escalation WHERE level = 1",
            UNIQUE,
            "escalation_level_told_once",
        ),
        (
            "UPDATE complaints_clock SET next_at = due_at, voided_at = now()",
            CHECK,
            "clock_stopped_rings_no_more",
        ),
        (
            "INSERT INTO complaints_clock (complaint_id, round, kind, policy_clock_id, started_at,"
            " due_at, original_due_at) SELECT complaint_id, round, kind, policy_clock_id,"
            " started_at, due_at, due_at FROM complaints_clock LIMIT 1",
            UNIQUE,
            "clock_one_of_a_kind_a_round",
        ),
    ],
)
def test_clocks_and_steps_keep_their_shape(
    case: Complaint, statement: str, state: str, name: str
) -> None:
    escalation.sweep(until=MONDAY + HOUR)
    assert Clock.objects.filter(complaint=case).count() == 4
    with refused(state, name):
        sql(statement)


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"amount": -1}, "remedy_costs_not_negative"),
        ({"decided_by": "li"}, "remedy_never_decided_by_its_proposer"),
        ({"state": "delivered"}, "remedy_delivered_with_proof"),
        ({"state": "delivered", "delivered_at": MONDAY}, "remedy_delivered_with_proof"),
        ({"delivered_at": MONDAY}, "remedy_delivered_with_proof"),
    ],
)
def test_a_remedy_keeps_its_shape(
    cast: Cast, case: Complaint, columns: dict[str, Any], name: str
) -> None:
    usual = {
        "round": 1, "kind": "refund", "amount": 1, "state": "promised",
        "proposed_by": cast.li, "proposed_at": MONDAY,
    }  # fmt: skip
    if "decided_by" in columns:
        columns = {"decided_by": cast.li}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        case.remedies.create(**{**usual, **columns})


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"satisfied": None}, "callback_answers_when_reached"),
        ({"solved": None}, "callback_answers_when_reached"),
        ({"reached": False}, "callback_answers_when_reached"),
        ({"score": 0}, "callback_score_one_to_five"),
        ({"score": 6}, "callback_score_one_to_five"),
    ],
)
def test_a_callback_keeps_its_shape(
    cast: Cast, case: Complaint, columns: dict[str, Any], name: str
) -> None:
    usual = {
        "round": 1, "means": "phone", "reached": True, "satisfied": True, "solved": True,
        "occurred_at": MONDAY, "recorded_at": MONDAY, "by": cast.chen,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        case.callbacks.create(**{**usual, **columns})
    case.callbacks.create(**usual)
    with pytest.raises(IntegrityError, match="answered_once_a_round"), transaction.atomic():
        case.callbacks.create(**usual)


def test_a_talk_is_not_from_the_future(cast: Cast, case: Complaint) -> None:
    with pytest.raises(IntegrityError, match="contact_not_from_the_future"), transaction.atomic():
        case.contacts.create(
            round=1, kind="apology", means="phone", reached=True, said="x", by=cast.li,
            occurred_at=MONDAY + timedelta(microseconds=1), recorded_at=MONDAY,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({}, "sheet_submitted_is_complete"),
        ({"serial": 1, "year": 2026}, "sheet_submitted_is_complete"),
        ({"state": "waived", "serial": 1, "year": 2026}, "sheet_submitted_is_complete"),
    ],
)
def test_a_sheet_with_a_number_is_complete(
    case: Complaint, columns: dict[str, Any], name: str
) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        case.sheets.create(**{"round": 1, "state": "submitted", **columns})


def test_a_submission_key_is_used_once(cast: Cast, register: Register) -> None:
    first, second = register(), register()
    sql("UPDATE complaints_complaint SET submission_key = 'k' WHERE id = %s", first.pk)
    with refused(UNIQUE, "submission_key"):
        sql("UPDATE complaints_complaint SET submission_key = 'k' WHERE id = %s", second.pk)
