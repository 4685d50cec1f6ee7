"""How much a person may promise to one customer without asking anyone."""

from __future__ import annotations

from decimal import Decimal

from staff.models import AuthorityLimit, Person, Role


def limit_of(person: Person) -> Decimal | None:
    """The person's limit in yuan for one case; None is no limit (the general manager);
    a role without a row may promise nothing that costs money."""
    return _limit_of_role(person.role)


def covers(person: Person, amount: Decimal) -> bool:
    """Whether `amount` yuan in all for a case is within the person's own authority."""
    return role_covers(person.role, amount)


def role_covers(role: str, amount: Decimal) -> bool:
    """`covers` for anyone who holds the role."""
    limit = _limit_of_role(role)
    return limit is None or amount <= limit


def _limit_of_role(role: str) -> Decimal | None:
    if role == Role.GENERAL_MANAGER:
        return None
    row = AuthorityLimit.objects.filter(role=role).first()
    return row.amount if row else Decimal(0)
