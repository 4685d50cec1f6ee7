"""Dropped first asks (首问制稽查): where whoever was asked first let the customer down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from complaints.access import visible_to
from complaints.duplicates import WINDOW
from complaints.models import Channel, Clock, ClockKind, Complaint
from complaints.models.complaint import ComplaintQuerySet
from complaints.outcome import Outcome, outcome_sql
from staff.access import branches_in_scope
from staff.models import Branch, BranchKind, Person

#: Typed in later than this after it was told, an entry is late (补录).
LATE_ENTRY = timedelta(minutes=30)
#: Channels by which the firm hears from others than the customer.
OUTSIDE = (Channel.P12345, Channel.P12315, Channel.HEIMAO, Channel.PARENT)


class Figure(TextChoices):
    """What is counted; each opens its list of cases."""

    RECEIVED = "received", _("首问受理")
    UNANSWERED = "unanswered", _("首问未及时致歉")
    ATTEMPTED = "attempted", _("尽力未达")
    LATE_ENTRY = "late_entry", _("补录超过 30 分钟")
    WENT_OUTSIDE = "went_outside", _("先找过我们，又找了外部")


@dataclass(frozen=True)
class Line:
    """A branch's figures; `counts` has a value for each Figure."""

    branch: Branch
    counts: Mapping[str, int]

    @property
    def dropped(self) -> int:
        """First asks that were not answered in time."""
        return self.counts[Figure.UNANSWERED]


def cases(
    figure: Figure, person: Person, since: datetime, until: datetime, at: datetime
) -> ComplaintQuerySet:
    """The cases that the figure counts, of those received in `[since, until)` that the person
    sees. They count for the branch of the first receiver."""
    seen = visible_to(person)
    told = seen.filter(received_at__gte=since, received_at__lt=until)
    match figure:
        case Figure.RECEIVED:
            return told
        case Figure.UNANSWERED:
            return told.filter(_first_apology(Outcome.BREACHED, at))
        case Figure.ATTEMPTED:
            return told.filter(_first_apology(Outcome.ATTEMPTED, at))
        case Figure.LATE_ENTRY:
            return told.filter(entered_at__gt=F("received_at") + LATE_ENTRY)
        case Figure.WENT_OUTSIDE:
            return told.filter(_outside_afterwards(seen))


def _first_apology(outcome: Outcome, at: datetime) -> Exists:
    clocks = Clock.objects.filter(complaint=OuterRef("pk"), kind=ClockKind.APOLOGY, round=1)
    return Exists(clocks.annotate(outcome=outcome_sql(at)).filter(outcome=outcome))


def _outside_afterwards(seen: ComplaintQuerySet) -> Q:
    """A customer who had told a branch, by phone or order number the same, and within 30 days
    complained outside."""
    outside = seen.order_by().filter(
        channel__in=OUTSIDE,
        received_at__gt=OuterRef("received_at"),
        received_at__lte=OuterRef("received_at") + WINDOW,
    )
    by_phone = Exists(outside.filter(phone_key=OuterRef("phone_key")))
    by_order = Exists(outside.filter(order_no=OuterRef("order_no")))
    return ~Q(channel__in=OUTSIDE) & (
        ~Q(phone_key="") & Q(by_phone) | ~Q(order_no="") & Q(by_order)
    )


def lines(person: Person, since: datetime, until: datetime, at: datetime) -> list[Line]:
    """The branches in the person's reach, those that dropped most first asks first."""
    counted = {figure: _by_branch(cases(figure, person, since, until, at)) for figure in Figure}
    branches = branches_in_scope(person).exclude(kind=BranchKind.REGION)
    found = [
        Line(branch, {figure: counts.get(branch.pk, 0) for figure, counts in counted.items()})
        for branch in branches
    ]
    told = [line for line in found if any(line.counts.values())]
    return sorted(told, key=lambda line: (-line.dropped, line.branch.sort_key))


def _by_branch(found: QuerySet[Complaint]) -> dict[int, int]:
    return dict(found.order_by().values_list("first_receiver__branch").annotate(Count("pk")))


def of_branch(found: ComplaintQuerySet, branch: Branch | None) -> ComplaintQuerySet:
    """Those whose first receiver belongs to the branch; None: all."""
    return found.filter(first_receiver__branch=branch) if branch else found
