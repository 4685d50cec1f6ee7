"""How clocks and events look to a reader: words and states for templates and the API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from complaints.models import (
    Clock,
    ClockKind,
    ContactKind,
    Event,
    InvalidReason,
    Means,
    RemedyKind,
    Status,
)
from complaints.models.contact import RECORDED_LATE
from complaints.outcome import Outcome, outcome
from complaints.rules import Action

_SPANS = {
    ClockKind.APOLOGY: "1H",
    ClockKind.RESULT: "24H",
    ClockKind.SHEET: "48H",
    ClockKind.CALLBACK: "72H",
}


@dataclass(frozen=True)
class ClockFace:
    """A clock as of one moment. `state` is running, soon (in the last quarter), late, met,
    attempted, unreachable or na; `percent` is how much of the span is used, 0 to 100."""

    clock: Clock
    state: str
    percent: int
    kind_label: str
    span_label: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    warn_at: datetime


def face(clock: Clock, at: datetime) -> ClockFace:
    """The clock as it looks at `at`."""
    span = clock.due_at - clock.started_at
    warn_at = clock.due_at - span / 4
    used = (clock.met_at or clock.voided_at or at) - clock.started_at
    return ClockFace(
        clock=clock,
        state=_state(clock, at, warn_at),
        percent=max(0, min(100, round(used / span * 100))),
        kind_label=str(ClockKind(clock.kind).label),
        span_label=_SPANS[ClockKind(clock.kind)],
        started_at=clock.started_at,
        due_at=clock.due_at,
        met_at=clock.met_at,
        warn_at=warn_at,
    )


def _state(clock: Clock, at: datetime, warn_at: datetime) -> str:
    ended = outcome(clock, at)
    if ended == Outcome.BREACHED:
        return "late"
    if ended == Outcome.RUNNING:
        return "soon" if at >= warn_at else "running"
    return ended.value


def faces(clocks: Iterable[Clock], at: datetime) -> list[ClockFace]:
    """The faces in the order of the node table: apology, result, sheet, callback."""
    order = list(ClockKind)
    return [
        face(clock, at) for clock in sorted(clocks, key=lambda c: order.index(ClockKind(c.kind)))
    ]


@dataclass(frozen=True)
class StoryItem:
    """One event in words: who did what, what changed, what was said."""

    at: datetime
    who: str
    what: str
    post: str = ""
    old: str = ""
    new: str = ""
    quote: str = ""
    note: str = ""
    tone: str = ""
    data: dict[str, Any] = field(default_factory=dict)


_TONES = {
    Action.WARN: "soon",
    Action.ESCALATE: "late",
    Action.CLOSE: "met",
    Action.VERIFY_SHEET: "met",
    Action.REOPEN: "late",
}
_QUOTED = ("said", "basis", "note", "reason", "opinion", "description")


def story_item(event: Event) -> StoryItem:
    """The event as the timeline shows it."""
    data = event.data
    status = data.get("changes", {}).get("status", ["", ""])
    return StoryItem(
        at=event.at,
        who=event.actor.name if event.actor else str(_("系统")),
        post=str(event.actor.get_role_display()) if event.actor else "",
        what=_what(event),
        old=_label(Status, status[0]),
        new=_label(Status, status[1]),
        quote=next((str(data[name]) for name in _QUOTED if data.get(name)), ""),
        note=_note(event),
        tone=_TONES.get(Action(event.kind), ""),
        data=data,
    )


def _what(event: Event) -> str:
    data, action = event.data, Action(event.kind)
    label = str(action.label)
    match action:
        case Action.RECORD_CONTACT:
            return _of(label, _label(ContactKind, data.get("contact")))
        case Action.WARN:
            return _of(label, _label(ClockKind, data.get("clock")))
        case Action.ESCALATE | Action.ACKNOWLEDGE:
            levels = {1: _("一级"), 2: _("二级"), 3: _("三级")}
            level = levels.get(data.get("level"), "")
            return _of(label, f"{_label(ClockKind, data.get('clock'))} {level}")
    return label


def _of(what: str, which: str) -> str:
    return _("%(what)s：%(which)s") % {"what": what, "which": which}


def _note(event: Event) -> str:
    data = event.data
    match Action(event.kind):
        case Action.RECORD_CONTACT | Action.RECORD_CALLBACK:
            return " · ".join(_contact_notes(event))
        case Action.RULE:
            return f"{data.get('branch', '')} · {data.get('person', '')}"
        case Action.REJECT:
            return _label(InvalidReason, data.get("changes", {}).get("invalid_reason", ["", ""])[1])
        case Action.WITHDRAW:
            return str(_("提出人：%(who)s") % {"who": data.get("said_by", "")})
        case Action.SUBMIT_SHEET | Action.RETURN_SHEET | Action.VERIFY_SHEET:
            return " · ".join(str(data[k]) for k in ("no", "title") if data.get(k))
        case Action.ATTACH:
            return str(data.get("name", ""))
        case (
            Action.PROPOSE_REMEDY
            | Action.DECIDE_REMEDY
            | Action.DELIVER_REMEDY
            | Action.CANCEL_REMEDY
        ):
            amount = _("%(amount)s 元") % {"amount": data.get("amount", "")}
            return f"{_label(RemedyKind, data.get('kind'))} {amount}"
        case _:
            return ""


def _contact_notes(event: Event) -> list[str]:
    data = event.data
    notes = [_label(Means, data.get("means"))]
    notes.append(str(_("已联系上")) if data.get("reached") else str(_("没有联系上")))
    if data.get("satisfied") is not None:
        notes.append(str(_("满意")) if data["satisfied"] else str(_("不满意")))
        notes.append(str(_("已解决")) if data["solved"] else str(_("未解决")))
    occurred_at = parse_datetime(str(data.get("occurred_at", "")))
    if occurred_at:
        local = timezone.localtime(occurred_at)
        notes.append(_("发生于 %(time)s") % {"time": f"{local:%m-%d %H:%M}"})
        if event.at - occurred_at > RECORDED_LATE:
            notes.append(str(_("补记")))
    return notes


def _label(choices: Any, value: Any) -> str:
    return str(choices(value).label) if value in choices.values else ""
