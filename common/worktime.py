"""Working time, without a database: opening hours in a zone, and arithmetic along them.

Times are aware; answers are in UTC. Windows are half-open: at closing time it is closed. A
deadline that falls exactly on closing time is closing time, not the next opening.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import islice, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

#: Opening and closing in minutes of the day; 1440 is midnight at the day's end.
Window = tuple[int, int]
Windows = tuple[Window, ...]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


class BadHours(ValueError):
    """Words that are no hours; `code` is stable, `words` are the ones at fault."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{_SENTENCES[code]}: {words}")
        self.code = code
        self.words = words


_SENTENCES = {
    "day.unknown": "no such day of the week",
    "window.missing": "days without hours",
    "window.form": "hours are written like 09:00-18:00",
    "window.time": "no such time of the day",
    "window.backwards": "closing must come after opening",
    "window.overlap": "hours of one day overlap",
    "zone.unknown": "no such time zone",
}


class NeverOpen(Exception):
    """These hours never open again, so there is no answer."""


@dataclass(frozen=True)
class Hours:
    """When it is open: the week (Monday first); dates on which other windows hold instead
    (`shifts`; none is a holiday); and what is cut out of the windows of a date (`breaks`)."""

    zone: str
    week: tuple[Windows, ...]
    shifts: Mapping[date, Windows] = field(default_factory=dict)
    breaks: Mapping[date, Windows] = field(default_factory=dict)


# Arithmetic


def add(hours: Hours, start: datetime, span: timedelta) -> datetime:
    """The earliest moment by which `span` of working time has passed since `start`; for no span
    at all, the next moment that is open. Raises NeverOpen."""
    if span < timedelta(0):
        raise ValueError("working time is only added forwards")
    left = span
    stretches = _stretches(hours, start, whole=lambda week: week.worked < left)
    for stretch in stretches:
        if left <= stretch.worked:
            return stretch.begins + left
        left -= stretch.worked
    raise NeverOpen


