"""Whatever people write is stored or refused by the one door for text, the same by every way in,
and shown as what it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from complaints.models import Complaint, Statement
from intake.models import Item
from tests.conftest import MONDAY, Cast, Register
from tests.hostile.channels import CHANNELS, statement
from tests.hostile.ways import Desk, Way
from tests.hostile.words import CORPUS, NAUGHTY, Outcome, Refused, Stored, by_the_door


def _marks(way: Way) -> list[pytest.MarkDecorator]:
    return [pytest.mark.django_db(transaction=True)] if way.commits else []


#: Channel and field, as far as the channel has the field.
PLACES = [
    pytest.param(name, field, marks=_marks(way))
    for name, way in CHANNELS.items()
    for field in way.fields
]
CHANNELS_ALONE = [pytest.param(name, marks=_marks(way)) for name, way in CHANNELS.items()]
#: Seconds of our own work for one text, whatever it is.
PATIENCE = 2


@pytest.fixture
def desk(cast: Cast, register: Register, tmp_path: Path) -> Iterator[Desk]:
    with time_machine.travel(MONDAY, tick=False):
        yield Desk(cast, tmp_path, register)


def sent(desk: Desk, channel: str, field: str, words: list[str]) -> list[Outcome]:
    """What the channel says of each; nothing refused may have left a trace."""
    before = (Complaint.objects.count(), Statement.objects.count())
    started = time.thread_time()
    found = CHANNELS[channel].send(desk, words, field)
    assert time.thread_time() - started < PATIENCE * 5 + len(words) / 10
    assert len(found) == len(words)
    kept = sum(isinstance(each, Stored) for each in found)
    rows = Complaint.objects.count() - before[0] + Statement.objects.count() - before[1]
    assert rows == (0 if channel == "the door" else kept + CHANNELS[channel].besides)
    return found


def is_cut(expected: Outcome, found: Outcome) -> bool:
    """Too long, and kept in part: the item has the whole."""
    return (
        expected == Refused("text.too_long")
        and isinstance(found, Stored)
        and "全文见原始内容" in found.words
    )


def differing(
    channel: str, words: list[str], expected: list[Outcome], found: list[Outcome]
) -> dict[str, tuple[Outcome, Outcome]]:
    may_cut = CHANNELS[channel].cuts
    return {
        ascii(each[:60]): (wanted, said)
        for each, wanted, said in zip(words, expected, found, strict=True)
        if wanted != said and not (may_cut and is_cut(wanted, said))
    }


@pytest.mark.parametrize(("channel", "field"), PLACES)
def test_each_hostile_text_becomes_what_stands_beside_it(
    desk: Desk, channel: str, field: str
) -> None:
    rows = [row for row in CORPUS.values() if CHANNELS[channel].carries(row.words)]
    words = [row.words for row in rows]
    found = sent(desk, channel, field, words)
    assert differing(channel, words, [row.of(field) for row in rows], found) == {}
    assert len(rows) > 35


def together(words: list[str], many: int, carries: Callable[[str], bool]) -> list[str]:
    """What the door refuses stays alone; of the others so many make one text, a line each, as far
    as the channel carries them together."""
    alone = [each for each in words if not isinstance(by_the_door(each), Stored)]
    texts: list[list[str]] = [[]]
    for each in words:
        if not isinstance(by_the_door(each), Stored):
            continue
        if len(texts[-1]) == many or not carries("\n".join([*texts[-1], each])):
            texts.append([])
        texts[-1].append(each)
    return [*alone, *("\n".join(text) for text in texts if text)]


@pytest.mark.parametrize("channel", CHANNELS_ALONE)
def test_each_naughty_string_becomes_what_the_door_says(desk: Desk, channel: str) -> None:
    carried = [each for each in NAUGHTY if CHANNELS[channel].carries(each)]
    assert len(carried) > 500
    words = together(carried, 32, CHANNELS[channel].carries)
    found = sent(desk, channel, "what", words)
    assert differing(channel, words, [by_the_door(each) for each in words], found) == {}


def test_what_an_item_cannot_say_in_full_it_keeps_in_full(desk: Desk) -> None:
    words = "长" * 50_000
    (found,) = CHANNELS["kept item"].send(desk, [words], "what")
    assert is_cut(Refused("text.too_long"), found)
    assert len(Complaint.objects.get().what) == 10_000
    assert bytes(Item.objects.get().raw).count(b"\\u957f") == 50_000


class _Quotes(HTMLParser):
    """The text of each element of a class, and the tags that stand inside of them."""

    def __init__(self, tag: str, css_class: str) -> None:
        super().__init__()
        self.tag, self.css_class = tag, css_class
        self.texts: list[str] = []
        self.tags_inside: list[str] = []
        self._is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_inside and tag == "br":
            self.texts[-1] += "\n"
        elif self._is_inside:
            self.tags_inside.append(tag)
        if tag == self.tag and self.css_class in (dict(attrs).get("class") or "").split():
            self._is_inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.tag:
            self._is_inside = False

    def handle_data(self, data: str) -> None:
        if self._is_inside:
            self.texts[-1] += data

    def handle_comment(self, data: str) -> None:
        if self._is_inside:
            self.tags_inside.append("comment")


def quoted(page: str, tag: str, css_class: str) -> _Quotes:
    found = _Quotes(tag, css_class)
    found.feed(page)
    found.close()
    return found


def test_all_of_it_is_shown_as_what_it_is(desk: Desk) -> None:
    words = [*NAUGHTY, *(row.words for row in CORPUS.values())]
    said = statement(desk, words, "what")
    assert said == [by_the_door(each) for each in words]
    kept = [each.words for each in said if isinstance(each, Stored)]
    assert len(kept) > 520
    client = Client()
    client.force_login(desk.cast.li)
    page = client.get(f"/complaints/{Complaint.objects.get().no}/").content.decode()
    shown = quoted(page, "blockquote", "timeline__quote")
    assert shown.tags_inside == []
    assert sorted(shown.texts) == sorted(kept)


#: How the rows below begin where somebody has forgotten to escape them.
RAW = ("<script>alert", "<img src=x", "<svg/onload", "<!DOCTYPE x", "<!ENTITY")
MARKUP = ("html", "an attribute", "entities", "a template", "a percent format", "xml", "a header")


@pytest.mark.parametrize("name", MARKUP)
def test_the_complaint_itself_is_shown_as_what_it_is(desk: Desk, name: str) -> None:
    row = CORPUS[name]
    case = desk.register(by=desk.cast.li, what=row.words, order_no="", remedy_sought=row.words)
    client = Client()
    client.force_login(desk.cast.li)
    page = client.get(f"/complaints/{case.no}/").content.decode()
    assert isinstance(row.what, Stored)
    shown = quoted(page, "div", "prose")
    assert (shown.texts, shown.tags_inside) == ([row.what.words], [])
    listed = client.get("/complaints/").content.decode()
    for each in (page, listed):
        assert not [markup for markup in RAW if markup in each]
