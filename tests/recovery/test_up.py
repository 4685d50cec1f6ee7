"""`manage.py up` starts everything, keeps it running and leaves nothing behind."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery.local import services
from recovery.processes import LASTING
from recovery.up import choose_port
from staff.models import Role
from tests.recovery.running import PATIENCE, Up, manage, processes_of, until

pytestmark = pytest.mark.xdist_group("up")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "state"


@pytest.fixture(scope="module")
def up(state: Path) -> Iterator[Up]:
    with Up(state, "--no-demo") as running:
        running.wait_for("Ready after")
        yield running
    until(lambda: not processes_of(state), "processes are left")


def test_it_serves_and_says_where(up: Up) -> None:
    assert f"http://127.0.0.1:{up.port}/" in up.said
    assert up.status("/sign-in/") == 200


def test_secrets_are_closed_to_others(up: Up) -> None:
    assert up.state.stat().st_mode & 0o077 == 0
    for name in ("secret_key", "services.env", "valkey_password", "valkey.conf"):
        assert (up.state / name).stat().st_mode & 0o077 == 0


def test_a_command_uses_the_servers_that_run(up: Up) -> None:
    before = up.pid_of("postgres")
    shell = "from django.conf import settings; print(settings.DATABASES['default']['HOST'])"
    asked = manage(up.state, "shell", "-v", "0", "-c", shell)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.strip() in services(up.state)["DATABASE_URL"]
    assert up.pid_of("postgres") == before


def test_a_second_one_in_the_same_folder_is_refused(up: Up) -> None:
    second = manage(up.state, "up")
    assert second.returncode == 1
    assert "already running here" in second.stderr


@pytest.mark.parametrize("name", LASTING)
def test_a_killed_process_is_restarted(up: Up, name: str) -> None:
    up.kill(name)
    until(lambda: up.is_well(name), f"{name} is not well")


def test_a_killed_valkey_is_restarted_and_sweeps_go_on(up: Up) -> None:
    before = services(up.state)
    up.kill("valkey")
    assert services(up.state) == before
    restarted = time.monotonic()
    until(lambda: up.swept_since(restarted), "nothing is swept with the new broker")


def test_a_killed_postgres_is_restarted_and_pages_come_again(up: Up) -> None:
    up.kill("postgres")
    restarted = time.monotonic()
    until(lambda: up.status("/healthz") == 200, "the database is not back")
    assert up.status("/sign-in/") == 200
    until(lambda: up.swept_since(restarted), "nothing is swept in the new database")


def test_killed_itself_it_leaves_no_process_behind(up: Up) -> None:
    os.kill(up.process.pid, signal.SIGKILL)
    until(lambda: not processes_of(up.state), "processes are left")


def test_it_says_who_may_sign_in_and_ctrl_c_stops_everything(state: Path, up: Up) -> None:
    up.end(signal.SIGKILL)
    with Up(state) as again:
        again.wait_for("Ready after")
        assert [role for role in Role if str(role.label) not in again.said] == []
        until(lambda: (state / "pids" / "demo.json").exists(), "no cases are loaded")
        assert again.end(signal.SIGINT) == 0
    assert "Everything is stopped." in again.lines[-1]
    assert processes_of(state) == []
    assert services(state) == {}


def test_five_quick_deaths_stop_everything_with_the_reason(state: Path, up: Up) -> None:
    up.end(signal.SIGKILL)
    with Up(state, "--no-demo", WEB_WORKERS="many") as broken:
        assert broken.process.wait(PATIENCE) == 1
    assert "because web ended 5 times within a minute (ended with exit code 1)" in broken.lines[-1]
    assert "invalid literal for int() with base 10: 'many'" in broken.said
    assert processes_of(state) == []


def test_data_of_another_postgres_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("15\n")
    refused = manage(tmp_path, "up")
    assert refused.returncode == 1
    assert "was made by PostgreSQL 15, this is PostgreSQL 18" in refused.stderr


def test_a_taken_port_is_refused_when_it_was_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = manage(tmp_path, "up", PORT=port)
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr


def test_a_taken_8000_gives_way_to_a_free_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("recovery.up.DEFAULT_PORT", taken.getsockname()[1])
        port = choose_port()
    assert port != taken
    assert f"this run uses {port}" in capsys.readouterr().out
