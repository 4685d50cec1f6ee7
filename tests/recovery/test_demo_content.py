"""The invented firm and its three weeks: complete, consistent, and the same from the same seed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from recovery.demo import replies
from recovery.demo.categories import CATEGORIES, LEAVES, TOPS
from recovery.demo.drafts import CHANNELS, CLOCKS
from recovery.demo.firm import (
    BRANCHES,
    COMPENSATION_LIMITS,
    PEOPLE,
    SIGN_INS,
    branch_of,
    parent_of,
    people_in,
)
from recovery.demo.plan import COUNT, SPAN, ZONE, plan
from recovery.demo.playbook import ENTRIES
from recovery.demo.scenes import SCENES
from recovery.demo.sheets import SHEETS, SheetText, sheets_for
from recovery.demo.steps import (
    Accept,
    Acknowledge,
    Apology,
    Callback,
    Close,
    Contact,
    Invalid,
    Progress,
    Remedy,
    RemedyApproved,
    RemedyDelivered,
    Reopen,
    Result,
    Rule,
    SheetReturned,
    SheetSubmitted,
    SheetVerified,
    Step,
    Story,
    Withdraw,
    is_open,
)
from recovery.demo.stories import NOT_VALID, TEMPLATES

SEED = 1
AFTERNOON = datetime(2026, 3, 11, 15, 30, tzinfo=ZONE)
JUST_AFTER_MIDNIGHT = datetime(2026, 3, 12, 0, 5, tzinfo=ZONE)
MONDAY_MORNING = datetime(2026, 3, 16, 8, 10, tzinfo=ZONE)
LATE_EVENING = datetime(2026, 12, 31, 23, 50, tzinfo=ZONE)
SUNDAY_NIGHT = datetime(2026, 5, 3, 3, 20, tzinfo=ZONE)
MOMENTS = (AFTERNOON, JUST_AFTER_MIDNIGHT, MONDAY_MORNING, LATE_EVENING, SUNDAY_NIGHT)

BRANCH_CODES = {branch.code for branch in BRANCHES if branch.kind == "branch"}
ROLE_OF = {person.username: person.role for person in PEOPLE}
DUE = dict(zip(CLOCKS, (1, 24, 48, 72), strict=True))
EVIDENCE = {"apology": Apology, "result": Result, "sheet": SheetSubmitted, "callback": Callback}

at_any_moment = pytest.mark.parametrize("now", MOMENTS, ids=lambda now: f"{now:%a %H:%M}")


@cache
def told(now: datetime, seed: int = SEED) -> tuple[Story, ...]:
    return tuple(plan(seed, now))


def of(kind: Any, story: Story) -> list[Any]:
    return [step for step in story.steps if isinstance(step, kind)]


def scenes(now: datetime, name: str) -> list[Story]:
    found = [story for story in told(now) if story.scene == name]
    assert found, name
    return found


def words_in(value: Any) -> Iterator[str]:
    """Every string in a story, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from words_in(item)
    elif isinstance(value, Story | Step | SheetText):
        for part in fields(value):
            yield from words_in(getattr(value, part.name))


def shifted(story: Story, by: timedelta) -> Story:
    steps = tuple(
        replace(step, **{
            part.name: getattr(step, part.name) + by
            for part in fields(step)
            if isinstance(getattr(step, part.name), date)
        })
        for step in story.steps
    )  # fmt: skip
    times = {"received_at": story.received_at + by, "entered_at": story.entered_at + by}
    return replace(story, steps=steps, **times)


def on_time(story: Story, clock: str, now: datetime) -> bool | None:
    """Whether the first round met this clock; None while it runs or where it does not apply."""
    due = story.received_at + timedelta(hours=DUE[clock])
    if clock in ("apology", "result") and story.settled_on_spot:
        return True
    times = [
        step.occurred_at if isinstance(step, Contact) else step.at
        for step in of(EVIDENCE[clock], story)
        if getattr(step, "reached", True)
    ]
    ended = [step.at for step in of((Invalid, Withdraw), story)]
    if (story.anonymous and clock != "sheet") or (not times and ended and ended[0] <= due):
        return None
    return times[0] <= due if times else (False if now > due else None)


# The firm


