"""One run: pupils finish while faults come and go; then rest, then the oracle."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.faults import proof
from tests.faults.campaign.fault import Fault
from tests.faults.campaign.ground import Ground
from tests.faults.campaign.load import Told, read_journal
from tests.faults.campaign.oracle import Expectation, Fate, Verdict, Wrong, expect, judge
from tests.faults.campaign.schedule import Timed
from tests.faults.campaign.template import Sitting, Template
from tirek.config import ROOT, Keys

# After the last fault: pupils give up, and what is not under way by then is lost.
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.5
STILL_SECONDS = 5.0
OUT_OF_ORDER = 300


@dataclass(frozen=True)
class Job:
    """What a run is to do."""

    name: str
    seed: int
    faults: Sequence[Timed]
    submissions: int
    rate: float
    with_redis: bool = True
    # What the promise allows, from an acknowledgement until it is on somebody's desk.
    allowed_seconds: float = 120.0


@dataclass
class Outcome:
    """What came of it."""

    name: str
    seed: int
    faults: list[str] = field(default_factory=list)
    submissions: int = 0
    acked: int = 0
    refused: int = 0
    unknown: int = 0
    # Acknowledged only after more than one attempt.
    retried: int = 0
    lost: int = 0
    doubled: int = 0
    half: int = 0
    false: int = 0
    rate: float = 0.0
    # Seconds: answers, from the first try to the acknowledgement, from there to the inbox.
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    longest_to_ack: float = 0.0
    longest_to_inbox: float = 0.0
    longest_to_attempt: float = 0.0
    # Seconds after the last fault and the last pupil until everything was under way.
    rest: float = 0.0
    mails: int = 0
    mails_repeated: int = 0
    complaints: list[str] = field(default_factory=list)
    troubles: dict[str, int] = field(default_factory=dict)
    findings: str = ""

    @property
    def is_good(self) -> bool:
        """Nothing lost, doubled, half or false, and nobody to complain."""
        wrong = self.lost + self.doubled + self.half + self.false + self.unknown + self.refused
        return wrong == 0 and not self.complaints


class Watch(threading.Thread):
    """Looks into the inboxes each half second: when is a pupil's referral there to be read?"""

    def __init__(self, ground: Ground) -> None:
        """Begin with nothing seen."""
        super().__init__(daemon=True)
        self._ground = ground
        self._ended = threading.Event()
        self.seen: dict[str, float] = {}

    def run(self) -> None:
        """Look until told to end; a database that is away is asked again."""
        last = 0
        while not self._ended.wait(POLL_SECONDS):
            try:
                last = self._look(last)
            except psycopg.Error:
                continue

    def end(self) -> None:
        """Look once more, and end."""
        self._ended.set()
        self.join()
        self._look(0)

    def _look(self, last: int) -> int:
        with self._ground.owner() as connection:
            # What the inbox shows: legs that have been routed. Events are numbered in the order
            # in which they began, so a few may be seen after a higher number.
            rows = connection.execute(
                "SELECT student_id::text, id FROM referral_events WHERE to_state = 'routed'"
                " AND id > %s",
                (last - OUT_OF_ORDER,),
            ).fetchall()
        now = time.time()
        for student, number in rows:
            self.seen.setdefault(str(student), now)
            last = max(last, int(str(number)))
        return last


