"""The table of what may be done when, and by whom (`docs/domain.md` section 8)."""

from __future__ import annotations

import pytest

from common.errors import Conflict, NotAllowed
from complaints import rules
from complaints.models import Complaint, Status
from complaints.rules import RULES, Action, allowed_actions, check, is_allowed
from staff.models import Person, Role
from tests.complaints.scenes import MINUTE, accept, answer, fresh
from tests.conftest import MONDAY, Cast, Register

#: A letter a column: Front line, Owner, Rectifier, Supervisor, Quality, Director, General
#: manager, Administrator. Owner and rectifier are meant as such, without a role that may.
WHO = {
    Action.RECORD_CONTACT: "FORSQDG",
    Action.ACCEPT: "QDG",
    Action.REJECT: "QDG",
    Action.REVIEW_TRIAGE: "DG",
    Action.SUGGEST_TRIAGE: "FOS",
    Action.RULE: "QDG",
    Action.SUGGEST_RULING: "FOS",
    Action.DISPUTE: "RS",
    Action.REVIEW_DISPUTE: "QDG",
    Action.DECIDE_DISPUTE: "DG",
    Action.PROPOSE_REMEDY: "FORSDG",
    Action.DECIDE_REMEDY: "SDG",
    Action.DELIVER_REMEDY: "FORSQDG",
    Action.CANCEL_REMEDY: "FORSDG",
    Action.SUBMIT_SHEET: "R",
    Action.RETURN_SHEET: "QD",
    Action.VERIFY_SHEET: "QD",
    Action.WAIVE_SHEET: "QD",
    Action.INSPECT: "QD",
    Action.RECORD_CALLBACK: "QDG",
    Action.CLOSE: "FORSQDG",
    Action.REOPEN: "FORSQDG",
    Action.WITHDRAW: "FORSQDG",
    Action.ATTACH: "FORSQDG",
    Action.REVEAL: "FORSQDG",
    Action.ASK_TIME: "ORS",
    Action.ENDORSE_TIME: "S",
    Action.DECIDE_TIME: "QDG",
    Action.GRANT_TIME: "QDG",
    Action.RESUME_TIME: "QDG",
    Action.ACKNOWLEDGE: "SQDG",
    Action.NOTE_CUSTOMER: "FORSQDG",
    Action.JOIN_INCIDENT: "QDG",
    Action.LEAVE_INCIDENT: "QDG",
    Action.LEAD_INCIDENT: "QDG",
}
#: A letter a status: Triage, Handling, Answered, Called back, cloSed, Invalid, Withdrawn.
WHEN = {
    Action.RECORD_CONTACT: "THACS",
    Action.ACCEPT: "TI",
    Action.REJECT: "THAC",
    Action.REVIEW_TRIAGE: "I",
    Action.SUGGEST_TRIAGE: "T",
    Action.RULE: "HACSW",
    Action.SUGGEST_RULING: "THAC",
    Action.DISPUTE: "HACSW",
    Action.REVIEW_DISPUTE: "HACSW",
    Action.DECIDE_DISPUTE: "HACSW",
    Action.PROPOSE_REMEDY: "THAC",
    Action.DECIDE_REMEDY: "THACSIW",
    Action.DELIVER_REMEDY: "THACSW",
    Action.CANCEL_REMEDY: "THACSIW",
    Action.SUBMIT_SHEET: "HACSW",
    Action.RETURN_SHEET: "HACSW",
    Action.VERIFY_SHEET: "HACSW",
    Action.WAIVE_SHEET: "HACSW",
    Action.RECORD_CALLBACK: "HA",
    Action.CLOSE: "HAC",
    Action.REOPEN: "ACS",
    Action.WITHDRAW: "THAC",
    Action.ATTACH: "THACSIW",
    Action.REVEAL: "THACSIW",
    Action.ASK_TIME: "THAC",
    Action.ENDORSE_TIME: "THAC",
    Action.DECIDE_TIME: "THAC",
    Action.GRANT_TIME: "THAC",
    Action.RESUME_TIME: "THAC",
    Action.ACKNOWLEDGE: "THACSIW",
    Action.INSPECT: "THACSIW",
    Action.NOTE_CUSTOMER: "THACSIW",
    Action.JOIN_INCIDENT: "THAC",
    Action.LEAVE_INCIDENT: "THACSIW",
    Action.LEAD_INCIDENT: "THACSIW",
}
#: Hang on an offer; test_handovers.py tells who may.
HANDOVERS = {
    Action.OFFER, Action.ACCEPT_OFFER, Action.REFUSE_OFFER, Action.WITHDRAW_OFFER,
    Action.DECIDE_OFFER,
}  # fmt: skip
CLOCKWORKS = {
    Action.REGISTER, Action.WARN, Action.ESCALATE, Action.LAPSE_OFFER, Action.HAND_UP, Action.LINK,
    Action.UNLINK, Action.MOVE_OUTSIDE_DATE,
}  # fmt: skip
#: What the customer does, and nobody of the house.
CUSTOMERS = {Action.HEAR, Action.RATE}
LETTER = {
    "T": Status.TRIAGE, "H": Status.HANDLING, "A": Status.ANSWERED, "C": Status.CALLED_BACK,
    "S": Status.CLOSED, "I": Status.INVALID, "W": Status.WITHDRAWN,
}  # fmt: skip
ROLE = {
    "F": Role.FRONTLINE, "S": Role.SUPERVISOR, "Q": Role.QUALITY, "D": Role.DIRECTOR,
    "G": Role.GENERAL_MANAGER, "X": Role.ADMINISTRATOR,
}  # fmt: skip

OWNER, RECTIFIER, SOMEONE = 1, 2, 3
OWNERS_BRANCH, RESPONSIBLE, ELSEWHERE = 10, 20, 30


