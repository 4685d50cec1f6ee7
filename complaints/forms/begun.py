"""How the register form begins: with what a softphone has put into the address, or as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common import phones, text
from common.errors import RuleBroken
from complaints.forms.register import RegisterForm
from complaints.models import Channel, Draft

#: What a draft keeps; files stay with the browser.
KEPT_FIELDS = tuple(
    name for name in RegisterForm.base_fields if name not in ("attachments", "submission_key")
)


def from_address(query: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """What `?phone=&channel=&order=` fills in, and whether the number could be read. Whatever the
    one door refuses, and what is no number, stays out."""
    filled: dict[str, Any] = {}
    if query.get("channel") in Channel.values:
        filled["channel"] = query["channel"]
    if order := _clean(query.get("order", ""), 60):
        filled["order_no"] = order
    given = query.get("phone", "")
    phone = _clean(given, 40)
    if phone and phones.key(phone):
        filled["complainant_phone"] = phone
    return filled, not given.strip() or "complainant_phone" in filled


#: Chosen already when the form opens; with these alone nothing has been typed.
_CHOSEN = ("channel", "received_at", "complainant_role", "severity")


def typed(posted: Mapping[str, str]) -> dict[str, str]:
    """What a draft keeps of a form as it stands; nothing when nothing was typed."""
    values = {name: posted[name] for name in KEPT_FIELDS if posted.get(name)}
    return values if set(values) - set(_CHOSEN) else {}


def from_draft(draft: Draft) -> dict[str, Any]:
    """The fields as they were typed, under the form's own key."""
    values = {name: words for name, words in draft.values.items() if name in KEPT_FIELDS}
    return {**_unticked(), **values, "submission_key": draft.key}


def _unticked() -> dict[str, str]:
    """A field that was left empty is not the one a fresh form begins with."""
    return {"received_at": ""}


def key_of(raw: str) -> UUID | None:
    """A form's key as the address or the body has it; None for anything else."""
    try:
        return UUID(raw) if len(raw) <= 36 else None
    except ValueError:
        return None


def _clean(value: str, limit: int) -> str:
    try:
        return text.clean(value, limit=limit)
    except RuleBroken:
        return ""
