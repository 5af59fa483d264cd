"""F15: the bell rings, and three hundred pupils finish PHQ-A within the same minute.

Each sends its five pages through nginx with the pauses of a reader; one in ten answers a critical
item. Promised: p95 of the answers below 200 ms on two cores, and every referral routed at once.
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl

from tests.faults.campaign import template
from tests.faults.campaign.ground import Ground
from tests.faults.campaign.load import HOST
from tests.faults.campaign.oracle import Fate, Verdict, expect, judge
from tests.faults.campaign.plans import BELL
from tests.faults.campaign.run import Watch
from tests.faults.campaign.template import Sitting
from tests.http import Browser, Timings

PUPILS, SECONDS = 300, 60.0
PROMISED_P95_MS, PROMISED_SECONDS = 200.0, 60.0
SETTLE_SECONDS = 60.0
CRITICAL = "q9="


@dataclass
class Bell:
    """What came of it."""

    timings: Timings = field(default_factory=Timings)
    acked: dict[str, float] = field(default_factory=dict)
    # When the page with the critical item was acknowledged.
    said: dict[str, float] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    longest_to_inbox: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether the promise is kept."""
        return (
            not self.verdict.findings
            and len(self.acked) == PUPILS
            and self.timings.percentile("answers", 0.95) < PROMISED_P95_MS
            and self.longest_to_inbox <= PROMISED_SECONDS
            and self.verdict.longest_to_attempt <= PROMISED_SECONDS
        )

    def __str__(self) -> str:
        steps = "\n".join(
            f"  {name:12} n {len(times):5}  "
            + "  ".join(
                f"{label} {self.timings.percentile(name, share):6.1f} ms"
                for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            )
            for name, times in self.timings.steps.items()
        )
        return (
            f"{'ok ' if self.is_good else 'BAD'} F15: {PUPILS} pupils finish within a minute,"
            f" {len(self.acked)} thanked\n{steps}\n"
            f"  longest to the inbox {self.longest_to_inbox:.1f} s,"
            f" to the first message {self.verdict.longest_to_attempt:.1f} s\n{self.verdict}"
        )


def ring(folder: Path, seed: int) -> Bell:
    """Build, ring, judge."""
    built = template.build(folder / "template-bell", PUPILS, seed, plans=BELL)
    ground, bell = Ground(folder / "bell", built), Bell()
    ground.start()
    try:
        watch = Watch(ground)
        watch.start()
        sittings = built.sittings()
        asyncio.run(_everybody(ground, bell, sittings, Random(seed)))  # noqa: S311
        _settle(ground)
        watch.end()
        told = {one.id: bell.said.get(one.id) for one in sittings}
        expected = [
            expect(
                one.plan,
                asdict(one),
                Fate.UNKNOWN if at is None else Fate.ACKED,
                None if at is None else datetime.fromtimestamp(at, UTC),
            )
            for one, at in ((one, told[one.id]) for one in sittings)
        ]
        with ground.owner() as connection:
            bell.verdict = judge(connection, expected)
        bell.longest_to_inbox = max(
            (watch.seen[one.student] - bell.said[one.id]
             for one in sittings if one.student in watch.seen and one.id in bell.said),
            default=0.0,
        )  # fmt: skip
    finally:
        ground.stop()
    return bell


def _settle(ground: Ground) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL AND due_at <= now()"
    while ground.number(waiting) != 0 and time.monotonic() < deadline:
        time.sleep(0.2)


async def _everybody(ground: Ground, bell: Bell, sittings: list[Sitting], random: Random) -> None:
    async with asyncio.TaskGroup() as group:
        for sitting in sittings:
            # They began at about the same time; the last page comes within the minute.
            begins = random.uniform(0, SECONDS * 0.4)
            pause = (SECONDS - begins) * random.uniform(0.6, 1.0) / (len(sitting.pages) + 1)
            group.create_task(_pupil(ground, bell, sitting, begins, pause))


async def _pupil(ground: Ground, bell: Bell, sitting: Sitting, begins: float, pause: float) -> None:
    await asyncio.sleep(begins)
    browser = Browser(HOST, ground.port, bell.timings)
    name, _, token = sitting.cookie.partition("=")
    browser.cookies[name] = token
    for path, body in [*sitting.pages, (sitting.path, sitting.body)]:
        page = await browser.get("page", path)
        assert page.status == 200, (path, page.status)
        await asyncio.sleep(pause)
        answered = await browser.post("answers", path, dict(parse_qsl(body)))
        assert answered.status == 303, (path, answered.status)
        if CRITICAL in body:
            bell.said[sitting.id] = time.time()
    bell.acked[sitting.id] = time.time()
    thanks = await browser.get("thanks", answered.headers["location"])
    assert thanks.status == 200, thanks.status
    await browser.close()


def main(folder: Path, seed: int) -> int:
    """Ring it and say what came of it."""
    bell = ring(folder, seed)
    sys.stdout.write(f"{bell}\n")
    return 0 if bell.is_good else 1
