"""Reading cases: desks, boards, lists. Everything starts from `visible_to`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from common import phones
from complaints.access import visible_to
from complaints.models import (
    Allowance,
    AllowanceState,
    Clock,
    ClockKind,
    Complaint,
    Contact,
    Dispute,
    DisputeOutcome,
    Escalation,
    Event,
    IncidentMember,
    IncidentState,
    Remedy,
    RemedyState,
    Ruling,
    RulingPart,
    RulingStage,
    Status,
    Triage,
    TriageOutcome,
)
from complaints.models.complaint import ComplaintQuerySet
from complaints.models.contact import RECORDED_LATE
from staff.models import Person, Role
from staff.presence import stands_in_for

SORTING = (Role.QUALITY, Role.DIRECTOR)
APPROVING = (Role.SUPERVISOR, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: Whoever has people, or the whole firm, to look after: they see the board.
LEADING = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: Who decides on more time, and hears how much is recorded late.
DECIDING = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)


def owed_by(person: Person) -> QuerySet[Clock]:
    """The running clocks this person has to stop, soonest due first: apology and result of the
    cases they own, sheets they must submit, and the same of those for whom they stand in; for
    quality the callbacks, and the sheets nobody has been ruled to write yet."""
    names = [person.pk, *stands_in_for(person.pk)]  # a list, which an index can look up
    mine = Q(kind__in=(ClockKind.APOLOGY, ClockKind.RESULT), complaint__owner__in=names)
    mine |= Q(kind__in=(ClockKind.SHEET, ClockKind.RESUBMISSION), complaint__rectifier__in=names)
    if person.role in SORTING:
        mine |= Q(kind=ClockKind.CALLBACK) | Q(kind=ClockKind.SHEET, complaint__rectifier=None)
    return (
        Clock.objects.running()
        .filter(mine, complaint__in=visible_to(person).values("pk"))
        .exclude(Q(kind=ClockKind.SHEET) & Exists(_another_writes_it()))
        .select_related(
            "complaint__category",
            "complaint__owner",
            "complaint__owner_branch",
            "complaint__responsible_branch",
            "complaint__concerned_branch",
        )
        .order_by("due_at", "pk")
    )


def _another_writes_it() -> QuerySet[IncidentMember]:
    """For a sheet clock: that the leading case of its incident writes the one sheet."""
    return (
        IncidentMember.objects.active()
        .filter(complaint=OuterRef("complaint"), round=OuterRef("round"))
        .exclude(incident__lead=OuterRef("complaint"))
    )


def pauses(of: str = "") -> Prefetch[str]:
    """What a list of clocks prefetches to show those that are paused; for a list of what hangs
    on a clock, `of` leads there."""
    granted = Allowance.objects.filter(state=AllowanceState.GRANTED)
    return Prefetch(f"{of}allowances", granted)


def to_sort(person: Person) -> ComplaintQuerySet:
    """Cases that wait for this person to sort them, oldest first; none unless they may."""
    if person.role not in SORTING:
        return Complaint.objects.none()
    return visible_to(person).filter(status=Status.TRIAGE).order_by("received_at", "pk")


def to_rule(person: Person) -> ComplaintQuerySet:
    """Valid cases for which nobody has been ruled responsible yet, and closed or withdrawn ones
    that still owe their sheet; oldest first."""
    if person.role not in SORTING:
        return Complaint.objects.none()
    return awaiting_ruling(visible_to(person)).order_by("received_at", "pk")


def awaiting_ruling(cases: ComplaintQuerySet) -> ComplaintQuerySet:
    """Those of `cases` that are valid, or ended but still owe their sheet, with nobody ruled
    responsible."""
    valid = (Status.HANDLING, Status.ANSWERED, Status.CALLED_BACK)
    owes_sheet = Clock.objects.running().filter(complaint=OuterRef("pk"), kind=ClockKind.SHEET)
    ended = Q(status__in=(Status.CLOSED, Status.WITHDRAWN)) & Exists(owes_sheet)
    return cases.filter(Q(status__in=valid) | ended, responsible_branch=None)


def standing_ruling(complaint: Complaint) -> Ruling | None:
    """The ruling that stands, with its parts and disputes; None before the first."""
    return with_parts(complaint.rulings.filter(superseded_at=None)).first()


def with_parts(rulings: QuerySet[Ruling]) -> QuerySet[Ruling]:
    """The rulings with all that is read of them: six queries, however many rows."""
    parts = RulingPart.objects.select_related("branch", "department", "person", "supplier")
    disputes = Dispute.objects.select_related("branch", "raised_by", "answered_by")
    return rulings.select_related("by").prefetch_related(
        Prefetch("parts", parts),
        Prefetch("disputes", disputes.prefetch_related("evidence")),
        "evidence",
        "talks",
    )


def is_disputed(complaint: Complaint) -> bool:
    """Whether the ruling that stands waits for the answer to a dispute: meanwhile nothing that
    rests on it may be issued."""
    return complaint.disputes.filter(outcome=DisputeOutcome.OPEN).exists()


def to_review(person: Person) -> QuerySet[Dispute]:
    """Disputes that this person may have to answer, oldest first: quality those about a first
    ruling, the director and the general manager those about a review."""
    stages = _ANSWERED_BY.get(Role(person.role))
    if stages is None:
        return Dispute.objects.none()
    return (
        Dispute.objects.filter(
            outcome=DisputeOutcome.OPEN,
            ruling__stage=stages,
            complaint__in=visible_to(person).values("pk"),
        )
        .exclude(raised_by=person)
        .exclude(complaint__owner=person)
        .exclude(complaint__rectifier=person)
        .select_related("complaint", "ruling", "branch", "raised_by")
        .order_by("raised_at", "pk")
    )


_ANSWERED_BY = {
    Role.QUALITY: RulingStage.FIRST,
    Role.DIRECTOR: RulingStage.REVIEWED,
    Role.GENERAL_MANAGER: RulingStage.REVIEWED,
}


def to_recheck(person: Person) -> QuerySet[Triage]:
    """Cases sorted out that nobody above has looked at yet, oldest first, for those who do."""
    if person.role not in (Role.DIRECTOR, Role.GENERAL_MANAGER):
        return Triage.objects.none()
    return (
        Triage.objects.exclude(outcome=TriageOutcome.VALID)
        .filter(
            superseded_at=None,
            reviewed_at=None,
            complaint__status=Status.INVALID,
            complaint__in=visible_to(person).values("pk"),
        )
        .exclude(by=person)
        .select_related("complaint", "by")
        .order_by("at", "pk")
    )


def to_approve(person: Person) -> QuerySet[Remedy]:
    """Remedies that await an approval this person could give."""
    if person.role not in APPROVING:
        return Remedy.objects.none()
    return (
        Remedy.objects.filter(
            state=RemedyState.AWAITING, complaint__in=visible_to(person).values("pk")
        )
        .exclude(proposed_by=person)
        .exclude(complaint__owner=person)
        .exclude(complaint__rectifier=person)
        .select_related("complaint", "proposed_by")
        .order_by("proposed_at")
    )


def board(person: Person) -> QuerySet[Escalation]:
    """The warnings and escalations of cases in the person's reach that are still of interest:
    unacknowledged, and of clocks still running or breached; the gravest first."""
    return (
        Escalation.objects.filter(complaint__in=visible_to(person).values("pk"))
        .filter(Q(level__gt=0, acknowledged_at=None) | Q(clock__met_at=None, clock__voided_at=None))
        .select_related(
            "clock",
            "complaint__owner",
            "complaint__owner_branch",
            "complaint__responsible_branch",
            "acknowledged_by",
        )
        .order_by("-level", "rang_at", "pk")
    )


def without_incidents(found: QuerySet[Escalation]) -> QuerySet[Escalation]:
    """Those of cases that are in no open incident: the board shows each incident as one row."""
    inside = IncidentMember.objects.active().filter(
        complaint=OuterRef("complaint"), incident__state=IncidentState.OPEN
    )
    return found.exclude(Exists(inside))


def of_branch(code: str) -> Q:
    """Escalations that this branch answers for: the responsible one, else the owner's."""
    responsible = Q(complaint__responsible_branch__code=code)
    return responsible | Q(complaint__responsible_branch=None, complaint__owner_branch__code=code)


