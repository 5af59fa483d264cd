"""A mail server that counts: which Message-IDs came, how often, and when.

A process of its own, so that neither pupils nor faults wait for it. It writes one line for each
message into a file; a message is written down before it is acknowledged.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

ANSWERS = {b"QUIT": b"221 bye\r\n", b"DATA": b"354 go\r\n"}


async def serve(port: int, log: Path) -> None:
    """Speak as much SMTP as our gateway does, until killed."""
    with log.open("a", buffering=1) as lines:

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                writer.write(b"220 stub\r\n")
                while line := await reader.readline():
                    word = line.split(b" ")[0].strip().upper()
                    writer.write(ANSWERS.get(word, b"250 stub\r\n"))
                    if word == b"DATA":
                        await writer.drain()
                        message = await reader.readuntil(b"\r\n.\r\n")
                        lines.write(json.dumps([round(time.time(), 3), _reference(message)]) + "\n")
                        writer.write(b"250 taken\r\n")
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", port)
        await server.serve_forever()


def _reference(message: bytes) -> str:
    head = message.partition(b"\r\n\r\n")[0].decode(errors="replace")
    found = [line for line in head.splitlines() if line.lower().startswith("message-id:")]
    return found[0].partition(":")[2].strip() if found else "none"


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
