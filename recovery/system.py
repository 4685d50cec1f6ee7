"""The doors to the condition of the house: a page and its API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import LabelOut, Nouns, refuse_unknown_query
from common.models import Heartbeat
from common.schema import operation
from common.spans import in_words
from common.time import now
from complaints.models import Clock, ClockKind
from complaints.pulse import MANY
from complaints.pulse import SOME as SOME_CLOCKS
from recovery import condition
from recovery.caretakers import is_caretaker
from recovery.condition import SOME, Condition
from staff.session import person_of


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How the house is; htmx asks again and gets the part that changes."""
    found = _condition(request)
    template = "system/_condition.html" if request.headers.get("HX-Request") else "system/page.html"
    return render(request, template, _shown(found))


def _condition(request: HttpRequest | Request) -> Condition:
    person = person_of(request)
    if not is_caretaker(person):
        raise PermissionDenied
    return condition.read(person, at=now())


def _shown(found: Condition) -> dict[str, Any]:
    """The condition with its spans in words and its counts as far as they go."""
    at, seen = found.at, found.pulse
    age = seen.age(at)
    return {
        "condition": found,
        "late": in_words(seen.lag(at)) if seen.is_late(at) else "",
        "sweep_ago": "" if age is None else in_words(age),
        "lag": in_words(seen.lag(at)),
        "running": _counted(found.running, MANY),
        "set_aside": _counted(found.set_aside_count, SOME_CLOCKS),
        "undelivered": _counted(found.undelivered_count, SOME),
        "waiting": in_words(found.oldest_waiting) if found.oldest_waiting else "",
        "beats": [(beat, _ago(beat.at, at)) for beat in found.heartbeats],
    }


def _counted(number: int, at_most: int) -> str:
    return f"{at_most}+" if number > at_most else str(number)


def _ago(then: datetime, at: datetime) -> str:
    return in_words(max(at - then, timedelta()))


class SetAsideOut(serializers.Serializer[Clock]):
    """A clock whose steps could not be taken, and when they are tried again."""

    complaint = serializers.CharField(source="complaint.no")
    kind = serializers.ChoiceField(ClockKind.choices)
    kind_label = LabelOut(ClockKind)
    due_at = serializers.DateTimeField()
    failures = serializers.IntegerField()
    next_try_at = serializers.DateTimeField(source="next_at")


class HeartbeatOut(serializers.Serializer[Heartbeat]):
    """When a loop last came round."""

    name = serializers.CharField()
    at = serializers.DateTimeField()


class MissingYearOut(serializers.Serializer[Any]):
    """A year whose holidays a calendar in use does not know."""

    calendar = serializers.CharField()
    year = serializers.IntegerField()


class VersionsOut(serializers.Serializer[Any]):
    """What runs."""

    app = serializers.CharField()
    python = serializers.CharField()
    django = serializers.CharField()
    database = serializers.CharField()


class SystemOut(serializers.Serializer[Any]):
    """Ages in seconds; null: never, or nothing waits."""

    at = serializers.DateTimeField()
    ready = serializers.BooleanField(help_text=_("与 /readyz 相同：时限有人看着。"))
    sweep_age_seconds = serializers.FloatField(allow_null=True)
    sweep_lag_seconds = serializers.FloatField()
    next_ring = serializers.DateTimeField(allow_null=True)
    running_clocks = serializers.IntegerField(help_text=_("最多数到 10001。"))
    set_aside_count = serializers.IntegerField(help_text=_("最多数到 100。"))
    set_aside = SetAsideOut(many=True, help_text=_("只列出您看得到的投诉，最多 20 项。"))
    oldest_undelivered_seconds = serializers.FloatField(allow_null=True)
    undelivered_count = serializers.IntegerField(help_text=_("最多数到 100。"))
    heartbeats = HeartbeatOut(many=True)
    missing_years = MissingYearOut(many=True)
    versions = VersionsOut()


class System(Nouns):
    """The condition of the house for machines."""

    @operation(
        _("系统运行情况"),
        tag="system",
        returns=SystemOut,
        errors=(400, 401, 403),
        operation_id="system_retrieve",
    )
    def show(self, request: Request) -> Response:
        """For those who look after the house; 403 for others."""
        refuse_unknown_query(request, frozenset())
        return Response(SystemOut(_data(_condition(request))).data)


def _data(found: Condition) -> dict[str, Any]:
    at, seen = found.at, found.pulse
    return {
        "at": at,
        "ready": found.is_watched,
        "sweep_age_seconds": _seconds(seen.age(at)),
        "sweep_lag_seconds": _seconds(seen.lag(at)),
        "next_ring": seen.next_ring,
        "running_clocks": found.running,
        "set_aside_count": found.set_aside_count,
        "set_aside": found.set_aside,
        "oldest_undelivered_seconds": _seconds(found.oldest_waiting),
        "undelivered_count": found.undelivered_count,
        "heartbeats": found.heartbeats,
        "missing_years": [{"calendar": name, "year": year} for name, year in found.missing_years],
        "versions": found.versions,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
