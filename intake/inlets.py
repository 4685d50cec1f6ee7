"""The ways in and their secrets, which are kept sealed and shown to nobody again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import NotAllowed, RuleBroken
from complaints.models import Category, Channel
from intake.inlet_fields import InletField, Kind, Value, of_channel
from intake.models import Inlet, InletChange
from staff import secrets
from staff.models import Branch, Person, Role
from staff.presence import may_act


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a way in shall be. `more` are the fields of its channel (`inlet_fields.py`) by name; a
    secret that is left out, or "", stays as it is."""

    key: str
    name: str
    branch: Branch
    receiver: Person | None = None
    category: Category | None = None
    is_active: bool = True
    more: Mapping[str, Value] = field(default_factory=dict)


def active(channel: Channel, key: str) -> Inlet | None:
    """The way in by its key, if it is open."""
    found = Inlet.objects.select_related("branch", "receiver", "category")
    return found.filter(channel=channel, key=key, is_active=True).first()


def secrets_of(inlet: Inlet) -> dict[str, str]:
    """What was sealed, by name; empty where nothing was."""
    return dict(json.loads(secrets.unseal(inlet.secrets))) if inlet.secrets else {}


def seal(inlet: Inlet, **named: str) -> None:
    """Put these beside what is sealed already; "" takes one out. Not saved yet."""
    kept = {name: value for name, value in {**secrets_of(inlet), **named}.items() if value}
    inlet.secrets = secrets.seal(json.dumps(kept)) if kept else ""


@transaction.atomic
def found(channel: Channel, plan: Plan, *, by: Person, at: datetime) -> Inlet:
    """A new way in. Raises as `change`."""
    return _save(Inlet(channel=channel), plan, by, at)


@transaction.atomic
def change(inlet_id: int, plan: Plan, *, by: Person, at: datetime) -> Inlet:
    """The way in as it shall be; what is another than before stands in its history. Raises
    NotAllowed `not_allowed`; RuleBroken `key.taken`, `name.blank`, `receiver.may_not`, `text.*`,
    and of a field of the channel `<name>.missing`, `<name>.form`; Inlet.DoesNotExist."""
    return _save(Inlet.objects.select_for_update(of=("self",)).get(pk=inlet_id), plan, by, at)


def _save(inlet: Inlet, plan: Plan, by: Person, at: datetime) -> Inlet:
    if by.role != Role.ADMINISTRATOR:
        raise NotAllowed("not_allowed", _("只有系统管理员可以设置受理入口。"))
    before = _shown(inlet) if inlet.pk else {}
    sealed = secrets_of(inlet)
    _fill(inlet, plan)
    try:
        with transaction.atomic():
            inlet.save()
    except IntegrityError as error:
        raise RuleBroken("key.taken", _("已经有这个代码的入口。"), field="key") from error
    _remember(inlet, before, sealed, by, at)
    return inlet


def _fill(inlet: Inlet, plan: Plan) -> None:
    name = text.clean(plan.name, limit=60, field="name")
    if text.is_blank(name):
        raise RuleBroken("name.blank", _("请写名称。"), field="name")
    if plan.receiver and plan.receiver.pk != inlet.receiver_id and not may_act(plan.receiver):
        raise RuleBroken("receiver.may_not", _("这个人不能受理投诉。"), field="receiver")
    for each in fields(Plan):
        if each.name != "more":
            setattr(inlet, each.name, getattr(plan, each.name))
    inlet.name = name
    known = {each.name: _checked(each, plan, inlet) for each in of_channel(inlet.channel)}
    hidden = {each.name for each in of_channel(inlet.channel) if each.is_secret}
    settings = {name: value for name, value in known.items() if name not in hidden}
    inlet.settings = {**inlet.settings, **settings}
    seal(inlet, **{name: str(known[name]) for name in hidden if known[name]})


def _checked(asked: InletField, plan: Plan, inlet: Inlet) -> Value:
    """The value as it is kept. What is needed may be missing while the way in is shut."""
    value = plan.more.get(asked.name, "")
    if isinstance(value, str):
        cleaned = text.clean(value, limit=asked.limit, field=asked.name)
        value = value if asked.is_secret and cleaned else cleaned
    if value in ("", None):
        is_there = asked.is_secret and asked.name in secrets_of(inlet)
        if asked.needed and plan.is_active and not is_there:
            words = _("启用以前要填“%(label)s”。") % {"label": asked.label}
            raise RuleBroken(f"{asked.name}.missing", words, field=asked.name)
        return ""
    if asked.kind is Kind.NUMBER:
        return _port(asked, value)
    if not asked.form.fullmatch(str(value)):
        words = _("“%(label)s”的格式不对。") % {"label": asked.label}
        raise RuleBroken(f"{asked.name}.form", words, field=asked.name)
    return value


def _port(asked: InletField, value: Value) -> int:
    if isinstance(value, int) and 0 < value < 65_536:
        return value
    words = _("“%(label)s”的格式不对。") % {"label": asked.label}
    raise RuleBroken(f"{asked.name}.form", words, field=asked.name)


def _shown(inlet: Inlet) -> dict[str, Any]:
    """What stands in the history, as people read it."""
    plain = {
        "key": inlet.key,
        "name": inlet.name,
        "branch": str(inlet.branch),
        "receiver": inlet.receiver.username if inlet.receiver else "",
        "category": str(inlet.category) if inlet.category else "",
        "is_active": inlet.is_active,
    }
    return {**plain, **inlet.settings}


def _remember(
    inlet: Inlet, before: Mapping[str, Any], sealed: Mapping[str, str], by: Person, at: datetime
) -> None:
    """A row of what is another than before; none where nothing is."""
    changes: list[dict[str, Any]] = [
        {"name": name, "old": before.get(name, ""), "new": new}
        for name, new in _shown(inlet).items()
        if before.get(name, "") != new
    ]
    changes += [
        {"name": name, "is_secret": True}
        for name, secret in secrets_of(inlet).items()
        if sealed.get(name) != secret
    ]
    if changes:
        InletChange.objects.create(inlet=inlet, by=by, at=at, changes=changes)
