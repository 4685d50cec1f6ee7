"""Phone numbers in every writing are one number; a mask hides what it must."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import phones

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PHONE_LIMIT = 40
written = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("0123456789+-() ⑽")),
    max_size=PHONE_LIMIT,
)


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "+86 138-0013-8000",
        "8613800138000",
        "008613800138000",
        "00 86 13800138000",
        "１３８００１３８０００",
        "＋８６１３８００１３８０００",
        "(+86)13800138000",
        "tel:13800138000",
        " 13800138000\t",
    ],
)
def test_all_writings_of_a_number_have_one_key(raw: str) -> None:
    assert phones.key(raw) == "+8613800138000"


def test_a_land_line_keeps_its_area_code() -> None:
    assert phones.key("0510-85123456") == phones.key("(0510) 8512 3456") == "+8651085123456"
    assert phones.key("021-85123456") != phones.key("0510-85123456")


@pytest.mark.parametrize("raw", ["", "无", "+", "——"])
def test_no_digits_no_key(raw: str) -> None:
    assert phones.key(raw) == ""


@unhurried
@given(written)
def test_a_key_fits_its_column_and_is_ascii(raw: str) -> None:
    found = phones.key(raw)
    assert len(found) <= phones.KEY_LENGTH
    assert found.isascii()


def test_digits_that_unfold_do_not_overflow_the_column() -> None:
    assert len(phones.key("⑽" * PHONE_LIMIT)) == phones.KEY_LENGTH


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+86 13800138000", "+86****8000"),
        ("85123456", "****3456"),
        ("12345", "***45"),
        ("110", "*10"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_masks(raw: str, shown: str) -> None:
    assert phones.mask(raw) == shown


@unhurried
@given(written)
def test_a_mask_hides_three_digits_or_half_of_a_short_number(raw: str) -> None:
    text = unicodedata.normalize("NFKC", raw).strip()
    seen = len(phones.mask(raw).replace("*", ""))
    assert seen <= max(len(text) - 1, 0)
    assert seen <= 7


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三丰", "张**"), ("李四", "李*"), ("王", "王"), ("", ""), ("欧阳娜娜子", "欧**")],
)
def test_names_are_masked(name: str, shown: str) -> None:
    assert phones.mask_name(name) == shown
