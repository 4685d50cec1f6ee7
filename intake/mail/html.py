"""HTML of strangers: as text, and as harmless HTML that loads nothing from anywhere."""

from __future__ import annotations

import html
import re

import lxml.html
import nh3
from inscriptis import Inscriptis
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from lxml import etree

DEEPEST = 256
MOST_TAGS = 50_000
LONGEST = 5 * 1024 * 1024

_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9:-]*)|</[a-zA-Z][^<>]*>")
_ANY_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_UNSEEN = re.compile(
    r"<(script|style|head|title|template|noscript|svg|math)\b[^<>]*>|(<!--)|<!\[[^<>]*>",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|hr)\b[^<>]*>", re.IGNORECASE)
#: They hold nothing, or end by themselves where the next of their kind begins.
_SHALLOW = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr", "p", "li", "td", "th", "tr", "tbody", "thead", "dt", "dd",
        "option", "html", "body", "head",
    }
)  # fmt: skip
# without the default one's margins
_LOOK = ParserConfig(css=STRICT_CSS_PROFILE)
_PARSER = lxml.html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
#: Around what is quoted from an earlier mail; private characters that no text may hold.
_OPEN, _CLOSE = "\ue0f0", "\ue0f1"
_QUOTES = (
    "//blockquote[@type='cite' or contains(@class,'gmail_quote') or @id='isReplyContent'"
    " or contains(@class,'moz-cite') or contains(@class,'quote')]"
)

_ALLOWED = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "li", "ol",
    "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}


def is_tame(markup: str) -> bool:
    """Whether it may be given to a parser: not too long, not too deep, not too many tags."""
    if len(markup) > LONGEST:
        return False
    depth = 0
    for tags, found in enumerate(_TAG.finditer(markup)):
        if found[1] is None:
            depth = max(0, depth - 1)
        elif found[1].lower() not in _SHALLOW:
            depth += 1
        if depth > DEEPEST or tags >= MOST_TAGS:
            return False
    return True


def to_text(markup: str) -> str:
    """What a reader would see, quoted mails with `> ` before each line. Raises nothing."""
    if not is_tame(markup):
        return plain_text(markup)
    try:
        return _rendered(markup)
    except (etree.LxmlError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return plain_text(markup)


def plain_text(markup: str) -> str:
    """The text between the tags, for what no parser may see; takes a time that grows with the
    length alone."""
    without = _without_unseen(markup[:LONGEST])
    broken = _BREAKS.sub("\n", without)
    text = html.unescape(_ANY_TAG.sub("", broken)).replace("\xa0", " ")
    return re.sub(r"\n\s*\n\s*", "\n\n", text).strip()


def sanitised(markup: str) -> str:
    """HTML that may be shown: no script, style, form, picture or frame, so nothing is loaded;
    links open elsewhere and don't say where from. "" when it is too wild."""
    if not is_tame(markup):
        return ""
    return nh3.clean(
        markup,
        tags=_ALLOWED,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def _rendered(markup: str) -> str:
    cleaned = _without_what_lxml_refuses(_without_unseen(markup))
    if not cleaned.strip():
        return ""
    tree = lxml.html.document_fromstring(cleaned, parser=_PARSER)
    for quote in tree.xpath(_QUOTES):
        _mark(quote)
    text = Inscriptis(tree, _LOOK).get_text()
    return _quoted(text.replace("\xa0", " ")).strip()


def _mark(quote: lxml.html.HtmlElement) -> None:
    before, after = etree.Element("div"), etree.Element("div")
    before.text, after.text = _OPEN, _CLOSE
    before.tail, quote.text = quote.text, None
    quote.insert(0, before)
    quote.append(after)


def _quoted(text: str) -> str:
    """The marks turned into `> `."""
    lines, depth = [], 0
    for line in text.split("\n"):
        bare = line.strip()
        if _OPEN in bare or _CLOSE in bare:
            depth = max(0, depth + bare.count(_OPEN) - bare.count(_CLOSE))
            bare = bare.replace(_OPEN, "").replace(_CLOSE, "").strip()
            if not bare:
                continue
        lines.append("> " * min(depth, 9) + bare if depth else line.rstrip())
    return "\n".join(lines)


def _without_unseen(markup: str) -> str:
    """Without scripts, styles, comments and the like; what is never closed stays. In one pass,
    however many of them are open."""
    kept: list[str] = []
    endless: set[str] = set()
    position = 0
    for _ in range(MOST_TAGS):
        found = _UNSEEN.search(markup, position)
        if found is None:
            break
        name = "--" if found[2] else (found[1] or "").lower()
        end = _end_of(markup, name, found.end()) if name not in endless else -1
        if end < 0:
            endless.add(name)
            end = found.end()
        kept.append(markup[position : found.start()])
        position = end
    return " ".join([*kept, markup[position:]])


def _end_of(markup: str, name: str, start: int) -> int:
    """Where the element that is open ends; -1 for nowhere."""
    if not name:
        return start
    closing = re.compile("-->" if name == "--" else rf"</{name}\s*>", re.IGNORECASE)
    found = closing.search(markup, start)
    return found.end() if found else -1


def _without_what_lxml_refuses(markup: str) -> str:
    """No NUL or lone surrogate, and no declaration of an encoding: it is text already."""
    text = re.sub(r"[\x00\ud800-\udfff\ue0f0\ue0f1]", "", markup)
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