def test_the_firm_has_a_headquarters_four_regions_and_fourteen_branches() -> None:
    assert Counter(b.kind for b in BRANCHES) == {"headquarters": 1, "region": 4, "branch": 14}
    codes = {branch.code for branch in BRANCHES}
    assert len(codes) == len({branch.name for branch in BRANCHES}) == 19
    kinds = {branch.code: branch.kind for branch in BRANCHES}
    for branch in BRANCHES[1:]:
        assert kinds[branch.parent] == ("headquarters" if branch.kind == "region" else "region")
    assert all(branch.weekly_orders > 0 for branch in BRANCHES if branch.code in BRANCH_CODES)


def test_every_branch_has_one_supervisor_and_somebody_at_the_front_line() -> None:
    for code in BRANCH_CODES:
        assert len(people_in(code, "supervisor")) == 1
        assert people_in(code, "frontline")
    for branch in BRANCHES:
        if branch.kind == "region":
            assert len(people_in(branch.code, "supervisor")) == 1


def test_headquarters_and_the_regions_have_their_posts_filled() -> None:
    posts = Counter(person.role for person in PEOPLE if person.branch == "HQ")
    assert posts == {
        "quality": 2, "director": 1, "gm": 1, "admin": 1, "frontline": 2, "supervisor": 1
    }  # fmt: skip
    assert any(p.role == "quality" and parent_of(p.branch) == "HQ" for p in PEOPLE)


def test_people_can_be_told_apart_and_reached_by_nobody() -> None:
    for part in ("username", "name", "phone", "email"):
        assert len({getattr(person, part) for person in PEOPLE}) == len(PEOPLE)
    assert all(len(p.phone) == 11 and p.phone.startswith("100") for p in PEOPLE)
    assert all(p.email.endswith("@example.com") for p in PEOPLE)
    assert {p.branch for p in PEOPLE} == {b.code for b in BRANCHES}


def test_there_is_one_sign_in_for_every_role() -> None:
    assert {role: ROLE_OF[username] for role, username in SIGN_INS.items()} == {
        role: role for role in ROLE_OF.values()
    }


# Categories, playbook, stories, sheets


def test_the_tree_has_two_levels_and_every_leaf_a_severity_and_keywords() -> None:
    assert len({category.code for category in CATEGORIES}) == len(CATEGORIES)
    assert len(TOPS) == 8
    for top in TOPS:
        assert 3 <= sum(leaf.parent == top.code for leaf in LEAVES) <= 6
    for category in CATEGORIES:
        assert category.severity in ("minor", "major", "critical")
        assert category.keywords
        assert all(0 < len(word) <= 30 for word in category.keywords)


def test_the_playbook_answers_every_leaf_category() -> None:
    assert len(ENTRIES) >= 24
    assert len({entry.code for entry in ENTRIES}) == len(ENTRIES)
    answered = {code for entry in ENTRIES for code in entry.categories}
    assert answered == {leaf.code for leaf in LEAVES}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_a_playbook_entry_says_what_to_say_do_offer_and_whom_to_tell(entry: Any) -> None:
    assert entry.title
    assert entry.severity in ("minor", "major", "critical")
    assert len(entry.say) >= 2
    assert len(entry.do) >= 3
    assert entry.steps.startswith("1. ")
    assert entry.offer
    assert entry.report_to
    assert all(sentence[-1] in "。？！" for sentence in (*entry.say, *entry.do))


def test_there_are_seventy_stories_and_more_in_four_voices_for_every_leaf() -> None:
    assert len(TEMPLATES) >= 70
    assert len({template.text for template in TEMPLATES}) == len(TEMPLATES)
    every = [*TEMPLATES, *(template for template, _, _ in NOT_VALID)]
    assert len({template.code for template in every}) == len(every)
    assert {template.category for template in TEMPLATES} == {leaf.code for leaf in LEAVES}
    voices = Counter(template.voice for template in TEMPLATES)
    assert set(voices) == {"angry", "terse", "long", "business"}
    assert min(voices.values()) >= 12
    assert {template.role for template in TEMPLATES} == {
        "customer", "sender", "receiver", "family", "agent"
    }  # fmt: skip


def test_what_a_story_gives_is_what_its_result_says() -> None:
    for template in TEMPLATES:
        low, high = template.pay
        assert 0 <= low <= high <= COMPENSATION_LIMITS["director"]
        assert template.remedy in {"", *replies.REMEDIES}
        assert ("{pay}" in template.result) <= (template.remedy != ""), template.code
        assert (high > 0) == (template.remedy not in ("", "apology_letter")), template.code


