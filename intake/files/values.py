"""What people write into cells, read: moments, numbers kept as digits, yes and no."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from common.errors import RuleBroken
from complaints.models import Severity
from intake.files.rows import Cell, Unreadable, as_text

#: Written where there is nothing to write.
NOTHING = {
    *("", "无", "暂无", "没有", "不详", "未知", "未提供", "-", "--", "—", "——", "/"),
    *("null", "none", "nan", "n/a", "nil"),
}
#: Written for a name by platforms whose users show none.
NAMELESS = {"匿名", "匿名用户", "匿名客户", "匿名网友", "anonymous"}

_YES = {"是", "对", "匿名", "y", "yes", "true", "t", "1", "√", "✓", "✔"}
_NO = {"否", "不", "不匿名", "实名", "n", "no", "false", "f", "0", "×", "✗", "✘"}
_SEVERITIES = {
    "minor": Severity.MINOR,
    "一般": Severity.MINOR,
    "major": Severity.MAJOR,
    "较大": Severity.MAJOR,
    "critical": Severity.CRITICAL,
    "重大": Severity.CRITICAL,
}

_YEARS = range(1990, 2101)
_DAY = r"(\d{4})(?:\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?|(\d\d)(\d\d))"
_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?"
_HALF = r"(上午|下午|晚上|中午|凌晨|早上|am|pm)?"
_SECONDS = r":\s*(\d{1,2})(?:\.\d+)?|分(?:\s*(\d{1,2})\s*秒)?"
_TIME = rf"(\d{{1,2}})\s*[:时点]\s*(?:(\d{{1,2}}|半)\s*(?:{_SECONDS})?)?"
_MOMENT = re.compile(rf"{_DAY}{_WEEKDAY}(?:\s*[t,]?\s*{_HALF}\s*{_TIME}\s*(am|pm)?)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)\s?(\d\d)(\d\d)(\d\d)?")
_ZONED = re.compile(r".*\d[tT ]?\d\d:\d\d.*(?:[zZ]|[+-]\d\d:?\d\d)")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_SCIENTIFIC = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})")


def moment(cell: Cell, *, since_1904: bool = False) -> datetime | None:
    """When it was, in the firm's zone where none is written; None for an empty cell. A day
    without an hour is its first minute. Raises RuleBroken `received_at.unclear`."""
    readable(cell, "received_at")
    text = unicodedata.normalize("NFKC", as_text(cell)).strip().lower()
    if text in NOTHING:
        return None
    try:
        found = _moment(cell, text, since_1904)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.year not in _YEARS:
        raise RuleBroken(
            "received_at.unclear",
            _("看不懂受理时间“%(text)s”；请写成 2026-11-20 10:30 这样。") % {"text": text[:60]},
            field="received_at",
        )
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def deadline(cell: Cell, field: str, *, since_1904: bool = False) -> datetime | None:
    """Until when; None for an empty cell. A day without an hour lasts until its last minute.
    Raises RuleBroken `<field>.unclear`."""
    readable(cell, field)
    try:
        found = moment(cell, since_1904=since_1904)
    except RuleBroken as broken:
        raise RuleBroken(
            f"{field}.unclear",
            _("看不懂期限“%(text)s”；请写成 2026-11-20 17:30 这样。")
            % {"text": as_text(cell)[:60]},
            field=field,
        ) from broken
    if found and timezone.localtime(found).time() == time():
        return found + timedelta(hours=23, minutes=59)
    return found


def _moment(cell: Cell, text: str, since_1904: bool) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    if isinstance(cell, bool):
        return None
    if _SERIAL.fullmatch(text):
        return _serial(float(text), since_1904)
    if _ZONED.fullmatch(text):
        return datetime.fromisoformat(re.sub(r"\s+(?=[z+-])", "", text).upper())
    if found := _COMPACT.fullmatch(text):
        return datetime(*(int(part) for part in found.groups(default="0")))  # type: ignore[arg-type]
    if found := _MOMENT.fullmatch(text):
        return _written(found)
    return None


def _serial(number: float, since_1904: bool) -> datetime | None:
    """Days since 1900 (or 1904), as spreadsheets count; to the second."""
    epoch = CALENDAR_MAC_1904 if since_1904 else CALENDAR_WINDOWS_1900
    found = from_excel(number, epoch)
    if not isinstance(found, datetime):
        return None
    return (found + timedelta(milliseconds=500)).replace(microsecond=0)


def _written(found: re.Match[str]) -> datetime:
    year, month, day, month2, day2, half, hours, minutes, seconds, seconds2, half2 = found.groups()
    minute = 30 if minutes == "半" else int(minutes or 0)
    hour = _hour(int(hours or 0), half or half2)
    second = int(seconds or seconds2 or 0)
    return datetime(int(year), int(month or month2), int(day or day2), hour, minute, second)


def _hour(hour: int, half: str | None) -> int:
    """Of 24: 下午 3 点 is 15, 中午 1 点 is 13, 12 am is 0. Raises ValueError for 晚上 12 点:
    nobody knows which day is meant."""
    if hour == 12 and half == "晚上":
        raise ValueError(half)
    if hour == 12 and half in {"am", "凌晨"}:
        return 0
    afternoon = half in {"下午", "晚上", "pm"} or (half == "中午" and hour < 3)
    return hour + 12 if afternoon and hour < 12 else hour


def digits(cell: Cell, field: str) -> str:
    """A phone, order or reference number as it was before a spreadsheet took it for a quantity;
    "" where nothing is written. Raises RuleBroken `<field>.digits_lost`."""
    readable(cell, field)
    text = as_text(cell).strip()
    if text[:2] == '="' and text[-1:] == '"':
        text = text[2:-1]
    plain = unicodedata.normalize("NFKC", text).removeprefix("'")
    if plain.strip().lower() in NOTHING:
        return ""
    if found := _SCIENTIFIC.fullmatch(plain):
        return _unfolded(found, plain, field)
    if re.fullmatch(r"\d{5,}\.0+", plain):
        return plain.split(".")[0]
    return text.removeprefix("'")


def _unfolded(found: re.Match[str], text: str, field: str) -> str:
    if len(found[2] or "") < int(found[3]):
        raise RuleBroken(
            f"{field}.digits_lost",
            _(
                "“%(text)s”被表格软件改成了科学计数，后面的数字已经丢失；请把这一列改为文本后重新填写。"
            )
            % {"text": text[:60]},
            field=field,
        )
    return str(int(Decimal(text)))


def yes(cell: Cell) -> bool | None:
    """Whether the cell says yes; None when it says nothing. Raises RuleBroken
    `anonymous.unclear`."""
    word = _word(cell, "anonymous")
    if word in NOTHING:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    raise RuleBroken(
        "anonymous.unclear",
        _("看不懂“匿名”一列的“%(word)s”；请填 是 或 否。") % {"word": word[:60]},
        field="anonymous",
    )


def severity(cell: Cell) -> Severity:
    """The severity by its code or name; 一般 where nothing is written. Raises RuleBroken
    `severity.unknown`."""
    word = _word(cell, "severity")
    if word in NOTHING:
        return Severity.MINOR
    if word not in _SEVERITIES:
        raise RuleBroken(
            "severity.unknown",
            _("没有“%(word)s”这个严重程度；请填 一般、较大 或 重大。") % {"word": word[:60]},
            field="severity",
        )
    return _SEVERITIES[word]


def _word(cell: Cell, field: str) -> str:
    readable(cell, field)
    return unicodedata.normalize("NFKC", as_text(cell)).strip().lower()


def readable(cell: Cell, field: str) -> None:
    """Raises RuleBroken `cell.unreadable` for a cell whose value can't be known."""
    if isinstance(cell, Unreadable):
        raise RuleBroken("cell.unreadable", cell.why, field=field)
