"""The draft of a policy as one form: rows, and in each row its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints import policies, policy_drafts
from complaints.forms.policies import Stamp
from complaints.models import Channel, ClockKind, Policy, PolicyClock, Severity
from complaints.policy_checks import TOLD, Problem
from complaints.policy_drafts import LONGEST, MOST_ROWS, MOST_STEPS, NOTE_LIMIT, Length, Step
from staff.models import Person

F = TypeVar("F")

#: Rows and steps as a page shows them: field by field, checked or not.
Raw = dict[str, Any]

_PLACE = ("kind", "severity", "channel")
_ANY = ("", _("不限"))
_MOST_HOURS = LONGEST // timedelta(hours=1)
_LEVELS = [(0, _("预警")), (1, _("一级")), (2, _("二级")), (3, _("三级"))]
_NUMBER = {"invalid": _("请填写整数。")}


class Span(forms.Form):
    """Hours and minutes; empty ones are none, but not both."""

    hours = forms.IntegerField(
        label=_("小时"),
        required=False,
        error_messages=_NUMBER,
        validators=[
            MinValueValidator(0, _("不能小于 0。")),
            MaxValueValidator(_MOST_HOURS, _("最多 90 天。")),
        ],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    minutes = forms.IntegerField(
        label=_("分钟"),
        required=False,
        error_messages=_NUMBER,
        validators=[
            MinValueValidator(0, _("不能小于 0。")),
            MaxValueValidator(59, _("分钟最多 59。")),
        ],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    @property
    def total(self) -> int:
        """In minutes."""
        data = self.cleaned_data
        return (data.get("hours") or 0) * 60 + (data.get("minutes") or 0)

    def clean(self) -> Raw:
        data = super().clean() or {}
        if not self.errors and data.get("hours") is None and data.get("minutes") is None:
            self.add_error("hours", forms.ValidationError(_("请填写时间。"), code="required"))
        elif not self.errors and self.total > LONGEST // timedelta(minutes=1):
            self.add_error("hours", _("最多 90 天。"))
        return data

    def raw(self) -> Raw:
        """What was typed, good or not."""
        return {name: self[name].data for name in self.fields}


class StepForm(Span):
    """A warning, so long before due, or a level, so long after it; and who is told."""

    level = forms.TypedChoiceField(label=_("级别"), choices=_LEVELS, coerce=int)
    tells_debtor = forms.BooleanField(label=_("责任人"), required=False)
    roles = forms.MultipleChoiceField(
        label=_("通知谁"),
        choices=[(role.value, role.label) for role in TOLD],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("is_new"):
            self.fields["level"].widget.attrs["autofocus"] = True

    def clean(self) -> Raw:
        data = super().clean()
        if not self.errors and data["level"] == 0 and not self.total:
            self.add_error("hours", _("预警要早于到期，至少 1 分钟。"))
        return data

    def step(self) -> Step:
        """The step as it is stored; the form must be valid."""
        data = self.cleaned_data
        return Step(
            level=data["level"],
            offset_minutes=self.total if data["level"] else -self.total,
            tells_debtor=data["tells_debtor"],
            roles=tuple(data["roles"]),
        )


class _Steps(forms.BaseFormSet[StepForm]):
    def clean(self) -> None:
        """One step a level."""
        seen: set[int] = set()
        for form in self.forms:
            level = form.cleaned_data.get("level")
            if level and level in seen:
                form.add_error("level", _("这一级已经有了，每级只能有一条。"))
            seen.add(level or 0)


StepForms = forms.formset_factory(
    StepForm, formset=_Steps, extra=0, max_num=MOST_STEPS, absolute_max=MOST_STEPS * 2
)


class LengthForm(Span):
    """One row of the policy with its steps."""

    kind = forms.ChoiceField(choices=ClockKind, widget=forms.HiddenInput)
    severity = forms.ChoiceField(
        label=_("严重程度"), choices=[_ANY, *Severity.choices], required=False
    )
    channel = forms.ChoiceField(label=_("渠道"), choices=[_ANY, *Channel.choices], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = StepForms(
            self.data if self.is_bound else None,
            prefix=f"{self.prefix}-steps",
            initial=self.initial.get("steps"),
        )
        if self.initial.get("is_new"):
            self.fields["severity"].widget.attrs["autofocus"] = True

    def is_valid(self) -> bool:
        """Whether the row and all its steps are."""
        return all([super().is_valid(), self.steps.is_valid()])

    def raw(self) -> Raw:
        """What was typed, with the steps."""
        return {**super().raw(), "steps": [form.raw() for form in self.steps.forms]}

    def clean(self) -> Raw:
        data = super().clean()
        if not self.errors and not self.total:
            self.add_error("hours", _("时长至少 1 分钟。"))
        return data

    @property
    def place(self) -> tuple[str, str, str]:
        """Kind, severity and channel as they stand on the page."""
        kind, severity, channel = (self[name].value() or "" for name in _PLACE)
        return kind, severity, channel

    def length(self) -> Length:
        """The row as it is stored; the form must be valid."""
        data = self.cleaned_data
        return Length(
            kind=data["kind"],
            minutes=self.total,
            steps=tuple(form.step() for form in self.steps.forms),
            severity=data["severity"],
            channel=data["channel"],
        )


class _Lengths(forms.BaseFormSet[LengthForm]):
    def clean(self) -> None:
        """One row for a kind of clock and of case."""
        seen: set[tuple[str, str, str]] = set()
        for form in self.forms:
            place = tuple(form.cleaned_data.get(name, "") for name in _PLACE)
            if place in seen and place[1:] == ("", ""):
                form.add_error("severity", _("请选择严重程度或渠道；不限的那条已经有了。"))
            elif place in seen:
                form.add_error("severity", _("这一类投诉已经另有一条了。"))
            seen.add(cast("tuple[str, str, str]", place))


LengthForms = forms.formset_factory(
    LengthForm, formset=_Lengths, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS * 2
)


@dataclass(frozen=True)
class Marked(Generic[F]):
    """A row or a step, and what is wrong with what was saved of it."""

    form: F
    problems: list[Problem]


@dataclass(frozen=True)
class Row(Marked[LengthForm]):
    """A row with its steps; `is_general` for the one that is about all other cases."""

    is_general: bool
    steps: list[Marked[StepForm]]


@dataclass(frozen=True)
class Group:
    """The rows of one kind of clock; `problems` are about there being none."""

    kind: ClockKind
    rows: list[Row]
    problems: list[Problem]


class DraftForm(forms.Form):
    """All that a draft says."""

    note = CleanText(
        label=_("修改说明"),
        limit=NOTE_LIMIT,
        required=False,
        help_text=_("写给批准的人看：改了什么，为什么。"),
    )
    seen = Stamp(required=False)

    def __init__(self, data: Any = None, *, initial: Raw) -> None:
        super().__init__(data, initial=initial)
        self.lengths = LengthForms(data, prefix="rows", initial=initial.get("rows"))

    @classmethod
    def of(cls, policy: Policy, data: Any = None) -> DraftForm:
        """The form with what the draft says, or with what was sent."""
        rows = [_row(row) for row in policies.rows_of(policy)]
        stamp = policy.drafted_at
        return cls(data, initial={"note": policy.note, "seen": stamp, "rows": rows})

    def is_valid(self) -> bool:
        """Whether all of it is."""
        return all([super().is_valid(), self.lengths.is_valid()])

    def changed(self, *, more: str = "", less: str = "") -> DraftForm:
        """A fresh form of what was typed, nothing checked yet, with a row or step `more` or
        `less`: `apology` is a row of that kind, `rows-2-steps` a step of the third row,
        `rows-2-steps-0` its first step, `rows-2` that row."""
        rows = [form.raw() for form in self.lengths.forms]
        if less:
            _remove(rows, less)
        if more:
            _add(rows, more)
        return DraftForm(
            initial={"note": self["note"].data, "seen": self["seen"].data, "rows": rows}
        )

    def groups(self, problems: Iterable[Problem] = ()) -> list[Group]:
        """The rows by kind of clock, each with what `check` said of it."""
        found = list(problems)
        return [_group(kind, self.lengths.forms, found) for kind in ClockKind]

    def perform(self, policy: Policy, *, by: Person, at: datetime) -> Policy:
        """Save the draft. Raises RuleBroken."""
        lengths = [form.length() for form in self.lengths.forms]
        data = self.cleaned_data
        return policy_drafts.save(policy.pk, lengths, data["note"], by=by, at=at, seen=data["seen"])


def _group(kind: ClockKind, rows: Sequence[LengthForm], problems: list[Problem]) -> Group:
    here = [problem for problem in problems if problem.kind == kind]
    own = [form for form in rows if form["kind"].value() == kind]
    general = next((form for form in own if form.place[1:] == ("", "")), None)
    return Group(
        kind=kind,
        rows=[_marked(form, here, is_general=form is general) for form in own],
        problems=[] if general else here[:1],
    )


def _marked(form: LengthForm, problems: list[Problem], *, is_general: bool) -> Row:
    here = [each for each in problems if (each.kind, each.severity, each.channel) == form.place]
    return Row(
        form=form,
        problems=[each for each in here if each.step is None],
        is_general=is_general,
        steps=[
            Marked(step, [each for each in here if each.step == number])
            for number, step in enumerate(form.steps.forms)
        ],
    )


def _row(row: PolicyClock) -> Raw:
    steps = [
        {
            "level": step.level,
            "tells_debtor": step.tells_debtor,
            "roles": step.roles,
            **_span(abs(step.offset_minutes)),
        }
        for step in row.steps.all()
    ]
    place = {name: getattr(row, name) for name in _PLACE}
    return {**place, **_span(row.minutes), "steps": steps}


def _span(minutes: int) -> Raw:
    """As people write it: no hours or no minutes are left out, but not both."""
    hours, rest = divmod(minutes, 60)
    return {"hours": hours or None, "minutes": rest if rest or not hours else None}


def _remove(rows: list[Raw], place: str) -> None:
    match place.split("-"):
        case ["rows", row, "steps", step] if (found := _at(rows, row)) and _at(
            found["steps"], step
        ):
            del found["steps"][int(step)]
        case ["rows", row] if _at(rows, row):
            del rows[int(row)]


def _add(rows: list[Raw], place: str) -> None:
    match place.split("-"):
        case ["rows", row, "steps"] if (found := _at(rows, row)) and (
            len(found["steps"]) < MOST_STEPS
        ):
            found["steps"].append({"level": _next_level(found["steps"]), "is_new": True})
        case [kind] if kind in ClockKind.values and len(rows) < MOST_ROWS:
            last = max((n for n, row in enumerate(rows) if row["kind"] == kind), default=-1)
            general: Raw = next((row for row in rows if row["kind"] == kind), {"steps": []})
            new = {**general, "kind": kind, "severity": "", "channel": "", "is_new": True}
            rows.insert(last + 1, new)


def _at(rows: list[Raw], index: str) -> Raw | None:
    """The row of this number, as written in a button."""
    known = index.isascii() and index.isdigit() and len(index) < 4 and int(index) < len(rows)
    return rows[int(index)] if known else None


def _next_level(steps: list[Raw]) -> int:
    """The lowest level there is not yet; else a warning."""
    used = {str(step.get("level")) for step in steps}
    return next((level for level in (1, 2, 3) if str(level) not in used), 0)
