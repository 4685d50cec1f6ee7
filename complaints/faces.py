"""How clocks and events look to a reader: words and states for templates and the API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from complaints import elapsed
from complaints.models import (
    AllowanceKind,
    AllowanceReason,
    AllowanceState,
    Channel,
    Clock,
    ClockKind,
    ContactKind,
    DisputeOutcome,
    Event,
    HandoverReason,
    HandoverState,
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
    ClockKind.RESUBMISSION: "24H",
}


@dataclass(frozen=True)
class ClockFace:
    """A clock as of one moment. `state` is running, soon (in the last quarter), paused, late,
    met, attempted, unreachable or na; `percent` is how much of the span is used, 0 to 100.
    `started_at` lies later by what pauses gave, so that the span counts no pause."""

    clock: Clock
    state: str
    percent: int
    kind_label: str
    span_label: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    warn_at: datetime
    raw: timedelta
    net: timedelta
    original_due_at: datetime | None
    paused_until: datetime | None
    forfeited: bool

    @property
    def note(self) -> str:
        """The due time it had at first, when that has been moved."""
        if self.original_due_at is None:
            return ""
        return _("原定 %(time)s") % {"time": _minute(self.original_due_at)}

    @property
    def used(self) -> str:
        """How long a clock that was given more time has run, with and without its pauses."""
        words = {"raw": _clip(self.raw), "net": _clip(self.net)}
        if self.paused_until is None:
            return _("已用 %(raw)s 小时（净 %(net)s 小时）") % words
        words["until"] = _minute(self.paused_until)
        return _("已用 %(raw)s 小时（净 %(net)s 小时），暂停至 %(until)s") % words


def face(clock: Clock, at: datetime) -> ClockFace:
    """The clock as it looks at `at`. Its allowances are read only when it was ever paused; lists
    prefetch them."""
    pauses = clock.allowances.all() if clock.paused_for else ()
    pause = elapsed.active_pause(pauses, at) if outcome(clock, at) == Outcome.RUNNING else None
    span = clock.due_at - clock.started_at - clock.paused_for
    warn_at = clock.due_at - span / 4
    net = elapsed.net(clock, pauses, at)
    return ClockFace(
        clock=clock,
        state="paused" if pause else _state(clock, at, warn_at),
        percent=min(100, round(net / span * 100)),
        kind_label=str(ClockKind(clock.kind).label),
        span_label=_SPANS[ClockKind(clock.kind)],
        started_at=clock.started_at + clock.paused_for,
        due_at=clock.due_at,
        met_at=clock.met_at,
        warn_at=warn_at,
        raw=elapsed.raw(clock, at),
        net=net,
        original_due_at=clock.original_due_at if clock.due_at > clock.original_due_at else None,
        paused_until=elapsed.pause_end(pause) if pause else None,
        forfeited=clock.forfeited_at is not None,
    )


def _state(clock: Clock, at: datetime, warn_at: datetime) -> str:
    ended = outcome(clock, at)
    if ended == Outcome.BREACHED:
        return "late"
    if ended == Outcome.RUNNING:
        return "soon" if at >= warn_at else "running"
    return ended.value


def _clip(span: timedelta) -> str:
    """Hours with one decimal at most, never more than have passed."""
    return f"{span // timedelta(minutes=6) / 10:g}"


def _minute(at: datetime) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}"


def faces(clocks: Iterable[Clock], at: datetime) -> list[ClockFace]:
    """The faces in the order of the node table, and last a returned sheet's."""
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
_QUOTED = ("said", "basis", "reasons", "note", "reason", "opinion", "description")
_DECISIONS = (
    Action.REJECT,
    Action.REVIEW_TRIAGE,
    Action.SUGGEST_TRIAGE,
    Action.RULE,
    Action.SUGGEST_RULING,
    Action.DISPUTE,
    Action.REVIEW_DISPUTE,
    Action.DECIDE_DISPUTE,
)
_ABOUT_TIME = (
    Action.ASK_TIME,
    Action.ENDORSE_TIME,
    Action.DECIDE_TIME,
    Action.GRANT_TIME,
    Action.RESUME_TIME,
)


