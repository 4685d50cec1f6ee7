"""Fields of the API: each reads one kind of value strictly and says in Chinese what is wrong."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

from django.db.models import QuerySet, TextChoices
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from common import text
from common.errors import RuleBroken
from common.prepared import PreparedRows

#: No case, talk or promise is older than this.
EARLIEST = 1990
_AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")


class Text(serializers.CharField):
    """Text through `common.text.clean`; a number or a list is not text. Whether it may be blank
    is for the service to say."""

    default_error_messages = {"invalid": _("应为文字。")}

    def __init__(self, *, limit: int, lines: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("allow_blank", True)
        super().__init__(trim_whitespace=False, max_length=limit, **kwargs)
        self.limit = limit
        self.lines = lines

    def to_internal_value(self, data: Any) -> str:
        """The text as it is stored. Raises ValidationError `invalid`, `text.*`."""
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return text.clean(data, limit=self.limit, lines=self.lines)
        except RuleBroken as broken:
            raise serializers.ValidationError(broken.message, code=broken.code) from broken


class Choice(serializers.ChoiceField):
    """One of the codes; what was sent is not repeated in the error."""

    default_error_messages = {"invalid_choice": _("没有这个选项。")}

    def __init__(self, kinds: type[TextChoices], **kwargs: Any) -> None:
        super().__init__(choices=kinds.choices, **kwargs)
        self.kinds = kinds

    def to_internal_value(self, data: Any) -> TextChoices:
        """The choice, as a member. Raises ValidationError `invalid_choice`."""
        if not isinstance(data, str) or data not in self.kinds.values:
            self.fail("invalid_choice")
        return self.kinds(data)


class YesNo(serializers.BooleanField):
    """JSON's true or false, and nothing that looks like one."""

    default_error_messages = {"invalid": _("应为 true 或 false。")}

    def to_internal_value(self, data: Any) -> bool:
        """Raises ValidationError `invalid`."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Whole(serializers.IntegerField):
    """A whole number, written as a number."""

    default_error_messages = {"invalid": _("应为整数。")}

    def to_internal_value(self, data: Any) -> int:
        """Raises ValidationError `invalid`."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Moment(serializers.DateTimeField):
    """ISO 8601, to be written with its offset (`2026-11-20T10:30:00+08:00`); without one it is in
    the firm's zone. From 1990 until a day from now: what lies outside is a slip."""

    ahead = timedelta(days=1)

    default_error_messages = {
        "unreadable": _("看不懂这个时间，请写成 2026-11-20T10:30:00+08:00 这样。"),
        "range": _("时间须在 1990 年到明天之间。"),
    }

    def to_internal_value(self, value: Any) -> datetime:
        """An aware moment. Raises ValidationError `date.unreadable`, `date.range`."""
        moment = _moment(value)
        if moment is None:
            refuse(self, "unreadable")
        latest = timezone.now() + self.ahead
        if not EARLIEST <= moment.year <= latest.year + 1:  # far ends overflow in zones
            refuse(self, "range")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_default_timezone())
        if moment > latest:
            refuse(self, "range")
        return moment.astimezone(UTC)


class Later(Moment):
    """A moment that is planned: up to two years ahead."""

    ahead = timedelta(days=731)

    default_error_messages = {"range": _("时间须在 1990 年到两年之内。")}


class Day(serializers.DateField):
    """A date, `2026-11-20`, from 1990 to 2100."""

    default_error_messages = {
        "unreadable": _("看不懂这个日期，请写成 2026-11-20 这样。"),
        "range": _("日期须在 1990 年到 2100 年之间。"),
    }

    def to_internal_value(self, value: Any) -> date:
        """Raises ValidationError `date.unreadable`, `date.range`."""
        try:
            day = parse_date(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            day = None
        if day is None:
            refuse(self, "unreadable")
        if not EARLIEST <= day.year <= 2100:
            refuse(self, "range")
        return day


class Amount(serializers.DecimalField):
    """Yuan as a plain number, `"120.00"` or 120; its range and precision are for the service to
    judge. Full-width digits are read; thousands separators and signs of currency are not."""

    default_error_messages = {"unreadable": _("看不懂这个金额，请写成 120.00 这样。")}
    code = "amount.unreadable"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        """Raises ValidationError `amount.unreadable`."""
        plain = not isinstance(data, bool) and isinstance(data, str | int | Decimal)
        written = unicodedata.normalize("NFKC", str(data)).strip() if plain else ""
        if not _AMOUNT.fullmatch(written):
            message = self.error_messages["unreadable"]
            raise serializers.ValidationError(message, code=self.code)
        return Decimal(written)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """An empty text is no amount, rather than none at all."""
        return (False, data) if data == "" else super().validate_empty_values(data)


class Percent(Amount):
    """A share in per cent, `"37.5"` or 60; its range is for the service to judge."""

    default_error_messages = {"unreadable": _("看不懂这个份额，请写成 37.5 这样。")}
    code = "share.unreadable"


class Named(serializers.SlugRelatedField[Any]):
    """A row named by its code, never by its id."""

    default_error_messages = {
        "does_not_exist": _("没有找到。"),
        "invalid": _("应为文字。"),
    }

    def __init__(self, queryset: QuerySet[Any], by: str, **kwargs: Any) -> None:
        super().__init__(queryset=queryset, slug_field=by, **kwargs)
        self._rows = PreparedRows(lambda code: queryset.filter(**{by: code}), "CODE")

    def to_internal_value(self, data: Any) -> Any:
        """The row. Raises ValidationError `does_not_exist`, `invalid`."""
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            found = self._rows.get(data)
        except ValueError:  # what no code can be: NUL, half a pair
            self.fail("invalid")
        if not found:
            self.fail("does_not_exist")
        return found[0]

    def __deepcopy__(self, memo: dict[int, Any]) -> Named:
        """Anew, but with the statement that is prepared already."""
        made: Named = super().__deepcopy__(memo)
        made._rows = self._rows
        return made

    def run_validation(self, data: Any = empty) -> Any:
        """Unlike DRF's, takes an empty text for a code that there is not."""
        return serializers.Field.run_validation(self, data)


def refuse(field: serializers.Field[Any, Any, Any, Any], key: str) -> NoReturn:
    """Raise the field's sentence `key` with the code `date.<key>`."""
    raise serializers.ValidationError(field.error_messages[key], code=f"date.{key}")


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or not 16 <= len(value) <= 40:
        return None
    try:
        return parse_datetime(value)
    except ValueError:
        return None
