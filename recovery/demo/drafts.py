"""Who complains of what, where, by which channel, and how it will go: everything but the times."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle
from random import Random
from types import MappingProxyType

from recovery.demo.chance import dice, spread
from recovery.demo.customers import Customer, company_customers, private_customers
from recovery.demo.firm import BRANCHES
from recovery.demo.stories import NOT_VALID, TEMPLATES, Template

CLOCKS = ("apology", "result", "sheet", "callback")

#: How much falls on a branch, and how many in a hundred of its clocks are met.
PROFILES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "SHA": (1.9, 96), "HGH": (1.2, 94), "NKG": (1.1, 91), "WUX": (0.7, 96),
        "CAN": (1.8, 89), "SZX": (1.7, 93), "FUO": (0.9, 86), "XMN": (0.7, 95),
        "PEK": (1.6, 92), "TSN": (0.9, 85), "SJW": (0.8, 88), "SIA": (1.0, 90),
        "LHW": (0.9, 82), "URC": (0.7, 84),
    }
)  # fmt: skip

CHANNELS: Mapping[str, float] = MappingProxyType(
    {
        "phone": 42, "wechat": 14, "counter": 8, "form": 8, "wecom": 6, "mail": 5, "p12345": 5,
        "sms": 3, "p12315": 3, "heimao": 2, "parent": 2, "other": 2,
    }
)  # fmt: skip

TOPICS: Mapping[str, float] = MappingProxyType(
    {
        "delay": 26, "damage": 20, "lastmile": 15, "fee": 12, "attitude": 10, "document": 8,
        "handling": 5, "safety": 4,
    }
)  # fmt: skip

ENDINGS: Mapping[str, float] = MappingProxyType(
    {
        "ordinary": 72, "dissatisfied": 7, "came_back": 2, "invalid": 5, "withdrawn": 4,
        "anonymous": 2, "on_spot": 8,
    }
)  # fmt: skip

OUTSIDE = ("p12345", "p12315", "heimao", "parent")
_PLACES = [
    "武汉",
    "长沙",
    "郑州",
    "成都",
    "重庆",
    "合肥",
    "济南",
    "沈阳",
    "昆明",
    "贵阳",
    "南昌",
    "福州",
    "太原",
    "哈尔滨",
]


@dataclass(frozen=True)
class Draft:
    """A complaint without its times; `late` are the clocks that will be missed."""

    key: str
    template: Template
    branch: str
    channel: str
    customer: Customer
    order_no: str
    slots: Mapping[str, str]
    ending: str
    late: frozenset[str] = frozenset()
    repeats: str = ""
    scene: str = ""


def city_of(branch: str) -> str:
    """Where the branch is."""
    return next(b.city for b in BRANCHES if b.code == branch)


def _sum(rng: Random, bounds: tuple[int, int]) -> int:
    """A sum between the bounds, round where it is large."""
    low, high = bounds
    step = 10 if high >= 200 else 1
    return rng.randint(-(-low // step), high // step) * step


def slots_for(
    rng: Random, template: Template, branch: str, customer: Customer, order_no: str
) -> dict[str, str]:
    """What the slots of the template and of its sheet are filled with."""
    amount = _sum(rng, template.amount)
    pay = amount if template.amount == template.pay else _sum(rng, template.pay)
    return {
        "city": rng.choice([place for place in _PLACES if place != city_of(branch)]),
        "goods": rng.choice(template.goods),
        "pieces": str(rng.randint(3, 26)),
        "days": str(rng.randint(4, 7)),
        "amount": str(amount),
        "pay": str(pay),
        "branch": next(b.name for b in BRANCHES if b.code == branch),
        "order_no": order_no or "（未提供）",
        "customer": customer.company or customer.name,
        "greeting": customer.greeting,
    }


def order_number(rng: Random, template: Template) -> str:
    """A waybill number of the firm; bystanders have none, and some do not know it."""
    known = not template.category.startswith("safety-vehicle") and rng.random() > 0.06
    return f"QT{rng.randrange(10**10):010d}" if known else ""


class Callers:
    """Hands out customers: a few call again and again, firms speak in the business voice."""

    def __init__(self, seed: int) -> None:
        rng = dice(seed, "customers")
        self.private = private_customers(rng)
        self.firms = company_customers(rng)

    def one(self, rng: Random, template: Template) -> Customer:
        """Somebody who would speak like this."""
        if template.voice == "business" or template.role == "agent":
            return rng.choice(self.firms)
        if rng.random() < 0.12:
            return rng.choice(self.private[:14])
        return rng.choice(self.private)


def _templates(rng: Random) -> dict[str, Iterator[Template]]:
    """For each topic its templates in chance order, over and over."""
    by_topic: dict[str, list[Template]] = defaultdict(list)
    for template in TEMPLATES:
        by_topic[template.category.split("-")[0]].append(template)
    for group in by_topic.values():
        rng.shuffle(group)
    return {topic: cycle(group) for topic, group in by_topic.items()}


def _fitting_ending(ending: str, template: Template) -> str:
    """The ending, or an ordinary one when this template can't end like that."""
    fits = {
        "on_spot": not template.remedy and template.severity != "critical",
        "withdrawn": template.severity != "critical",
        "anonymous": template.voice != "business" and template.severity != "critical",
    }
    about_handling = template.category.startswith("handling")
    return ending if fits.get(ending, True) and not about_handling else "ordinary"


