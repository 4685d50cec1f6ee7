"""The forms of ruling, of disputing a ruling, and of answering a dispute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints import disputes, rulings, selectors, suggestions
from complaints.disputes import REASONS_LIMIT
from complaints.findings import BASIS_LIMIT, MOST_PARTIES, Finding, Party
from complaints.forms.actions import ActionForm
from complaints.models import (
    WHOLE,
    Attachment,
    Contact,
    Department,
    Dispute,
    Ruling,
    Supplier,
)
from complaints.rules import Action
from complaints.suggestions import NOTE_LIMIT
from staff.models import Branch, Person, Role

_CHOOSE = _("请选择")
_NONE = _("不填")


class _PersonChoice(forms.ModelChoiceField[Person]):
    """Somebody who works here, with their branch."""

    def __init__(self, **kwargs: Any) -> None:
        working = Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
        named = working.select_related("branch").order_by("branch__sort_key", "sort_key")
        super().__init__(named, **kwargs)

    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.branch.name} · {obj.name}({obj.get_role_display()})"


class _TalkChoice(forms.ModelMultipleChoiceField[Contact]):
    def label_from_instance(self, obj: Contact) -> str:
        when = timezone.localtime(obj.occurred_at)
        return f"{when:%m-%d %H:%M} {obj.get_kind_display()} · {obj.by.name}"


def _share(**kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=_("份额（%）"),
        min_value=Decimal(0),
        max_value=WHOLE,
        decimal_places=2,
        required=False,
        **kwargs,
    )


def _branch(**kwargs: Any) -> forms.ModelChoiceField[Branch]:
    return forms.ModelChoiceField(Branch.objects.live(), **kwargs)


def _department() -> forms.ModelChoiceField[Department]:
    return forms.ModelChoiceField(
        Department.objects.filter(is_active=True),
        label=_("部门"),
        empty_label=_NONE,
        required=False,
    )


def _evidence() -> forms.ModelMultipleChoiceField[Attachment]:
    return forms.ModelMultipleChoiceField(
        Attachment.objects.none(),
        label=_("附件证据"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class EvidenceForm(ActionForm):
    """A form that may point to files of the case; without any there is nothing to point to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("evidence", self.complaint.attachments.all())

    def _offer(self, name: str, rows: Any) -> None:
        if rows.exists():
            field: Any = self.fields[name]
            field.queryset = rows
        else:
            del self.fields[name]

    def chosen(self, name: str) -> tuple[int, ...]:
        """The ids ticked; the form must be valid."""
        return tuple(row.pk for row in self.cleaned_data.get(name) or ())


