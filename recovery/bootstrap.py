"""Puts the packages of a lock file in .venv with nothing but python3 and pip, and goes on there."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from recovery.places import BASE

OLDEST_PYTHON = (3, 11)
VENV = BASE / ".venv"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PYTHON = VENV / "bin" / "python"


def ensure(lock_name: str) -> None:
    """Go on in .venv with the packages of this lock file; one of the user's own is left."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Python 3.11 or newer is needed.")
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    own = sys.prefix != sys.base_prefix or "RECOVERY_NO_BOOTSTRAP" in os.environ
    if own and not inside:
        return
    if not _installed(lock_name):
        _install_alone(lock_name)
    if not inside:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


def _stamp(lock_name: str) -> Path:
    return VENV / f".{lock_name}.sha256"


def _digest(lock_name: str) -> str:
    return hashlib.sha256((BASE / lock_name).read_bytes()).hexdigest()


def _installed(lock_name: str) -> bool:
    stamp = _stamp(lock_name)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _digest(lock_name)


def _install_alone(lock_name: str) -> None:
    """Install under a file lock, so that two commands started together make one environment."""
    with (BASE / ".venv.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not _installed(lock_name):
            _install(lock_name)


def _install(lock_name: str) -> None:
    begun = time.monotonic()
    print(f"Installing the packages of {lock_name} into .venv ...", file=sys.stderr, flush=True)
    program = uv()
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        _run([program, "venv", "-q", "--python", sys.executable, str(VENV)])
    install = [program, "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes"]
    _run([*install, "-r", str(BASE / lock_name)])
    _stamp(lock_name).write_text(_digest(lock_name))
    print(f"Installed in {time.monotonic() - begun:.0f} s.", file=sys.stderr, flush=True)


def _run(command: list[str]) -> None:
    environment = dict(os.environ)
    if SYSTEM_CERTIFICATES.exists():
        # uv brings its own; the machine's also know the authority of a company's network
        environment.setdefault("SSL_CERT_FILE", str(SYSTEM_CERTIFICATES))
    if subprocess.run(command, env=environment).returncode:
        sys.exit("The packages could not be installed; what failed stands above.")


def uv(folder: Path = BASE / ".venv-uv") -> str:
    """uv from PATH, else fetched; --target also works where Python is externally managed."""
    if found := shutil.which("uv"):
        return found
    program = folder / "bin" / "uv"
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        pip.append("--root-user-action=ignore")
        if subprocess.run([*pip, "--target", str(folder), "uv>=0.9"]).returncode:
            sys.exit("uv could not be fetched with pip (is pip there? apt install python3-pip).")
    return str(program)
