"""Where things lie: the checkout, and the state folder with data, keys and logs of a local run."""

import os
import secrets
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent


def state_folder() -> Path:
    """The folder of local state; RECOVERY_STATE moves it."""
    return Path(os.environ.get("RECOVERY_STATE") or BASE / ".local").expanduser().resolve()


def make_state() -> Path:
    """The state folder, made if missing and closed to everybody else."""
    state = state_folder()
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    return state


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def secret(path: Path) -> str:
    """The secret kept in this file, made at the first call."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    text = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return text


def sign_of_life(name: str) -> Path:
    """The file whose age says when this machine's beat or sweeper last came round."""
    return state_folder() / f"{name}-alive"
