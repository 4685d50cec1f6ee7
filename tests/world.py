"""Two branches of the cast full of cases, with a word of its own in every place that holds one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import (
    acknowledgement,
    allowances,
    attachments,
    closing,
    customers,
    disputes,
    escalation,
    handovers,
    incidents,
    registration,
    remedies,
    rulings,
    suggestions,
    triage,
)
from complaints.allowances import Wish
from complaints.handovers import Offer
from complaints.incidents import Cause
from complaints.models import (
    Allowance,
    AllowanceKind,
    AllowanceReason,
    Attachment,
    Category,
    Channel,
    Complaint,
    Dispute,
    Escalation,
    HandoverReason,
    Incident,
    InvalidReason,
    PlaybookEntry,
    Remedy,
    RemedyKind,
    Severity,
)
from complaints.registration import Report
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item
from notify.models import Message
from quality import sheets
from quality.models import Inspection
from quality.sheets import Parts
from staff import absences, people, tokens
from staff.absences import Leave
from staff.models import Absence, AbsenceReason, Branch, Person, Role, TokenGrant, TokenScope
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast

#: When the pages are looked at: the Wednesday of the week after.
LATER = MONDAY + 9 * 24 * HOUR


@dataclass
class Side:
    """One branch, its people, and its cases. `tokens` are all the words that give them away."""

    sign: str  # Latin letters that stand in every word of this side
    surname: str  # a rare character, so that a masked name gives itself away too
    phone: str
    branch: Branch
    other_branch: Branch
    front: Person
    boss: Person
    category: Category
    tokens: set[str] = field(default_factory=set)

    full: Complaint = field(init=False)
    fresh: Complaint = field(init=False)
    offered: Remedy = field(init=False)
    promised: Remedy = field(init=False)
    asked: Allowance = field(init=False)
    disputed: Dispute = field(init=False)
    file: Attachment = field(init=False)
    raised: Escalation = field(init=False)
    letter: Message = field(init=False)
    inlet: Inlet = field(init=False)
    came: Item = field(init=False)
    drawn: Inspection = field(init=False)
    incident: Incident = field(init=False)
    passkey: Authenticator = field(init=False)
    stay: UserSession = field(init=False)
    grant: TokenGrant = field(init=False)
    leave: Absence = field(init=False)

    def word(self, place: str) -> str:
        """A word that stands in this place of this side's cases only."""
        token = f"q{self.sign}{place}q"
        self.tokens.add(token)
        return token

    @property
    def name(self) -> str:
        """What the complainants of this side are called."""
        return f"{self.surname}玉梅"

    def found_in(self, text: str) -> set[str]:
        """Those of the side's words that stand in the text."""
        return {token for token in self.tokens if token in text}

    @property
    def cases(self) -> list[Complaint]:
        """All its cases."""
        return list(Complaint.objects.filter(owner_branch=self.branch).order_by("pk"))


@dataclass
class World:
    """East and north-west, and a page of the playbook that all may read."""

    cast: Cast
    east: Side
    northwest: Side
    entry: PlaybookEntry

    def sides(self) -> Iterator[Side]:
        """Both."""
        yield from (self.east, self.northwest)


def build(cast: Cast) -> World:
    """Cases at every stage in Wuxi and in Lanzhou; none of them is the other's business."""
    east = Side(
        "wx", "龘", "13900017319", cast.wuxi, cast.lanzhou, cast.li, cast.wang, cast.late_goods
    )
    northwest = Side(
        "lz", "齾", "13700025826", cast.lanzhou, cast.wuxi, cast.zhao, cast.ma, cast.late_goods
    )
    for n, side in enumerate((east, northwest)):
        _play(side, cast, n)
    entry = PlaybookEntry.objects.create(
        code="late", title="晚到", say="说", do="做", offer="给", report_to="报"
    )
    entry.categories.set([cast.late_goods])
    world = World(cast, east, northwest, entry)
    _raise_alarms(world)
    for side in world.sides():
        _receive(side)
        _give_keys(side)
    return world


def _receive(side: Side) -> None:
    """Something has come in that waits for a person."""
    side.inlet = Inlet.objects.create(
        key=f"sms-{side.sign}", name="短信", channel=Channel.SMS, branch=side.branch
    )
    arrival = Arrival(outside_id="1", raw=side.word("raw").encode(), subject=side.word("subject"))
    item, _created = items.keep(side.inlet, arrival, at=LATER - HOUR)
    side.came = items.settle(item.pk, at=LATER - HOUR)


