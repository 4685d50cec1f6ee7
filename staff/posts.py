"""Who holds a role for a branch; a vacant post passes to the next level up at once, the duties
of a closed branch to its heir."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache, cached_property
from itertools import chain

from django.db.models.functions import Coalesce

from staff.models import Absence, Branch, Person, Role

# When nobody at all holds a role, its duty goes to the next of these.
_ABOVE = {
    Role.FRONTLINE: Role.SUPERVISOR,
    Role.SUPERVISOR: Role.QUALITY,
    Role.QUALITY: Role.DIRECTOR,
    Role.DIRECTOR: Role.GENERAL_MANAGER,
}
# When nobody is left above either, the highest post that is held answers.
_FROM_THE_TOP = (Role.GENERAL_MANAGER, Role.DIRECTOR, Role.QUALITY, Role.SUPERVISOR)


class Roster:
    """The holders of the roles, read once for a whole batch (two queries): of `branches` and what
    lies above them, or of the firm. The front line, many and seldom asked for, is read when it
    is, or at once as one of `roles`.

    With `at` (a third query), or told who is `away`, a post whose holders are all away is as good
    as vacant; where everybody is away the holders answer all the same. `without` leaves people
    out who are about to leave.
    """

    def __init__(
        self,
        *,
        at: datetime | None = None,
        away: Iterable[int] = (),
        without: Iterable[int] = (),
        roles: Iterable[str] = (),
        branches: Collection[int] | None = None,
    ) -> None:
        self._answers: dict[tuple[str, int, frozenset[int]], list[int]] = {}
        self._known: set[str] = set()
        self._holders: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._without = set(without)
        self._away = frozenset(away)
        if at is not None:
            self._away |= frozenset(Absence.objects.covering(at).values_list("person", flat=True))
        self._ancestors = _ancestors(branches)
        self._branches = None if branches is None else set(chain(*self._ancestors.values()))
        self._read(list({*_FROM_THE_TOP, *roles}))

    def _read(self, roles: Sequence[str]) -> None:
        people = Person.objects.filter(is_active=True, role__in=roles).order_by("pk")
        if self._branches is not None:
            people = people.filter(branch__in=self._branches)
        for pk, role, branch_id in people.values_list("pk", "role", "branch_id"):
            if pk not in self._without:
                self._holders[role, branch_id].append(pk)
        self._known.update(roles)

    @cached_property
    def everybody(self) -> frozenset[int]:
        """Whoever holds one of the posts that were read at once; `without` matters for no other,
        as long as no other role is asked for."""
        return frozenset(pk for holders in self._holders.values() for pk in holders)

    def holders(
        self, role: str, branch_id: int, *, without: frozenset[int] = frozenset()
    ) -> list[int]:
        """Ids of the people who answer for `role` in the branch (its heir where it is closed): its
        own, else the nearest above; when no one on the way up holds it, the next higher role is
        asked the same, and in the end the highest post that is held. The post of somebody in
        `without` counts as vacant. Empty only where nobody holds any."""
        key = (role, branch_id, without)
        if role not in self._known:
            self._read([role])
        if key not in self._answers:
            self._answers[key] = self._find(*key)
        return self._answers[key]

    def _find(self, role: str, branch_id: int, without: frozenset[int]) -> list[int]:
        if self._away and (there := self._nearest(role, branch_id, without | self._away)):
            return there
        return self._nearest(role, branch_id, without)

    def _nearest(self, role: str, branch_id: int, without: Collection[int]) -> list[int]:
        """The holders of the first post on the way up that somebody holds beside these."""
        for each in _upwards(role):
            for ancestor in self._ancestors[branch_id]:
                holders = self._holders.get((each, ancestor))
                if holders and without:
                    holders = [pk for pk in holders if pk not in without]
                if holders:
                    return holders
        return []

    def first(
        self, role: str, branch_id: int, *, without: frozenset[int] = frozenset()
    ) -> int | None:
        """The one of the holders who answers when one has to: the longest known."""
        return next(iter(self.holders(role, branch_id, without=without)), None)

    def holders_of_any(
        self, roles: Iterable[str], branch_id: int, *, without: frozenset[int] = frozenset()
    ) -> list[int]:
        """The holders of each role, each person once, in the roles' order."""
        found = (pk for role in roles for pk in self.holders(role, branch_id, without=without))
        return list(dict.fromkeys(found))


@cache
def _upwards(role: str) -> tuple[str, ...]:
    """The role and those whose turn it is after it, each once."""
    asked: list[str] = []
    above: str | None = role
    while above is not None:
        asked.append(above)
        above = _ABOVE.get(Role(above))
    return tuple(dict.fromkeys([*asked, *_FROM_THE_TOP]))


def _ancestors(of: Collection[int] | None) -> dict[int, list[int]]:
    """From each of these branches (None: from each) up to headquarters; for a closed one, from its
    heir."""
    branches = Branch.objects.all() if of is None else Branch.objects.filter(pk__in=of)
    paths = branches.order_by().values_list("pk", Coalesce("heir__path", "path"))
    return {pk: [int(part) for part in reversed(path.strip("/").split("/"))] for pk, path in paths}


def duty(*, without: Collection[int] = ()) -> list[int]:
    """Who is on duty for what nobody else is told of: headquarters' quality, else its director,
    else its general manager, but nobody in `without`; read with one plain query, for when all
    else fails."""
    post = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER, Role.ADMINISTRATOR)
    found = Person.objects.filter(is_active=True, role__in=post, branch__parent=None)
    held = list(found.exclude(pk__in=without).order_by("pk").values_list("role", "pk"))
    highest = next((role for role in post if any(each == role for each, _pk in held)), None)
    return [pk for role, pk in held if role == highest]
