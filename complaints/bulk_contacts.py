"""One text to all customers of an incident, and for each of them whether it reached them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import once, text
from common.errors import Conflict, RuleBroken
from complaints import clocks, contacts, crowds, events, evidence
from complaints.contacts import SAID_LIMIT, Talk
from complaints.crowds import Crowd, Went
from complaints.incidents import MANY
from complaints.models import (
    Complaint,
    Contact,
    ContactKind,
    Incident,
    IncidentMember,
    Means,
    Status,
)
from complaints.rules import Action, stood_in_for
from staff.models import Person
from staff.presence import stands_in_for

#: Sent to all at once, these are automatic: nobody spoke to anybody.
AUTOMATIC = (Means.SMS, Means.MAIL)
_BY_PHONE = (Means.PHONE, Means.SMS)


@transaction.atomic
def record(
    incident_id: int,
    talk: Talk,
    reached: Mapping[str, bool],
    *,
    by: Person,
    at: datetime,
    key: str | None = None,
) -> list[Went]:
    """Write down the same words for each of these members (by number: whether they were reached),
    with a handful of statements; how each went. Each talk is that customer's own, and stops their
    own clock as one recorded alone would. `key` names the press: it counts once.

    Raises RuleBroken `bulk.not_human` for an apology or a result sent by SMS or mail, which only
    count as progress; `cases.none`, `cases.many`, `said.blank`, `text.*`; Conflict `already_done`.
    """
    _check(talk, reached)
    if key and not once.claim(key):
        raise Conflict("already_done", _("这一次群发已经记录过了。"))
    crowd = crowds.lock(reached, to=Action.RECORD_CONTACT, by=by, at=at)
    incident = Incident.objects.get(pk=incident_id)
    _refuse_strangers(crowd, incident, talk)
    held = _heard(crowd, talk, reached, by, at)
    Contact.objects.bulk_create([talk for _case, talk in held])
    _write(held, incident, by, at)
    if kind := evidence.KIND_OF.get(talk.kind):
        present = [case for case, held_then in held if held_then.round == case.round]
        clocks.settle_all(present, kind)
    return crowd.went()


def _check(talk: Talk, reached: Mapping[str, bool]) -> None:
    if talk.kind != ContactKind.PROGRESS and talk.means in AUTOMATIC:
        words = _("群发短信和邮件只能算进度：致歉和结果要由人逐个联系，联系上才算。")
        raise RuleBroken("bulk.not_human", words, field="means")
    if not reached:
        raise RuleBroken("cases.none", _("请先选择投诉。"), field="cases")
    if len(reached) > MANY:
        raise RuleBroken("cases.many", _("一次最多 %(many)d 件。") % {"many": MANY}, field="cases")
    said = text.clean(talk.said, limit=SAID_LIMIT, field="said", lines=True)
    if text.is_blank(said):
        raise RuleBroken("said.blank", _("请写明和客户说了什么。"), field="said")


def _refuse_strangers(crowd: Crowd, incident: Incident, talk: Talk) -> None:
    """Who is not in the incident, and who can't be had by these means."""
    active = IncidentMember.objects.active().filter(incident=incident)
    inside = set(active.values_list("complaint_id", flat=True))
    for complaint in list(crowd.cases):
        if complaint.pk not in inside:
            words = _("这件投诉不在这次群诉里。")
            crowd.refuse(complaint, Conflict("incident.not_member", words))
        elif complaint.anonymous:
            crowd.refuse(complaint, RuleBroken("bulk.anonymous", _("匿名投诉，无法联系。")))
        elif talk.means in _BY_PHONE and not complaint.complainant_phone:
            crowd.refuse(complaint, RuleBroken("bulk.no_phone", _("没有联系电话。")))


def _heard(
    crowd: Crowd, talk: Talk, reached: Mapping[str, bool], by: Person, at: datetime
) -> list[tuple[Complaint, Contact]]:
    """The checked talks; a case whose talk is refused bars no other."""
    held = []
    for complaint in list(crowd.cases):
        own = Talk(
            kind=talk.kind,
            means=talk.means,
            said=talk.said,
            occurred_at=talk.occurred_at,
            reached=reached[complaint.no],
        )
        try:
            held.append((complaint, contacts.heard(complaint, own, by, at)))
        except RuleBroken as broken:
            crowd.refuse(complaint, broken)
    return held


def _write(
    held: list[tuple[Complaint, Contact]], incident: Incident, by: Person, at: datetime
) -> None:
    """The events, and the status that a result leads to."""
    acts_for_others = bool(stands_in_for(by.pk, at))
    told, answered = [], []
    for complaint, talk in held:
        data = {**contacts.data_of(talk), "incident": incident.no}
        if acts_for_others and (absent := stood_in_for(complaint, Action.RECORD_CONTACT, by, at)):
            data["for"] = absent
        if leads := contacts.leads_to(complaint, talk):
            data["changes"] = {"status": [complaint.status, leads["status"]]}
            answered.append(complaint.pk)
        told.append((complaint, data))
    Complaint.objects.filter(pk__in=answered).update(status=Status.ANSWERED)
    events.record_all(told, Action.RECORD_CONTACT, by=by, at=at)
