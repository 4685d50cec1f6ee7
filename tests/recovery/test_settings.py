"""Settings refuse what is not safe, and take secrets from files."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from recovery.places import BASE
from tests.recovery.running import environment

ELSEWHERE = {"DATABASE_URL": "postgres://recovery@db/recovery", "REDIS_URL": "redis://valkey/0"}


def run(state: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**environment(state, **more), "RECOVERY_NO_BOOTSTRAP": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=BASE, env=env, capture_output=True, text=True
    )


def said(state: Path, expression: str, **more: str) -> str:
    code = f"from recovery import settings as s; print({expression})"
    done = run(state, "-c", code, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("key", ["", "short", "django-insecure-" + "x" * 40, "change-me" * 5])
def test_production_refuses_to_start_without_a_key_of_its_own(tmp_path: Path, key: str) -> None:
    refused = run(tmp_path, "manage.py", "check", SECRET_KEY=key, **ELSEWHERE)
    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr.splitlines()[-1]


def test_production_refuses_to_start_without_a_database(tmp_path: Path) -> None:
    refused = run(tmp_path, "-m", "gunicorn", "recovery.wsgi", SECRET_KEY=secrets.token_hex(32))
    assert refused.returncode != 0
    assert "Set DATABASE_URL" in refused.stderr


def test_secrets_come_from_files(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "k" * 50, "DATABASE_PASSWORD": "p@ss/word", "REDIS_PASSWORD": "r@d/is"}
    for name, value in given.items():
        (tmp_path / name).write_text(f"{value}\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in given}
    assert said(tmp_path, "s.SECRET_KEY", **ELSEWHERE, **files) == given["SECRET_KEY"]
    password = said(tmp_path, "s.DATABASES['default']['PASSWORD']", **ELSEWHERE, **files)
    assert password == given["DATABASE_PASSWORD"]
    broker = said(tmp_path, "s.CELERY_BROKER_URL", **ELSEWHERE, **files)
    assert broker == "redis://:r%40d%2Fis@valkey/0"


def test_a_command_of_an_operator_has_no_time_limit(tmp_path: Path) -> None:
    key = {"SECRET_KEY": secrets.token_hex(32)}
    assert "statement_timeout=15s" in said(tmp_path, "s.DATABASES", **ELSEWHERE, **key)
    shell = "from django.conf import settings as s; print(s.DATABASES['default']['OPTIONS'])"
    servers = {name: os.environ[name] for name in ELSEWHERE}
    done = run(tmp_path, "manage.py", "shell", "-v", "0", "-c", shell, **servers, **key)
    assert "statement_timeout=0" in done.stdout


def test_the_door_is_told_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the provider\n")
    given = {
        "SECRET_KEY": secrets.token_hex(32), "OIDC_ISSUER": "https://id.example.com/realms/a/",
        "OIDC_CLIENT_ID": "desk", "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
    }  # fmt: skip
    app = "s.SOCIALACCOUNT_PROVIDERS['openid_connect']['APPS'][0]"
    form_action = "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']"
    said_all = said(
        tmp_path, f"{app}['secret'], {app}['settings'], {form_action}", **ELSEWHERE, **given
    )
    assert said_all.startswith("of the provider ")
    assert "{'server_url': 'https://id.example.com/realms/a'}" in said_all
    assert "'https://id.example.com']" in said_all


@pytest.mark.parametrize(
    "slip", [{"MFA_REQUIRED_FROM": "everybody"}, {"TRUSTED_PROXIES": "10.0.0.0/8, proxy"}]
)
def test_a_slip_in_what_guards_the_door_stops_the_start(
    tmp_path: Path, slip: dict[str, str]
) -> None:
    key = {"SECRET_KEY": secrets.token_hex(32)}
    assert run(tmp_path, "manage.py", "check", **ELSEWHERE, **key, **slip).returncode != 0
