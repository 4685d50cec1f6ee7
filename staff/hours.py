"""Checks of opening hours that people type, and the sentence for each way to get them wrong."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common import worktime
from common.worktime import DAYS, BadHours, Windows

_SENTENCES = {
    "day.unknown": _(
        "不认识“%(words)s”这一天；请写 mon、tue、wed、thu、fri、sat、sun，或周一至周日。"
    ),
    "window.missing": _("“%(words)s”后面没有写时间。"),
    "window.form": _("看不懂“%(words)s”；时间请写成 09:00-18:00，几段之间用空格隔开。"),
    "window.time": _("没有 %(words)s 这个时间；一天从 00:00 到 24:00。"),
    "window.backwards": _(
        "%(words)s 的结束时间不晚于开始时间；跨过半夜的，请在两天里各写一段，前一段到 24:00 为止。"
    ),
    "window.overlap": _("同一天的时间段互相重叠：%(words)s。"),
    "zone.unknown": _("没有“%(words)s”这个时区；请写 IANA 名称，例如 Asia/Shanghai。"),
}


def windows_of(text: str, week: tuple[Windows, ...]) -> Windows:
    """What the text of one day means beside a week: windows, those of a weekday that it names
    (`fri`), or none. Raises BadHours."""
    if text.strip() and not any(sign.isdigit() for sign in text):
        days = worktime.parse_days(text)
        if len(days) > 1:
            raise BadHours("day.unknown", text)
        return week[days[0]]
    return worktime.parse_windows(text)


def validate_zone(text: str) -> None:
    """Whether it is the name of a time zone."""
    try:
        worktime.zone(text)
    except BadHours as bad:
        raise _error(bad) from bad


def validate_week(text: str) -> None:
    """Whether it is a week that is open at some time."""
    try:
        week = worktime.parse_week(text)
    except BadHours as bad:
        raise _error(bad) from bad
    if not any(week):
        raise ValidationError(_("一周里至少要有一段服务时间。"), code="week.closed")


def validate_day(text: str) -> None:
    """Whether it is the windows of one day, the name of a weekday, or empty."""
    try:
        windows_of(text, ((),) * len(DAYS))
    except BadHours as bad:
        raise _error(bad) from bad


def _error(bad: BadHours) -> ValidationError:
    return ValidationError(_SENTENCES[bad.code], code=bad.code, params={"words": bad.words})
