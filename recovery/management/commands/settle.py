"""`manage.py settle`: the tables as this version wants them, and who may do what with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from recovery.roles import JOB, WEB, settle


class Command(BaseCommand):
    help = "迁移数据库；给出 WEB_PASSWORD、JOB_PASSWORD（或 …_FILE）时，建好网页和后台用的角色"

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        given = {WEB: _secret("WEB_PASSWORD"), JOB: _secret("JOB_PASSWORD")}
        if passwords := {role: password for role, password in given.items() if password}:
            settle(passwords)


def _secret(name: str) -> str:
    file = os.environ.get(f"{name}_FILE")
    return (Path(file).read_text() if file else os.environ.get(name, "")).strip()
