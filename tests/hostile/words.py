"""What hostile people write, and what becomes of it: the same in every channel.

A row says what is stored of the words as the content of a complaint, and as a name, or the code
with which they are refused. What the list of naughty strings (BLNS) becomes is not written down:
the text door says it, and every channel has to say the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from common import text
from common.errors import RuleBroken
from complaints.registration import WHAT_LIMIT
from tests.shared import DATA

NAME_LIMIT = 60
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@dataclass(frozen=True)
class Stored:
    """Kept, as this text."""

    words: str


@dataclass(frozen=True)
class Refused:
    """Not taken, for this reason."""

    code: str


Outcome = Stored | Refused


@dataclass(frozen=True)
class Row:
    """`what` and `name`: what becomes of the words in either place."""

    words: str
    what: Outcome
    name: Outcome

    def of(self, field: str) -> Outcome:
        """What becomes of it in this field."""
        return self.what if field == "what" else self.name


def _kept(words: str) -> Row:
    return Row(words, Stored(words), Stored(words))


def _refused(words: str, code: str) -> Row:
    return Row(words, Refused(code), Refused(code))


#: A name of which nothing is left is no name; the customer is known by the phone then.
NAMELESS = Stored("")
BLANK = Refused("what.blank")
LONG = Refused("text.too_long")

CORPUS: dict[str, Row] = {
    "a nul": _refused("a\x00b", "text.nul"),
    "nothing but a nul": _refused("\x00", "text.nul"),
    "a lone surrogate": _refused("a\ud800b", "text.surrogate"),
    "the other half": _refused("\udfff", "text.surrogate"),
    "a bell": _refused("a\x07b", "text.control"),
    "an escape": _refused("\x1b[2J", "text.control"),
    "a C1 control": _refused("a\x9bb", "text.control"),
    "a non-character": _refused("a\uffffb", "text.control"),
    "nothing": Row("", BLANK, NAMELESS),
    "blanks": Row(" \t\u3000\u00a0 ", BLANK, NAMELESS),
    "zero width alone": Row("\u200b\u200c\u2060\ufeff", BLANK, NAMELESS),
    "right to left alone": Row("\u202e\u200f\u2067", BLANK, NAMELESS),
    "hangul filler": Row("\u3164\u115f", BLANK, NAMELESS),
    "a name that is turned round": Row(
        "发票\u202efdp.exe", Stored("发票\u202efdp.exe"), Stored("发票fdp.exe")
    ),
    "zero width inside": Row("孙\u200b玉\u2060梅", Stored("孙\u200b玉\u2060梅"), Stored("孙玉梅")),
    "tag characters": Row(
        "货没到\U000e0041\U000e0042", Stored("货没到\U000e0041\U000e0042"), Stored("货没到")
    ),
    "lines": Row("一\r\n二\r三\n\n四", Stored("一\n二\n三\n\n四"), Stored("一 二 三 四")),
    "tabs": Row("一\t二", Stored("一\t二"), Stored("一 二")),
    "a vertical tab": _refused("一\x0b二", "text.control"),
    "a next line": _refused("一\x85二", "text.control"),
    "a line separator": Row("一\u2028二", Stored("一\u2028二"), Stored("一 二")),
    "space around": Row("  货没到 \u3000", Stored("货没到"), Stored("货没到")),
    "a family": _kept(FAMILY),
    "a flag": _kept(FLAG),
    "extension B": _kept("𠮷田的货没到"),
    "extension G": _kept("\U00030edd\U00030ede面"),
    "a rare name": _kept("㛃"),
    "decomposed": Row("cafe\u0301", Stored("caf\u00e9"), Stored("caf\u00e9")),
    "the ohm sign": Row("5 \u2126", Stored("5 \u03a9"), Stored("5 \u03a9")),
    "a flood of marks": Row(
        "货" + "\u0300" * 10_000 + "没到",
        Stored("货" + "\u0300" * 8 + "没到"),
        Stored("货" + "\u0300" * 8 + "没到"),
    ),
    "eight marks": _kept("货" + "\u0316" * 8 + "没到"),
    "full width": _kept("１２３．４５元"),
    "right to left words": _kept("שלום مرحبا"),
    "exactly enough": Row("字" * WHAT_LIMIT, Stored("字" * WHAT_LIMIT), LONG),
    "one too many": Row("字" * (WHAT_LIMIT + 1), LONG, LONG),
    "astral, exactly enough": Row("𠮷" * WHAT_LIMIT, Stored("𠮷" * WHAT_LIMIT), LONG),
    "sixty for a name": _kept("名" * NAME_LIMIT),
    "200,000 lines": Row("行\n" * 200_000, LONG, LONG),
    "one word of a million": Row("x" * 1_000_000, LONG, LONG),
    "html": _kept("<script>alert(1)</script><img src=x onerror=alert(1)>"),
    "an attribute": _kept('"><svg/onload=alert(1)>'),
    "entities": _kept("&lt;b&gt; &amp;amp; &#0; &nbsp;"),
    "a template": _kept("{{7*7}} {% include 'x' %} ${7*7} #{7*7}"),
    "a percent format": _kept("%s %(no)s %n %d {0} {no}"),
    "sql": _kept("'; DROP TABLE complaints_complaint; --"),
    "sql like": _kept("100%_\\"),
    "a shell": _kept("$(touch /tmp/x) `id` | cat; &&"),
    "a formula": _kept('=HYPERLINK("http://x","y")'),
    "a full-width formula": _kept("＝1+1"),
    "a path": _kept("../../etc/passwd"),
    "a header": Row(
        "货没到\r\nBcc: x@example.com",
        Stored("货没到\nBcc: x@example.com"),
        Stored("货没到 Bcc: x@example.com"),
    ),
    "json": _kept('{"what":"x","__proto__":{}}'),
    "xml": _kept("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///x'>]><x>&e;</x>"),
    "an escaped control": _kept("_x0000_ \\u0000 %00"),
    "a quote that never ends": _kept('他说"货没到'),
    "commas": _kept('一,二;三|四"五"'),
    "a number": _kept("1e400"),
}

NAUGHTY: list[str] = json.loads((DATA / "strings/blns.json").read_text("utf-8"))


def by_the_door(words: str) -> Outcome:
    """What the text door says of the words as the content of a complaint."""
    try:
        kept = text.clean(words, limit=WHAT_LIMIT, field="what", lines=True)
    except RuleBroken as broken:
        return Refused(broken.code)
    return BLANK if text.is_blank(kept) else Stored(kept)
