"""Who may read what came from outside: headquarters, and nobody what is about themself."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from complaints.access import visible_to
from intake.models import Item, ItemState
from staff.access import Scope, scope_of
from staff.models import Person, Role

#: Who may look at what came, and deal with what was set aside.
HANDLING = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)


def items_visible_to(person: Person) -> QuerySet[Item]:
    """All that came, for whoever sees every case; without what led to a case that the person does
    not see. What has led to none yet is seen by all of these."""
    if scope_of(person) is not Scope.EVERYTHING:
        return Item.objects.none()
    return Item.objects.filter(Q(complaint=None) | Q(complaint__in=visible_to(person)))


def set_aside_count(person: Person) -> int:
    """How many items wait for a person; 0 for who has no business with them."""
    if person.role not in HANDLING:
        return 0
    return items_visible_to(person).filter(state=ItemState.SET_ASIDE).count()