def test_every_leaf_category_has_a_sheet_and_a_basis_for_the_ruling() -> None:
    assert len(SHEETS) >= 25
    for leaf in LEAVES:
        assert sheets_for(leaf.code)
        assert leaf.code in replies.BASES
    assert set(replies.APOLOGIES) == {top.code for top in TOPS}
    assert set(replies.PROOFS) == set(replies.REMEDIES)


# The plan as a whole


def test_the_same_seed_tells_the_same_stories_and_another_seed_others() -> None:
    assert plan(SEED, AFTERNOON) == list(told(AFTERNOON))
    assert [s.text for s in told(AFTERNOON, 2)] != [s.text for s in told(AFTERNOON)]


@pytest.mark.parametrize("weeks", [1, 9, -30])
def test_a_shift_by_whole_weeks_shifts_every_story_and_changes_nothing_else(weeks: int) -> None:
    by = timedelta(weeks=weeks)
    assert plan(SEED, AFTERNOON + by) == [shifted(story, by) for story in told(AFTERNOON)]


def test_what_is_complained_of_does_not_depend_on_the_time() -> None:
    def complaints(now: datetime) -> dict[str, tuple[str, ...]]:
        return {
            s.key: (s.template, s.branch, s.name, s.phone, s.order_no, s.remedy_sought)
            for s in told(now)
        }

    assert complaints(AFTERNOON) == complaints(JUST_AFTER_MIDNIGHT) == complaints(MONDAY_MORNING)


def test_the_zone_in_which_now_is_given_does_not_matter() -> None:
    from_utc = plan(SEED, AFTERNOON.astimezone(tz=None))
    assert from_utc == list(told(AFTERNOON))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        plan(SEED, datetime(2026, 3, 11, 15, 30))


@at_any_moment
def test_four_hundred_complaints_lie_in_the_past_three_weeks(now: datetime) -> None:
    stories = told(now)
    assert len(stories) == len({story.key for story in stories}) == COUNT == 400
    received = [story.received_at for story in stories]
    assert received == sorted(received)
    assert now - SPAN <= received[0]
    assert received[-1] <= now
    days = Counter(at.date() for at in received)
    assert len(days) in (21, 22)


@at_any_moment
def test_nothing_lies_in_the_future(now: datetime) -> None:
    for story in told(now):
        times = [story.received_at, story.entered_at, *(step.at for step in story.steps)]
        assert max(times) <= now


@pytest.mark.parametrize("seed", range(4))
@at_any_moment
def test_between_forty_and_seventy_cases_are_open(now: datetime, seed: int) -> None:
    assert 40 <= sum(map(is_open, told(now, seed))) <= 70


@at_any_moment
def test_more_complaints_come_by_day_than_by_night(now: datetime) -> None:
    hours = Counter(story.received_at.hour for story in told(now) if not story.scene)
    by_day = sum(hours[hour] for hour in range(8, 20))
    assert by_day > 3 * (hours.total() - by_day)


@at_any_moment
def test_channels_branches_and_severities_have_their_uneven_shares(now: datetime) -> None:
    stories = told(now)
    channels = Counter(story.channel for story in stories)
    assert set(channels) == set(CHANNELS)
    assert channels.most_common(1)[0][0] == "phone"
    branches = Counter(story.branch for story in stories)
    assert set(branches) == BRANCH_CODES
    assert max(branches.values()) > 2.5 * min(branches.values())
    severities = Counter(story.severity for story in stories)
    assert severities["minor"] > 100 < severities["major"]
    assert 16 <= severities["critical"] <= 48


@pytest.mark.parametrize("clock", CLOCKS)
@at_any_moment
def test_most_is_on_time_and_the_branches_differ(now: datetime, clock: str) -> None:
    met: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    for story in told(now):
        outcome = on_time(story, clock, now)
        if outcome is not None:
            decided[story.branch] += 1
            met[story.branch] += outcome
    assert 0.85 <= met.total() / decided.total() <= 0.97
    rates = {branch: met[branch] / decided[branch] for branch in decided}
    assert min(rates.values()) >= 0.6
    assert max(rates.values()) - min(rates.values()) > 0.08