@dataclass
class Run:
    """One run on a ground of its own."""

    job: Job
    folder: Path
    template: Template
    ground: Ground = field(init=False)
    outcome: Outcome = field(init=False)
    _last_fault: float = 0.0
    _last_pupil: float = 0.0

    def __post_init__(self) -> None:
        """Prepare; nothing is started yet."""
        needs = frozenset(need for timed in self.job.faults for need in timed.fault.needs)
        self.ground = Ground(self.folder, self.template, needs, with_redis=self.job.with_redis)
        self.outcome = Outcome(self.job.name, self.job.seed, submissions=self.job.submissions)

    @property
    def journal(self) -> Path:
        """What the pupils were told."""
        return self.folder / "journal.jsonl"

    def load(self) -> None:
        """Start, let pupils come and faults happen, until everybody is thanked or gives up."""
        self.ground.start()
        self.watch = Watch(self.ground)
        self.watch.start()
        seconds = self.job.submissions / self.job.rate
        begun = time.time()
        crowd = self._crowd(begun + seconds + self._longest() + PATIENCE_SECONDS)
        breaking = [
            threading.Thread(target=self._break, args=(timed, begun), daemon=True)
            for timed in self.job.faults
        ]
        for thread in breaking:
            thread.start()
        for thread in breaking:
            thread.join()
        self._last_fault = time.time() if breaking else begun
        crowd.wait()
        self._last_pupil = time.time()
        self.outcome.rate = self.job.submissions / (time.time() - begun)

    def settle(self) -> None:
        """Wait until everything is under way, then ask the oracle and clear up."""
        try:
            self._rest()
            self.watch.end()
            for timed in self.job.faults:
                timed.fault.check(self.ground)
            self._judge()
        finally:
            self.ground.stop()
        if self.outcome.is_good and not os.environ.get("TIREK_FAULTS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _longest(self) -> float:
        return max((timed.at + timed.fault.seconds for timed in self.job.faults), default=0.0)

    def _crowd(self, until: float) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "tests.faults.campaign.load",
            str(self.template.folder),
            str(self.journal),
            f"--number={self.job.submissions}",
            f"--rate={self.job.rate}",
            f"--seed={self.job.seed}",
            f"--until={until}",
            f"--ports={self.ground.port}",
        ]
        env = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}
        with (self.folder / "crowd.log").open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)

    def _break(self, timed: Timed, begun: float) -> None:
        fault = timed.fault
        time.sleep(max(0.0, begun + timed.at - time.time()))
        # Another fault may have taken away what this one breaks; the run goes on all the same.
        was_broken = _try(fault, lambda: fault.inject(self.ground))
        time.sleep(fault.seconds)
        # Whatever happens in between, it must be given back before the run can come to rest.
        for _ in range(20):
            if _try(fault, lambda: fault.undo(self.ground)):
                break
            time.sleep(1.0)
        else:
            fault.complaints.append("it could not be undone")
        if not was_broken:
            fault.detail += " (met another fault)"

    def _rest(self) -> None:
        deadline = max(self._last_fault, self._last_pupil) + PATIENCE_SECONDS
        written, still_since = None, time.time()
        while time.time() < deadline:
            # A web may still answer pupils who gave up: only what stands still has come to rest.
            now_written = self.ground.number("SELECT count(*) FROM outbox")
            if now_written != written or now_written is None:
                written, still_since = now_written, time.time()
            if self._waiting() == 0 and time.time() - still_since >= STILL_SECONDS:
                break
            time.sleep(POLL_SECONDS)
        self.outcome.rest = max(0.0, time.time() - max(self._last_fault, self._last_pupil))

    def _waiting(self) -> int | None:
        """How many messages are due and have not been tried by anybody."""
        return self.ground.number(
            "SELECT count(*) FROM outbox o WHERE due_at <= now() AND done_at IS NULL"
            " AND stuck_at IS NULL AND NOT EXISTS"
            " (SELECT FROM deliveries d WHERE d.outbox_id = o.id)"
        )

    def _judge(self) -> None:
        told = {one.id: one for one in read_journal(self.journal)}
        sittings = self.template.sittings()[: self.job.submissions]
        with self.ground.owner() as connection:
            # One moment for all questions: a web still at work must not commit between two.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            verdict = judge(connection, self._expectations(sittings, told))
        self._note_verdict(verdict)
        self._note_answers(list(told.values()))
        self._note_inbox(sittings, told)
        self._note_mail()
        self._note_proof()
        for timed in self.job.faults:
            fault = timed.fault
            self.outcome.faults.append(
                f"{fault.code} {fault.what} at {timed.at:.0f} s"
                + (f" ({fault.detail})" if fault.detail else "")
            )
            self.outcome.complaints += [f"{fault.what}: {one}" for one in fault.complaints]
            if fault.in_vain and len(self.job.faults) == 1:
                self.outcome.complaints.append(f"{fault.what}: {fault.in_vain}")

    def _expectations(self, sittings: list[Sitting], told: dict[str, Told]) -> list[Expectation]:
        with self.ground.owner() as connection:
            rows = connection.execute(
                "SELECT region_iso, array_agg(id::text) FROM support_centers GROUP BY 1"
            ).fetchall()
        centers = {str(row[0]): tuple(row[1]) for row in rows}  # type: ignore[arg-type]
        made = []
        for sitting in sittings:
            fate, at = _fate(told.get(sitting.id))
            one = expect(sitting.plan, asdict(sitting), fate, at)
            changes: dict[str, object] = {}
            if sitting.center in self.ground.moved_centers:
                changes["centers"] = centers[sitting.region]
            if sitting.student in self.ground.worked_on:
                changes["is_worked_on"] = True
            made.append(_changed(one, changes) if changes else one)
        return made

    def _note_verdict(self, verdict: Verdict) -> None:
        self.outcome.lost = verdict.count(Wrong.LOST)
        self.outcome.doubled = verdict.count(Wrong.DOUBLED)
        self.outcome.half = verdict.count(Wrong.HALF)
        self.outcome.false = verdict.count(Wrong.FALSE)
        self.outcome.longest_to_attempt = verdict.longest_to_attempt
        if verdict.findings:
            self.outcome.findings = str(verdict)

    def _note_answers(self, told: list[Told]) -> None:
        outcome = self.outcome
        acked = [one for one in told if one.acked is not None]
        outcome.acked = len(acked)
        outcome.refused = sum(one.refused is not None for one in told)
        outcome.unknown = self.job.submissions - outcome.acked - outcome.refused
        outcome.retried = sum(one.attempts > 1 for one in acked)
        outcome.troubles = dict(Counter(word for one in told for word in one.troubles))
        seconds = sorted(one.seconds for one in acked) or [0.0]
        outcome.p50, outcome.p95, outcome.p99 = (
            seconds[min(len(seconds) - 1, int(len(seconds) * share))] for share in (0.5, 0.95, 0.99)
        )
        outcome.longest_to_ack = max(((one.acked or 0) - one.first for one in acked), default=0.0)

    def _note_inbox(self, sittings: list[Sitting], told: dict[str, Told]) -> None:
        longest = 0.0
        for sitting in sittings:
            one = told.get(sitting.id)
            seen = self.watch.seen.get(sitting.student)
            if one is not None and one.acked is not None and seen is not None:
                longest = max(longest, seen - one.acked)
        self.outcome.longest_to_inbox = longest
        if longest > self.job.allowed_seconds:
            self.outcome.complaints.append(f"{longest:.0f} s until it was in the inbox")
        if self.outcome.longest_to_attempt > self._allowed_to_attempt():
            slow = self.outcome.longest_to_attempt
            self.outcome.complaints.append(f"{slow:.0f} s until somebody was written to")

    def _allowed_to_attempt(self) -> float:
        """An attempt must be made within the same time, counted from the end of the last fault."""
        return self.job.allowed_seconds + self._longest()

    def _note_proof(self) -> None:
        """Events fold to states, everything open has its clock, the audit is what was sealed."""
        folder = self.ground.folder
        keys = Keys.parse((folder / "keys.json").read_text(encoding="utf-8"))
        heads = folder / "audit-heads.jsonl"
        self.outcome.complaints += proof.complaints(self.ground.postgres.url(), keys, heads)

    def _note_mail(self) -> None:
        lines = (
            self.ground.mail_log.read_text().splitlines() if self.ground.mail_log.exists() else []
        )
        references = Counter(line.rpartition(",")[2] for line in lines)
        self.outcome.mails = len(references)
        self.outcome.mails_repeated = sum(references.values()) - len(references)


def _fate(told: Told | None) -> tuple[Fate, datetime | None]:
    if told is None or (told.acked is None and told.refused is None):
        return Fate.UNKNOWN, None
    if told.acked is None:
        return Fate.REFUSED, None
    return Fate.ACKED, datetime.fromtimestamp(told.acked, UTC)


def _changed(one: Expectation, changes: dict[str, object]) -> Expectation:
    values = {name: getattr(one, name) for name in Expectation.__slots__}
    return Expectation(**{**values, **changes})


def _try(fault: Fault, work: Callable[[], object]) -> bool:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - faults meet each other; the oracle decides
        fault.detail += f" [{type(error).__name__}]"
        return False
    return True