def _fitting_channel(channel: str, ending: str, template: Template) -> str:
    """The channel, or the one through which such a complaint would come."""
    if ending == "anonymous":
        return "form"
    if ending == "on_spot":
        return "counter" if channel in ("counter", "wechat", "form") else "phone"
    if template.category.startswith("handling") and channel in ("counter", "sms", "wecom"):
        return "p12345"
    if template.voice == "business" and channel in ("counter", "sms", "heimao"):
        return "wecom"
    return channel


def _draft(seed: int, place: int, template: Template, branch: str, channel: str,
           ending: str, callers: Callers) -> Draft:  # fmt: skip
    rng = dice(seed, "draft", place)
    ending = _fitting_ending(ending, template)
    if ending == "invalid":
        template = rng.choice(NOT_VALID)[0]
    channel = _fitting_channel(channel, ending, template)
    customer = callers.one(rng, template)
    order_no = "" if ending == "invalid" else order_number(rng, template)
    slots = slots_for(rng, template, branch, customer, order_no)
    return Draft(f"D{place:04d}", template, branch, channel, customer, order_no, slots, ending)


def _after_an_earlier_one(drafts: list[Draft], place: int, rng: Random) -> Draft:
    """A complaint about the handling follows an earlier complaint of the same customer."""
    draft = drafts[place]
    earlier = [
        d for d in drafts[max(0, place - 90) : max(0, place - 45)]
        if d.ending in ("ordinary", "dissatisfied") and not d.repeats
    ]  # fmt: skip
    if not draft.template.category.startswith("handling") or not earlier:
        return draft
    first = rng.choice(earlier)
    slots = slots_for(rng, draft.template, first.branch, first.customer, first.order_no)
    return replace(
        draft, branch=first.branch, customer=first.customer, order_no=first.order_no,
        slots=slots, repeats=first.key,
    )  # fmt: skip


def _with_lateness(seed: int, drafts: list[Draft]) -> list[Draft]:
    """Misses spread evenly over each branch's cases, as many as its profile says."""
    owed = {(b, c): dice(seed, "late", b, c).random() for b in PROFILES for c in CLOCKS}
    found = []
    for draft in drafts:
        late = set()
        for clock in CLOCKS:
            owed[draft.branch, clock] += 1 - PROFILES[draft.branch][1] / 100
            if owed[draft.branch, clock] >= 1:
                owed[draft.branch, clock] -= 1
                late.add(clock)
        found.append(replace(draft, late=frozenset(late)))
    return found


def drafts(seed: int, count: int, callers: Callers) -> list[Draft]:
    """`count` complaints, the oldest first; the same for the same seed whatever the time."""
    rng = dice(seed, "shares")
    templates = _templates(rng)
    branches = spread(rng, {code: weight for code, (weight, _) in PROFILES.items()}, count)
    shares = zip(
        branches,
        spread(rng, CHANNELS, count),
        spread(rng, TOPICS, count),
        spread(rng, ENDINGS, count),
        strict=True,
    )
    made = [
        _draft(seed, place, next(templates[topic]), branch, channel, ending, callers)
        for place, (branch, channel, topic, ending) in enumerate(shares, 1)
    ]
    for place in range(len(made)):
        made[place] = _after_an_earlier_one(made, place, rng)
    return _with_lateness(seed, made)
