"""A complaint about a person (被投诉人): hidden from them, and never theirs to answer for
(`docs/domain.md` section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import RuleBroken
from complaints.models import Complaint
from notify.post import Note, post
from staff.models import Branch, Person, Role
from staff.posts import Roster

#: So many people can be named in one complaint.
MANY = 5


def resolve(words: str, branch: Branch | None) -> list[Person]:
    """The active people that were written down by name or user name, several apart by commas.
    A name that several bear means the one at the branch concerned, if one is there. Raises
    RuleBroken `subjects.unknown`, `subjects.several`, `subjects.many`."""
    written = list(dict.fromkeys(filter(None, re.split(r"[\s,，、;；]+", words))))
    if len(written) > MANY:
        raise _refused("many", _("一件投诉最多写 %(many)d 位被投诉人。") % {"many": MANY})
    return list(dict.fromkeys(_one(word, branch) for word in written))


def _one(word: str, branch: Branch | None) -> Person:
    people = Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
    named = people.filter(Q(username__iexact=word) | Q(name=word))
    found = list(named.select_related("branch")[:9])
    exact = [person for person in found if person.username.lower() == word.lower()]
    here = [person for person in found if branch and person.branch_id == branch.pk]
    for chosen in (exact, here, found):
        if len(chosen) == 1:
            return chosen[0]
    if not found:
        raise _refused("unknown", _("没有找到叫“%(word)s”的在职人员。") % {"word": word[:60]})
    known = "、".join(f"{person.username}（{person.branch}）" for person in found)
    sentence = _("有几位叫“%(word)s”，请填用户名：%(known)s。")
    raise _refused("several", sentence % {"word": word[:60], "known": known})


def _refused(what: str, sentence: str) -> RuleBroken:
    return RuleBroken(f"subjects.{what}", sentence, field="subjects")


def owner_instead(branch_id: int, subject_ids: Sequence[int], at: datetime) -> Person:
    """Who answers for a complaint about its own receiver: the supervisor, or whoever the vacant
    post passes to; none of those it is about. Raises RuleBroken `subjects.nobody_left`."""
    found = Roster(at=at, without=subject_ids).first(Role.SUPERVISOR, branch_id)
    if found is None:
        raise _refused("nobody_left", _("除被投诉人外，没有人可以负责这件投诉。"))
    return Person.objects.select_related("branch").get(pk=found)


def named(complaint: Complaint) -> list[Person]:
    """The people it is about, as they are now."""
    if not complaint.subject_ids:
        return []
    return list(Person.objects.filter(pk__in=complaint.subject_ids).select_related("branch"))


def tell(complaint: Complaint, at: datetime) -> None:
    """Tell the owner that a complaint about its receiver is theirs."""
    note = Note(
        key=f"about:{complaint.pk}:{complaint.owner_id}",
        recipient_ids=[complaint.owner_id],
        text=gettext_noop("%(no)s 涉及受理人本人，由您担任首问责任人"),
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
        urgent=True,
    )
    post([note], at=at)
