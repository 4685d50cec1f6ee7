"""Other systems, as the tests of the machine API know them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from complaints.models import Channel
from intake.models import Inlet
from intake.systems import keys
from staff.models import Branch
from tests.api.conftest import Caller
from tests.conftest import MONDAY, Cast

ADDRESS = "intake/complaints/"
BATCH = "intake/complaints/batch/"


def opened(cast: Cast, key: str = "orders", branch: Branch | None = None) -> Inlet:
    """The way in of a system."""
    return Inlet.objects.create(
        key=key, name=f"系统 {key}", channel=Channel.PARENT, branch=branch or cast.wuxi
    )


def caller(cast: Cast, inlet: Inlet, lasts: timedelta = timedelta(days=30)) -> Caller:
    """Whoever has a key of this system."""
    _key, text = keys.issue(inlet, name="密钥", lasts=lasts, by=cast.root, at=MONDAY)
    made = Caller(raise_request_exception=False)
    made.credentials(HTTP_AUTHORIZATION=f"Key {text}")
    return made


def report(outside_id: str = "A-1", **said: Any) -> dict[str, Any]:
    """A complaint as a system tells it."""
    usual = {"outside_id": outside_id, "what": "货晚到三天。", "complainant_phone": "13800138000"}
    return {**usual, **said}
