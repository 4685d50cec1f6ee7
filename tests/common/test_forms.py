"""What the forms share: clean text, times in the firm's zone, rules said beside their field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django import forms
from django.utils.translation import override

from common.errors import Conflict, NotAllowed, RuleBroken
from common.forms import CleanText, LocalDateTime, attempt, this_minute


class Letter(forms.Form):
    title = CleanText(label="标题", limit=5)
    body = CleanText(label="正文", limit=10, lines=True, required=False)
    sent = LocalDateTime(label="时间", required=False)


def read(**said: Any) -> Letter:
    form = Letter({"title": "好", **said})
    form.is_valid()
    return form


@pytest.mark.parametrize(
    ("said", "kept"),
    [("好", "好"), ("  好 \t 的\n ", "好 的"), ("e\u0301", "\u00e9"), ("五个字五个", "五个字五个"),
     ("好\u200b的", "好的"), ("😀", "😀"), ("\u202e好", "好")],
)  # fmt: skip
def test_text_comes_out_clean(said: str, kept: str) -> None:
    assert read(title=said).cleaned_data["title"] == kept


@pytest.mark.parametrize(
    ("said", "code"),
    [("六个字六个字", "text.too_long"), ("坏\x00", "text.nul"), ("坏\x1b", "text.control"),
     ("坏\ud800", "text.surrogate"), ("", "required"), (" \u3000\t", "required"),
     ("\u200b", "required")],
)  # fmt: skip
def test_text_that_may_not_pass_is_said_beside_its_field(said: str, code: str) -> None:
    form = read(title=said)
    assert [error.code for error in form.errors["title"].as_data()] == [code]
    assert set(form.errors) == {"title"}


def test_what_was_typed_stays_in_the_form_as_it_was() -> None:
    assert "六个字 六个字" in str(read(title="六个字 六个字")["title"])
    assert "坏\x1b" in str(read(title="坏\x1b")["title"])


def test_a_browser_is_not_told_to_cut_what_is_pasted() -> None:
    assert "maxlength" not in str(Letter()["title"]) + str(Letter()["body"])


def test_lines_are_kept_where_they_belong() -> None:
    assert read(body="一\r\n二\r三\t四").cleaned_data["body"] == "一\n二\n三\t四"
    assert "<textarea" in str(Letter()["body"])
    assert 'type="text"' in str(Letter()["title"])


def test_an_open_field_may_stay_empty() -> None:
    assert read(body="").cleaned_data["body"] == ""
    assert Letter({"title": "好"}).is_valid()


def test_a_time_is_meant_in_the_firms_zone() -> None:
    sent = read(sent="2026-11-16T12:00").cleaned_data["sent"]
    assert sent == datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


def test_a_time_is_shown_as_a_browser_wants_it() -> None:
    moment = datetime(2026, 11, 16, 4, 0, 59, tzinfo=UTC)
    shown = str(Letter(initial={"sent": moment})["sent"])
    assert 'type="datetime-local"' in shown
    assert 'value="2026-11-16T12:00"' in shown


@pytest.mark.parametrize(
    "said", ["昨天", "2026-02-30T10:00", "2026-11-16T25:00", "\x00", "9" * 400]
)
def test_a_time_there_is_not_is_said_so(said: str) -> None:
    form = read(sent=said)
    assert [error.code for error in form.errors["sent"].as_data()] == ["invalid"]
    assert "请填写日期和时间" in form.errors["sent"][0]


def test_this_minute_has_no_seconds() -> None:
    with time_machine.travel(datetime(2026, 11, 16, 4, 5, 59, 7, tzinfo=UTC), tick=False):
        assert this_minute() == datetime(2026, 11, 16, 4, 5, tzinfo=UTC)
        assert f"{this_minute():%H:%M}" == "12:05"


def broken(error: RuleBroken) -> Any:
    def deed() -> Any:
        raise error

    return deed


@pytest.mark.parametrize("kind", [RuleBroken, NotAllowed, Conflict])
@pytest.mark.parametrize(
    ("field", "place"), [("title", "title"), (None, "__all__"), ("elsewhere", "__all__")]
)
def test_a_broken_rule_stands_beside_its_field_or_above_the_form(
    kind: type[RuleBroken], field: str | None, place: str
) -> None:
    form = read()
    assert attempt(form, broken(kind("some.code", "这不行。", field=field))) is None
    assert form.errors == {place: ["这不行。"]}
    assert form.errors[place].as_data()[0].code == "some.code"


def test_a_deed_that_may_be_done_gives_its_result() -> None:
    form = read()
    assert attempt(form, lambda: "done") == "done"
    assert not form.errors


def test_another_failure_is_not_hidden() -> None:
    def deed() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt(read(), deed)


def test_the_sentence_is_in_the_readers_language() -> None:
    with override("zh-hans"):
        assert "内容过长" in read(title="六个字六个字").errors["title"][0]
