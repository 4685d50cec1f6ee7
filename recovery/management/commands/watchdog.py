"""`watchdog`, for cron or a timer: 0 when deadlines are watched, 1 and a mail when not."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from recovery import watchdog
from recovery.watchdog import Findings, Unheard


class Command(BaseCommand):
    """Looks once and ends: 0 and no word when all is well (one line with `-v 2`); 1 and one line
    when not; 2 when not and nobody could be told (`docs/operations.md`)."""

    help = "Mail whoever looks after the house when deadlines are not watched."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = watchdog.look()
        if found.troubles:
            sys.exit(self._alarm(found))
        if options["verbosity"] > 1:
            self.stdout.write(_("一切正常。%(then)s") % {"then": _whom(found)})

    def _alarm(self, found: Findings) -> int:
        said = "".join(found.troubles.values())
        try:
            told = watchdog.tell(found, at=time.time())
        except Unheard as reason:
            self.stderr.write(f"{said}{reason}")
            return 2
        how = _("已写信给 %(to)s。") % {"to": "、".join(told)} if told else _("一小时内已写过信。")
        self.stdout.write(f"{said}{how}")
        return 1


def _whom(found: Findings) -> str:
    return watchdog.unheard(found.addresses) or _("出问题时写信给 %(to)s。") % {
        "to": "、".join(found.addresses)
    }
