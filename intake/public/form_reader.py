"""Reading what the public form has kept: the house's own JSON, as the customer's words."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from complaints.models import ComplainantRole
from intake.models import Item
from intake.understood import File, Told, Understood
from staff.models import Branch


def read(item: Item) -> Understood:
    """A new matter, or more about one. Raises RuleBroken `form.unreadable`."""
    try:
        said: dict[str, Any] = json.loads(bytes(item.raw))
        photos = [File(one["name"], base64.b64decode(one["content"])) for one in said["photos"]]
        if "complaint" in said:
            return Told(what=said["what"], complaint_id=said["complaint"], files=photos)
        return Told(
            what=said["what"],
            name=said["name"],
            phone=said["phone"],
            anonymous=said["anonymous"],
            role=ComplainantRole(said["role"]),
            order_no=said["order_no"],
            remedy_sought=said["wish"],
            branch=branch_of(said["branch"]),
            files=photos,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise RuleBroken("form.unreadable", _("表单内容不完整，请人工登记。")) from error


def branch_of(code: str) -> Branch | None:
    """The live branch of a code; of a closed one, whose code may still hang on a wall, its
    heir."""
    found = Branch.objects.select_related("heir").filter(code=code).first() if code else None
    return found.heir if found and found.heir else found
