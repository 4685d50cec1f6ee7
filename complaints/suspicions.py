"""疑似群诉: open cases of one cause that come in together, suggested and never grouped by
themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Left
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import NotAllowed
from complaints.access import visible_to
from complaints.models import Category, Complaint, IncidentMember
from complaints.models.complaint import ComplaintQuerySet
from notify.post import Note, post
from staff.models import Branch, Person, Role
from staff.posts import duty

#: How much of each text is compared, and how alike two must be: the share of the pairs of
#: neighbouring characters that they have in common (Dice), 0 to 1.
COMPARED = 200
ALIKE = 0.3
#: Groups, cases of a group, and cases that are tried as its centre.
_GROUPS, _CASES, _CENTRES = 10, 500, 20


@dataclass(frozen=True)
class Suspicion:
    """Cases alike of one category and branch, the earliest first."""

    category: Category
    branch: Branch
    case_ids: list[int]
    since: datetime

    @property
    def count(self) -> int:
        return len(self.case_ids)


def window() -> timedelta:
    """How far back cases are looked at together."""
    return timedelta(hours=settings.INCIDENT_HOURS)


def loose(person: Person, at: datetime) -> ComplaintQuerySet:
    """The open cases in the person's sight that are in no incident."""
    inside = IncidentMember.objects.active().filter(complaint=OuterRef("pk"))
    return visible_to(person, at).still_open().exclude(Exists(inside))


def about(branch_id: int) -> Q:
    """Cases about this branch: the one ruled responsible, else concerned, else the owner's."""
    unruled = Q(responsible_branch=None)
    return (
        Q(responsible_branch=branch_id)
        | unruled & Q(concerned_branch=branch_id)
        | unruled & Q(concerned_branch=None, owner_branch=branch_id)
    )


def suspected(person: Person, at: datetime) -> list[Suspicion]:
    """Groups of at least `INCIDENT_CASES` cases received within `INCIDENT_HOURS` before `at`, of
    one category and branch, that tell much the same; the largest first."""
    recent = loose(person, at).filter(received_at__gt=at - window(), received_at__lte=at)
    counted = (
        recent.order_by()
        .annotate(
            branch=Coalesce("responsible_branch", "concerned_branch", "owner_branch"),
        )
        .values_list("category", "branch")
        .annotate(n=Count("pk"))
    )
    crowded = counted.filter(n__gte=settings.INCIDENT_CASES).order_by("-n")[:_GROUPS]
    found = [_group(recent, category, branch) for category, branch, _n in crowded]
    enough = [each for each in found if each and each.count >= settings.INCIDENT_CASES]
    return sorted(enough, key=lambda each: (-each.count, each.since))


def _group(recent: ComplaintQuerySet, category_id: int, branch_id: int) -> Suspicion | None:
    cases = recent.filter(about(branch_id), category=category_id).order_by("received_at", "pk")
    words = dict(cases.values_list("pk", Left("what", COMPARED))[:_CASES])
    near = alike(words)
    if not near:
        return None
    return Suspicion(
        category=Category.objects.select_related("parent").get(pk=category_id),
        branch=Branch.objects.get(pk=branch_id),
        case_ids=[pk for pk in words if pk in near],
        since=Complaint.objects.filter(pk__in=near).earliest("received_at").received_at,
    )


def alike(words: Mapping[int, str]) -> set[int]:
    """The largest set of these texts that are all alike one of the first of them."""
    pairs = {pk: _pairs(each) for pk, each in words.items()}
    centres = list(pairs)[:_CENTRES]
    near = [{pk for pk in pairs if _dice(pairs[centre], pairs[pk]) >= ALIKE} for centre in centres]
    return max(near, key=len, default=set())


def _pairs(words: str) -> frozenset[str]:
    """Each two neighbouring letters or characters; numbers and punctuation tell customers apart,
    not causes."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", words).lower() if c.isalpha())
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@transaction.atomic
def report(*, category: Category, branch: Branch, by: Person, at: datetime) -> None:
    """A supervisor tells quality that these look like one incident; heard once a day, category
    and branch. Raises NotAllowed."""
    if by.role != Role.SUPERVISOR:
        raise NotAllowed("not_allowed", _("由主管向品质管理员建议。"))
    told = Note(
        key=f"suspicion:{category.pk}:{branch.pk}:{by.pk}:{at:%Y-%m-%d}",
        recipient_ids=duty(),
        text=gettext_noop("%(name)s 认为 %(branch)s 的“%(category)s”可能是群诉，请查看"),
        params={"name": by.name, "branch": branch.name, "category": category.name},
        url=f"/incidents/new/?category={category.pk}&branch={branch.code}",
    )
    post([told], at=at)
