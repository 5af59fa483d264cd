"""A proxy before PostgreSQL that loses answers: after a COMMIT has gone through, the line is cut.

A process of its own. While its switch (a file) is there, every COMMIT is handed to the server, the
server's answer is waited for and thrown away, and both ends are closed: the web cannot know.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

COMMIT = b"COMMIT\x00"
CHUNK = 65_536
GONE = (ConnectionError, asyncio.IncompleteReadError, OSError)


class Line:
    """One connection through the proxy."""

    def __init__(self, server: Path, switch: Path, cuts: Path) -> None:
        """Nothing is open yet."""
        self._server, self._switch, self._cuts = server, switch, cuts
        self._is_losing = False

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways until one side ends or a COMMIT's answer is to be lost."""
        there, back = await asyncio.open_unix_connection(str(self._server))
        with suppress(*GONE):
            tasks = [
                asyncio.create_task(self._carry(reader, back, from_client=True)),
                asyncio.create_task(self._carry(there, writer, from_client=False)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for end in (writer, back):
            end.transport.abort()

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        with suppress(*GONE):
            while data := await source.read(CHUNK):
                if not from_client and self._is_losing:
                    with self._cuts.open("a") as cuts:
                        cuts.write("cut\n")
                    return
                if from_client and COMMIT in data and self._switch.exists():
                    self._is_losing = True
                sink.write(data)
                await sink.drain()


async def serve(listening: Path, server: Path, switch: Path) -> None:
    """Serve until killed; one line in `switch`.cuts for each answer that was lost."""
    cuts = switch.with_suffix(".cuts")

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*GONE):
            await Line(server, switch, cuts).join(reader, writer)
        writer.transport.abort()

    serving = await asyncio.start_unix_server(joined, str(listening))
    await serving.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*(Path(word) for word in sys.argv[1:4])))