@at_any_moment
def test_every_slot_is_filled_and_the_texts_have_a_speakable_length(now: datetime) -> None:
    for story in told(now):
        assert not any(brace in text for text in words_in(story) for brace in "{}")
        assert 40 <= len(story.text) <= 280, story.text
        for step in of(SheetSubmitted, story):
            assert len(step.sheet.title) <= 120
            assert all(words_in(step.sheet))


def test_some_customers_call_again_and_some_come_back_about_the_same_matter() -> None:
    stories = {story.key: story for story in told(AFTERNOON)}
    calls = Counter(story.phone for story in stories.values() if story.phone)
    assert sum(count > 1 for count in calls.values()) >= 40
    names = {story.phone: set[str]() for story in stories.values() if story.phone}
    for story in stories.values():
        if story.phone:
            names[story.phone].add(story.name)
    assert any(len(sharing) > 1 for sharing in names.values())
    repeats = [story for story in stories.values() if story.repeats]
    assert len(repeats) >= 8
    for story in repeats:
        first = stories[story.repeats]
        assert first.received_at < story.received_at
        assert (first.phone, first.order_no) == (story.phone, story.order_no)
        assert first.branch == story.branch


# Who and what the stories refer to


@at_any_moment
def test_every_reference_leads_somewhere(now: datetime) -> None:
    leaves = {leaf.code for leaf in LEAVES}
    for story in told(now):
        assert story.category in leaves
        assert story.branch in BRANCH_CODES
        assert ROLE_OF[story.owner] == "frontline"
        assert branch_of(story.owner) in (story.branch, "HQ")
        assert story.role in ("customer", "sender", "receiver", "family", "agent")
        assert story.anonymous == (not story.name and not story.phone)
        assert story.settled_on_spot == bool(story.settlement)
        assert all(step.by in ROLE_OF for step in story.steps)
        for step in of(Contact, story):
            assert step.means in ("phone", "wechat", "sms", "mail", "visit")


@at_any_moment
def test_everybody_acts_within_their_part(now: datetime) -> None:
    for story in told(now):
        rectifiers = {step.rectifier for step in of(Rule, story)}
        for step in of((Accept, Invalid, Rule, Callback, SheetReturned, SheetVerified), story):
            assert ROLE_OF[step.by] == "quality"
            assert branch_of(step.by) in ("HQ", parent_of(branch_of(story.owner)))
        for step in of(Rule, story):
            assert step.branch == story.branch == branch_of(step.rectifier)
        for step in of(SheetSubmitted, story):
            assert step.by in rectifiers
        for step in of(Contact, story):
            assert step.by in {story.owner} | rectifiers
        for step in of(Callback, story):
            assert branch_of(step.by) == "HQ"
            assert step.by not in {contact.by for contact in of(Contact, story)}


@at_any_moment
def test_a_compensation_beyond_the_limit_is_granted_by_somebody_who_may(now: datetime) -> None:
    for story in told(now):
        rectifiers = {step.rectifier for step in of(Rule, story)}
        for remedy in of(Remedy, story):
            limit = COMPENSATION_LIMITS[ROLE_OF[remedy.by]]
            assert remedy.needs_approval == (remedy.amount > limit)
            for granted in of(RemedyApproved, story):
                assert remedy.needs_approval
                assert remedy.at < granted.at
                assert granted.by not in {story.owner, remedy.by} | rectifiers
                assert remedy.amount <= COMPENSATION_LIMITS[ROLE_OF[granted.by]]
            for delivered in of(RemedyDelivered, story):
                assert max(s.at for s in of((Remedy, RemedyApproved), story)) < delivered.at


# The order of things


