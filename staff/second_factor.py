"""Who has to have a second factor, and who has one."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from staff import stays
from staff.models import Person, Role

#: From the front line upwards; administrators count as much as anybody.
_UPWARDS = (
    Role.FRONTLINE,
    Role.SUPERVISOR,
    Role.QUALITY,
    Role.DIRECTOR,
    Role.GENERAL_MANAGER,
)


def is_required(person: Person) -> bool:
    """Whether the firm (MFA_REQUIRED_FROM, a role or nothing) wants one of the person's role, or of
    one below it; of administrators whenever it wants any."""
    wanted: str = settings.MFA_REQUIRED_FROM
    if not wanted:
        return False
    if person.role == Role.ADMINISTRATOR or wanted == Role.ADMINISTRATOR:
        return person.role == Role.ADMINISTRATOR
    return _UPWARDS.index(Role(person.role)) >= _UPWARDS.index(Role(wanted))


def count(person: Person) -> int:
    """How many apps and passkeys the person has; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    found: int = Authenticator.objects.filter(user=person, type__in=kinds).count()
    return found


def passkeys(person: Person) -> QuerySet[Authenticator]:
    """The person's own."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)  # type: ignore[no-any-return]  # allauth has no types


def has_one(person: Person) -> bool:
    """Whether the person has an app or a passkey."""
    return count(person) > 0


def is_missing(person: Person) -> bool:
    """Whether the person may do nothing but set one up. A query only where one is required."""
    return is_required(person) and not has_one(person)


def remove_all(person: Person) -> int:
    """For somebody who has lost theirs: away with all of them, and out wherever they are signed in;
    how many there were."""
    with transaction.atomic():
        had = count(person)
        Authenticator.objects.filter(user=person).delete()
        stays.end_others(person, None)
    return had
