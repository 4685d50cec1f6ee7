"""The first step of `up --no-demo`: it asks for the administrator, or says how to make one."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from recovery.local import make_key
from recovery.places import BASE
from tests.recovery.running import PATIENCE, environment

WORDS = [sys.executable, "-m", "recovery.prepare", "--no-demo"]
ANSWERS = {
    "管理员用户名": "qian",
    "姓名": "钱一默",
    "再输一次密码": "Zq7-long-enough",
    "密码": "Zq7-long-enough",
    "总部名称": "青蜓物流",
}


@pytest.fixture
def empty_house(database: str, tmp_path: Path) -> dict[str, str]:
    make_key(tmp_path)
    servers = {"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]}
    return environment(tmp_path, **servers)


def answer(env: dict[str, str]) -> str:
    """Run it on a terminal and answer what it asks; everything the terminal showed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        WORDS, cwd=BASE, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = _talk(ours)
        assert process.wait(PATIENCE) == 0, shown
    os.close(ours)
    return shown


def _talk(terminal: int) -> str:
    left, shown, answered = dict(ANSWERS), "", 0
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
        for question in list(left):
            if question in shown[answered:] and shown.rstrip(" ").endswith(("：", ":")):
                answered = len(shown)
                os.write(terminal, f"{left.pop(question)}\n".encode())
                break
    return shown


def people(database: str) -> list[tuple[str, str]]:
    folder, _, name = database.removeprefix("postgres://recovery@/").rpartition("/")
    connection = psycopg2.connect(host=folder, user="recovery", dbname=name)
    with connection, connection.cursor() as cursor:
        cursor.execute("select username, name from staff_person")
        found = cursor.fetchall()
    connection.close()
    return found


def test_without_a_terminal_it_says_how_and_on_one_it_asks(empty_house: dict[str, str]) -> None:
    done = subprocess.run(
        WORDS, cwd=BASE, env=empty_house, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "python3 manage.py create_administrator" in done.stdout
    shown = answer(empty_house)
    assert ANSWERS["密码"] not in shown
    assert people(empty_house["DATABASE_URL"]) == [("qian", "钱一默")]
    assert "create_administrator" not in answer(empty_house)