def earlier_cases(
    person: Person, *, phone_key: str, name: str = "", limit: int = 5
) -> ComplaintQuerySet:
    """What this person may see of the same customer's earlier cases, by phone or by full name."""
    same = Q(phone_key=phone_key) if phone_key else Q(pk=None)
    if name:
        same |= Q(complainant_name=name)
    return visible_to(person).filter(same).select_related("category", "owner_branch")[:limit]


@dataclass(frozen=True)
class KnownPerson:
    """Someone who has complained before: as last recorded, and how often."""

    name: str
    phone: str
    role: str
    last: datetime
    count: int


def known_people(
    person: Person, *, phone: str = "", name: str = "", limit: int = 6
) -> list[KnownPerson]:
    """Earlier complainants in the person's sight whose number begins with the 7 or more digits
    typed, or whose name is the whole name typed; the latest first."""
    found = visible_to(person).filter(anonymous=False)
    key = phones.key(phone)
    if len(key.removeprefix("+86").removeprefix("+")) >= ENOUGH_DIGITS:
        found = found.filter(phone_key__startswith=key)
    elif len(name) >= 2:
        found = found.filter(complainant_name=name)
    else:
        return []
    people: dict[tuple[str, str], KnownPerson] = {}
    for case in found.order_by("-received_at")[:200]:
        same = (case.complainant_name, case.phone_key)
        known = people.get(same)
        people[same] = KnownPerson(
            case.complainant_name,
            case.complainant_phone,
            case.complainant_role,
            known.last if known else case.received_at,
            known.count + 1 if known else 1,
        )
    return list(people.values())[:limit]


