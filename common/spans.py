"""How long something is, in words."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def in_words(span: timedelta) -> str:
    """The span in the largest unit of which it has at least two, rounded down."""
    seconds = int(span.total_seconds())
    if seconds < 2 * _MINUTE:
        return _("%(n)d 秒") % {"n": seconds}
    if seconds < 2 * _HOUR:
        return _("%(n)d 分钟") % {"n": seconds // _MINUTE}
    if seconds < 2 * _DAY:
        return _("%(n)d 小时") % {"n": seconds // _HOUR}
    return _("%(n)d 天") % {"n": seconds // _DAY}