def _give_keys(side: Side) -> None:
    """Somebody of the branch, who never visits, has a passkey, a session and a token."""
    holder = people.hire(
        f"keys-{side.sign}", name="钥匙", role=Role.FRONTLINE, branch=side.branch, password=None
    )
    side.passkey = Authenticator.objects.create(
        user=holder, type=Authenticator.Type.WEBAUTHN, data={"name": side.word("passkey")}
    )
    side.stay = UserSession.objects.create(
        user=holder, ip="203.0.113.9", user_agent=side.word("agent"), session_key=side.word("stay")
    )
    side.grant, _token = tokens.issue(
        holder, name=side.word("token"), scope=TokenScope.READ, lasts=24 * HOUR
    )


def _register(side: Side, place: str, at: datetime = MONDAY, **said: object) -> Complaint:
    usual: dict[str, object] = {
        "channel": Channel.PHONE,
        "what": f"{side.word(f'what{place}')} 货晚到三天，没有人接电话。",
        "category": side.category,
        "severity": Severity.MINOR,
        "complainant_name": side.name,
        "complainant_phone": side.phone,
        "order_no": side.word(f"order{place}"),
        "remedy_sought": side.word(f"sought{place}"),
        "concerned_branch": side.other_branch,
    }
    report = Report(**{**usual, **said})  # type: ignore[arg-type]
    return registration.register(report, by=side.front, at=at)[0]


def _play(side: Side, cast: Cast, n: int) -> None:
    side.full = _register(side, "full")
    _work_on(side, cast, n)
    side.fresh = _register(side, "fresh", LATER - 2 * HOUR)
    _end(side, cast)
    _hand_over(side, cast)
    _group(side, cast)
    side.tokens |= {side.surname, side.phone, f"****{side.phone[-4:]}", "+86" + side.phone}
    side.tokens |= {case.no for case in side.cases}


def _work_on(side: Side, cast: Cast, n: int) -> None:
    """Round 1 from the apology to a callback that opens round 2."""
    case, at = side.full, MONDAY
    scenes.apologise(case, by=side.front, at=at + 20 * MINUTE, said=side.word("apology"))
    _ask_for_time(side, cast, at + 30 * MINUTE)
    scenes.accept(case, cast, at=at + HOUR)
    rulings.rule(
        case.pk, branch=side.branch, person=side.boss, basis=side.word("basis"), by=cast.chen,
        at=at + HOUR,
    )  # fmt: skip
    _quarrel(side, cast, at + HOUR)
    _offer(side, cast, n, at + 2 * HOUR)
    side.file = attachments.attach(
        case.pk,
        SimpleUploadedFile(f"{side.word('file')}.txt", side.word("bytes").encode()),
        by=side.front,
        at=at + 3 * HOUR,
    )
    scenes.answer(case, by=side.front, at=at + 22 * HOUR, said=side.word("result"))
    sheets.submit(case.pk, _parts(side), by=side.boss, at=at + 30 * HOUR)
    sheets.send_back(case.pk, opinion=side.word("opinion"), by=cast.chen, at=at + 31 * HOUR)
    sheet = sheets.submit(case.pk, _parts(side), by=side.boss, at=at + 32 * HOUR)
    side.tokens.add(sheet.no)
    scenes.call_back(
        case, by=cast.chen, at=at + 48 * HOUR, satisfied=False, said=side.word("callback")
    )


def _quarrel(side: Side, cast: Cast, at: datetime) -> None:
    """The branch disputes the ruling, is told no, and takes it further."""
    first = disputes.dispute(side.full.pk, reasons=side.word("reasons"), by=side.boss, at=at)
    disputes.review(first.pk, basis=side.word("upheld"), by=cast.lin, at=at + MINUTE)
    side.disputed = disputes.dispute(
        side.full.pk, reasons=side.word("further"), by=side.boss, at=at + 2 * MINUTE
    )


def _parts(side: Side) -> Parts:
    words = {part: side.word(f"part{part}") for part in scenes.WORDS}
    return Parts(**words, committed_on=date(2027, 1, 15))


def _offer(side: Side, cast: Cast, n: int, at: datetime) -> None:
    """A remedy delivered, one cancelled, one refused, one promised, one that waits.

    No amount reads like the seconds of a timestamp (they end at 59), nor like part of an icon.
    """

    def propose(amount: str, place: str) -> Remedy:
        side.tokens.add(amount)
        return remedies.propose(
            side.full.pk, kind=RemedyKind.REFUND, amount=Decimal(amount),
            description=side.word(place), by=side.front, at=at,
        )  # fmt: skip

    delivered = propose(f"6{n}.71", "delivered")
    remedies.deliver(delivered.pk, proof=side.word("proof"), by=side.front, at=at)
    cancelled = propose(f"6{n}.73", "cancelled")
    remedies.cancel(cancelled.pk, note=side.word("cancel"), by=side.front, at=at)
    side.promised = propose(f"6{n}.79", "promised")
    refused = propose(f"83{n}.97", "refused")
    remedies.decide(refused.pk, approve=False, note=side.word("decide"), by=cast.lin, at=at)
    side.offered = propose(f"84{n}.87", "offered")


