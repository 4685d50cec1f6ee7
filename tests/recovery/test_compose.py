"""docker-compose.yml is valid, says what the supervisor says, and its commands run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from recovery import secret_files
from recovery.children import free_port
from recovery.places import BASE
from recovery.postgres import ENCODING
from recovery.processes import LASTING, SERVICES, here
from recovery.roles import JOB, WEB
from tests.recovery.running import environment, until

FILE = BASE / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())

pytestmark = pytest.mark.xdist_group("compose")


def test_it_is_valid() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, str(FILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_service_has_a_health_check() -> None:
    assert set(COMPOSE["services"]) == {"db", "valkey", *SERVICES}
    for name, service in COMPOSE["services"].items():
        assert service["healthcheck"]["test"], name


@pytest.mark.parametrize("name", SERVICES)
def test_it_runs_and_asks_what_the_supervisor_does(name: str) -> None:
    service = COMPOSE["services"][name]
    assert tuple(service["command"]) == SERVICES[name].command
    assert tuple(service["healthcheck"]["test"]) == ("CMD", *SERVICES[name].health)


def test_the_database_is_made_with_the_same_locale() -> None:
    arguments = COMPOSE["services"]["db"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert sorted(arguments) == sorted([*ENCODING, "--lc-ctype=C.UTF-8"])


def test_every_secret_is_a_file_that_can_be_made(tmp_path: Path) -> None:
    secret_files.make(tmp_path / "secrets")
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert made == set(COMPOSE["secrets"])
    before = (tmp_path / "secrets" / "secret_key").read_text()
    secret_files.make(tmp_path / "secrets")
    assert (tmp_path / "secrets" / "secret_key").read_text() == before
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


Environments = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def environments(database: str, tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """The environment that the file gives each service, with our servers in place of its own."""
    secrets = tmp_path_factory.mktemp("secrets")
    secret_files.make(secrets)
    broker = urlsplit(os.environ["REDIS_URL"])
    (secrets / "valkey_password").write_text(f"{broker.password}\n")
    state, port = tmp_path_factory.mktemp("state"), str(free_port())
    made = {}
    for name in SERVICES:
        given = {key: _resolved(value, secrets) for key, value in _environment(name).items()}
        role = urlsplit(given["DATABASE_URL"]).username
        ours = {
            "DATABASE_URL": database.replace("recovery@", f"{role}@", 1),
            "REDIS_URL": f"redis://{broker.hostname}:{broker.port}{broker.path}",
            "PORT": port,
            "RECOVERY_NO_BOOTSTRAP": "1",
        }
        made[name] = environment(state, **{**given, **ours})
    return made


def _environment(name: str) -> dict[str, str]:
    return dict(COMPOSE["services"][name]["environment"])


def test_only_the_migration_is_given_the_owner_of_the_tables() -> None:
    roles = {name: urlsplit(_environment(name)["DATABASE_URL"]).username for name in SERVICES}
    assert roles == {
        "migrate": "recovery", "web": WEB, "worker": JOB, "beat": JOB, "sweeper": JOB,
    }  # fmt: skip
    for name in LASTING:
        assert "database_password" not in COMPOSE["services"][name]["secrets"]


def _resolved(value: str, secrets: Path) -> str:
    """What compose makes of ${NAME:-default}, and our place of the secrets."""
    value = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
    return value.replace("/run/secrets", str(secrets))


@contextmanager
def running(name: str, env: dict[str, str]) -> Iterator[None]:
    """A lasting service's command at work, stopped as an engine stops it."""
    command = here(SERVICES[name].command)
    process = subprocess.Popen(command, cwd=BASE, env=env, stdout=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, f"{name} ended by itself"
    finally:
        process.terminate()
        assert process.wait(30) == 0, f"{name} did not stop in order"


def healthy(name: str, env: dict[str, str]) -> bool:
    health = here(SERVICES[name].health)
    return subprocess.run(health, cwd=BASE, env=env, capture_output=True).returncode == 0


def test_each_command_runs_natively_and_becomes_healthy(environments: Environments) -> None:
    env = environments["migrate"]
    assert not healthy("migrate", env)
    migrated = subprocess.run(here(SERVICES["migrate"].command), cwd=BASE, env=env)
    assert migrated.returncode == 0
    assert healthy("migrate", env)
    for name in LASTING:
        assert not healthy(name, environments[name]), name
    with ExitStack() as house:
        for name in LASTING:
            house.enter_context(running(name, environments[name]))
        for name in LASTING:
            until(
                lambda name=name: healthy(name, environments[name]),
                f"{name} did not become healthy",
            )
