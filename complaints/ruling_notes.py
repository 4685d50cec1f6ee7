"""Who is told of a ruling, of a dispute about it, and of the answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext_noop

from complaints import disputing
from complaints.models import Complaint, Dispute, DisputeOutcome, Ruling, RulingPart, RulingStage
from notify.post import Note, msgid, post
from staff.models import Role
from staff.posts import Roster

#: Who answers a dispute, by the stage of the ruling it is about.
ANSWERING = {
    RulingStage.FIRST.value: (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER),
    RulingStage.REVIEWED.value: (Role.DIRECTOR, Role.GENERAL_MANAGER),
}


def ruled(complaint: Complaint, ruling: Ruling) -> None:
    """The rectifier, the others it names, and the supervisors of its branches, who may dispute
    it; each person once, and not whoever ruled."""
    parts = list(ruling.parts.select_related("branch"))
    notes = [_to_rectifier(complaint, ruling)]
    known = {*notes[0].recipient_ids, ruling.by_id}
    named = [part for part in parts if part.person_id and part.person_id not in known]
    notes += [_to_named(complaint, part) for part in named]
    known |= {part.person_id for part in named if part.person_id}
    if ruling.stage != RulingStage.FINAL:
        notes += _to_supervisors(complaint, ruling, parts, known)
    post(notes, at=ruling.at)


def _to_rectifier(complaint: Complaint, ruling: Ruling) -> Note:
    return Note(
        key=f"ruling:{ruling.pk}",
        recipient_ids=[complaint.rectifier_id] if complaint.rectifier_id else [],
        text=gettext_noop("您被判定为 %(no)s 的整改责任人，请在 48 小时内提交整改单"),
        params={"no": complaint.no},
        url=_address(complaint),
    )


def _to_named(complaint: Complaint, part: RulingPart) -> Note:
    return Note(
        key=f"ruling:{part.ruling_id}:part",
        recipient_ids=[part.person_id] if part.person_id else [],
        text=gettext_noop("您被判定对 %(no)s 承担 %(share)s%% 的责任"),
        params={"no": complaint.no, "share": part.percent},
        url=_address(complaint),
    )


def _to_supervisors(
    complaint: Complaint, ruling: Ruling, parts: list[RulingPart], known: set[int]
) -> list[Note]:
    roster, notes = Roster(), []
    for part in parts:
        if part.branch is None:
            continue
        told = [pk for pk in roster.holders(Role.SUPERVISOR, part.branch.pk) if pk not in known]
        known |= set(told)
        notes.append(
            Note(
                key=f"ruling:{ruling.pk}:branch",
                recipient_ids=told,
                text=gettext_noop("%(no)s 已判定由%(branch)s担责，有异议请在 %(until)s 前提出"),
                params={
                    "no": complaint.no,
                    "branch": part.branch.name,
                    "until": f"{timezone.localtime(disputing.until(ruling)):%m-%d %H:%M}",
                },
                url=_address(complaint),
            )
        )
    return notes


def disputed(complaint: Complaint, dispute: Dispute, at: datetime) -> None:
    """Those who may answer it, the owner, the rectifier, the others ruled, and whoever ruled."""
    ruling = dispute.ruling
    text = (
        gettext_noop("%(no)s 的责任判定有争议，等待复核")
        if ruling.stage == RulingStage.FIRST
        else gettext_noop("%(no)s 的责任争议不服复核，等待终裁")
    )
    told = {complaint.owner_id, ruling.by_id, *_named(ruling)}
    told |= answerers(complaint, ruling, {dispute.raised_by_id})
    _tell(complaint, f"dispute:{dispute.pk}:raised", text, told - {dispute.raised_by_id}, at)


def answerers(complaint: Complaint, ruling: Ruling, barred: set[int]) -> set[int]:
    """Who is asked for the answer: the lowest post that may give it and is not bound to the case;
    whoever ruled only where nobody else is left."""
    barred = barred | {complaint.owner_id, complaint.rectifier_id or 0}
    roster, roles = Roster(), ANSWERING[ruling.stage]
    held = [{*roster.holders(role, complaint.owner_branch_id)} - barred for role in roles]
    free = [people - {ruling.by_id} for people in held]
    return next((people for people in [*free, *held] if people), set())


def answered(complaint: Complaint, dispute: Dispute, new: Ruling, at: datetime) -> None:
    """Whoever raised it, the owner, and all that the old ruling and the new one name."""
    text = (
        gettext_noop("%(no)s 的责任争议已复核：%(outcome)s")
        if new.stage == RulingStage.REVIEWED
        else gettext_noop("%(no)s 的责任争议已终裁：%(outcome)s")
    )
    told = {dispute.raised_by_id, complaint.owner_id, *_named(dispute.ruling), *_named(new)}
    label = DisputeOutcome(dispute.outcome).label
    outcome = {"outcome": msgid(partial(str, label))}
    _tell(complaint, f"dispute:{dispute.pk}:answered", text, told, at, outcome)


def _named(ruling: Ruling) -> set[int]:
    return {part.person_id for part in ruling.parts.all() if part.person_id}


def _tell(
    complaint: Complaint,
    key: str,
    text: str,
    told: Iterable[int],
    at: datetime,
    params: dict[str, str] | None = None,
) -> None:
    note = Note(
        key=key,
        recipient_ids=sorted(told),
        text=text,
        params={"no": complaint.no, **(params or {})},
        url=_address(complaint),
    )
    post([note], at=at)


def _address(complaint: Complaint) -> str:
    return f"/complaints/{complaint.no}/"
