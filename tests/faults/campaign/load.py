"""The pupils: each presses "Finish" at a moment of its own, until somebody says thank you.

Arrivals are Poisson and do not wait for answers. A request that nobody answered, or that was
answered with an error of the server, is sent again as it was, to the other web server, as a browser
behind nginx does. What became of it goes into the journal, one line for each pupil.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tests.faults.campaign.template import Sitting, Template

HOST = "127.0.0.1"
PATIENCE_SECONDS = 20.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.3, 3.0
THANKS = "/s/thanks"
# Said about the request itself; "429" and what begins with 5 is said about the moment.
REFUSALS = frozenset({"400", "403", "404", "405", "409", "413", "422"})
TROUBLE = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError)


@dataclass(slots=True)
class Told:
    """What one pupil was told: acknowledged, refused, or nothing for certain."""

    id: str
    first: float
    acked: float | None = None
    refused: str | None = None
    attempts: int = 0
    # The answer of each attempt in vain: a status, or the kind of silence.
    troubles: list[str] = field(default_factory=list)
    # How long the acknowledged attempt itself took.
    seconds: float = 0.0


@dataclass(slots=True)
class Crowd:
    """Everybody of one run."""

    ports: list[int]
    random: Random
    # After this moment nobody tries any more: what is not acknowledged by then stays unknown.
    until: float

    async def finish(self, sitting: Sitting, told: Told) -> None:
        """Press until told; keep to what the server said last."""
        pause = SHORTEST_PAUSE
        turn = self.random.randrange(len(self.ports))
        while time.time() < self.until:
            told.attempts += 1
            begun = time.time()
            answer = await self._try(sitting, self.ports[(turn + told.attempts) % len(self.ports)])
            told.seconds = time.time() - begun
            if answer == THANKS:
                told.acked = time.time()
                return
            told.troubles.append(answer)
            if answer in REFUSALS:
                told.refused = answer
                return
            await asyncio.sleep(pause * self.random.uniform(0.7, 1.3))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _try(self, sitting: Sitting, port: int) -> str:
        writer = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection(HOST, port)
                writer.write(_request(sitting, port))
                head = await reader.readuntil(b"\r\n\r\n")
        except TROUBLE as error:
            return type(error).__name__
        finally:
            if writer is not None:
                writer.transport.abort()
        return _read(head)


def _request(sitting: Sitting, port: int) -> bytes:
    lines = [
        f"POST {sitting.path} HTTP/1.1",
        f"Host: {HOST}:{port}",
        f"Cookie: {sitting.cookie}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(sitting.body)}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + sitting.body).encode()


def _read(head: bytes) -> str:
    lines = head.decode("latin-1").split("\r\n")
    status = lines[0].split()[1]
    to = next((line for line in lines if line.lower().startswith("location:")), "")
    return THANKS if status == "303" and to.endswith(THANKS) else status


def arrivals(number: int, rate: float, random: Random) -> Iterator[float]:
    """Seconds from the start at which pupils press for the first time."""
    moment = 0.0
    for _ in range(number):
        moment += random.expovariate(rate)
        yield moment


async def run(crowd: Crowd, sittings: list[Sitting], rate: float, journal: Path) -> None:
    """Let everybody finish; the journal's line is written when a pupil gives up or is thanked."""
    begun = time.time()
    with journal.open("w", buffering=1) as lines:

        async def one(sitting: Sitting, at: float) -> None:
            await asyncio.sleep(begun + at - time.time())
            told = Told(sitting.id, time.time())
            await crowd.finish(sitting, told)
            lines.write(json.dumps(asdict(told)) + "\n")

        moments = arrivals(len(sittings), rate, crowd.random)
        async with asyncio.TaskGroup() as group:
            for sitting, at in zip(sittings, moments, strict=True):
                group.create_task(one(sitting, at))


def read_journal(path: Path) -> list[Told]:
    """What everybody was told; a line that is being written is passed over."""
    told = []
    for line in path.read_text().splitlines():
        with suppress(json.JSONDecodeError):
            told.append(Told(**json.loads(line)))
    return told


def main() -> None:
    """Be the crowd of one run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("template", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--until", type=float, required=True)
    parser.add_argument("--ports", required=True)
    options = parser.parse_args()
    random = Random(options.seed)  # noqa: S311 - a seed that can be repeated is the point
    ports = [int(port) for port in options.ports.split(",")]
    crowd = Crowd(ports, random, options.until)
    sittings = Template(options.template).sittings()[: options.number]
    asyncio.run(run(crowd, sittings, options.rate, options.journal))


if __name__ == "__main__":
    main()
