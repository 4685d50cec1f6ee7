"""What people write into cells is read as they meant it, or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import RuleBroken
from complaints.models import Severity
from intake.files import values
from intake.files.rows import Unreadable, as_text

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHANGHAI = ZoneInfo("Asia/Shanghai")
HALF_PAST_TEN = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20 10:30",
        "2026-11-20 10:30:00",
        "2026/11/20 10:30",
        "2026.11.20 10:30",
        "2026年11月20日 10时30分",
        "2026年11月20日10点30分",
        "2026年11月20日10时30分00秒",
        "2026年11月20日 上午10:30",
        "2026 年 11 月 20 日 10 点半",
        "2026-11-20T10:30",
        "2026-11-20T10:30:00+08:00",
        "2026-11-20T02:30:00Z",
        "2026-11-20 10:30:00 +0800",
        "2026-11-20 10:30:00.000",
        "20261120 10:30",
        "202611201030",
        "20261120103000",
        "２０２６－１１－２０ １０：３０",
        "2026年11月20日 星期五 10:30",
        "2026-11-20 10:30 AM",
        " 2026-11-20  10:30 ",
        datetime(2026, 11, 20, 10, 30),
        HALF_PAST_TEN,
        46346.4375,
        "46346.4375",
    ],
)
def test_moments_in_the_usual_writings(written: Any) -> None:
    assert values.moment(written) == HALF_PAST_TEN


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20",
        "2026/11/20",
        "2026年11月20日",
        "2026年11月20号",
        "20261120",
        20261120,
        46346,
        "46346",
        date(2026, 11, 20),
        "2026年11月20日 周五",
    ],
)
def test_a_day_is_its_first_minute_in_the_firms_zone(written: Any) -> None:
    assert values.moment(written) == datetime(2026, 11, 19, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("下午3点", 15),
        ("下午 3:00", 15),
        ("晚上8时", 20),
        ("中午12:00", 12),
        ("中午1点", 13),
        ("凌晨12点", 0),
        ("凌晨2点", 2),
        ("上午12:00", 12),
        ("下午15:00", 15),
        ("12:00 pm", 12),
        ("12:00 am", 0),
        ("3:00 PM", 15),
    ],
)
def test_halves_of_the_day(written: str, hour: int) -> None:
    assert values.moment(f"2026-11-20 {written}") == HALF_PAST_TEN.replace(hour=hour, minute=0)


def test_workbooks_that_count_from_1904() -> None:
    assert values.moment(46346.4375 - 1462, since_1904=True) == HALF_PAST_TEN


@pytest.mark.parametrize("written", ["", None, "  ", "无", "-", "null", "N/A"])
def test_no_moment_written(written: Any) -> None:
    assert values.moment(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "昨天",
        "11月20日",
        "11/20/2026",
        "20/11/2026",
        "2026-13-01",
        "2026-02-30",
        "2026-11-20 25:00",
        "2026-11-20 24:00",
        "2026年11月20日 晚上12点",
        "0001-01-01",
        "9999-12-31",
        "0001-01-01T00:00:00Z",
        "10:30",
        time(10, 30),
        timedelta(hours=3),
        0,
        1.5,
        -1,
        99999,
        True,
        1e300,
        "1763605800",
        "2026-11-20 10:30 或 11:00",
        "²⁰²⁶-11",
        "২০২৬-১১-২০x",
    ],
)
def test_unclear_moments_are_not_guessed(written: Any) -> None:
    with pytest.raises(RuleBroken) as caught:
        values.moment(written)
    assert caught.value.code == "received_at.unclear"


@unhurried
@given(
    st.one_of(
        st.text(max_size=30),
        st.floats(),
        st.integers(),
        st.from_regex(r"\d{4}[-/年]\d\d?[-/月]\d\d?日? ?\d\d?[:时点]\d\d?.{0,4}", fullmatch=True),
    )
)
def test_any_cell_is_a_moment_or_a_rule(written: Any) -> None:
    try:
        found = values.moment(written)
    except RuleBroken:
        return
    assert found is None or 1990 <= found.year <= 2101


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("13800138000", "13800138000"),
        (13800138000, "13800138000"),
        (13800138000.0, "13800138000"),
        ("13800138000.0", "13800138000"),
        ("1.3800138000E+10", "13800138000"),
        ("13800138000.00", "13800138000"),
        ("'13800138000", "13800138000"),
        ('="13800138000"', "13800138000"),
        ("+86 138 0013 8000", "+86 138 0013 8000"),
        ("0510-85123456", "0510-85123456"),
        ("SF1234567890123", "SF1234567890123"),
        ("12E5A", "12E5A"),
        ("000123", "000123"),
        ("无", ""),
        ("-", ""),
        (None, ""),
        ("", ""),
    ],
)
def test_numbers_keep_their_digits(cell: Any, number: str) -> None:
    assert values.digits(cell, "complainant_phone") == number


@pytest.mark.parametrize(
    "cell", ["1.38E+10", "1.38e10", "1E+10", "1.3800138E+10", "１.３８Ｅ＋１０"]
)
def test_numbers_with_digits_lost_are_not_guessed(cell: str) -> None:
    with pytest.raises(RuleBroken, match="科学计数") as caught:
        values.digits(cell, "complainant_phone")
    assert caught.value.code == "complainant_phone.digits_lost"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("是", True),
        ("Yes", True),
        (True, True),
        (1, True),
        ("√", True),
        ("匿名", True),
        ("否", False),
        ("NO", False),
        (False, False),
        (0, False),
        ("实名", False),
        ("", None),
        (None, None),
        ("无", None),
    ],
)
def test_yes_and_no(cell: Any, said: bool | None) -> None:
    assert values.yes(cell) is said


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("一般", Severity.MINOR),
        ("Major", Severity.MAJOR),
        (" 重大 ", Severity.CRITICAL),
        (None, Severity.MINOR),
    ],
)
def test_severities(cell: Any, found: Severity) -> None:
    assert values.severity(cell) == found


@pytest.mark.parametrize(
    ("read", "code"), [(values.yes, "anonymous.unclear"), (values.severity, "severity.unknown")]
)
def test_other_words_are_not_guessed(read: Any, code: str) -> None:
    with pytest.raises(RuleBroken, match=r"严重|匿名") as caught:
        read("严重")
    assert caught.value.code == code


def test_a_cell_that_cannot_be_known_is_refused_with_its_reason() -> None:
    broken = Unreadable("#N/A", "单元格的公式出错")
    for read in (values.moment, values.yes, values.severity):
        with pytest.raises(RuleBroken, match="公式出错"):
            read(broken)
    with pytest.raises(RuleBroken, match="公式出错"):
        values.digits(broken, "ref")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (5, "5"),
        (5.0, "5"),
        (5.5, "5.5"),
        (True, "TRUE"),
        ("a\nb", "a\nb"),
        (date(2026, 11, 20), "2026-11-20"),
        (datetime(2026, 11, 20, 9, 5), "2026-11-20 09:05:00"),
        (time(9, 5), "09:05:00"),
        (1e20, "1e+20"),
    ],
)
def test_cells_as_a_person_would_type_them(cell: Any, text: str) -> None:
    assert as_text(cell) == text
