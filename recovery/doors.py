"""Who may come through which door. An address that does not stand here is shut to all.

Where a door leads to a case, whoever sees the case may come, and the rule table decides what they
may do there (`complaints/rules.py`). `manage.py access` prints it all as the table in
`docs/access.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from complaints.incidents import GROUPING
from complaints.policy_drafts import APPROVING, DRAFTING, READING
from complaints.rules import RULES, Action, Tie
from complaints.selectors import LEADING
from intake.access import HANDLING
from intake.imports.import_jobs import IMPORTING
from intake.public import codes
from quality.inspections import INSPECTING
from recovery.caretakers import CARETAKERS
from reports.access import READERS
from staff import volumes
from staff.models import Person, Role

_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Door:
    """The roles that may come at all; `of_case`: it leads to a case, which is 404 for whoever
    doesn't see it; `action`: what is done to the case, whose rules then decide; `strangers`:
    nobody is asked who they are; `systems`: other systems come by it with a key of their own
    (`intake/systems/keys.py`), and nobody else."""

    roles: frozenset[str]
    action: Action | None = None
    of_case: bool = False
    strangers: bool = False
    systems: bool = False

    def lets_in(self, person: Person | None) -> bool:
        """Whether this person, or a stranger (None), may come through."""
        return self.strangers or (person is not None and person.role in self.roles)

    @property
    def tied(self) -> bool:
        """Whether an owner or rectifier may do the action whatever their role."""
        return self.action in RULES and any(isinstance(who, Tie) for who in RULES[self.action].who)

    def may_act(self, role: Role) -> bool:
        """Whether the role alone is enough for the action, with a case in reach."""
        return self.action not in RULES or role in RULES[self.action].who


def roles(some: Iterable[str]) -> Door:
    """Only these."""
    return Door(frozenset(some))


STRANGERS = Door(frozenset(Role), strangers=True)
SYSTEMS = Door(frozenset(), systems=True)
EVERYONE = roles(Role)
ADMINISTRATOR = roles([Role.ADMINISTRATOR])
#: Whoever sees the case.
READERS_OF_IT = Door(frozenset(Role), of_case=True)
SERVING = roles(set(Role) - {Role.ADMINISTRATOR})
LEADERS = roles(LEADING)
#: Whoever sees one of the cases of an incident.
SERVING_IN_IT = Door(SERVING.roles, of_case=True)


def doing(action: Action) -> Door:
    """Whoever sees the case, as far as its rules allow the action."""
    return Door(frozenset(Role), action, of_case=True)


@dataclass(frozen=True)
class Entrance:
    """An address: who may look, and who may do."""

    look: Door
    do: Door

    def door(self, method: str) -> Door:
        """The one for this method."""
        return self.look if method in _SAFE else self.do


def _both(door: Door) -> Entrance:
    return Entrance(door, door)


def _case(action: Action) -> Entrance:
    return _both(doing(action))


def _list(action: Action) -> Entrance:
    return Entrance(READERS_OF_IT, doing(action))


_ALL = _both(EVERYONE)
_SEEN = _both(READERS_OF_IT)
_OFFICE_WORK = _both(ADMINISTRATOR)
_OF_INCIDENT = _both(SERVING_IN_IT)
_GROUPED = _both(roles(GROUPING))

#: Every address by its name, as `urls.py` gives it.
ENTRANCES: dict[str, Entrance] = {
    # the house
    "healthz": _both(STRANGERS),
    "readyz": _both(STRANGERS),
    "set_language": _both(STRANGERS),
    "system": _both(roles(CARETAKERS)),
    "api-system": _both(roles(CARETAKERS)),
    "api-schema": _both(STRANGERS),
    "api-docs": _both(STRANGERS),
    "api-nothing": _both(STRANGERS),
    # people
    "sign-in": _both(STRANGERS),
    "sign-out": _both(STRANGERS),
    "account_login": _both(STRANGERS),
    "admin-login": _both(STRANGERS),
    "mfa_authenticate": _both(STRANGERS),
    "openid_connect_login": _both(STRANGERS),
    "openid_connect_callback": _both(STRANGERS),
    "account_reset_password": _both(STRANGERS),
    "account_reset_password_done": _both(STRANGERS),
    "account_reset_password_from_key": _both(STRANGERS),
    "account_reset_password_from_key_done": _both(STRANGERS),
    "admin-password-change": _ALL,
    "account_change_password": _ALL,
    "account_reauthenticate": _ALL,
    "mfa_reauthenticate": _ALL,
    "mfa_reauthenticate_webauthn": _ALL,
    "mfa_index": _ALL,
    "mfa_activate_totp": _ALL,
    "mfa_deactivate_totp": _ALL,
    "mfa_add_webauthn": _ALL,
    "mfa_remove_webauthn": _ALL,
    "mfa_view_recovery_codes": _ALL,
    "mfa_generate_recovery_codes": _ALL,
    "session-list": _ALL,
    "session-end": _ALL,
    "session-end-others": _ALL,
    "token-list": _ALL,
    "token-new": _ALL,
    "token-revoke": _ALL,
    "api-tokens": _both(STRANGERS),
    "api-token": _ALL,
    "api-me": _ALL,
    "branch-list": _ALL,
    "branch": _ALL,
    "branch-new": _OFFICE_WORK,
    "branch-rename": _OFFICE_WORK,
    "branch-move": _OFFICE_WORK,
    "branch-close": _OFFICE_WORK,
    "branch-edit": _OFFICE_WORK,
    "people": _ALL,
    "person": _ALL,
    "person-new": _OFFICE_WORK,
    "person-edit": _OFFICE_WORK,
    "post-new": _OFFICE_WORK,
    "post-cancel": _OFFICE_WORK,
    "volumes": _both(roles(volumes.READERS)),
    "imports": _both(roles([Role.ADMINISTRATOR, *volumes.KEEPERS])),
    "import": _both(roles([Role.ADMINISTRATOR, *volumes.KEEPERS])),
    # customers' pages: nobody is asked who they are; the codes that lead there are the house's
    "feedback": _both(STRANGERS),
    "feedback-of-branch": _both(STRANGERS),
    "feedback-challenge": _both(STRANGERS),
    "feedback-privacy": _both(STRANGERS),
    "feedback-receipt": _both(STRANGERS),
    "feedback-track": _both(STRANGERS),
    "feedback-case": _both(STRANGERS),
    "feedback-message": _both(STRANGERS),
    "feedback-rating": _both(STRANGERS),
    "feedback-unsolved": _both(STRANGERS),
    "feedback-withdrawal": _both(STRANGERS),
    "feedback-leave": _both(STRANGERS),
    "feedback-codes": _both(roles(codes.READERS)),
    "feedback-code": _both(roles(codes.READERS)),
    "feedback-code-picture": _both(roles(codes.READERS)),
    # calls of WeChat and WeCom, which prove by their signature whose they are
    "wechat": _both(STRANGERS),
    "wecom": _both(STRANGERS),
    # files of complaints
    **dict.fromkeys(
        (
            "case-imports",
            "case-import",
            "case-import-columns",
            "case-import-confirm",
            "case-import-cancel",
            "case-import-set-aside",
        ),
        _both(roles(IMPORTING)),
    ),
    "api-branches": _ALL,
    "api-people": _ALL,
    # the desk
    "desk": _ALL,
    "api-desk": _ALL,
    "board": _both(LEADERS),
    "load": _both(LEADERS),
    "acknowledgements": _both(LEADERS),
    "acknowledgement-new": _case(Action.ACKNOWLEDGE),
    "api-escalations": _both(LEADERS),
    "api-loads": _both(LEADERS),
    "api-acknowledgements": _both(LEADERS),
    "api-acknowledgement": _case(Action.ACKNOWLEDGE),
    "playbook": _ALL,
    "playbook-entry": _ALL,
    "api-categories": _ALL,
    "api-playbook": _ALL,
    # handovers, absences, leaving
    "handover-list": _ALL,
    "handover-accept-all": _ALL,
    "handover-shift": _both(SERVING),
    "departures": _OFFICE_WORK,
    "absence-list": _both(SERVING),
    "absence-end": _both(SERVING),
    "handover-new": _case(Action.OFFER),
    "handover-accept": _case(Action.ACCEPT_OFFER),
    "handover-refuse": _case(Action.REFUSE_OFFER),
    "handover-withdraw": _case(Action.WITHDRAW_OFFER),
    "handover-decide": _case(Action.DECIDE_OFFER),
    "api-handovers": _list(Action.OFFER),
    "api-handover-acceptance": _case(Action.ACCEPT_OFFER),
    "api-handover-refusal": _case(Action.REFUSE_OFFER),
    "api-handover-withdrawal": _case(Action.WITHDRAW_OFFER),
    "api-handover-decision": _case(Action.DECIDE_OFFER),
    "api-handovers-offered": _ALL,
    "api-handovers-undecided": _ALL,
    "api-absences": _ALL,
    "api-absence-end": _ALL,
    # policies
    "policy-list": _both(roles(READING)),
    "policy": _both(roles(READING)),
    "policy-edit": _both(roles(DRAFTING)),
    "policy-draft": _both(roles(DRAFTING)),
    "policy-reset": _both(roles(DRAFTING)),
    "policy-submission": _both(roles(DRAFTING)),
    "policy-approval": _both(roles(APPROVING)),
    "api-policies": _both(roles(READING)),
    "api-policy": _both(roles(READING)),
    "api-policy-preview": _both(roles(READING)),
    "api-policy-approval": _both(roles(APPROVING)),
    # cases
    "complaint-list": _ALL,
    "complaint-new": _both(SERVING),
    "complaint-hints": _ALL,
    "complaint-lookup": _ALL,
    "complaint-draft": _both(SERVING),
    "complaint-draft-discard": _both(SERVING),
    "paper-form": _both(SERVING),
    "customer-note": _case(Action.NOTE_CUSTOMER),
    "api-customer-note": _list(Action.NOTE_CUSTOMER),
    "complaint-detail": _SEEN,
    "attachment": _SEEN,
    "reveal": _case(Action.REVEAL),
    "contact-new": _case(Action.RECORD_CONTACT),
    "acceptance-new": _case(Action.ACCEPT),
    "rejection-new": _case(Action.REJECT),
    "ruling-new": _case(Action.RULE),
    "triage-review": _case(Action.REVIEW_TRIAGE),
    "triage-suggest": _case(Action.SUGGEST_TRIAGE),
    "ruling-suggest": _case(Action.SUGGEST_RULING),
    "dispute-new": _case(Action.DISPUTE),
    "dispute-review": _case(Action.REVIEW_DISPUTE),
    "dispute-decide": _case(Action.DECIDE_DISPUTE),
    "remedy-new": _case(Action.PROPOSE_REMEDY),
    "remedy-decide": _case(Action.DECIDE_REMEDY),
    "remedy-deliver": _case(Action.DELIVER_REMEDY),
    "remedy-cancel": _case(Action.CANCEL_REMEDY),
    "allowance-new": _case(Action.ASK_TIME),
    "allowance-grant": _case(Action.GRANT_TIME),
    "allowance-endorse": _case(Action.ENDORSE_TIME),
    "allowance-decide": _case(Action.DECIDE_TIME),
    "allowance-resume": _case(Action.RESUME_TIME),
    "callback-new": _case(Action.RECORD_CALLBACK),
    "closure-new": _case(Action.CLOSE),
    "reopening-new": _case(Action.REOPEN),
    "withdrawal-new": _case(Action.WITHDRAW),
    "attachment-new": _case(Action.ATTACH),
    "api-complaints": Entrance(EVERYONE, SERVING),
    "api-complaint": _SEEN,
    "api-events": _SEEN,
    "api-reveals": _case(Action.REVEAL),
    "api-contacts": _list(Action.RECORD_CONTACT),
    "api-acceptance": _case(Action.ACCEPT),
    "api-rejection": _case(Action.REJECT),
    "api-rulings": _list(Action.RULE),
    "api-sortings": _SEEN,
    "api-sorting-review": _case(Action.REVIEW_TRIAGE),
    "api-suggestions": _SEEN,
    "api-triage-suggestion": _case(Action.SUGGEST_TRIAGE),
    "api-ruling-suggestion": _case(Action.SUGGEST_RULING),
    "api-disputes": _list(Action.DISPUTE),
    "api-dispute-review": _case(Action.REVIEW_DISPUTE),
    "api-dispute-decision": _case(Action.DECIDE_DISPUTE),
    "api-suppliers": _ALL,
    "api-departments": _ALL,
    "api-remedies": _list(Action.PROPOSE_REMEDY),
    "api-decision": _case(Action.DECIDE_REMEDY),
    "api-delivery": _case(Action.DELIVER_REMEDY),
    "api-cancellation": _case(Action.CANCEL_REMEDY),
    "api-allowances": _list(Action.ASK_TIME),
    "api-allowance-grant": _case(Action.GRANT_TIME),
    "api-allowance-endorsement": _case(Action.ENDORSE_TIME),
    "api-allowance-decision": _case(Action.DECIDE_TIME),
    "api-allowance-resumption": _case(Action.RESUME_TIME),
    "api-callbacks": _list(Action.RECORD_CALLBACK),
    "api-closure": _case(Action.CLOSE),
    "api-reopenings": _case(Action.REOPEN),
    "api-withdrawal": _case(Action.WITHDRAW),
    "api-attachments": _list(Action.ATTACH),
    "api-attachment": _SEEN,
    # other systems: what they hand in, and the pages where they are looked after
    "api-intake-complaints": _both(SYSTEMS),
    "api-intake-batch": _both(SYSTEMS),
    "api-intake-complaint": _both(SYSTEMS),
    "api-intake-statements": _both(SYSTEMS),
    "connections": _OFFICE_WORK,
    "connection": _OFFICE_WORK,
    "connection-new": _OFFICE_WORK,
    "connection-key-new": _OFFICE_WORK,
    "connection-key-end": _OFFICE_WORK,
    "hook": _OFFICE_WORK,
    "hook-new": _OFFICE_WORK,
    "hook-secret": _OFFICE_WORK,
    "hook-trial": _OFFICE_WORK,
    "hook-switch": _OFFICE_WORK,
    "hook-call-again": _OFFICE_WORK,
    # sheets
    "sheet": _SEEN,
    "sheet-new": _case(Action.SUBMIT_SHEET),
    "sheet-return": _case(Action.RETURN_SHEET),
    "sheet-verify": _case(Action.VERIFY_SHEET),
    "sheet-waive": _case(Action.WAIVE_SHEET),
    "api-sheets": _list(Action.SUBMIT_SHEET),
    "api-sheet-return": _case(Action.RETURN_SHEET),
    "api-sheet-verification": _case(Action.VERIFY_SHEET),
    "api-sheet-waiver": _case(Action.WAIVE_SHEET),
    # mass incidents: seen by whoever sees one of the cases, grouped by quality
    "incident-list": _both(SERVING),
    "incident-new": Entrance(LEADERS, roles(GROUPING)),
    "incident-suggest": _both(roles([Role.SUPERVISOR])),
    "incident": _OF_INCIDENT,
    "incident-contacts": _OF_INCIDENT,
    "incident-members": _GROUPED,
    "incident-leave": _GROUPED,
    "incident-lead": _GROUPED,
    "incident-result": _GROUPED,
    "incident-close": _GROUPED,
    "api-incidents": Entrance(SERVING, roles(GROUPING)),
    "api-incidents-suspected": _both(LEADERS),
    "api-incident": _OF_INCIDENT,
    "api-incident-members": Entrance(SERVING_IN_IT, roles(GROUPING)),
    "api-incident-departures": _GROUPED,
    "api-incident-lead": _GROUPED,
    "api-incident-result": _GROUPED,
    "api-incident-closure": _GROUPED,
    "api-incident-contacts": _OF_INCIDENT,
    # what came in, and the ways in
    "item-list": _both(roles(HANDLING)),
    "item": _both(roles(HANDLING)),
    "item-raw": _both(roles(HANDLING)),
    "item-retry": _both(roles(HANDLING)),
    "item-register": _both(roles(HANDLING)),
    "item-append": _both(roles(HANDLING)),
    "item-ignore": _both(roles(HANDLING)),
    "reconciliation": _both(roles(HANDLING)),
    "reconciliation-csv": _both(roles(HANDLING)),
    "inlet-list": _OFFICE_WORK,
    "inlet-new": _OFFICE_WORK,
    "inlet": _OFFICE_WORK,
    # messages
    "inbox": _ALL,
    "inbox-read": _ALL,
    "message": _ALL,
    "message-settings": _ALL,
    "api-messages": _ALL,
    "api-messages-read": _ALL,
    "api-message-read": _ALL,
    "api-message-settings": _ALL,
    # rankings
    "ranking": _both(roles(READERS)),
    "ranking-xlsx": _both(roles(READERS)),
    "ranking-csv": _both(roles(READERS)),
    "ranking-cases": _both(roles(READERS)),
    "api-ranking": _both(roles(READERS)),
    # the audit of first response
    "first-response": _both(roles(READERS)),
    "first-response-cases": _both(roles(READERS)),
    "first-response-samples": _both(roles(INSPECTING)),
    "inspection": _both(roles(INSPECTING)),
}
#: Addresses that Django's back office brings along; its own rules hold inside.
_OFFICE = "admin:"
_OFFICE_DOORS = {
    "admin:login": STRANGERS,
    "admin:logout": EVERYONE,
    "admin:password_change": EVERYONE,
}


def door_of(name: str, method: str) -> Door | None:
    """The door of an address; None: it stands nowhere, and is shut."""
    if name.startswith(_OFFICE):
        return _OFFICE_DOORS.get(name, ADMINISTRATOR)
    entrance = ENTRANCES.get(name)
    return entrance.door(method) if entrance else None
