"""What the columns of one source mean: what a person has said of them, and else what their names
say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from intake.files.columns import NAMES, Field
from intake.files.headings import Headings
from intake.files.tables import headers_of

#: What each field is called where somebody chooses one.
LABELS = {
    Field.WHAT: _("投诉内容"),
    Field.RECEIVED_AT: _("受理时间"),
    Field.NAME: _("投诉人"),
    Field.PHONE: _("联系电话"),
    Field.REF: _("外部编号"),
    Field.ACCEPT_BY: _("受理期限"),
    Field.DUE_BY: _("办理期限"),
    Field.ORDER_NO: _("单号"),
    Field.CATEGORY: _("类别"),
    Field.SEVERITY: _("严重程度"),
    Field.BRANCH: _("涉及机构"),
    Field.REMEDY: _("客户诉求"),
    Field.ANONYMOUS: _("匿名"),
}
#: Said of a column that is not imported.
NOTHING = ""


def slots(headers: Sequence[str]) -> list[str]:
    """A name for each column: its header, and which of its like it is from the second on."""
    seen: Counter[str] = Counter()
    named = []
    for header in headers:
        seen[header] += 1
        named.append(header if seen[header] == 1 else f"{header}#{seen[header]}")
    return named


class Said(Headings[Field]):
    """`meanings` are codes of fields, or `NOTHING`, by the slot of the column. `header`, when it
    is known, is the row of the table that names the columns."""

    def __init__(self, meanings: Mapping[str, str], header: Sequence[str] | None = None) -> None:
        super().__init__(NAMES, Field.WHAT)
        self._said = meanings
        self._header = tuple(header) if header is not None else None

    def _meanings(self, headers: Sequence[str]) -> Iterable[tuple[Field, int] | None]:
        guessed = super()._meanings(headers)
        for slot, guess in zip(slots(headers), guessed, strict=True):
            if slot not in self._said:
                yield guess
            elif said := self._said[slot]:
                yield Field(said), -1  # surer than any name
            else:
                yield None

    def header_row(self, rows: Sequence[Sequence[str]]) -> int | None:
        """The row that is the header word for word; when none is known, the one whose names say
        most."""
        if self._header is not None:
            found = (at for at, row in enumerate(rows) if headers_of(row) == self._header)
            return next(found, None)
        return super().header_row(rows)


class AnyHeader(Said):
    """For a file whose names say nothing: its header is the first row that has most cells filled,
    and a person says which column holds the content."""

    def header_row(self, rows: Sequence[Sequence[str]]) -> int | None:
        """The first of the widest rows; None in an empty table."""
        widths = [self.score(row) for row in rows]
        return widths.index(max(widths)) if any(widths) else None

    def score(self, row: Sequence[str]) -> int:
        """How many columns it names."""
        return sum(bool(name.strip()) for name in row)

    def understood(self, headers: Sequence[str]) -> dict[Field, list[int]]:
        """As far as it is known; that no column names the content is no refusal here."""
        return {Field.WHAT: [], **super().understood(headers)}


def guess(headers: Sequence[str], remembered: Mapping[str, str]) -> list[str]:
    """For each column the code of the field that it seems to hold, or `NOTHING`."""
    found = Said(remembered).understood(headers)
    meant = {place: field.value for field, places in found.items() for place in places}
    return [meant.get(place, NOTHING) for place in range(len(headers))]
