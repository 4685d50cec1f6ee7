"""Reading JSON that a stranger sent: bounded before it is parsed, and nothing in it guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework.parsers import JSONParser

from common.errors import RuleBroken

#: Objects and lists inside each other; the API's own bodies use one level.
DEEPEST = 20
#: Digits of a whole number, and the power of ten of any number, as in a double.
LONGEST_INTEGER = 40
_LARGEST_POWER = 308

# A string as one piece (ended or cut off), or one bracket. Possessive: never goes back, so that
# its time grows with the body's length and no faster.
_PIECES = re.compile(rb'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class WrongCharset(RuleBroken):
    """The body is said to be in another encoding than UTF-8."""

    status = 415


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, at most 20 levels deep, each key once, numbers that a computer can hold,
    and text that the database can store."""

    #: Whether one bad text refuses the whole body.
    checks_text: ClassVar[bool] = True

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value; numbers with a point as Decimal. Raises WrongCharset `charset`; RuleBroken
        `json.not_utf8`, `json.too_deep`, `json.duplicate_key`, `json.number`,
        `json.malformed`, `text.nul`, `text.surrogate`."""
        _check_charset(media_type or "")
        body = stream.read()
        _check_depth(body)
        value = _parsed(_decoded(body))
        if self.checks_text:
            check_text(value, "")
        return value


class ItemsParser(StrictJSONParser):
    """The same for a list of things that are judged one by one: whoever reads it passes each
    through `check_text`."""

    checks_text = False


def _check_charset(media_type: str) -> None:
    for parameter in media_type.split(";")[1:]:
        name, _equals, value = parameter.partition("=")
        charset = value.strip().strip("\"'").lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8"):
            raise WrongCharset("charset", _("只接受 UTF-8 编码的内容。"))


def _check_depth(body: bytes) -> None:
    depth = 0
    for piece in _PIECES.finditer(body):
        match piece[0][:1]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
        if depth > DEEPEST:
            raise RuleBroken(
                "json.too_deep", _("内容嵌套过深：最多 %(limit)d 层。") % {"limit": DEEPEST}
            )


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleBroken("json.not_utf8", _("内容不是 UTF-8 编码，无法读取。")) from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_decimal,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise RuleBroken(
            "json.malformed",
            _("内容不是完整的 JSON(第 %(line)d 行第 %(column)d 个字符处出错)。") % where,
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RuleBroken(
                "json.duplicate_key", _("同一个字段出现了两次。"), field=_printable(key)
            )
        found[key] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise _bad_number()
    return int(digits)


def _decimal(digits: str) -> Decimal:
    """Exact, as written: 0.1 stays 0.1."""
    try:
        number = Decimal(digits) if len(digits) <= 2 * LONGEST_INTEGER else None
    except InvalidOperation:  # an exponent of more digits than Decimal can count
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) > _LARGEST_POWER:
        raise _bad_number()
    return number


def _no_constant(name: str) -> Any:
    raise _bad_number()


def _bad_number() -> RuleBroken:
    return RuleBroken("json.number", _("内容中有无法处理的数字。"))


def check_text(value: Any, path: str) -> None:
    """Keys and values that can be stored; the depth has been bounded already. Raises RuleBroken
    `text.nul`, `text.surrogate`."""
    if isinstance(value, str):
        _check_string(value, path)
    elif isinstance(value, list):
        for part in value:
            check_text(part, path)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_string(key, path)
            check_text(part, f"{path}.{key}" if path else key)


def _check_string(text: str, path: str) -> None:
    field = path[:200] or None
    if "\x00" in text:
        raise RuleBroken(
            "text.nul", _("内容包含无法保存的字符（空字符），请删除后重试。"), field=field
        )
    if _SURROGATE.search(text):
        raise RuleBroken(
            "text.surrogate", _("内容包含不完整的字符（编码损坏），请重新输入。"), field=field
        )


def _printable(key: str) -> str:
    return _SURROGATE.sub("?", key.replace("\x00", "?"))[:200]
