"""All runs of `make faults`, one after another; while one comes to rest the next one loads."""

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tests.faults.campaign import schedule, template
from tests.faults.campaign.run import Job, Outcome, Run
from tests.faults.campaign.template import Template

AFTER_ONE = 60.0
# Submissions that measure the machine; of what it can do, this much is asked of it under faults.
CALIBRATION, SHARE_OF_CAPACITY, LEAST_RATE = 600, 0.8, 20.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much: submissions of a run with one fault (0: no such runs), of a mixed one, how many."""

    singles: int
    mixes: int
    mixed: int
    rate: float
    faults: int
    # One whole run without Redis.
    without_redis: bool = True
    # The rate was asked for, so nothing is measured before.
    is_fixed: bool = False

    def changed(self, options: argparse.Namespace) -> "Size":
        """The same with what was asked for on the command line."""
        number = options.submissions
        return replace(
            self,
            singles=(number or self.singles) if self.singles or options.only else 0,
            mixed=number or self.mixed,
            rate=options.rate or self.rate,
            mixes=self.mixes if options.mixes is None else options.mixes,
            without_redis=self.singles > 0,
            is_fixed=options.rate is not None or options.short,
        )


@dataclass
class Campaign:
    """One campaign; everything in it follows from `random`, and so from the seed."""

    folder: Path
    seed: int
    size: Size
    random: Random

    def run(self, *, only: str | None, report: Path) -> int:
        """Build the template, do all runs, print each and all; 0 when every one was good."""
        begun = time.monotonic()
        size = self.size
        most = max(size.singles, size.mixed, CALIBRATION)
        built = template.build(self.folder / "template", most, self.seed)
        _say(
            f"make faults: seed {self.seed}; a template of {most} sittings"
            f" in {time.monotonic() - begun:.0f} s"
        )
        if not size.is_fixed:
            self.size = replace(size, rate=self._calibrate(built))
        jobs = list(self._jobs(only))
        total = sum(job.submissions for job in jobs)
        _say(f"{len(jobs)} runs, {total} submissions, {self.size.rate:.1f}/s (Poisson)")
        outcomes = self._all(jobs, built)
        seconds = time.monotonic() - begun
        self._end(outcomes, seconds, report)
        return 0 if all(one.is_good for one in outcomes) else 1

    def print_faults(self) -> None:
        """Every fault, and why some cannot be had here."""
        for kind in schedule.FAULTS:
            _say(f"{kind.code:4} {kind.what}")
        for name, reason in (schedule.impossible() | schedule.ELSEWHERE).items():
            _say(f"not in these runs: {name}: {reason}")

    def _calibrate(self, built: Template) -> float:
        """How fast this machine is today, without a fault: a share of it is the rate."""
        job = Job("no fault: how fast?", self.seed, [], CALIBRATION, CALIBRATION / 4.0)
        run = Run(job, self.folder / "calibration", built)
        run.load()
        run.settle()
        _say(line(run.outcome))
        assert run.outcome.is_good, "without any fault"
        rate = min(self.size.rate, run.outcome.rate * SHARE_OF_CAPACITY)
        if rate < LEAST_RATE:
            _say(f"WARNING: {run.outcome.rate:.1f}/s is too slow for {LEAST_RATE}/s under faults")
        return max(rate, LEAST_RATE)

    def _jobs(self, only: str | None) -> Iterator[Job]:
        size = self.size
        kinds = schedule.possible(with_redis=True)
        if only is not None:
            kinds = [kind for kind in kinds if f"{kind.code} {kind.what}".startswith(only)]
            assert kinds, f"no fault begins with {only!r}, or it cannot be had here"
        if size.singles:
            for kind in kinds:
                seed, random = self._seeded()
                faults = schedule.single(kind, random, size.singles / size.rate)
                name = f"{kind.code} {kind.what}"
                yield Job(name, seed, faults, size.singles, size.rate, True, AFTER_ONE)  # noqa: FBT003
        if only is not None:
            return
        if size.without_redis:
            seed, random = self._seeded()
            without = schedule.possible(with_redis=False)
            faults = schedule.mixed(without, random, size.mixed / size.rate, 3)
            yield Job("no Redis at all", seed, faults, size.mixed, size.rate, with_redis=False)
        for number in range(size.mixes):
            seed, random = self._seeded()
            faults = schedule.mixed(kinds, random, size.mixed / size.rate, size.faults)
            yield Job(f"mixed {number + 1}", seed, faults, size.mixed, size.rate)

    def _seeded(self) -> tuple[int, Random]:
        seed = self.random.randrange(10**9)
        return seed, Random(seed)  # noqa: S311 - a seed that can be repeated is the point

    def _all(self, jobs: list[Job], built: Template) -> list[Outcome]:
        """Load one by one; the rest, the oracle and the clearing up of each go on beside."""
        outcomes: list[Outcome] = []
        settling: threading.Thread | None = None
        for number, job in enumerate(jobs):
            run = Run(job, self.folder / f"run-{number:02d}", built)
            outcomes.append(run.outcome)
            try:
                run.load()
            except BaseException as error:
                run.outcome.complaints.append(f"{type(error).__name__}: {error}")
                run.ground.stop()
                if not isinstance(error, Exception):
                    raise
                _say(line(run.outcome))
                continue
            if settling is not None:
                settling.join()
            settling = threading.Thread(target=_settle, args=(run,))
            settling.start()
        if settling is not None:
            settling.join()
        return outcomes

    def _end(self, outcomes: list[Outcome], seconds: float, report: Path) -> None:
        for name, reason in (schedule.impossible() | schedule.ELSEWHERE).items():
            _say(f"not in these runs: {name}: {reason}")
        total = sum(one.submissions for one in outcomes)
        sums = {
            name: sum(getattr(one, name) for one in outcomes)
            for name in ("acked", "retried", "lost", "doubled", "half", "refused", "unknown")
        }
        said = ", ".join(f"{number} {name}" for name, number in sums.items())
        bad = [one.name for one in outcomes if not one.is_good]
        _say(
            f"seed {self.seed}: {len(outcomes)} runs, {total} submissions in {seconds / 60:.1f} min"
            f" ({total / seconds:.1f}/s over all): {said};"
            f" longest to the inbox {max(one.longest_to_inbox for one in outcomes):.1f} s,"
            f" to the first message {max(one.longest_to_attempt for one in outcomes):.1f} s"
        )
        if bad:
            _say(f"NOT GOOD: {', '.join(bad)}")
        report.mkdir(parents=True, exist_ok=True)
        file = report / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{self.seed}.json"
        file.write_text(
            json.dumps(
                {
                    "seed": self.seed,
                    "rate": self.size.rate,
                    "seconds": round(seconds, 1),
                    "submissions": total,
                    **sums,
                    "not_run": schedule.impossible() | schedule.ELSEWHERE,
                    "runs": [asdict(one) for one in outcomes],
                },
                indent=1,
                ensure_ascii=False,
            )
        )
        _say(f"report: {file}")


def line(one: Outcome) -> str:
    """One run in one line, and below it what was wrong."""
    said = (
        f"{'ok ' if one.is_good else 'BAD'} {one.name:38} seed {one.seed:9}"
        f" {one.submissions:5} sent {one.acked:5} acked {one.retried:4} retried"
        f" {one.lost} lost {one.doubled} doubled {one.half} half"
        f" | {one.rate:4.1f}/s p50 {one.p50 * 1000:.0f} p95 {one.p95 * 1000:.0f} ms"
        f" | ack {one.longest_to_ack:5.1f} s inbox {one.longest_to_inbox:4.1f} s"
        f" message {one.longest_to_attempt:5.1f} s rest {one.rest:5.1f} s"
        f" | {one.mails} mails +{one.mails_repeated}"
    )
    rows = [said, *(f"      {fault}" for fault in one.faults)]
    rows += [f"      !! {complaint}" for complaint in one.complaints]
    rows += [f"      !! {row}" for row in one.findings.splitlines()]
    return "\n".join(rows)


def _settle(run: Run) -> None:
    try:
        run.settle()
    except Exception as error:  # noqa: BLE001 - the other runs go on
        run.outcome.complaints.append(f"{type(error).__name__}: {error}")
    _say(line(run.outcome))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
