"""Bytes of a mail as text, whatever the mail claims them to be in."""

from __future__ import annotations

import codecs
import re

#: Names that mailers invent, or that stand for less than what is really sent under them.
_REALLY = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "hz-gb-2312": "hz",
    "chinese": "gb18030",
    "csgb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-ir-58": "gb18030",
    "euc-cn": "gb18030",
    "x-euc-cn": "gb18030",
    "gb-18030": "gb18030",
    "x-gb18030": "gb18030",
    "big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "cp950",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-2022-jp": "iso2022_jp_ext",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
}
#: They say nothing about letters; UTF-7 above all hides markup from whoever looks at the bytes.
_REFUSED = frozenset(
    {
        "utf_7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs",
        "oem", "rot_13", "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "uu_codec",
        "zlib_codec", "palmos",
    }
)  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TOGETHER = re.compile(rb"[\x80-\xff]{2}")
_ESCAPES = re.compile(rb"\x1b\$[@B]|\x1b\([BJI]")


def decode(content: bytes, declared: str = "") -> str:
    """The text: in the declared charset where it fits, else in the likeliest one; what fits in
    none has U+FFFD for what could not be read. Raises nothing."""
    if not content:
        return ""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    claimed = codec(declared)
    for name in dict.fromkeys(name for name in (claimed, *_guesses(content)) if name):
        try:
            return content.decode(name)
        except (UnicodeError, LookupError, ValueError):
            continue
    return _as_much_as_possible(content, claimed)


def codec(declared: str) -> str:
    """The name of Python's codec for a declared charset; "" for none that we trust."""
    name = declared.strip().strip("\"'").lower()[:60]
    name = _REALLY.get(name, name)
    if not name or "\x00" in name:
        return ""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    if found.replace("-", "_") in _REFUSED:
        return ""
    return name


def _guesses(content: bytes) -> tuple[str, ...]:
    if _ESCAPES.search(content):
        return ("iso2022_jp_ext", "utf-8", "gb18030")
    # in Chinese letters two high bytes stand together somewhere; in western ones they stand alone
    return ("utf-8", "gb18030") if _TOGETHER.search(content) else ("utf-8", "cp1252", "gb18030")


def _as_much_as_possible(content: bytes, claimed: str) -> str:
    """With the fewest letters lost, the declared charset before others."""
    tried = []
    for name in dict.fromkeys(name for name in (claimed, "gb18030", "utf-8") if name):
        try:
            tried.append(content.decode(name, "replace"))
        except (UnicodeError, LookupError, ValueError):
            continue
    return min(tried, key=lambda text: text.count("\ufffd"))
