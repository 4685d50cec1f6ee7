"""A TCP proxy that misbehaves when it is told to: the network between the house and a server."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable

from recovery.faults.loop import Loop

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Target = Callable[[], Awaitable[Streams]]

PASS, REFUSE, RESET, SILENT, FLAP = "pass", "refuse", "reset", "silent", "flap"
#: Seconds between two changes of a flapping line.
FLAP_FROM, FLAP_TO = 2.0, 5.0
_LOOK = 0.05
_RST = struct.pack("ii", 1, 0)


def tcp(port: int) -> Target:
    """A server on a port of this machine."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def unix(path: str) -> Target:
    """A server on a Unix socket."""
    return lambda: asyncio.open_unix_connection(path)


class Proxy:
    """Listens on `port`. Modes: `pass`; `refuse` (nobody listens); `reset` (RST at once);
    `silent` (accepts, keeps what it gets, says nothing: until the mode changes); `slow:MS` (each
    packet that much later); `cut:BYTES` (RST after so many bytes of an answer); `flap`
    (alternates `pass` and `reset` every few seconds)."""

    def __init__(self, loop: Loop, target: Target, *, seed: int = 0) -> None:
        self.mode = PASS
        self.port = 0
        self._loop = loop
        self._target = target
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flapping: asyncio.Task[None] | None = None
        loop.run(self._listen())

    def set(self, mode: str) -> None:
        """Behave like this from now on; in force when it returns. Raises ValueError."""
        if not _known(mode):
            raise ValueError(f"no such mode: {mode}")
        self._loop.run(self._turn(mode))

    def close(self) -> None:
        """End all connections and listen no more."""
        self._loop.run(self._turn(REFUSE))

    async def _turn(self, mode: str) -> None:
        if self._flapping is not None:
            self._flapping.cancel()
            self._flapping = None
        if mode == FLAP:
            self._flapping = asyncio.create_task(self._flap())
        else:
            await self._apply(mode)

    async def _flap(self) -> None:
        while True:
            for mode in (RESET, PASS):
                await self._apply(mode)
                await asyncio.sleep(self._chance.uniform(FLAP_FROM, FLAP_TO))

    async def _apply(self, mode: str) -> None:
        self.mode = mode
        if mode in (REFUSE, RESET) or mode.startswith("cut:"):
            for writer in list(self._open):
                _break(writer)
        if mode == REFUSE and self._server is not None:
            self._server.close()
            self._server = None
        elif mode != REFUSE and self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._carry(reader, writer)
        except OSError:
            _break(writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == RESET:
            _break(writer)
            return
        await self._while_silent()
        there, back = await self._target()
        self._open.add(back)
        try:
            ways = [
                asyncio.ensure_future(self._pump(reader, back)),
                asyncio.ensure_future(self._pump(there, writer, answers=True)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._open.discard(back)
            back.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        passed = 0
        while data := await reader.read(65536):
            await self._while_silent()
            name, _, number = self.mode.partition(":")
            if name == "slow":
                await asyncio.sleep(int(number) / 1000)
            if name == "cut" and answers:
                data = data[: max(0, int(number) - passed)]
            writer.write(data)
            await writer.drain()
            passed += len(data)
            if name == "cut" and answers and passed >= int(number):
                _break(writer)
                return

    async def _while_silent(self) -> None:
        while self.mode == SILENT:
            await asyncio.sleep(_LOOK)


def _known(mode: str) -> bool:
    name, _, number = mode.partition(":")
    if name in ("slow", "cut"):
        return number.isdigit()
    return mode in (PASS, REFUSE, RESET, SILENT, FLAP)


def _break(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a machine that has forgotten the connection does."""
    line: socket.socket | None = writer.get_extra_info("socket")
    try:
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    except OSError:
        pass
    writer.transport.abort()
