"""What a local run knows without being told: its key, its database and its broker."""

from pathlib import Path

from recovery.places import secret

KEY_FILE = "secret_key"
SERVICES_FILE = "services.env"
SIGN_INS_FILE = "sign-ins"


def make_key(state: Path) -> str:
    """The secret key of this folder, made at the first call; its file marks a local run."""
    return secret(state / KEY_FILE)


def defaults(state: Path) -> dict[str, str]:
    """SECRET_KEY, DATABASE_URL and REDIS_URL of a local run; nothing where there was none."""
    key_file = state / KEY_FILE
    if not key_file.exists():
        return {}
    return {
        "SECRET_KEY": key_file.read_text(),
        "DATABASE_URL": "postgres://recovery@//nonexistent/recovery",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **services(state),
    }


def services(state: Path) -> dict[str, str]:
    """DATABASE_URL and REDIS_URL of the servers that run in this folder; empty when none do."""
    try:
        lines = (state / SERVICES_FILE).read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines)
