"""Commands without an `up` share servers that end with the last of them."""

import subprocess
import sys
from pathlib import Path

from recovery.local import services
from recovery.places import BASE
from tests.recovery.running import environment, manage, processes_of, until

POSTMASTER = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("select pg_postmaster_start_time()")
    print(cursor.fetchone()[0], flush=True)
"""


def begin(state: Path, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        cwd=BASE,
        env=environment(state),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_commands_at_once_share_one_server_that_ends_with_the_last(tmp_path: Path) -> None:
    waits = f"{POSTMASTER}\ninput()"
    first, second = begin(tmp_path, waits), begin(tmp_path, waits)
    assert first.stdout
    assert second.stdout
    born = first.stdout.readline()
    assert born.startswith("20")
    assert second.stdout.readline() == born
    first.communicate("\n", timeout=30)
    third = manage(tmp_path, "shell", "-v", "0", "-c", POSTMASTER)
    assert third.stdout == born
    second.communicate("\n", timeout=30)
    until(lambda: not processes_of(tmp_path), "the servers outlived the last command")
    assert services(tmp_path) == {}


def test_a_command_that_needs_no_database_starts_none(tmp_path: Path) -> None:
    said = manage(tmp_path, "version")
    assert said.stdout.startswith("5.2")
    assert not (tmp_path / "pg").exists()