class Case:
    """Plays a story by the rules of the desk and complains of the first step out of turn."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.at = story.entered_at
        self.status = "triage"
        self.told = story.settled_on_spot
        self.ruled = False
        self.sheet = ""
        self.remedy = ""

    def play(self) -> None:
        for step in self.story.steps:
            assert self.at <= step.at, (self.story.key, step)
            self.at = step.at
            assert self.takes(step), (self.story.key, self.status, step)

    def takes(self, step: Step) -> bool:
        """Whether the step is in turn; what follows from it is then so."""
        kind = type(step)
        if isinstance(step, Contact):
            return self.spoke(step)
        if kind in (SheetSubmitted, SheetReturned, SheetVerified):
            return self.wrote(step)
        if kind in (Remedy, RemedyApproved, RemedyDelivered):
            return self.gave(step)
        if isinstance(step, Callback):
            return self.is_valid and self.called_back(step)
        return {
            Accept: self.accepted, Rule: self.was_ruled, Invalid: self.left, Withdraw: self.left,
            Reopen: self.came_back, Close: self.closed, Acknowledge: lambda: True,
        }[kind]()  # fmt: skip

    @property
    def is_running(self) -> bool:
        return self.status in ("triage", "handling", "answered")

    @property
    def is_valid(self) -> bool:
        return self.status in ("handling", "answered")

    def spoke(self, step: Contact) -> bool:
        is_told = isinstance(step, Result) and step.reached
        self.told = self.told or is_told
        if is_told and self.status == "handling":
            self.status = "answered"
        return self.is_running and self.story.received_at <= step.occurred_at <= step.at

    def wrote(self, step: Step) -> bool:
        if isinstance(step, SheetSubmitted):
            turn = self.ruled and self.sheet in ("", "returned")
            self.sheet = "submitted"
            return turn and step.committed_on > step.at.date()
        turn = self.sheet == "submitted"
        self.sheet = "returned" if isinstance(step, SheetReturned) else "verified"
        return turn

    def gave(self, step: Step) -> bool:
        if isinstance(step, Remedy):
            turn, self.remedy = self.is_running and not self.remedy, "offered"
            return turn
        turn = self.remedy == "offered"
        self.remedy = "delivered" if isinstance(step, RemedyDelivered) else self.remedy
        return turn

    def accepted(self) -> bool:
        turn, self.status = self.status == "triage", "answered" if self.told else "handling"
        return turn

    def was_ruled(self) -> bool:
        turn, self.ruled = self.is_valid and not self.ruled, True
        return turn

    def left(self) -> bool:
        turn, self.status = self.is_running, "over"
        return turn

    def came_back(self) -> bool:
        turn = self.status == "closed"
        self.start_over()
        return turn

    def closed(self) -> bool:
        turn, self.status = self.story.anonymous and self.is_valid, "closed"
        return turn

    def called_back(self, step: Callback) -> bool:
        answers = (step.satisfied, step.solved, step.score)
        if not step.reached:
            return answers == (None, None, None)
        turn = self.told and None not in answers
        if step.satisfied:
            self.status = "closed"
        else:
            self.start_over()
        return turn

    def start_over(self) -> None:
        self.status, self.told, self.sheet = "handling", False, ""


@pytest.mark.parametrize("seed", range(3))
@at_any_moment
def test_no_step_comes_before_the_one_it_needs(now: datetime, seed: int) -> None:
    for story in told(now, seed):
        assert story.received_at <= story.entered_at < story.received_at + timedelta(hours=72)
        case = Case(story)
        case.play()
        assert is_open(story) == (case.status in ("triage", "handling", "answered"))


@at_any_moment
def test_a_breach_is_acknowledged_only_after_it_happened(now: datetime) -> None:
    for story in told(now):
        for step in of(Acknowledge, story):
            due = story.received_at + timedelta(hours=DUE[step.clock])
            assert step.at > due or story.severity == "critical"


# Every stage


@at_any_moment
def test_every_kind_of_step_has_happened(now: datetime) -> None:
    kinds = {type(step) for story in told(now) for step in story.steps}
    assert kinds == {
        Apology, Progress, Result, Accept, Invalid, Rule, Acknowledge, Remedy, RemedyApproved,
        RemedyDelivered, SheetSubmitted, SheetReturned, SheetVerified, Callback, Reopen, Withdraw,
        Close,
    }  # fmt: skip


@at_any_moment
def test_every_scene_is_on_stage(now: datetime) -> None:
    staged = Counter(story.scene for story in told(now) if story.scene)
    assert staged == Counter(scene.name for scene in SCENES)


@at_any_moment
def test_some_have_just_come_in_and_nobody_has_touched_them(now: datetime) -> None:
    fresh = [s for s in told(now) if not s.steps and now - s.received_at <= timedelta(minutes=40)]
    assert len(fresh) >= 4


@at_any_moment
@pytest.mark.parametrize(
    ("scene", "clock", "soonest", "latest"),
    [
        ("apology_soon_due", "apology", 0, 0.25),
        ("result_soon_due", "result", 0, 4),
        ("sheet_soon_due", "sheet", 0, 4),
        ("callback_due_today", "callback", 0, 3),
        ("callback_not_reached", "callback", 0, 6),
        ("apology_breached", "apology", -2, 0),
        ("apology_breached_acknowledged", "apology", -2, 0),
        ("result_breached", "result", -4, 0),
        ("result_breached_acknowledged", "result", -4, 0),
        ("sheet_overdue", "sheet", -6, 0),
        ("sheet_overdue_acknowledged", "sheet", -6, 0),
        ("callback_breached", "callback", -6, 0),
    ],
)
def test_a_staged_clock_runs_and_is_due_so_many_hours_from_now(
    now: datetime, scene: str, clock: str, soonest: float, latest: float
) -> None:
    for story in scenes(now, scene):
        due = story.received_at + timedelta(hours=DUE[clock])
        assert timedelta(hours=soonest) <= due - now <= timedelta(hours=latest)
        assert not [s for s in of(EVIDENCE[clock], story) if getattr(s, "reached", True)]
        assert is_open(story)
        seen = {step.clock for step in of(Acknowledge, story)}
        assert (clock in seen) == scene.endswith("acknowledged")


@at_any_moment
def test_a_callback_is_due_before_today_ends(now: datetime) -> None:
    (story,) = scenes(now, "callback_due_today")
    due = story.received_at + timedelta(hours=72)
    assert due > now
    assert due.date() == now.date()


@at_any_moment
@pytest.mark.parametrize("clock", ["apology", "result"])
def test_the_late_answers_are_late(now: datetime, clock: str) -> None:
    (story,) = scenes(now, f"{clock}_late")
    assert on_time(story, clock, now) is False
    assert of(EVIDENCE[clock], story)


@at_any_moment
def test_a_compensation_above_the_limit_awaits_approval(now: datetime) -> None:
    for name in ("remedy_awaiting_approval", "severe_remedy_awaiting_approval"):
        (story,) = scenes(now, name)
        (remedy,) = of(Remedy, story)
        assert remedy.needs_approval
        assert not of((RemedyApproved, RemedyDelivered), story)
        assert is_open(story)
    assert story.severity == "critical"


@at_any_moment
def test_a_dissatisfied_customer_has_a_second_round(now: datetime) -> None:
    (answered,) = scenes(now, "second_round")
    (owed,) = scenes(now, "second_round_apology_owed")
    for story in (answered, owed):
        (called,) = of(Callback, story)
        assert called.satisfied is False
        assert is_open(story)
    assert isinstance(answered.steps[-1], Progress)
    assert isinstance(owed.steps[-1], Callback)
    finished = [
        s
        for s in told(now)
        if not is_open(s) and len([c for c in of(Callback, s) if c.reached]) > 1
    ]
    assert len(finished) >= 10


@at_any_moment
def test_the_remaining_exits_and_oddities_are_there(now: datetime) -> None:
    assert of(Invalid, scenes(now, "invalid")[0])
    assert of(Withdraw, scenes(now, "withdrawn")[0])
    assert isinstance(scenes(now, "sheet_returned")[0].steps[-1], SheetReturned)
    assert scenes(now, "anonymous")[0].anonymous
    assert scenes(now, "settled_on_spot")[0].settled_on_spot
    assert scenes(now, "severe_just_in")[0].severity == "critical"
    assert not of((Accept, Rule), scenes(now, "waiting_for_triage")[0])
    satisfied = scenes(now, "closed_satisfied")[0]
    assert not is_open(satisfied)
    assert of(SheetVerified, satisfied)


@at_any_moment
def test_the_signed_in_front_line_has_something_on_the_desk(now: datetime) -> None:
    mine = [s for s in told(now) if s.owner == SIGN_INS["frontline"] and is_open(s)]
    assert len(mine) >= 6
    assert branch_of(SIGN_INS["supervisor"]) == branch_of(SIGN_INS["frontline"])


def test_some_are_typed_in_late_and_some_talks_too() -> None:
    stories = told(AFTERNOON)
    assert any(s.entered_at - s.received_at > timedelta(hours=1) for s in stories)
    delays = [c.at - c.occurred_at for s in stories for c in of(Contact, s)]
    assert sum(delay > timedelta(minutes=30) for delay in delays) >= 10