def case_in(status: Status) -> Complaint:
    return Complaint(
        pk=0, status=status, owner_id=OWNER, owner_branch_id=OWNERS_BRANCH,
        rectifier_id=RECTIFIER, responsible_branch_id=RESPONSIBLE,
    )  # fmt: skip


def person(letter: str) -> Person:
    """Someone of that column and of no other (a tie is tried with a role that may nothing)."""
    match letter:
        case "O":
            return Person(pk=OWNER, role=Role.ADMINISTRATOR, branch_id=OWNERS_BRANCH)
        case "R":
            return Person(pk=RECTIFIER, role=Role.ADMINISTRATOR, branch_id=RESPONSIBLE)
        case _:
            return Person(pk=SOMEONE, role=ROLE[letter], branch_id=ELSEWHERE)


def test_the_tables_speak_of_every_action_but_the_clockworks() -> None:
    told = set(Action) - CLOCKWORKS - CUSTOMERS
    assert set(WHO) == set(WHEN) == told - HANDOVERS
    assert set(RULES) == told


@pytest.mark.django_db
@pytest.mark.parametrize("action", WHO)
def test_every_action_role_and_status(action: Action) -> None:
    for letter in "FORSQDGX":
        for when, status in LETTER.items():
            complaint, who = case_in(status), person(letter)
            allowed = letter in WHO[action] and when in WHEN[action]
            assert is_allowed(complaint, action, who) == allowed, (letter, status)
            assert passes(complaint, action, who) == allowed
            if letter not in WHO[action]:
                with pytest.raises(NotAllowed) as barred:
                    check(complaint, action, who)
                assert barred.value.code == "not_allowed"
            elif when not in WHEN[action]:
                with pytest.raises(Conflict) as conflict:
                    check(complaint, action, who)
                assert conflict.value.code == "wrong_status"


def passes(complaint: Complaint, action: Action, who: Person) -> bool:
    try:
        check(complaint, action, who)
    except (NotAllowed, Conflict):
        return False
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("letter", "FORSQDGX")
def test_the_buttons_are_what_the_check_lets_pass(status: Status, letter: str) -> None:
    complaint, who = case_in(status), person(letter)
    shown = allowed_actions(complaint, who)
    assert shown == [action for action in RULES if passes(complaint, action, who)]


BARRED = [
    Action.RETURN_SHEET, Action.VERIFY_SHEET, Action.WAIVE_SHEET, Action.RECORD_CALLBACK,
    Action.DECIDE_TIME, Action.GRANT_TIME, Action.REVIEW_DISPUTE,
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("pk", [OWNER, RECTIFIER])
@pytest.mark.parametrize("role", [Role.QUALITY, Role.DIRECTOR])
def test_nobody_judges_what_they_answer_for(pk: int, role: Role) -> None:
    complaint = case_in(Status.HANDLING)
    tied = Person(pk=pk, role=role, branch_id=ELSEWHERE)
    free = Person(pk=SOMEONE, role=role, branch_id=ELSEWHERE)
    for action in BARRED:
        assert not is_allowed(complaint, action, tied)
        assert is_allowed(complaint, action, free)


@pytest.mark.django_db
@pytest.mark.parametrize("pk", [OWNER, RECTIFIER])
@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.DIRECTOR, Role.GENERAL_MANAGER])
def test_nobody_approves_compensation_in_their_own_case(pk: int, role: Role) -> None:
    complaint = case_in(Status.HANDLING)
    tied = Person(pk=pk, role=role, branch_id=ELSEWHERE)
    assert not is_allowed(complaint, Action.DECIDE_REMEDY, tied)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("branch", "allowed"), [(RESPONSIBLE, False), (OWNERS_BRANCH, True), (ELSEWHERE, True)]
)
def test_the_responsible_branch_does_not_call_back(branch: int, allowed: bool) -> None:
    who = Person(pk=SOMEONE, role=Role.QUALITY, branch_id=branch)
    assert is_allowed(case_in(Status.HANDLING), Action.RECORD_CALLBACK, who) == allowed


def test_whoever_spoke_to_the_customer_is_not_offered_the_callback(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    assert Action.RECORD_CALLBACK in allowed_actions(fresh(case), cast.chen)
    answer(case, by=cast.chen, at=MONDAY + MINUTE)
    assert Action.RECORD_CALLBACK not in allowed_actions(fresh(case), cast.chen)
    assert Action.RECORD_CALLBACK in allowed_actions(fresh(case), cast.lin)


def test_a_refusal_names_the_action_and_the_status_in_chinese() -> None:
    with pytest.raises(NotAllowed, match="您没有权限对这件投诉执行“验收整改单”。"):
        check(case_in(Status.HANDLING), Action.VERIFY_SHEET, person("F"))
    with pytest.raises(Conflict, match="投诉目前是“已撤诉”，不能执行“撤诉”。"):
        check(case_in(Status.WITHDRAWN), Action.WITHDRAW, person("F"))


def test_where_each_action_leads() -> None:
    leads = {action: rule.leads for action, rule in RULES.items() if rule.leads}
    assert leads == {
        Action.ACCEPT: Status.HANDLING,
        Action.REJECT: Status.INVALID,
        Action.RECORD_CALLBACK: Status.CALLED_BACK,
        Action.CLOSE: Status.CLOSED,
        Action.REOPEN: Status.HANDLING,
        Action.WITHDRAW: Status.WITHDRAWN,
    }


def test_ties_are_role_owner_and_rectifier(cast: Cast, register: Register) -> None:
    case = register()
    assert rules.ties(case, cast.li) == {Role.FRONTLINE, rules.Tie.OWNER}
    assert rules.ties(case, cast.wang) == {Role.SUPERVISOR}