def between(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """The working time from `start` to `end`; none when `end` is not after it."""
    total = timedelta(0)
    if start < end:
        for stretch in _stretches(hours, start, whole=lambda week: week.ends <= end):
            if stretch.begins >= end:
                break
            total += stretch.worked if stretch.ends <= end else end - stretch.begins
    return total


def is_working(hours: Hours, at: datetime) -> bool:
    """Whether it is open at this moment."""
    first = next(_stretches(hours, at, whole=lambda week: False), None)
    return first is not None and first.begins == at


def opening(hours: Hours, at: datetime) -> datetime:
    """`at` itself when it is open, else the next opening. Raises NeverOpen."""
    return add(hours, at, timedelta(0))


def add_days(hours: Hours, start: datetime, days: int) -> datetime:
    """The same time of the day, `days` business days later: counted from the opening at or after
    `start`, and carried on to an opening when it is closed then. Raises NeverOpen."""
    if days < 0:
        raise ValueError("business days are only added forwards")
    first = opening(hours, start)
    if days == 0:
        return first
    local = first.astimezone(zone(hours.zone))
    open_days = filter(partial(windows_on, hours), _days(hours, local.date() + _DAY))
    day = next(islice(open_days, days - 1, None), None)
    if day is None:
        raise NeverOpen
    return opening(hours, to_utc(hours.zone, day, local.time()))


def to_utc(name: str, day: date, of_day: int | time) -> datetime:
    """A local time (or minutes of the day, 1440 included) in UTC. One in a skipped hour means one
    hour later, one in a doubled hour its first occurrence."""
    if isinstance(of_day, int):
        local = datetime.combine(day, time.min) + timedelta(minutes=of_day)
    else:
        local = datetime.combine(day, of_day)
    return local.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises BadHours `zone.unknown`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadHours("zone.unknown", name) from error


def windows_on(hours: Hours, day: date) -> Windows:
    """The windows of one date: its shift or its weekday's, without its breaks."""
    windows = hours.shifts.get(day, hours.week[day.weekday()])
    for shut in hours.breaks.get(day, ()):
        windows = tuple(part for window in windows for part in _cut(window, shut))
    return windows


def _cut(window: Window, shut: Window) -> Iterator[Window]:
    (opens, closes), (begins, ends) = window, shut
    for part in ((opens, min(closes, begins)), (max(opens, ends), closes)):
        if part[0] < part[1]:
            yield part


class _Stretch(NamedTuple):
    """One open window, or a whole week of them; `worked` is how much of it is open."""

    begins: datetime
    ends: datetime
    worked: timedelta


def _stretches(
    hours: Hours, at: datetime, *, whole: Callable[[_Stretch], bool]
) -> Iterator[_Stretch]:
    """What is open after `at`, in order and apart; a window that is running begins at `at`. Weeks
    like any other that lie ahead come in one piece where `whole` says so, else by their windows.
    """
    reached = at.astimezone(UTC)
    usual = timedelta(minutes=sum(closes - opens for day in hours.week for opens, closes in day))
    # The day before counts too: its 24:00 may be 01:00 of this one.
    days = _days(hours, at.astimezone(zone(hours.zone)).date() - _DAY)
    for day in days:
        week = _Stretch(_midnight(hours, day), _midnight(hours, day + _WEEK), usual)
        if reached <= week.begins and whole(week) and _is_usual(hours, day):
            yield week
            reached = week.ends
            next(islice(days, 5, None), None)
            continue
        for opens, closes in _spans(hours, day):
            if max(opens, reached) < closes:
                opens = max(opens, reached)
                yield _Stretch(opens, closes, closes - opens)
                reached = closes


def _midnight(hours: Hours, day: date) -> datetime:
    return to_utc(hours.zone, day, 0)


def _is_usual(hours: Hours, day: date) -> bool:
    """Whether the week that begins on this date holds no shift, no break and no change of clocks;
    one of the day before may still move its last window into it."""
    dates = [day + step * _DAY for step in range(7)]
    there = zone(hours.zone)
    first, last = (
        datetime.combine(edge, time.min, there).utcoffset() for edge in (day - _DAY, day + _WEEK)
    )
    return (
        first == last
        and hours.shifts.keys().isdisjoint(dates)
        and hours.breaks.keys().isdisjoint(dates)
    )


def _spans(hours: Hours, day: date) -> list[tuple[datetime, datetime]]:
    """The windows of one date in UTC and in order. Where the clock skips an hour they can overlap,
    change places or end before they begin."""
    return sorted(
        (to_utc(hours.zone, day, opens), to_utc(hours.zone, day, closes))
        for opens, closes in windows_on(hours, day)
    )


def _days(hours: Hours, first: date) -> Iterator[date]:
    """The dates from here to the end of the calendar, or to the last shift when the week itself
    is never open."""
    last = date.max - 2 * _WEEK if any(hours.week) else max(hours.shifts, default=date.min)
    while first <= last:
        yield first
        first += _DAY


# The text that people type

_CHINESE = {
    "每天": "mon-sun", "每日": "mon-sun", "每": "", "星期": "", "礼拜": "", "周": "",
    "一": "mon", "二": "tue", "三": "wed", "四": "thu", "五": "fri", "六": "sat", "日": "sun",
    "天": "sun", "至": "-", "到": "-", "~": "-", "–": "-", "—": "-", "、": ",", "。": ";",
}  # fmt: skip
_PART = re.compile(r"(?P<days>[^\d]*)(?P<windows>.*)", re.DOTALL)
_WINDOW = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")


def parse_week(text: str) -> tuple[Windows, ...]:
    """The week of `mon-fri 09:00-12:00 13:30-18:00; sat 10:00-14:00` (also 周一至周五, and
    full-width signs); a day that is not named is closed. Raises BadHours."""
    week: list[list[Window]] = [[] for _ in DAYS]
    for part in filter(None, map(str.strip, re.split(r"[;\n]", _plain(text)))):
        said = _PART.fullmatch(part)
        days, words = (said["days"], said["windows"]) if said else ("", part)
        if not words:
            raise BadHours("window.missing", part)
        for day in parse_days(days):
            week[day].extend(parse_windows(words))
    return tuple(_in_order(windows) for windows in week)


def parse_days(text: str) -> list[int]:
    """The weekdays (Monday is 0) of `mon,wed-fri`. Raises BadHours `day.unknown`."""
    days: dict[int, None] = {}
    for words in re.sub(r"\s*-\s*", "-", _plain(text).strip()).replace(",", " ").split() or [""]:
        first, dash, last = words.partition("-")
        begin, end = _weekday(first), _weekday(last if dash else first)
        days.update(dict.fromkeys((begin + step) % 7 for step in range((end - begin) % 7 + 1)))
    return list(days)


def parse_windows(text: str) -> Windows:
    """The windows of one day, `09:00-12:00 13:30-18:00`; none when it is empty. Raises BadHours."""
    plain = re.sub(r"\s*-\s*", "-", _plain(text))
    return _in_order([_window(words) for words in re.split(r"[\s,]+", plain) if words])


def parse_time(words: str) -> int:
    """The minutes of the day of `9:00`; 1440 of `24:00`. Raises BadHours `window.time`."""
    hour, minute = map(int, words.split(":"))
    if minute > 59 or hour * 60 + minute > MIDNIGHT:
        raise BadHours("window.time", words)
    return hour * 60 + minute


def format_week(week: tuple[Windows, ...]) -> str:
    """The text of a week, such that `parse_week` gives the same again."""
    days_of: dict[Windows, list[int]] = {}
    for day, windows in enumerate(week):
        if windows:
            days_of.setdefault(windows, []).append(day)
    return "; ".join(
        f"{_format_days(days)} {format_windows(windows)}" for windows, days in days_of.items()
    )


def format_windows(windows: Windows) -> str:
    """The text of one day's windows."""
    return " ".join("-".join(f"{m // 60:02}:{m % 60:02}" for m in window) for window in windows)


def _plain(text: str) -> str:
    """ASCII signs and English days for what was typed in Chinese."""
    text = unicodedata.normalize("NFKC", text).lower()
    for word, plain in _CHINESE.items():
        text = text.replace(word, plain)
    return text


def _weekday(word: str) -> int:
    if word not in DAYS:
        raise BadHours("day.unknown", word)
    return DAYS.index(word)


def _window(words: str) -> Window:
    said = _WINDOW.fullmatch(words)
    if not said:
        raise BadHours("window.form", words)
    opens, closes = parse_time(said[1]), parse_time(said[2])
    if closes <= opens:
        raise BadHours("window.backwards", words)
    return opens, closes


def _in_order(windows: list[Window]) -> Windows:
    ordered = tuple(sorted(windows))
    for before, after in pairwise(ordered):
        if after[0] < before[1]:
            raise BadHours("window.overlap", format_windows((before, after)))
    return ordered


def _format_days(days: list[int]) -> str:
    """Three days on end or more as a range."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    long = (f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else "" for run in runs)
    return ",".join(
        words or ",".join(DAYS[d] for d in run) for words, run in zip(long, runs, strict=True)
    )
