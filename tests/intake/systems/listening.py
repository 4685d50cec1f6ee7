"""Another system that listens: what it was told, and how it behaves; and its own way to know who
speaks, written from docs/machine-api.md alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Heard:
    """One call, as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.raw)
        return said


@dataclass
class Listener:
    """Answers with `status`; `manner` may be "" or one of the bad ones."""

    url: str = ""
    status: int = 200
    manner: str = ""
    location: str = ""
    heard: list[Heard] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def found(self) -> Listener:
        listener: Listener = self.server.listener  # type: ignore[attr-defined]  # put there below
        return listener

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.found.heard.append(Heard(self.path, dict(self.headers), raw))
        with suppress(OSError):
            getattr(self, f"answer_{self.found.manner}", self.answer)()

    def answer(self) -> None:
        self.send_response(self.found.status)
        if self.found.location:
            self.send_header("Location", self.found.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_never_ending_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10 * 1024**3))
        self.end_headers()
        for _ in range(10_000):
            self.wfile.write(b"x" * 65_536)

    def answer_never_ending_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(200):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def answer_silence(self) -> None:
        time.sleep(3)

    def answer_nonsense(self) -> None:
        self.wfile.write(b"hello\r\n\r\n")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(papers: ssl.SSLContext | None = None) -> Iterator[Listener]:
    """A server of its own on this machine; with papers it speaks TLS."""
    found = Listener()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if papers:
        server.socket = papers.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.listener = found  # type: ignore[attr-defined]  # read above
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        found.url = f"http://127.0.0.1:{server.server_port}/told?by=us"
        yield found
    finally:
        server.shutdown()
        server.socket.close()
        thread.join()


def certified(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """Papers for this name, and the file of the authority that has signed them: themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    began = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, began, began.replace(year=2050))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, secret = folder / "public.pem", folder / "secret.pem"
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    papers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    papers.load_cert_chain(public, secret)
    return papers, public


def is_theirs(heard: Heard, secret: str, *, now: float, tolerance: float = 300) -> bool:
    """Whether whoever called knows the secret, and called just now."""
    parts = [part.split("=", 1) for part in heard.headers["Recovery-Signature"].split(",")]
    said_at = next(value for name, value in parts if name == "t")
    if abs(now - int(said_at)) > tolerance:
        return False
    expected = hmac.new(
        secret.encode(), said_at.encode() + b"." + heard.raw, hashlib.sha256
    ).hexdigest()
    return any(hmac.compare_digest(value, expected) for name, value in parts if name == "v1")