def _ask_for_time(side: Side, cast: Cast, at: datetime) -> None:
    """A request that was endorsed and refused, and one that waits."""

    def ask(place: str) -> Allowance:
        wish = Wish(
            kind=AllowanceKind.EXTENSION, reason=AllowanceReason.INVESTIGATION, minutes=60,
            note=side.word(place),
        )  # fmt: skip
        return allowances.ask(side.full.pk, wish, by=side.front, at=at)

    refused = ask("askednote")
    allowances.endorse(refused.pk, by=side.boss, at=at)
    allowances.decide(
        refused.pk, granted=False, opinion=side.word("timeopinion"), by=cast.chen, at=at
    )
    side.asked = ask("waitingnote")


def _hand_over(side: Side, cast: Cast) -> None:
    """An offer that was refused, one that waits for its answer; and a leave that is to come."""
    at = LATER - HOUR

    def offer(case: Complaint, place: str) -> None:
        offered = Offer(receiver=side.boss, reason=HandoverReason.SKILL, note=side.word(place))
        handovers.offer(case.pk, offered, by=side.front, at=at)

    offer(side.fresh, "handedback")
    handovers.refuse(side.fresh.pk, answer=side.word("refusal"), by=side.boss, at=at)
    offer(side.full, "handed")
    side.leave = absences.plan(
        Leave(
            person=side.front, since=LATER + 30 * 24 * HOUR, until=LATER + 31 * 24 * HOUR,
            reason=AbsenceReason.LEAVE, deputy=side.boss,
        ),
        by=side.front, at=at,
    )  # fmt: skip


def _group(side: Side, cast: Cast) -> None:
    """A mass incident of two cases; and what has to be known of the customer."""
    at = LATER - HOUR
    told = Cause(
        title=side.word("incident"), cause=side.word("cause"), category=side.category,
        branch=side.branch,
    )  # fmt: skip
    numbers = [_register(side, place, LATER - 3 * HOUR).no for place in ("one", "two")]
    side.incident, _went = incidents.gather(told, numbers, by=cast.chen, at=at)
    incidents.answer(side.incident.pk, result=side.word("oneresult"), by=cast.chen, at=at)
    side.tokens.add(side.incident.no)
    customers.note(side.full.pk, words=side.word("needs"), by=side.front, at=at)


def _end(side: Side, cast: Cast) -> None:
    """Cases that ended in each of the ways they may."""
    at = MONDAY + HOUR
    invalid = _register(side, "invalid")
    triage.reject(
        invalid.pk, reason=InvalidReason.INQUIRY, note=side.word("reject"), by=cast.chen, at=at
    )
    suggested = _register(side, "suggested")
    suggestions.suggest_triage(
        suggested.pk, reason=InvalidReason.PRAISE, note=side.word("tosort"), by=side.front, at=at
    )
    suggestions.suggest_ruling(
        suggested.pk, branch=side.branch, person=side.boss, note=side.word("torule"),
        by=side.front, at=at,
    )  # fmt: skip
    gone = _register(side, "withdrawn")
    closing.withdraw(
        gone.pk, said_by=side.word("saidby"), note=side.word("withdraw"), by=side.front, at=at
    )
    settled = _register(side, "settled", settled_on_spot=True, settlement=side.word("settlement"))
    scenes.accept(settled, cast, at=at)
    rulings.rule(
        settled.pk, branch=side.branch, person=side.boss, basis=side.word("basis2"),
        by=cast.chen, at=at,
    )  # fmt: skip
    scenes.call_back(settled, by=cast.chen, at=at + HOUR, said=side.word("praise"))
    waived = _register(side, "waived")
    scenes.accept(waived, cast, at=at)
    sheets.waive(waived.pk, reason=side.word("waive"), by=cast.chen, at=at)
    closing.reopen(_answered(waived, side).pk, reason=side.word("reopen"), by=side.front, at=LATER)


def _answered(case: Complaint, side: Side) -> Complaint:
    scenes.answer(case, by=side.front, at=MONDAY + 3 * HOUR, said=side.word("answer"))
    return case


def _raise_alarms(world: World) -> None:
    """Each side has one escalation that was acknowledged, and one that waits."""
    escalation.sweep(until=LATER)
    for side in world.sides():
        open_ = Escalation.objects.filter(complaint__owner_branch=side.branch, level=1)
        first, side.raised = open_.order_by("pk")[:2]
        acknowledgement.acknowledge(first.pk, note=side.word("ack"), by=side.boss, at=LATER)
        side.drawn = Inspection.objects.create(
            complaint=side.full, drawn_by=world.cast.chen, drawn_at=LATER
        )
        side.letter = Message.objects.filter(recipient=side.boss).latest("pk")


_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')


def without_tokens(page: str) -> str:
    """The page without what is new in it each time."""
    return _TOKEN.sub("", page)