#: Fewer digits of the number itself, the country's apart, would turn the look-up into a directory
#: of customers.
ENOUGH_DIGITS = 7


def with_late_clock(cases: ComplaintQuerySet, at: datetime) -> ComplaintQuerySet:
    """Those with a running clock past due at `at`."""
    late = Clock.objects.late(at).filter(complaint=OuterRef("pk"))
    return cases.filter(Exists(late))


def with_clock_due_within(
    cases: ComplaintQuerySet, at: datetime, span: timedelta
) -> ComplaintQuerySet:
    """Those with a running clock that comes due in `[at, at + span)`."""
    soon = Clock.objects.running().filter(
        complaint=OuterRef("pk"), due_at__gte=at, due_at__lt=at + span
    )
    return cases.filter(Exists(soon))


def late_recorded_share(person: Person, since: datetime, until: datetime) -> tuple[int, int]:
    """Of the talks in the person's reach typed in `[since, until)`: how many were recorded late,
    and how many there are."""
    talks = Contact.objects.filter(
        complaint__in=visible_to(person).values("pk"), recorded_at__gte=since, recorded_at__lt=until
    )
    late = Q(recorded_at__gt=F("occurred_at") + RECORDED_LATE)
    counted = talks.aggregate(late=Count("pk", filter=late), all=Count("pk"))
    return counted["late"], counted["all"]


def story(complaint: Complaint) -> QuerySet[Event]:
    """The case's events, the latest first."""
    return complaint.events.select_related("actor").order_by("-at", "-pk")


def unacknowledged_count(person: Person, *, at_most: int = 99) -> int:
    """How many escalations in the person's reach want an acknowledgement, counted no further
    than `at_most` + 1; for the front line none do."""
    if person.role in (Role.FRONTLINE, Role.ADMINISTRATOR):
        return 0
    waiting = Escalation.objects.filter(
        level__gt=0, acknowledged_at=None, complaint__in=visible_to(person).values("pk")
    )
    return waiting[: at_most + 1].count()
