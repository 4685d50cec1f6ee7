"""What the sender wrote this time, without the earlier mails below it; in doubt it is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from intake.mail import quote_marks as marks

_QUOTED = re.compile(r"^\s{0,3}(?:&gt;|[>＞])")
_QUOTE_SIGNS = re.compile(r"^(?:\s{0,3}(?:&gt;|[>＞]))+\s?")
_RULE = re.compile(r"^[\s>]*(?:[-—－_=*]\s?){5,}\s*$")
_SIGNATURE = re.compile(r"^--[ \xa0]?$")
_LONGEST_SIGNATURE = 15
_HEAD_LINES = 12
_ATTRIBUTION_LINES = 4
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\ufeff\xa0]+")


def visible(text: str, *, subject: str = "") -> str:
    """The new words of the mail. All of them when nothing else would be left, and when `subject`
    or a line says that the mail passes another one on. Replies between quoted lines are kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if marks.FORWARD_SUBJECT.match(subject):
        return text.strip()
    kept = _without_signatures(_without_quotes(lines))
    shown = "\n".join(kept).strip()
    return shown if _INVISIBLE.sub("", shown) else text.strip()


def _without_quotes(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    position = 0
    marked = sum(1 for line in lines if _QUOTED.match(line))
    while position < len(lines):
        if marks.FORWARDED.match(lines[position][:500]):
            return [*kept, *lines[position:]]
        length = _head_at(lines, position)
        if length:
            _drop_rules(kept)
            position = _after_quote(lines, position + length)
        elif marked > 1 and _QUOTED.match(lines[position]):  # one alone may be the customer's own
            position = _end_of_block(lines, position)
        else:
            kept.append(lines[position])
            position += 1
    return kept


def _head_at(lines: Sequence[str], position: int) -> int:
    """How many lines the head of a quoted mail takes that begins here; 0 for none."""
    line = lines[position]
    if not line.strip():
        return 0
    if marks.DASHED.match(line[:300]):
        return 1
    return _labels_at(lines, position) or _attribution_at(lines, position)


def _attribution_at(lines: Sequence[str], position: int) -> int:
    """The length of a sentence that says who wrote what follows. One without an address counts
    only where marked lines follow: the customer may tell what somebody wrote, too."""
    joined = ""
    for length in range(1, _ATTRIBUTION_LINES + 1):
        if position + length > len(lines):
            return 0
        line = _QUOTE_SIGNS.sub("", lines[position + length - 1]).strip()
        if not line or len(joined) + len(line) > 400:
            return 0
        joined = f"{joined} {line}".strip()
        if length > 1 and not marks.BEGINS.match(joined):
            return 0
        if marks.attributes(joined) and ("@" in joined or _marked(lines, position + length)):
            return length
    return 0


def _marked(lines: Sequence[str], position: int) -> bool:
    """Whether the next line that says something is marked as quoted."""
    while position < len(lines) and not lines[position].strip():
        position += 1
    return position < len(lines) and bool(_QUOTED.match(lines[position]))


def _labels_at(lines: Sequence[str], position: int) -> int:
    """The length of a head of labelled lines. A sender and a receiver alone are a parcel's; with
    a subject or an address beside a date or a receiver they are a mail's."""
    first = marks.label(lines[position])
    if first is None or first[0] not in ("from", "when"):
        return 0
    kinds, texts, last = {first[0]}, [first[1]], position
    for number in range(position + 1, min(len(lines), position + _HEAD_LINES)):
        found = marks.label(lines[number])
        if found:
            kinds.add(found[0])
            texts.append(found[1])
            last = number
        elif number - last > 2:
            break
    if "from" not in kinds or not kinds & {"when", "to"}:
        return 0
    if "about" not in kinds and not any("@" in text for text in texts):
        return 0
    return last - position + 1 if len(kinds) > 2 or "about" in kinds else 0


def _after_quote(lines: Sequence[str], position: int) -> int:
    """Where the customer may go on: behind lines that are marked as quoted; without any such
    marks nothing below a head is theirs, except what is passed on."""
    following = position
    while following < len(lines) and not lines[following].strip():
        following += 1
    if following < len(lines) and _QUOTED.match(lines[following]):
        return _end_of_block(lines, following)
    if following < len(lines) and _head_at(lines, following):
        return following
    return len(lines)


def _end_of_block(lines: Sequence[str], position: int) -> int:
    """Behind the marked lines, and the blank ones between them."""
    end = position
    for number in range(position, len(lines)):
        if _QUOTED.match(lines[number]):
            end = number + 1
        elif lines[number].strip():
            break
    return end


def _drop_rules(kept: list[str]) -> None:
    """A line drawn above the head belongs to it."""
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
        kept.pop()


def _without_signatures(lines: list[str]) -> list[str]:
    """Without a signature below its mark (`-- `), and without what a telephone adds; both only at
    the end, and only while something else is left."""
    for number in range(len(lines) - 1, 0, -1):
        if _SIGNATURE.match(lines[number]):
            below = [line for line in lines[number + 1 :] if line.strip()]
            if len(below) <= _LONGEST_SIGNATURE and any(line.strip() for line in lines[:number]):
                lines = lines[:number]
            break
    end = len(lines)
    while end and (not lines[end - 1].strip() or marks.MOBILE.match(lines[end - 1][:200])):
        end -= 1
    return lines[:end] if end else lines
