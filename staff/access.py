"""What part of the firm a person's role lets them look into (`docs/domain.md` section 8)."""

from __future__ import annotations

from enum import Enum

from django.db.models import Q, QuerySet

from staff.models import Branch, BranchKind, Person, Role


class Scope(Enum):
    NOTHING = "nothing"  # runs the system, reads no case
    BRANCH = "branch"
    SUBTREE = "subtree"
    EVERYTHING = "everything"


def scope_of(person: Person) -> Scope:
    """The reach of a person: front line sees the own branch, the others all that is below it."""
    if not person.is_active or person.role == Role.ADMINISTRATOR:
        return Scope.NOTHING
    if person.role == Role.FRONTLINE:
        return Scope.BRANCH
    if person.branch.kind == BranchKind.HEADQUARTERS:
        return Scope.EVERYTHING
    return Scope.SUBTREE


def branches_in_scope(person: Person) -> QuerySet[Branch]:
    """The branches whose cases the person may see: those in reach, and the closed ones that one
    of them has inherited, wherever they lay."""
    return branches_within(*reach_of(person))


def reach_of(person: Person) -> tuple[Scope, int, str]:
    """All that a person's sight follows from: their scope, their branch, and its path where what
    is below it counts."""
    scope = scope_of(person)
    return scope, person.branch_id, person.branch.path if scope == Scope.SUBTREE else ""


def branches_within(scope: Scope, branch_id: int, path: str) -> QuerySet[Branch]:
    """`branches_in_scope` of whoever has this reach."""
    match scope:
        case Scope.NOTHING:
            return Branch.objects.none()
        case Scope.BRANCH:
            return Branch.objects.filter(Q(pk=branch_id) | Q(heir=branch_id))
        case Scope.SUBTREE:
            return Branch.objects.filter(Q(path__startswith=path) | Q(heir__path__startswith=path))
        case Scope.EVERYTHING:
            return Branch.objects.all()
