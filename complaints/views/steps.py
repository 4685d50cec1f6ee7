"""The form that stops each clock: what the desk links to and the case page puts first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.models import ClockKind, Complaint
from complaints.rules import Action


@dataclass(frozen=True)
class Step:
    """Where the work is done: the action, its page, and what the form is opened with."""

    action: Action
    url_name: str
    label: Any
    query: str = ""

    def url(self, complaint: Complaint) -> str:
        """The address of the form for this case."""
        return reverse(self.url_name, args=[complaint.no]) + self.query


STEPS = {
    ClockKind.APOLOGY.value: Step(
        Action.RECORD_CONTACT, "contact-new", _("记录致歉"), "?kind=apology"
    ),
    ClockKind.RESULT.value: Step(
        Action.RECORD_CONTACT, "contact-new", _("告知结果"), "?kind=result"
    ),
    ClockKind.SHEET.value: Step(Action.SUBMIT_SHEET, "sheet-new", _("填写整改单")),
    ClockKind.CALLBACK.value: Step(Action.RECORD_CALLBACK, "callback-new", _("回访")),
    ClockKind.RESUBMISSION.value: Step(Action.SUBMIT_SHEET, "sheet-new", _("补交整改单")),
}
