"""Taking people on, the posts they hold, and whether they may go: the one place that writes who is
what, where."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Field, Max
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, RuleBroken
from staff import absences
from staff.branches import administrators_only, closed_sentence, sort_key
from staff.models import Branch, Person, Post, Role

logger = logging.getLogger(__name__)

#: Rows in one statement.
_BATCH = 500


@dataclass(frozen=True)
class Details:
    """What is known of somebody besides their posts."""

    name: str
    phone: str = ""
    email: str = ""


@transaction.atomic
def hire(
    username: str,
    *,
    name: str,
    role: Role,
    branch: Branch,
    password: str | None,
    phone: str = "",
    email: str = "",
    since: datetime | None = None,
    by: Person | None = None,
) -> Person:
    """A person who can sign in, in the post `since` (None: as far back as anything is known);
    administrators get into the back office. No password where None. Raises Conflict
    `branch.closed`."""
    _refuse_closed(branch)
    person = Person.objects.create_user(
        username,
        password,
        name=name,
        role=role,
        branch=branch,
        phone=phone,
        email=email,
        sort_key=sort_key(name),
        is_staff=role == Role.ADMINISTRATOR,
        is_superuser=role == Role.ADMINISTRATOR,
    )
    Post.objects.create(
        person=person, role=role, branch=branch, since=since, is_current=True, by=by
    )
    return person


@transaction.atomic
def take_on(
    said: Details,
    *,
    username: str,
    role: Role,
    branch: Branch,
    since: datetime,
    password: str | None,
    by: Person,
    at: datetime,
) -> Person:
    """Hire somebody, in the post `since`, which can't be later than now. Raises RuleBroken
    `username.*`, `name.*`, `phone.*`, `email.*`, `since.future`, `text.*`; Conflict
    `branch.closed`; NotAllowed."""
    administrators_only(by)
    if since > at:
        raise RuleBroken("since.future", _("先按现在的职务建立，再安排以后的任职。"), field="since")
    checked = check_details(said)
    taken = Person.objects.filter(username__iexact=check_username(username))
    if taken.exists():
        raise username_taken()
    return hire(
        username,
        name=checked.name,
        role=role,
        branch=branch,
        password=password,
        phone=checked.phone,
        email=checked.email,
        since=since,
        by=by,
    )


@dataclass(frozen=True)
class Newcomer:
    """Somebody to be taken on, all of it checked."""

    username: str
    details: Details
    role: Role
    branch: Branch
    since: datetime


@transaction.atomic
def take_on_many(newcomers: Sequence[Newcomer], *, by: Person) -> None:
    """Hire them all, without passwords, in a handful of statements. Raises Conflict
    `branch.closed`; NotAllowed."""
    administrators_only(by)
    for branch in sorted({each.branch for each in newcomers}, key=lambda branch: branch.pk):
        _refuse_closed(branch)
    people = Person.objects.bulk_create(map(_row, newcomers), batch_size=_BATCH)
    posts = (
        Post(
            person=person,
            role=each.role,
            branch=each.branch,
            since=each.since,
            is_current=True,
            by=by,
        )
        for person, each in zip(people, newcomers, strict=True)
    )
    Post.objects.bulk_create(posts, batch_size=_BATCH)


def _row(newcomer: Newcomer) -> Person:
    administrates = newcomer.role == Role.ADMINISTRATOR
    return Person(
        username=newcomer.username,
        password=make_password(None),
        name=newcomer.details.name,
        phone=newcomer.details.phone,
        email=newcomer.details.email,
        sort_key=sort_key(newcomer.details.name),
        role=newcomer.role,
        branch=newcomer.branch,
        is_staff=administrates,
        is_superuser=administrates,
    )


@transaction.atomic
def describe(person_id: int, said: Details, *, by: Person) -> Person:
    """Name, phone and mail, which have no history. Raises RuleBroken `name.*`, `phone.*`,
    `email.*`, `text.*`; NotAllowed."""
    administrators_only(by)
    checked, person = check_details(said), _lock(person_id)
    person.name, person.phone, person.email = checked.name, checked.phone, checked.email
    person.sort_key = sort_key(person.name)
    person.save(update_fields=["name", "phone", "email", "sort_key"])
    return person


def check_details(said: Details) -> Details:
    """The details as they are stored. Raises RuleBroken `name.blank`, `email.invalid`, `text.*`."""
    name = text.clean(said.name, limit=60, field="name")
    if text.is_blank(name):
        raise RuleBroken("name.blank", _("请填写姓名。"), field="name")
    phone = text.clean(said.phone, limit=40, field="phone")
    email = text.clean(said.email, limit=254, field="email")
    if email:
        _validate("email", email)
    return Details(name, phone, email)


def check_username(username: str) -> str:
    """The user name, if it can be one. Raises RuleBroken `username.invalid`."""
    _validate("username", username)
    return username


def username_taken() -> RuleBroken:
    """The sentence for a name that somebody has, in whatever case."""
    return RuleBroken("username.taken", _("这个用户名已经有人用了。"), field="username")


def _validate(field: str, value: str) -> None:
    try:
        cast("Field[Any, Any]", Person._meta.get_field(field)).clean(value, None)
    except ValidationError as error:
        raise RuleBroken(f"{field}.invalid", " ".join(error.messages), field=field) from error


@transaction.atomic
def appoint(
    person_id: int, role: Role, branch: Branch, *, since: datetime, by: Person, at: datetime
) -> Post:
    """Another post from `since` on: at once where that has come, else planned, in place of what
    was planned before. Whatever the person owns stays theirs. Raises RuleBroken `since.*`,
    `role.only_administrator`, `post.same`; Conflict `branch.closed`, `person.inactive`;
    NotAllowed."""
    administrators_only(by)
    person = _lock(person_id)
    _check_leaving(person, role, branch, since)  # headquarters is locked before other branches
    _refuse_closed(branch)
    held = _held(person)
    check_appointment(person, held, role, branch, since)
    _cancel_planned(person, at)
    comes_now = since <= at
    _end(held, since, over=comes_now)
    post = Post.objects.create(
        person=person, role=role, branch=branch, since=since, is_current=comes_now, by=by
    )
    if comes_now:
        _show(person, post)
    return post


@transaction.atomic
def cancel_planned(person_id: int, *, by: Person, at: datetime) -> bool:
    """The planned post won't be taken up, the present one goes on; whether there was one. Raises
    NotAllowed."""
    administrators_only(by)
    return _cancel_planned(_lock(person_id), at)


@transaction.atomic
def end_post(person_id: int, *, at: datetime) -> None:
    """The history of an account that is closed: its post ends, nothing planned comes. The
    person's own row keeps the last role and branch."""
    person = _lock(person_id)
    _cancel_planned(person, at)
    held = _held(person)
    if held and held.since and held.since >= at:  # over before it began: it never was
        Post.objects.filter(pk=held.pk).update(is_current=False, cancelled_at=at)
    else:
        _end(held, at, over=True)