_ABOUT_OTHERS = (
    Action.LINK,
    Action.UNLINK,
    Action.JOIN_INCIDENT,
    Action.LEAVE_INCIDENT,
    Action.LEAD_INCIDENT,
)


_ABOUT_OWNER = (
    Action.OFFER,
    Action.ACCEPT_OFFER,
    Action.REFUSE_OFFER,
    Action.WITHDRAW_OFFER,
    Action.DECIDE_OFFER,
    Action.LAPSE_OFFER,
    Action.HAND_UP,
)

#: What of an event's data is its note as it stands.
_NAMED = {
    Action.LINK: ("no",),
    Action.UNLINK: ("no",),
    Action.ATTACH: ("name",),
    Action.SUBMIT_SHEET: ("no", "title"),
    Action.RETURN_SHEET: ("no", "title"),
    Action.VERIFY_SHEET: ("no", "title"),
}


def story_item(event: Event) -> StoryItem:
    """The event as the timeline shows it."""
    data = event.data
    status = data.get("changes", {}).get("status", ["", ""])
    return StoryItem(
        at=event.at,
        who=_who(event),
        post=_post(event),
        what=_what(event),
        old=_label(Status, status[0]),
        new=_label(Status, status[1]),
        quote=_quote(event),
        note=_note(event),
        tone=_TONES.get(Action(event.kind), ""),
        data=data,
    )


def _who(event: Event) -> str:
    """Who did it: without a person it was the customer, or the clockwork."""
    if event.actor:
        return str(event.actor.name)
    by_customer = event.kind in (Action.HEAR, Action.RATE) or event.data.get("by_customer")
    return str(_("客户")) if by_customer else str(_("系统"))


def _post(event: Event) -> str:
    """The role of who did it, or for whom they did it."""
    if absent := event.data.get("for"):
        return _("代 %(name)s") % {"name": absent}
    return str(event.actor.get_role_display()) if event.actor else ""


def _quote(event: Event) -> str:
    """What somebody said or wrote; the reason for more time, or for a handover, is a code, and
    told in the note."""
    coded = (*_ABOUT_TIME, *_ABOUT_OWNER)
    quoted = ("note", "opinion") if Action(event.kind) in coded else _QUOTED
    return next((str(event.data[name]) for name in quoted if event.data.get(name)), "")


def _what(event: Event) -> str:
    data, action = event.data, Action(event.kind)
    label = str(action.label)
    match action:
        case Action.RECORD_CONTACT:
            return _of(label, _label(ContactKind, data.get("contact")))
        case Action.DECIDE_TIME:
            return _of(label, _label(AllowanceState, data.get("state")))
        case Action.HEAR:
            return _of(label, _label(Channel, data.get("channel")))
        case Action.RATE:
            content = _("满意") if data.get("satisfied") else _("不满意")
            return _of(label, _("%(score)s 分，%(content)s") % {**data, "content": content})
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
        case action if action in _ABOUT_OTHERS:
            return " · ".join(str(data[k]) for k in ("incident", "title", "no") if data.get(k))
        case action if action in _DECISIONS:
            return _decision_note(action, data)
        case Action.MOVE_OUTSIDE_DATE:
            return " · ".join(_outside_notes(data))
        case Action.WITHDRAW:
            return str(_("提出人：%(who)s") % {"who": data.get("said_by", "")})
        case action if action in _NAMED:
            return " · ".join(str(data[name]) for name in _NAMED[action] if data.get(name))
        case (
            Action.PROPOSE_REMEDY
            | Action.DECIDE_REMEDY
            | Action.DELIVER_REMEDY
            | Action.CANCEL_REMEDY
        ):
            amount = _("%(amount)s 元") % {"amount": data.get("amount", "")}
            return f"{_label(RemedyKind, data.get('kind'))} {amount}"
        case action if action in _ABOUT_OWNER:
            return " · ".join(_owner_notes(data))
        case action if action in _ABOUT_TIME:
            return " · ".join(_time_notes(data))
        case _:
            return ""


