"""Scenario files of working time, replayed row by row without a database (`docs/calendars.md`).

An answer is computed from the calendar's columns and `given_json` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common import worktime
from common.worktime import Hours, NeverOpen, Windows
from complaints import replayed_clock
from complaints.replayed_clock import AfterTheEnd, Event

Row = Mapping[str, str]
Words = Mapping[str, Any]

#: What a file must have to be one of scenarios.
COLUMNS = (
    "id", "kind", "timezone", "weekly_hours", "holidays", "breaks", "extra_shifts", "given_json",
)  # fmt: skip


class Unsupported(Exception):
    """The row speaks of something that is not offered; the reason is a sentence."""


def replay(row: Row) -> dict[str, Any]:
    """The answer to one row: its id with what was computed, or with `unsupported` or `error`."""
    name = {"id": row["id"]}
    try:
        return name | _answer(row)
    except Unsupported as reason:
        return name | {"unsupported": str(reason)}
    except NeverOpen:
        return name | {"error": "these hours never open again"}
    except KeyError as missing:
        return name | {"error": f"{missing.args[0]} is missing"}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        return name | {"error": str(error)}


def _answer(row: Row) -> dict[str, Any]:
    compute = _KINDS.get(row["kind"])
    if compute is None:
        raise Unsupported(f"There is no computation of this kind: {row['kind']}.")
    return compute(_hours(row), _object(row["given_json"]))


# The calendar's columns


def _hours(row: Row) -> Hours:
    closed: dict[date, Windows] = {_date(day): () for day in row["holidays"].split()}
    return Hours(
        worktime.zone(row["timezone"]).key,
        worktime.parse_week(row["weekly_hours"]),
        closed | _by_date(row["extra_shifts"]),
        _by_date(row["breaks"]),
    )


def _by_date(text: str) -> dict[date, Windows]:
    said = _object(text) if text.strip() else {}
    return {_date(day): worktime.parse_windows(words) for day, words in said.items()}


def _object(text: str) -> Words:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError(f"no JSON object: {text}")
    return said


# Times and spans as they are written

_date = date.fromisoformat
_TIME = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)T(?P<minute>\d\d:\d\d)(:(?P<second>[0-5]\d(\.\d+)?))?")


def _local(zone: str, text: str) -> datetime:
    """A local time, 24:00 included."""
    said = _TIME.fullmatch(text)
    if said is None:
        raise ValueError(f"no time of the form 2026-11-16T11:00:00: {text}")
    minute = worktime.to_utc(zone, _date(said["day"]), worktime.parse_time(said["minute"]))
    return minute + timedelta(seconds=float(said["second"] or 0))


def _moment(hours: Hours, given: Words, name: str) -> datetime:
    """The time of this name: in UTC where that is given too, since a local one can be double."""
    if f"{name}_utc" in given:
        return _local("UTC", given[f"{name}_utc"].removesuffix("Z"))
    return _local(hours.zone, given[name])


def _span(seconds: Any) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError(f"no number of seconds: {seconds}")
    return timedelta(seconds=seconds)


def _seconds(span: timedelta) -> int | float:
    return _whole(span.total_seconds())


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _written(at: datetime, zone: str = "UTC") -> str:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()


def _due(hours: Hours, due: datetime) -> dict[str, str]:
    return {"due": _written(due, hours.zone), "due_utc": f"{_written(due)}Z"}


# The kinds of rows


def _add(hours: Hours, given: Words) -> dict[str, Any]:
    span = _span(given["add_working_seconds"])
    return _due(hours, worktime.add(hours, _moment(hours, given, "start"), span))


def _add_days(hours: Hours, given: Words) -> dict[str, Any]:
    days = given["days"]
    if isinstance(days, bool) or not isinstance(days, int):
        raise ValueError(f"no number of days: {days}")
    return _due(hours, worktime.add_days(hours, _moment(hours, given, "start"), days))


def _between(hours: Hours, given: Words) -> dict[str, Any]:
    start, end = _moment(hours, given, "start"), _moment(hours, given, "end")
    return {"working_seconds": _seconds(worktime.between(hours, start, end))}


def _is_working(hours: Hours, given: Words) -> dict[str, Any]:
    return {"working": worktime.is_working(hours, _moment(hours, given, "at"))}


def _local_time(hours: Hours, given: Words) -> dict[str, Any]:
    return {"utc": f"{_written(_local(hours.zone, given['local']))}Z"}


def _clock(hours: Hours, given: Words) -> dict[str, Any]:
    if "rules" in given:
        raise Unsupported("Rules are not chosen by conditions: a policy is chosen by its date.")
    targets = {name: _span(seconds) for name, seconds in given.get("targets", {}).items()}
    try:
        clock = replayed_clock.run(hours, targets, _events(hours, given))
    except AfterTheEnd:
        raise Unsupported("What follows a resolution is a new round with new clocks.") from None
    said: dict[str, Any] = {"hold_seconds": _seconds(clock.hold)}
    if clock.replied:
        said["first_response_at"] = _written(clock.replied, hours.zone)
    if clock.has_gone_on and clock.solution_due:
        said["solution_due_after_reopen"] = _written(clock.solution_due, hours.zone)
    if clock.resolution is not None:
        said["resolution_seconds"] = _seconds(clock.resolution)
        said["resolution_minutes"] = _whole(clock.resolution / timedelta(minutes=1))
    if targets:
        said["status_path"] = clock.path
    return said


def _events(hours: Hours, given: Words) -> Iterator[Event]:
    """The events of a row, which has them as such or as creation, pauses and resolution."""
    if "events" in given:
        yield from ((_local(hours.zone, told["at"]), told["event"]) for told in given["events"])
        return
    yield _moment(hours, given, "created"), "created"
    for begins, ends in given.get("pauses", ()):
        yield _local(hours.zone, begins), "paused"
        yield _local(hours.zone, ends), "open"
    if "resolved" in given:
        yield _moment(hours, given, "resolved"), "resolved"


_KINDS: dict[str, Callable[[Hours, Words], dict[str, Any]]] = {
    "add": _add,
    "add_business_days": _add_days,
    "between": _between,
    "is_working": _is_working,
    "local_time": _local_time,
    "clock": _clock,
}
