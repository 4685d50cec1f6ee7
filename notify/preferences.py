"""By which ways a person wants to hear, and when not: their own choice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from notify import selectors
from notify.models import Preference
from staff.models import Person


@transaction.atomic
def choose(
    person: Person,
    *,
    outlets: Collection[str],
    quiet_from: time | None,
    quiet_until: time | None,
) -> None:
    """From now on these ways out (by name), and none of the others that are offered. Raises
    RuleBroken `outlet.unknown`, `quiet.incomplete`, `quiet.empty`."""
    _check_quiet_hours(quiet_from, quiet_until)
    offered = {outlet.name: outlet.pk for outlet in selectors.offered(person)}
    if not set(outlets) <= set(offered):
        raise RuleBroken("outlet.unknown", _("没有这条通道，或它现在不能用。"), field="outlets")
    # what can't be seen now can't be chosen or left out: it stays as it was
    unseen = set(selectors.choice(person).outlet_ids) - set(offered.values())
    preference, _made = Preference.objects.update_or_create(
        person=person, defaults={"quiet_from": quiet_from, "quiet_until": quiet_until}
    )
    preference.outlets.set(unseen | {offered[name] for name in outlets})


def _check_quiet_hours(quiet_from: time | None, quiet_until: time | None) -> None:
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_from" if quiet_from is None else "quiet_until"
        raise RuleBroken(
            "quiet.incomplete", _("免打扰要同时填写开始和结束，或都不填。"), field=missing
        )
    if quiet_from is not None and quiet_from == quiet_until:
        raise RuleBroken(
            "quiet.empty", _("免打扰的开始和结束不能是同一时间。"), field="quiet_until"
        )