@transaction.atomic
def resume_post(person_id: int, *, by: Person, at: datetime) -> Post:
    """The history of an account that is opened again: the last role and branch, from now on, or
    from when the last post ended, if that was written by a clock that was ahead."""
    person = _lock(person_id)
    ended = Post.objects.filter(person=person, cancelled_at=None).aggregate(last=Max("until"))
    since = max(filter(None, (at, ended["last"])))
    return Post.objects.create(
        person=person, role=person.role, branch=person.branch, since=since, is_current=True, by=by
    )


def take_up_posts(at: datetime) -> int:
    """The planned posts whose time has come become current; how many did. Called by beat and by
    each sweeper: running it twice, or two at once, does no harm. One that the database refuses,
    since an owner of open cases can't become administrator, waits and is tried again."""
    due = Post.objects.filter(
        is_current=False, until=None, cancelled_at=None, since__lte=at
    ).order_by("since")
    return sum(_try_to_take_up(*row, at) for row in due.values_list("pk", "person_id"))


def _try_to_take_up(post_id: int, person_id: int, at: datetime) -> bool:
    try:
        return _take_up(post_id, person_id, at)
    except IntegrityError:
        logger.warning("Post %s waits: its person still answers for open cases.", post_id)
        return False


@transaction.atomic
def _take_up(post_id: int, person_id: int, at: datetime) -> bool:
    """Whether it was still to be done once nobody else held the person."""
    person = _lock(person_id)
    post = Post.objects.filter(
        pk=post_id, is_current=False, until=None, cancelled_at=None, since__lte=at
    ).first()
    if post is None or not person.is_active:
        return False
    Post.objects.filter(person=person, is_current=True).update(is_current=False)
    post.is_current = True
    post.save(update_fields=["is_current"])
    _show(person, post)
    return True


