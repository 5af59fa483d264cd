"""A small asyncio HTTP/1.1 client with cookies: one connection, one pupil, exact timings."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode


@dataclass
class Timings:
    """Milliseconds of each step of a journey, from the first byte sent to the last received."""

    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def percentile(self, step: str, share: float) -> float:
        ordered = sorted(self.steps[step])
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Answered:
    """One answer of the server."""

    status: int
    headers: dict[str, str]
    body: str


class Browser:
    """Keeps one connection and its cookies.

    `retries`: send again over a new connection when the old one breaks, as browsers do. Without it
    the caller learns of every request that nobody answered.
    """

    def __init__(self, host: str, port: int, timings: Timings, *, retries: bool = True) -> None:
        self.host, self.port, self.timings, self.retries = host, port, timings, retries
        self.cookies: dict[str, str] = {}
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def get(self, step: str, path: str) -> Answered:
        return await self._timed(step, "GET", path, b"")

    async def post(self, step: str, path: str, fields: dict[str, str]) -> Answered:
        return await self._timed(step, "POST", path, urlencode(fields).encode())

    async def close(self) -> None:
        if self.writer is not None:
            writer, self.writer = self.writer, None
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _timed(self, step: str, method: str, path: str, body: bytes) -> Answered:
        begun = time.perf_counter()
        answered = await self._send(method, path, body)
        self.timings.steps[step].append((time.perf_counter() - begun) * 1000)
        return answered

    async def _send(self, method: str, path: str, body: bytes) -> Answered:
        try:
            return await self._exchange(method, path, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The server closed a connection that had idled: a browser opens another one.
            await self.close()
            if not self.retries:
                raise
            return await self._exchange(method, path, body)

    async def _exchange(self, method: str, path: str, body: bytes) -> Answered:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader is not None
        self.writer.write(self._head(method, path, len(body)) + body)
        await self.writer.drain()
        return await self._read(self.reader)

    def _head(self, method: str, path: str, length: int) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if method == "POST":
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {length}",
            ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _read(self, reader: asyncio.StreamReader) -> Answered:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers: dict[str, str] = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "set-cookie":
                cookie, _, kept = value.partition(";")[0].partition("=")
                self.cookies[cookie] = kept
            elif name:
                headers[name.lower()] = value
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            await self.close()
        return Answered(status, headers, body.decode())


T = TypeVar("T")


def run(work: Coroutine[object, object, T]) -> T:
    """Wait for asyncio work in a thread: a browser of the same process holds a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