class FindingForm(EvidenceForm):
    """Who bears which share, why, and by what evidence."""

    fields_template = "complaints/_ruling_fields.html"

    branch = _branch(
        label=_("责任机构"),
        empty_label=_CHOOSE,
        error_messages={"required": _("请选择责任机构。")},
    )
    department = _department()
    person = _PersonChoice(
        label=_("整改责任人"),
        empty_label=_CHOOSE,
        error_messages={"required": _("请选择整改责任人。")},
    )
    share = _share(help_text=_("只有一方责任时留空；共同责任留空为其余各方之外的部分。"))
    basis = CleanText(
        label=_("判定依据"),
        limit=BASIS_LIMIT,
        lines=True,
        error_messages={"required": _("请写明判定依据。")},
    )
    evidence = _evidence()
    talks = _TalkChoice(
        Contact.objects.none(),
        label=_("联系记录证据"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("talks", self.complaint.contacts.select_related("by"))
        for number in range(1, MOST_PARTIES):
            self.fields.update(_party_fields(number))
        self.fields["branch"].initial = self.complaint.concerned_branch_id
        if standing := selectors.standing_ruling(self.complaint):
            self.initial = {**_as_ruled(standing), **self.initial}

    def clean(self) -> dict[str, Any]:
        """Each further row names a branch or a supplier, and its share."""
        data = super().clean() or {}
        for number in range(1, MOST_PARTIES):
            self._check_row(number, data)
        return data

    def _check_row(self, number: int, data: dict[str, Any]) -> None:
        row = self._row(number, data)
        if not any(value is not None for value in row.values()):
            return
        if (row["branch"] is None) == (row["supplier"] is None):
            self.add_error(f"other{number}_branch", _("请选一个机构，或一个外部供应商。"))
        elif row["share"] is None and f"other{number}_share" not in self.errors:
            self.add_error(f"other{number}_share", _("请填写这一方的份额。"))

    def _row(self, number: int, data: dict[str, Any]) -> dict[str, Any]:
        return {name: data.get(f"other{number}_{name}") for name in _PARTY}

    def finding(self) -> Finding:
        """What was filled in; the form must be valid."""
        data = self.cleaned_data
        rows = [self._row(number, data) for number in range(1, MOST_PARTIES)]
        others = tuple(Party(**row) for row in rows if row["share"] is not None)
        left = WHOLE - sum(party.share for party in others)
        return Finding(
            branch=data["branch"],
            person=data["person"],
            department=data["department"],
            share=left if data["share"] is None else data["share"],
            others=others,
            basis=data["basis"],
            evidence=self.chosen("evidence"),
            talks=self.chosen("talks"),
        )

    @property
    def lead_fields(self) -> list[forms.BoundField]:
        """The part that leads, as the template lays it out."""
        return [self[name] for name in ("branch", "department", "person", "share")]

    @property
    def other_rows(self) -> Iterator[dict[str, Any]]:
        """The further parts; `open` where something stands in one."""
        for number in range(1, MOST_PARTIES):
            fields = [self[f"other{number}_{name}"] for name in _PARTY]
            used = any(field.value() or field.errors for field in fields)
            yield {"number": number, "fields": fields, "open": used}

    @property
    def proofs(self) -> list[forms.BoundField]:
        """What there is to tick."""
        return [self[name] for name in ("evidence", "talks") if name in self.fields]


_PARTY = ("branch", "department", "person", "supplier", "share")


def _party_fields(number: int) -> dict[str, forms.Field]:
    """The fields of a further part, all empty when there is none."""
    fields: tuple[forms.Field, ...] = (
        _branch(label=_("机构"), empty_label=_NONE, required=False),
        _department(),
        _PersonChoice(label=_("责任人"), empty_label=_NONE, required=False),
        forms.ModelChoiceField(
            Supplier.objects.filter(is_active=True),
            label=_("或外部供应商"),
            empty_label=_NONE,
            required=False,
        ),
        _share(),
    )
    return {f"other{number}_{name}": field for name, field in zip(_PARTY, fields, strict=True)}


def _as_ruled(ruling: Ruling) -> dict[str, Any]:
    """What stands now, by the form's field names, so that a new ruling forgets nobody."""
    lead, *others = ruling.parts.all()
    said: dict[str, Any] = {
        "branch": lead.branch_id,
        "department": lead.department_id,
        "person": lead.person_id,
        "share": lead.percent if others else None,
        "evidence": list(ruling.evidence.all()),
        "talks": list(ruling.talks.all()),
    }
    for number, part in enumerate(others, start=1):
        said |= {
            f"other{number}_branch": part.branch_id,
            f"other{number}_department": part.department_id,
            f"other{number}_person": part.person_id,
            f"other{number}_supplier": part.supplier_id,
            f"other{number}_share": part.percent,
        }
    return said


class RulingForm(FindingForm):
    action = Action.RULE
    title = _("判定责任")
    submit_label = _("判定")
    lead = _("判到机构和人；整改责任人会收到通知")
    done = _("责任已判定，整改责任人已收到通知。")

    def perform(self, *, by: Person, at: datetime) -> object:
        return rulings.rule(self.complaint.pk, by=by, at=at, **vars(self.finding()))


class DisputeForm(EvidenceForm):
    action = Action.DISPUTE
    title = _("责任申诉")
    submit_label = _("提出申诉")
    lead = _("判定后 24 小时内提出；申诉期间时限照常计时")
    done = _("申诉已提出，等待答复。")

    reasons = CleanText(
        label=_("为什么不服"),
        limit=REASONS_LIMIT,
        lines=True,
        error_messages={"required": _("请写明为什么不服这项判定。")},
    )
    evidence = _evidence()

    def perform(self, *, by: Person, at: datetime) -> Dispute:
        reasons = self.cleaned_data["reasons"]
        return disputes.dispute(
            self.complaint.pk, reasons=reasons, evidence=self.chosen("evidence"), by=by, at=at
        )


class _AnswerForm(FindingForm):
    """Uphold what was ruled, or say what stands instead."""

    upheld = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("yes", _("维持原判")), ("no", _("改判"))],
        coerce=lambda said: said == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择维持原判或改判。")},
    )

    def __init__(self, *args: Any, dispute: Dispute, **kwargs: Any) -> None:
        super().__init__(*args, complaint=dispute.complaint, **kwargs)
        self.dispute = dispute
        self.fields["basis"].label = _("答复和依据")
        for name in ("branch", "person"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Another ruling names its branch and person."""
        data = super().clean()
        for name in ("branch", "person"):
            if data.get("upheld") is False and not data.get(name) and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        return data

    def instead(self) -> Finding | None:
        """What stands instead; None: the same. The form must be valid."""
        return None if self.cleaned_data["upheld"] else self.finding()


class ReviewDisputeForm(_AnswerForm):
    action = Action.REVIEW_DISPUTE
    title = _("复核责任争议")
    submit_label = _("答复")
    lead = _("维持或改判；责任机构可在 24 小时内提请服务总监终裁")
    done = _("争议已复核，各方已收到通知。")

    def perform(self, *, by: Person, at: datetime) -> Dispute:
        basis = self.cleaned_data["basis"]
        return disputes.review(self.dispute.pk, basis=basis, instead=self.instead(), by=by, at=at)


class DecideDisputeForm(_AnswerForm):
    action = Action.DECIDE_DISPUTE
    title = _("终裁责任争议")
    submit_label = _("终裁")
    lead = _("终裁之后只有总经理可以改判")
    done = _("争议已终裁，各方已收到通知。")

    def perform(self, *, by: Person, at: datetime) -> Dispute:
        basis = self.cleaned_data["basis"]
        return disputes.decide(self.dispute.pk, basis=basis, instead=self.instead(), by=by, at=at)


class SuggestRulingForm(ActionForm):
    action = Action.SUGGEST_RULING
    title = _("建议判责")
    submit_label = _("提出建议")
    lead = _("由品质管理员判定，建议会显示在投诉页上")
    done = _("建议已提出。")

    branch = _branch(
        label=_("责任机构"),
        empty_label=_CHOOSE,
        error_messages={"required": _("请选择责任机构。")},
    )
    person = _PersonChoice(label=_("责任人"), empty_label=_NONE, required=False)
    note = CleanText(
        label=_("理由"),
        limit=NOTE_LIMIT,
        lines=True,
        error_messages={"required": _("请写明建议的理由。")},
    )

    def perform(self, *, by: Person, at: datetime) -> object:
        data = self.cleaned_data
        return suggestions.suggest_ruling(
            self.complaint.pk,
            branch=data["branch"],
            person=data["person"],
            note=data["note"],
            by=by,
            at=at,
        )