def _lock(person_id: int) -> Person:
    """The person's row, which every change of their posts locks first."""
    return Person.objects.select_for_update(no_key=True, of=("self",)).get(pk=person_id)


def _held(person: Person) -> Post | None:
    return Post.objects.filter(person=person, is_current=True).select_related("branch").first()


def check_appointment(
    person: Person, held: Post | None, role: Role, branch: Branch, since: datetime
) -> None:
    """Raises RuleBroken `since.before_last_change`, `post.same`, `role.only_administrator`;
    Conflict `person.inactive`."""
    if not person.is_active:
        raise Conflict("person.inactive", _("这个账号已经停用，不能任职。"))
    if held and held.since and since <= held.since:
        raise RuleBroken("since.before_last_change", _("须在现任职务开始以后。"), field="since")
    if held and (held.role, held.branch_id) == (role, branch.pk):
        raise RuleBroken("post.same", _("现在就是这个职务，没有变化。"), field="role")
    others = Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    last = not others.exclude(pk=person.pk).exists()
    if person.role == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR and last:
        raise RuleBroken(
            "role.only_administrator", _("这是最后一名系统管理员，须先有人接任。"), field="role"
        )


def _check_leaving(person: Person, role: Role, branch: Branch, since: datetime) -> None:
    """Who still owns open cases can't become administrator, who sees none, and headquarters is
    not left without anybody who leads. Raises RuleBroken `role.owns_cases`; Conflict
    `absence.nobody_left`."""
    becomes = role == Role.ADMINISTRATOR != person.role
    if becomes and not is_free_to_leave(person):
        raise RuleBroken(
            "role.owns_cases",
            _("这个人还有未结投诉，须先全部交出，才能改为系统管理员。"),
            field="role",
        )
    if becomes or branch.pk != person.branch_id:
        absences.check_somebody_stays(person, since, since + absences.LONGEST)


def _refuse_closed(branch: Branch) -> None:
    """The branch is held until the end, so that it can't close meanwhile. Raises Conflict
    `branch.closed`."""
    Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
    now = Branch.objects.select_related("heir").get(pk=branch.pk)  # as it is once it is held
    if now.closed_at is not None:
        raise Conflict("branch.closed", closed_sentence(now), field="branch")


def _cancel_planned(person: Person, at: datetime) -> bool:
    """What was planned is off; the present post has no end any more."""
    planned = Post.objects.filter(
        person=person, is_current=False, until=None, cancelled_at=None
    ).update(cancelled_at=at)
    Post.objects.filter(person=person, is_current=True).update(until=None)
    return bool(planned)


def _end(held: Post | None, until: datetime, *, over: bool) -> None:
    """The held post ends; it is shown until then, or no longer when it is `over`."""
    if held is not None:
        held.until, held.is_current = until, not over
        held.save(update_fields=["until", "is_current"])


def _show(person: Person, post: Post) -> None:
    """The person's own row says what the post says."""
    administrates = post.role == Role.ADMINISTRATOR
    person.role, person.branch = post.role, post.branch
    person.is_staff = person.is_superuser = administrates
    person.save(update_fields=["role", "branch", "is_staff", "is_superuser"])


def is_free_to_leave(person: Person) -> bool:
    """Whether the database would let the account be closed: it knows what other rooms hold that
    the person still answers for. Tried, and taken back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            Person.objects.filter(pk=person.pk).update(is_active=False)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True
