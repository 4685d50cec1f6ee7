"""Three weeks of complaints up to now: drafts given times, staged cases among them."""

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from recovery.demo import replies
from recovery.demo.chance import dice
from recovery.demo.course import Course
from recovery.demo.customers import Customer
from recovery.demo.drafts import OUTSIDE, Callers, Draft, drafts, order_number, slots_for
from recovery.demo.firm import people_in
from recovery.demo.scenes import SCENES, Scene, received_at
from recovery.demo.script import Script
from recovery.demo.steps import Story
from recovery.demo.stories import NOT_VALID, TEMPLATES, Template

ZONE = ZoneInfo("Asia/Shanghai")
SPAN = timedelta(days=21)
COUNT = 400
_BY_CODE = {t.code: t for t in (*TEMPLATES, *(fate[0] for fate in NOT_VALID))}

#: How busy each hour of the day is, and each day of the week from Monday.
_HOURS = (1, 0.8, 0.5, 0.4, 0.4, 0.7, 1.5, 4, 9, 13, 14, 12,
          9, 10, 12, 12, 11, 9, 7, 6, 5, 4, 3, 2)  # fmt: skip
_WEEKDAYS = (1.15, 1.05, 1, 1, 1, 0.85, 0.75)
_REFERENCE = {"p12345": "12345 转办单", "p12315": "12315 登记编号", "heimao": "黑猫投诉编号"}


