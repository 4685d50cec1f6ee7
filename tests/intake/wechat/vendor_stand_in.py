"""A server that stands in for the vendor's API: tokens, media, and what goes wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Vendor:
    """`media` by their id: bytes, or the JSON that is said instead. `asked`: the paths so far."""

    port: int = 0
    media: dict[str, bytes | dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)
    redirect: str = ""
    #: What 微信客服 holds, by the cursor that asks for it; and what it was asked with.
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    wishes: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        return self.asked.count(path)

    def answer(self, path: str, query: dict[str, str], body: bytes) -> bytes | dict[str, Any]:
        self.asked.append(path)
        if path in ("/cgi-bin/stable_token", "/cgi-bin/gettoken"):
            given = json.loads(body) if body else query
            self.secrets.append(given.get("secret") or given.get("corpsecret", ""))
            if self.secrets[-1] != "s3cret":
                return {"errcode": 40001, "errmsg": "invalid credential"}
            self.tokens += 1
            return {"access_token": f"t{self.tokens}", "expires_in": 7200}
        if query.get("access_token") in self.stale:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        if path == "/cgi-bin/kf/sync_msg":
            self.wishes.append(json.loads(body))
            return self.pages.get(self.wishes[-1]["cursor"], {"errcode": 95007})
        gone = {"errcode": 40007, "errmsg": "invalid media_id"}
        return self.media.get(query.get("media_id", path), gone)


@contextmanager
def vendor() -> Iterator[Vendor]:
    """Listens while it is open."""
    stand_in = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            said = stand_in.answer(parts.path, query, body)
            if stand_in.redirect:
                self.send_response(302)
                self.send_header("Location", stand_in.redirect)
                self.end_headers()
                return
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(200)
            kind = "image/png" if isinstance(said, bytes) else "application/json; encoding=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stand_in.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