def _decision_note(action: Action, data: dict[str, Any]) -> str:
    """What was decided, suggested or disputed about sorting and ruling."""
    match action:
        case Action.REJECT:
            why = _label(InvalidReason, data.get("changes", {}).get("invalid_reason", ["", ""])[1])
            return " · ".join(str(each) for each in (why, data.get("duplicate_of")) if each)
        case Action.REVIEW_TRIAGE:
            return str(_("维持分拣")) if data.get("upheld") else str(_("改判为有效"))
        case Action.SUGGEST_TRIAGE:
            return _label(InvalidReason, data.get("reason")) or str(_("有效"))
    return " · ".join(_ruling_notes(data))


def _ruling_notes(data: dict[str, Any]) -> list[str]:
    """How a dispute was answered, and who bears what."""
    notes = [_label(DisputeOutcome, data.get("outcome"))]
    if parties := data.get("parties"):
        notes += [f"{who} {share}%" for who, share in parties]
    else:
        notes += [str(data.get(name, "")) for name in ("branch", "department", "person")]
    return [note for note in notes if note]


def _owner_notes(data: dict[str, Any]) -> list[str]:
    """From whom and to whom, why, and whether that went to 品质管理员."""
    notes = []
    if data.get("from"):
        notes.append(_("由 %(name)s 交出") % {"name": data["from"]})
    if data.get("to"):
        notes.append(_("交给 %(name)s") % {"name": data["to"]})
    notes.append(_label(HandoverReason, data.get("reason")))
    if data.get("state") == HandoverState.REFERRED:
        notes.append(str(HandoverState.REFERRED.label))
    return [note for note in notes if note]


def _time_notes(data: dict[str, Any]) -> list[str]:
    span = elapsed.hours(timedelta(minutes=data.get("minutes", 0)))
    notes = [
        _("%(kind)s %(hours)s 小时")
        % {"kind": _label(AllowanceKind, data.get("kind")), "hours": span},
        _label(AllowanceReason, data.get("reason")),
    ]
    _old, new = data.get("changes", {}).get("due_at", ["", ""])
    if due := parse_datetime(new):
        notes.append(_("应于 %(time)s 完成") % {"time": _minute(due)})
    return notes


def _outside_notes(data: dict[str, Any]) -> list[str]:
    """The office's number, and which of its dates is now when."""
    notes = [str(data.get("number", ""))]
    for name, label in (("accept_by", _("受理期限")), ("due_by", _("办理期限"))):
        _old, new = data.get("changes", {}).get(name, ["", ""])
        if moved := parse_datetime(new):
            notes.append(_of(str(label), f"{timezone.localtime(moved):%Y-%m-%d %H:%M}"))
    return notes


def _contact_notes(event: Event) -> list[str]:
    data = event.data
    notes = [_label(Means, data.get("means"))]
    notes.append(str(_("已联系上")) if data.get("reached") else str(_("没有联系上")))
    if data.get("satisfied") is not None:
        notes.append(str(_("满意")) if data["satisfied"] else str(_("不满意")))
        notes.append(str(_("已解决")) if data["solved"] else str(_("未解决")))
    occurred_at = parse_datetime(str(data.get("occurred_at", "")))
    if occurred_at:
        notes.append(_("发生于 %(time)s") % {"time": _minute(occurred_at)})
        if event.at - occurred_at > RECORDED_LATE:
            notes.append(str(_("补记")))
    return notes


def _label(choices: Any, value: Any) -> str:
    return str(choices(value).label) if value in choices.values else ""
