"""The house keeps its own rules: lint, types, import contracts, deployment, migrations, words."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

HOUSE = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
ROOMS = ("common", "staff", "notify", "complaints", "quality", "intake", "reports", "recovery")

CHECKS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
    "templates": ["djlint", "templates", "--lint", "--quiet"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_tools_find_nothing(name: str) -> None:
    tool, *words = CHECKS[name]
    ran = subprocess.run(
        [str(TOOLS / tool), *words], cwd=HOUSE, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_is_fit_to_be_deployed_over_https() -> None:
    environment = {**os.environ, "HTTPS": "1", "DEBUG": "0", "ALLOWED_HOSTS": "desk.example.com"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=HOUSE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_model_hides_work_in_save_or_in_signals() -> None:
    ours = [model for model in apps.get_models() if model.__module__.split(".")[0] in ROOMS]
    assert ours
    assert [model.__name__ for model in ours if model.save is not models.Model.save] == [
        "Person"  # Django's own, for password validation
    ]


def test_no_request_talks_to_the_broker() -> None:
    """Rows are the queue: a door that called a task would hang with a silent broker. Only the
    faults, which play beat, may."""
    calls = re.compile(r"\.(delay|apply_async)\(|send_task\(|\beta=|\bcountdown=")
    guilty = [
        f"{path}:{number}"
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if "faults" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if calls.search(line)
    ]
    assert guilty == []


def test_every_word_of_the_interface_has_its_english() -> None:
    catalogue = polib.pofile(str(HOUSE / "locale/en/LC_MESSAGES/django.po"))
    missing = [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy]
    assert missing == []
    known = {entry.msgid for entry in catalogue}
    assert _words_in_use() - known == set()


_IN_PYTHON = re.compile(
    r'\b(?:_|gettext|gettext_lazy|gettext_noop)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)[,)]'
)
_IN_TEMPLATES = re.compile(r"""\{% (?:translate|trans) (?:"([^"]+)"|'([^']+)')""")


def _words_in_use() -> set[str]:
    """The msgids of the code and of `translate` tags; blocktranslate stands in the catalogue by
    `makemessages`, which knows its rules."""
    found = set()
    for room in ROOMS:
        for path in (HOUSE / room).rglob("*.py"):
            if "migrations" not in path.parts:
                for match in _IN_PYTHON.finditer(path.read_text()):
                    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', match[1])
                    found.add("".join(parts).replace('\\"', '"').replace("\\n", "\n"))
    for path in (HOUSE / "templates").rglob("*.html"):
        for match in _IN_TEMPLATES.finditer(path.read_text()):
            found.add(match[1] or match[2])
    return {words for words in found if words and not words.isascii()}
