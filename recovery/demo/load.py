"""Plays the demo plan through the services, as if the firm had worked with the desk for weeks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from complaints import (
    acknowledgement,
    callbacks,
    closing,
    contacts,
    escalation,
    registration,
    remedies,
    rulings,
    triage,
)
from complaints.models import (
    Category,
    Channel,
    Clock,
    ComplainantRole,
    Complaint,
    ContactKind,
    Escalation,
    InvalidReason,
    Means,
    PlaybookEntry,
    Remedy,
    RemedyKind,
    Severity,
)
from complaints.registration import Report
from notify.models import Message
from quality import sheets
from recovery.demo import categories, firm, playbook, steps
from recovery.demo.plan import plan
from recovery.demo.steps import Step, Story
from staff import branches
from staff.branches import sort_key
from staff.models import Branch, BranchKind, Person, Role

SEED = 2026
#: The demo's people all have this one; the desk listens on this machine only.
SIGN_IN_WORD = "qingting-demo"
READ_AFTER = timedelta(days=1)


@transaction.atomic
def load_firm() -> None:
    """Write branches, people, categories and the playbook. All or nothing."""
    _load_people(_load_branches())
    _load_categories()
    _load_playbook()


def load_cases(
    *,
    now: datetime,
    seed: int = SEED,
    limit: int | None = None,
    progress: Callable[[int, int], None],
) -> int:
    """Play the cases up to `now` that are not in yet, at most `limit`; how many were played.

    Each case is one transaction, so that the sweep never meets one half played; the open ones
    come first, so that every desk has its work at once. May be broken off and run again.
    """
    known = set(
        Complaint.objects.filter(submission_key__startswith="demo:").values_list(
            "submission_key", flat=True
        )
    )
    stories = [story for story in plan(seed, now) if _key(story) not in known]
    stories.sort(key=lambda story: not steps.is_open(story))
    player = Player(now)
    for done, story in enumerate(stories[:limit], 1):
        player.play(story)
        progress(done, len(stories))
    return len(stories[:limit])


def _key(story: Story) -> str:
    return f"demo:{story.key}"


def _load_branches() -> dict[str, Branch]:
    made: dict[str, Branch] = {}
    for row in firm.BRANCHES:
        made[row.code] = branches.save(
            Branch(
                code=row.code,
                name=row.name,
                kind=BranchKind(row.kind),
                parent=made.get(row.parent),
                city=row.city,
            )
        )
    return made


def _load_people(made: dict[str, Branch]) -> None:
    """Hashed once for all: forty slow hashes would keep the first page waiting."""
    password = make_password(SIGN_IN_WORD)
    for row in firm.PEOPLE:
        administrator = row.role == Role.ADMINISTRATOR
        Person.objects.create(
            username=row.username,
            password=password,
            name=row.name,
            role=Role(row.role),
            branch=made[row.branch],
            phone=row.phone,
            email=row.email,
            sort_key=sort_key(row.name),
            is_staff=administrator,
            is_superuser=administrator,
        )


def _load_categories() -> None:
    """The tree; `other`, which every house has, keeps its place at the end."""
    made: dict[str, Category] = {}
    for position, row in enumerate(categories.CATEGORIES):
        made[row.code] = Category.objects.create(
            code=row.code,
            name=row.name,
            parent=made.get(row.parent),
            position=position,
            keywords=list(row.keywords) if row.parent else [],
        )


def _load_playbook() -> None:
    for row in playbook.ENTRIES:
        entry = PlaybookEntry.objects.create(
            code=row.code.lower(),
            title=row.title,
            keywords=list(row.keywords),
            say="\n".join(row.say),
            do=row.steps,
            offer="\n".join(row.offer),
            report_to=row.report_to,
        )
        entry.categories.set(Category.objects.filter(code__in=row.categories))


class Player:
    """Plays stories one by one; between two steps the clocks ring as if the sweep had run."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people = {person.username: person for person in Person.objects.all()}
        self.branches = {branch.code: branch for branch in Branch.objects.all()}
        self.categories = {category.code: category for category in Category.objects.all()}

    @transaction.atomic
    def play(self, story: Story) -> Complaint:
        """Register the story's complaint and take its steps."""
        owner = self.people[story.owner]
        complaint, _created = registration.register(
            self._report(story), by=owner, at=story.entered_at, submission_key=_key(story)
        )
        for step in story.steps:
            self._ring(complaint.pk, step.at)
            self.take(step, complaint.pk)
        self._ring(complaint.pk, self.now)
        self._settle_messages(complaint)
        return complaint

    def _settle_messages(self, complaint: Complaint) -> None:
        """None is sent outside; what is more than a day old was read."""
        told = Message.objects.filter(Q(url=f"/complaints/{complaint.no}/") | Q(folded__gt=0))
        told.update(dispatched_at=self.now)
        told.filter(created_at__lt=self.now - READ_AFTER).update(read_at=self.now)

    def _report(self, story: Story) -> Report:
        return Report(
            channel=Channel(story.channel),
            what=story.text,
            category=self.categories[story.category],
            severity=Severity(story.severity),
            received_at=story.received_at,
            complainant_name=story.name,
            complainant_phone=story.phone,
            complainant_role=ComplainantRole(story.role),
            anonymous=story.anonymous,
            order_no=story.order_no,
            concerned_branch=self.branches.get(story.branch),
            remedy_sought=story.remedy_sought,
            settled_on_spot=story.settled_on_spot,
            settlement=story.settlement,
        )

    def _ring(self, complaint_id: int, until: datetime) -> None:
        """Each step of the ladder at its own minute."""
        ringing = Clock.objects.filter(complaint=complaint_id, next_at__lte=until)
        while (
            at := ringing.order_by("next_at").values_list("next_at", flat=True).first()
        ) is not None:
            escalation.fire(Complaint.objects.get(pk=complaint_id), until=at)

    @singledispatchmethod
    def take(self, step: Step, complaint_id: int) -> None:
        """Take one step of a story through its service."""
        raise TypeError(f"no service for {type(step).__name__}")

    def _by(self, step: Step) -> dict[str, Any]:
        return {"by": self.people[step.by], "at": step.at}

    @take.register
    def _contact(self, step: steps.Contact, complaint_id: int) -> None:
        talk = contacts.Talk(
            kind=ContactKind(step.kind),
            means=Means(step.means),
            said=step.text,
            occurred_at=step.occurred_at,
            reached=step.reached,
        )
        contacts.record(complaint_id, talk, **self._by(step))

    @take.register
    def _accept(self, step: steps.Accept, complaint_id: int) -> None:
        triage.accept(complaint_id, **self._by(step))

    @take.register
    def _invalid(self, step: steps.Invalid, complaint_id: int) -> None:
        reason = InvalidReason(step.reason)
        triage.reject(complaint_id, reason=reason, note=step.note, **self._by(step))

    @take.register
    def _rule(self, step: steps.Rule, complaint_id: int) -> None:
        rulings.rule(
            complaint_id,
            branch=self.branches[step.branch],
            person=self.people[step.rectifier],
            basis=step.basis,
            **self._by(step),
        )

    @take.register
    def _acknowledge(self, step: steps.Acknowledge, complaint_id: int) -> None:
        rung = Escalation.objects.filter(
            complaint=complaint_id, clock__kind=step.clock, level__gt=0, acknowledged_at=None
        )
        for pk in rung.values_list("pk", flat=True):
            acknowledgement.acknowledge(pk, note=step.note, **self._by(step))

    @take.register
    def _remedy(self, step: steps.Remedy, complaint_id: int) -> None:
        remedies.propose(
            complaint_id,
            kind=RemedyKind(step.kind),
            amount=step.amount,
            description=step.description,
            **self._by(step),
        )

    @take.register
    def _approved(self, step: steps.RemedyApproved, complaint_id: int) -> None:
        remedies.decide(self._last(complaint_id), approve=True, note=step.note, **self._by(step))

    @take.register
    def _delivered(self, step: steps.RemedyDelivered, complaint_id: int) -> None:
        remedies.deliver(self._last(complaint_id), proof=step.proof, **self._by(step))

    def _last(self, complaint_id: int) -> int:
        return Remedy.objects.filter(complaint=complaint_id).latest("pk").pk

    @take.register
    def _submitted(self, step: steps.SheetSubmitted, complaint_id: int) -> None:
        words = {name: getattr(step.sheet, name) for name in _PARTS}
        parts = sheets.Parts(**words, committed_on=step.committed_on)
        sheets.submit(complaint_id, parts, **self._by(step))

    @take.register
    def _returned(self, step: steps.SheetReturned, complaint_id: int) -> None:
        sheets.send_back(complaint_id, opinion=step.reason, **self._by(step))

    @take.register
    def _verified(self, step: steps.SheetVerified, complaint_id: int) -> None:
        sheets.verify(complaint_id, opinion=step.guidance, **self._by(step))

    @take.register
    def _callback(self, step: steps.Callback, complaint_id: int) -> None:
        answers = callbacks.Answers(
            means=Means(step.means),
            reached=step.reached,
            satisfied=step.satisfied,
            solved=step.solved,
            score=step.score,
            said=step.words,
        )
        callbacks.record(complaint_id, answers, **self._by(step))

    @take.register
    def _reopen(self, step: steps.Reopen, complaint_id: int) -> None:
        closing.reopen(complaint_id, reason=step.reason, **self._by(step))

    @take.register
    def _withdraw(self, step: steps.Withdraw, complaint_id: int) -> None:
        closing.withdraw(complaint_id, said_by=step.said_by, note=step.note, **self._by(step))

    @take.register
    def _close(self, step: steps.Close, complaint_id: int) -> None:
        closing.close(complaint_id, **self._by(step))


_PARTS = (
    "title",
    "facts",
    "course",
    "cause",
    "evidence",
    "containment",
    "accountability",
    "prevention",
    "detection",
    "response",
    "effect",
)