def plan(seed: int, now: datetime) -> list[Story]:
    """The firm's last 21 days as they look at `now`, oldest first, in the firm's time zone.

    The complaints depend on the seed alone; their times follow the clock, so a shift by whole
    weeks shifts the plan and changes nothing else. Raises ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    now = now.astimezone(ZONE)
    callers = Callers(seed)
    stories = [
        *_unstaged(seed, now, drafts(seed, COUNT - len(SCENES), callers)),
        *_staged(seed, now, callers),
    ]
    return sorted(stories, key=lambda story: (story.received_at, story.key))


def _arrivals(seed: int, now: datetime, count: int) -> list[datetime]:
    """`count` moments up to now, spread as busy hours and days are, in order."""
    start = now - SPAN
    slices = [start + timedelta(hours=hour) for hour in range(21 * 24)]
    busy = list(accumulate(_HOURS[at.hour] * _WEEKDAYS[at.weekday()] for at in slices))
    rng = dice(seed, "arrivals")
    found = []
    for place in range(count):
        wanted = busy[-1] * (place + rng.random()) / count
        index = bisect_right(busy, wanted)
        before = busy[index - 1] if index else 0.0
        part = (wanted - before) / (busy[index] - before)
        found.append((slices[index] + part * timedelta(hours=1)).replace(microsecond=0))
    return found


def _unstaged(seed: int, now: datetime, made: list[Draft]) -> list[Story]:
    times = _arrivals(seed, now, len(made))
    return [_told(seed, draft, at, now) for draft, at in zip(made, times, strict=True)]


def _told(seed: int, draft: Draft, received: datetime, now: datetime) -> Story:
    rng = dice(seed, "times", draft.key)
    by_night = received.hour < 8 or received.hour >= 20
    channel = "phone" if by_night and draft.channel == "counter" else draft.channel
    owner = _owner(rng, draft.branch, channel, by_night)
    entered = min(now, received + _entry_delay(rng, channel))
    words = dice(seed, "words", draft.key)
    story = _story(draft, channel, owner, received, entered, words)
    script = Script(story, draft.template, draft.slots, words)
    Course(draft, script, rng).run()
    return _ended(story, script, now)


def _owner(rng: Random, branch: str, channel: str, by_night: bool) -> str:
    """The call centre by night and for what comes from outside; else mostly the branch."""
    at_headquarters = {"counter": 0.0, "phone": 0.4, **dict.fromkeys(OUTSIDE, 1.0)}
    central = by_night or rng.random() < at_headquarters.get(channel, 0.3)
    return rng.choice(people_in("HQ" if central else branch, "frontline")).username


def _entry_delay(rng: Random, channel: str) -> timedelta:
    """Calls are typed in at once; what is read later is typed in later, some of it much later."""
    if channel == "phone":
        return timedelta(seconds=rng.randint(60, 300))
    if rng.random() < 0.1:
        return timedelta(minutes=rng.randint(50, 170))
    return timedelta(seconds=rng.randint(90, 1500))


def _staged(seed: int, now: datetime, callers: Callers) -> list[Story]:
    """The staged cases; one that repeats another comes after it in `SCENES`."""
    found: list[Story] = []
    for place, scene in enumerate(SCENES, 1):
        earlier = next((s for s in found if s.scene == scene.repeats), None)
        draft = _scene_draft(seed, place, scene, callers, earlier)
        received = received_at(scene, now).replace(microsecond=0)
        words = dice(seed, "words", draft.key)
        entered = received + timedelta(minutes=2)
        story = _story(draft, scene.channel, scene.owner, received, entered, words)
        script = Script(story, draft.template, draft.slots, words)
        _play(scene, draft.template, script)
        found.append(_ended(story, script, now))
    return found


def _scene_draft(
    seed: int, place: int, scene: Scene, callers: Callers, earlier: Story | None
) -> Draft:
    rng = dice(seed, "scene", place)
    template = _BY_CODE[scene.template]
    customer = callers.one(rng, template)
    order_no = order_number(rng, template)
    if earlier:
        order_no = earlier.order_no
        customer = Customer(earlier.name, earlier.phone, earlier.company)
    slots = slots_for(rng, template, scene.branch, customer, order_no)
    ending = "anonymous" if scene.anonymous else "on_spot" if scene.settled_on_spot else ""
    return Draft(
        f"S{place:04d}", template, scene.branch, scene.channel, customer, order_no, slots,
        ending, repeats=earlier.key if earlier else "", scene=scene.name,
    )  # fmt: skip


def _play(scene: Scene, template: Template, script: Script) -> None:
    """Every move of the scene; sorting out takes its ground from the template."""
    grounds = {fate[0].code: fate[1:] for fate in NOT_VALID}
    for verb, hours, *more in scene.moves:
        words = grounds[template.code] if verb == "invalidate" else more
        getattr(script, verb)(hours, *words)


def _story(
    draft: Draft, channel: str, owner: str, received: datetime, entered: datetime, words: Random
) -> Story:
    """The case as registered, before anything follows."""
    unnamed = draft.ending == "anonymous"
    settled = draft.ending == "on_spot"
    template = draft.template
    return Story(
        key=draft.key,
        scene=draft.scene,
        channel=channel,
        received_at=received,
        entered_at=entered,
        owner=owner,
        branch=draft.branch,
        category=template.category,
        severity=template.severity,
        anonymous=unnamed,
        name="" if unnamed else draft.customer.name,
        phone="" if unnamed else draft.customer.phone,
        company="" if unnamed else draft.customer.company,
        role=template.role,
        order_no=draft.order_no,
        text=_text(draft, channel, unnamed),
        remedy_sought=template.seeks.format_map(draft.slots),
        settled_on_spot=settled,
        settlement=words.choice(replies.ON_THE_SPOT) if settled else "",
        repeats=draft.repeats,
        template=template.code,
    )


def _text(draft: Draft, channel: str, unnamed: bool) -> str:
    """What was said, with the firm that writes and the reference of an outside office."""
    said = draft.template.text.format_map(draft.slots)
    if draft.customer.company and not unnamed:
        said = f"【{draft.customer.company}】{said}"
    reference = _REFERENCE.get(channel)
    return f"{said}（{reference} {draft.key}）" if reference else said


def _ended(story: Story, script: Script, now: datetime) -> Story:
    return replace(story, steps=script.finished(now))
