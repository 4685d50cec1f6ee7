"""A mail server and a web server that take everything and note it: the world outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.parser import BytesHeaderParser

from recovery.faults.loop import Loop
from recovery.faults.receipts import Receipt, Receipts

#: Called with the receipt and the sender's port before the sender gets its answer.
BeforeAnswer = Callable[[Receipt, int], None]


class Sink:
    """What both have in common: a port, the receipts, and a moment before each answer."""

    def __init__(self, loop: Loop, receipts: Receipts) -> None:
        self.receipts = receipts
        self.before_answer: BeforeAnswer | None = None
        self._loop = loop
        self._server = loop.run(asyncio.start_server(self._guard, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take nothing more."""
        self._loop.run(self._close())

    async def _close(self) -> None:
        self._server.close()

    async def _guard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # the sender was killed in the middle of a word
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _note(self, writer: asyncio.StreamWriter, channel: str, id: str, to: str) -> None:
        receipt = self.receipts.add(channel, id, to)
        if self.before_answer is not None:
            port = writer.get_extra_info("peername")[1]
            await asyncio.to_thread(self.before_answer, receipt, port)


class MailSink(Sink):
    """As much SMTP as it takes to accept a mail."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line.strip().upper()
            if verb == b"DATA":
                await self._mail(reader, writer, to)
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                if verb.startswith(b"RCPT TO:"):
                    to = line.strip()[8:].decode(errors="replace").strip("<> ")
                writer.write(b"250 ok\r\n")
            await writer.drain()

    async def _mail(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str
    ) -> None:
        writer.write(b"354 go on\r\n")
        await writer.drain()
        raw = await reader.readuntil(b"\r\n.\r\n")
        headers = BytesHeaderParser().parsebytes(raw)
        local = str(headers["Message-ID"] or "").strip("<> ").partition("@")[0]
        await self._note(writer, "mail", local, to)
        writer.write(b"250 taken\r\n")


class WebSink(Sink):
    """As much HTTP as it takes to accept a POST."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        await reader.readexactly(int(headers.get("content-length") or 0))
        await self._note(writer, "webhook", headers.get("idempotency-key", ""), head[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
