"""Leaving the firm: an account whose person still answers for cases is not closed; one step hands
them all to the supervisor and then closes it (`docs/ownership.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _

from common import walls
from common.errors import Conflict, NotAllowed
from complaints import ownership
from complaints.models import Clock, ClockKind, Complaint, Status
from complaints.models.complaint import OPEN, ComplaintQuerySet
from staff import absences, people
from staff.models import Person, Role


@dataclass(frozen=True)
class Burden:
    """How many open cases a person owns, and how many open fixes they answer for."""

    cases: int
    fixes: int

    @property
    def is_free(self) -> bool:
        return not (self.cases or self.fixes)


def open_cases(person: Person) -> ComplaintQuerySet:
    """The cases the person owns that are not closed for the customer yet."""
    return Complaint.objects.filter(owner=person, status__in=OPEN)


def open_fixes(person: Person) -> ComplaintQuerySet:
    """The cases whose fix the person answers for and that are not closed inside: not the invalid
    ones, and the withdrawn ones only while they still owe a sheet."""
    return Complaint.objects.filter(_fix_is_open(), rectifier=person)


def burden(person: Person) -> Burden:
    """What stands in the way of the person's leaving."""
    return Burden(open_cases(person).count(), open_fixes(person).count())


def burdens() -> list[tuple[Person, Burden]]:
    """Everybody who has an account with what they answer for; for the administrator, who may know
    how much there is and no more."""
    owned = Complaint.objects.filter(status__in=OPEN).order_by().values_list("owner")
    fixed = Complaint.objects.filter(_fix_is_open()).order_by().values_list("rectifier")
    with walls.lifted():  # numbers alone, for whoever closes accounts and sees no case
        cases, fixes = dict(owned.annotate(Count("pk"))), dict(fixed.annotate(Count("pk")))
    everybody = Person.objects.select_related("branch")
    return [
        (person, Burden(cases.get(person.pk, 0), fixes.get(person.pk, 0)))
        for person in everybody.order_by("-is_active", "branch__sort_key", "sort_key", "username")
    ]


def close_account(person: Person, *, hand_up: bool, by: Person, at: datetime) -> Person:
    """Deactivate the account. With `hand_up` every open case and fix goes to the supervisor
    first, each with its event; without, one that has any is refused.

    Raises NotAllowed `not_allowed`, `account.own`; Conflict `account.closed`, `account.burdened`,
    `account.changed`, `absence.nobody_left`; RuleBroken `nobody_left`.
    """
    _check(person, by)
    with transaction.atomic(), walls.lifted():  # by the administrator, who sees no case
        return _close(person, hand_up, by, at)


def _close(person: Person, hand_up: bool, by: Person, at: datetime) -> Person:
    absences.check_somebody_stays(person, at, at + absences.LONGEST)
    if hand_up:
        _hand_up_all(person, by, at)
    # the cases first, then the person: the order in which a handover locks them, too
    locked = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if not locked.is_active:
        raise Conflict("account.closed", _("这个账号已经停用。"))
    found = burden(locked)
    if not found.is_free:
        raise Conflict(
            "account.changed" if hand_up else "account.burdened",
            _("%(name)s 还有 %(cases)d 件未结投诉、%(fixes)d 件未完成的整改，须先全部交出。")
            % {"name": locked.name, "cases": found.cases, "fixes": found.fixes},
        )
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    people.end_post(locked.pk, at=at)
    return locked


@transaction.atomic
def open_account(person: Person, *, by: Person, at: datetime) -> Person:
    """Let the person in again. Raises NotAllowed `not_allowed`."""
    if by.role != Role.ADMINISTRATOR:
        raise NotAllowed("not_allowed", _("只有系统管理员可以启用账号。"))
    locked = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if locked.is_active:
        return locked
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    people.resume_post(locked.pk, by=by, at=at)
    return locked


def _check(person: Person, by: Person) -> None:
    if by.role != Role.ADMINISTRATOR:
        raise NotAllowed("not_allowed", _("只有系统管理员可以停用账号。"))
    if person.pk == by.pk:
        raise NotAllowed("account.own", _("不能停用自己的账号。"))


def _hand_up_all(person: Person, by: Person, at: datetime) -> None:
    for complaint in _locked(open_cases(person)):
        ownership.hand_up(complaint, by=by, at=at)
    for complaint in _locked(open_fixes(person)):
        ownership.hand_up_fix(complaint, by=by, at=at)


def _locked(found: ComplaintQuerySet) -> list[Complaint]:
    """Locked one after the other in their order, each as it stands then."""
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    rows = Complaint.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update(of=("self",)))
    return list(found.filter(pk__in=ids).order_by("pk").select_related("owner", "rectifier"))


def _fix_is_open() -> Q:
    owes = Clock.objects.running().filter(
        complaint=OuterRef("pk"), kind__in=(ClockKind.SHEET, ClockKind.RESUBMISSION)
    )
    stands = Q(status__in=(*OPEN, Status.CLOSED))
    return Q(closed_inside_at=None) & (stands | Q(Exists(owes)))
