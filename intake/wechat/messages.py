"""The XML of WeChat and WeCom, read without trusting it."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

#: Bytes of one call, sealed or not.
LARGEST = 64 * 1024
#: Their deepest message has five levels.
DEEPEST = 8


class Unreadable(Exception):
    """No XML of theirs: too long, too deep, broken, or with declarations that they never send."""


@dataclass(frozen=True)
class Message:
    """The leaves of a message by their path from the root, `CreateTime` or `BatchJob.JobId`."""

    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def kind(self) -> str:
        """text, image, voice, ..., event."""
        return self["MsgType"].strip().lower()

    @property
    def is_event(self) -> bool:
        """Something happened; nobody said anything."""
        return self.kind == "event" or self.kind.endswith("_event")

    @property
    def event(self) -> str:
        """Which event, in small letters; empty where it is a message."""
        return self["Event"].strip().lower()

    @property
    def scene(self) -> str:
        """What the scanned code stands for."""
        return self["EventKey"].removeprefix("qrscene_")

    @property
    def sender(self) -> str:
        """The open id, or the user id of WeCom."""
        return self["FromUserName"].strip()

    @property
    def sent_at(self) -> datetime | None:
        """When the platform says it was sent."""
        try:
            return datetime.fromtimestamp(int(self["CreateTime"]), UTC)
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def outside_id(self) -> str:
        """The same for each delivery of the same: the platform's id, or for an event, which has
        none, who, when and what."""
        if number := self["MsgId"].strip():
            return number
        what = "".join(f"{name}\0{value}\0" for name, value in sorted(self.fields.items()))
        digest = hashlib.sha256(what.encode()).hexdigest()[:16]
        return f"{self.sender}:{self['CreateTime'].strip()}:{digest}"


def parse(xml: bytes) -> Message:
    """What stands in it. Raises Unreadable."""
    if len(xml) > LARGEST:
        raise Unreadable
    try:
        root: Element = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable from None
    fields: dict[str, str] = {}
    for path, text in _leaves(root):
        fields.setdefault(path, text)
    return Message(fields)


def _leaves(root: Element) -> Iterator[tuple[str, str]]:
    """Without recursion: depth is the sender's to choose. Raises Unreadable."""
    waiting = deque((child, child.tag, 1) for child in root)
    while waiting:
        element, path, depth = waiting.popleft()
        if depth > DEEPEST:
            raise Unreadable
        waiting += [(child, f"{path}.{child.tag}", depth + 1) for child in element]
        if len(element) == 0:
            yield path, element.text or ""
