"""Backup under load, the server is lost, a new one takes over: what is there, and how soon."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.faults.restore.people import People
from tests.faults.restore.servers import (
    BackupHost,
    bin_dir,
    lose,
    make_every_commit_wait,
    size,
    version,
)
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.scope import Scope
from tirek.services import audit_chain, audit_heads, fold, ladder, promises
from tirek.services.audit_heads import Head, Signer
from tirek.services.audit_verify import Report, take_snapshot, verify
from tirek.storage import embedded, migrate
from tirek.storage.embedded import EmbeddedServer
from tirek.storage.session import app_engine, open_session, owner_engine
from tirek.tasks.audit import AuditSealer

PUPILS = 60
# Clocks that run out while nobody is there to hear them.
PASSING = 40
PASS_SECONDS = 2
SWEEP = 50

_BRING_NEARER = text(
    "UPDATE deadlines SET due_at = now() + :seconds * interval '1 second' WHERE id IN ("
    " SELECT id FROM deadlines WHERE fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"
    " AND due_at > now() + interval '1 minute' ORDER BY md5(id::text) LIMIT :number)"
)
_PASSED = text(
    "SELECT count(*) FROM deadlines WHERE fired_at IS NULL AND met_at IS NULL"
    " AND ended_at IS NULL AND due_at <= now()"
)


@dataclass
class Figures:
    """What was seen; `is_good` says whether it is what is promised."""

    postgresql: str = ""
    commits_wait: bool = False
    load_seconds: float = 0
    acknowledged: int = 0
    accepted: int = 0
    backup_bytes: int = 0
    backup_seconds: float = 0
    lost: int = 0
    rpo_seconds: float = 0
    restore_seconds: float = 0
    rto_seconds: float = 0
    referrals: int = 0
    unequal: int = 0
    broken_promises: dict[str, int] | None = None
    audit_entries: int = 0
    audit_heads: int = 0
    audit_findings: int = 0
    passed: int = 0
    rang: int = 0
    ring_seconds: float = 0
    messages: int = 0

    @property
    def is_good(self) -> bool:
        """RPO at most a minute (none where commits wait), RTO at most 15 minutes, all whole."""
        return (
            self.rpo_seconds <= (0 if self.commits_wait else 60)
            and self.rto_seconds <= 15 * 60
            and self.acknowledged > 0
            and self.referrals > 0
            and self.unequal == 0
            and not self.broken_promises
            and self.audit_entries > 0
            and self.audit_heads > 0
            and self.audit_findings == 0
            and self.rang == self.passed > 0
            and self.messages > 0
        )

    def lines(self) -> list[str]:
        """For people."""
        wait = "waits for the backup host" if self.commits_wait else "does not wait"
        load = f"{self.acknowledged} writes acknowledged in {self.load_seconds:.1f} s"
        backup = f"{self.backup_bytes / 1e6:.0f} MB in {self.backup_seconds:.1f} s"
        recovery = f"{self.restore_seconds:.1f} s of it to the end of recovery"
        equal = f"{self.referrals - self.unequal} of {self.referrals} referrals"
        sealed = f"{self.audit_entries} entries, {self.audit_heads} signed heads"
        rang = f"{self.rang} of {self.passed} that passed meanwhile rang at the first sweep"
        said = {
            "server": f"PostgreSQL {self.postgresql}; a COMMIT {wait}",
            "load": f"{load}, {self.accepted} referrals accepted",
            "base backup": f"{backup}, verified",
            "RPO": f"{self.rpo_seconds:.3f} s: {self.lost} acknowledged writes lost",
            "RTO": f"{self.rto_seconds:.1f} s to the first new write, {recovery}",
            "state = fold": f"{equal}; broken promises: {self.broken_promises or 'none'}",
            "audit chain": f"{sealed}, {self.audit_findings} findings",
            "deadlines": f"{rang} ({self.ring_seconds:.1f} s, {self.messages} messages queued)",
            "": "GOOD" if self.is_good else "NOT GOOD",
        }
        return [f"{name:14}{words}" for name, words in said.items()]


class Drill:
    """One drill in a folder of its own; `old` is lost, `new` is what is left in its place."""

    def __init__(
        self,
        folder: Path,
        seconds: float,
        *,
        commits_wait: bool = False,
        follows_log: bool = True,
        seed: int,
    ) -> None:
        self.folder = folder
        self.seconds = seconds
        self.follows_log = follows_log
        self.figures = Figures(commits_wait=commits_wait)
        self.random = Random(seed)  # noqa: S311 - a seed that can be repeated
        self.keys = Keys.parse(Keys.fresh())
        self.signer = Signer(self.keys.audit_key)
        # It lies on yet another host: the heads' file of the old one.
        self.heads_file = folder / "audit-heads.jsonl"

    def run(self) -> Figures:
        """Do it all; both servers are gone afterwards."""
        old = embedded.start(self.folder / "old", durable=True, bin_dir=bin_dir())
        self.figures.postgresql = version(old)
        engine = app_engine(old.url())
        host = BackupHost(self.folder / "backup-host", old)
        try:
            people = self._work(old, engine, host)
            gone = lose(old)
            people.end()
            host.ends()
        finally:
            engine.dispose()
            old.stop()
        self._until_they_have_passed(gone)
        begun = time.monotonic()
        new = host.restore(self.folder / "new")
        try:
            self._look(new, people, gone, begun)
        finally:
            new.stop()
        return self.figures

    def _work(self, old: EmbeddedServer, engine: Engine, host: BackupHost) -> People:
        owner = owner_engine(old.url())
        migrate.upgrade(owner)
        owner.dispose()
        world = self._world(engine)
        people = People(engine, world, self._sealer(engine), self.random)
        if self.follows_log:
            host.follow()
        if self.figures.commits_wait:
            make_every_commit_wait(old)
        people.begin()
        begun = time.monotonic()
        time.sleep(self.seconds / 3)
        self._back_up(host)
        time.sleep(self.seconds / 3)
        self._sealer(engine).sweep(is_due_now=True)
        time.sleep(self.seconds / 3)
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('tirek.scope', 'system', true)"))
            nearer = {"number": PASSING, "seconds": PASS_SECONDS}
            connection.execute(_BRING_NEARER, nearer)
        # What another host shall have, must have had the time to get there.
        time.sleep(min(1.0, PASS_SECONDS / 2))
        self.figures.load_seconds = time.monotonic() - begun
        return people

    def _world(self, engine: Engine) -> World:
        with open_session(engine, Scope.system()) as session:
            vault = a_vault(self.keys)
            world = a_world(session, the_catalog(), vault, pupils=PUPILS, coded=0)
            session.commit()
        return world

    def _back_up(self, host: BackupHost) -> None:
        begun = time.monotonic()
        host.back_up()
        self.figures.backup_seconds = time.monotonic() - begun
        self.figures.backup_bytes = size(host.base)

    def _until_they_have_passed(self, gone: float) -> None:
        """The old server's host is looked for in vain; clocks run out meanwhile."""
        time.sleep(max(0.0, gone + PASS_SECONDS - time.monotonic()))

    def _look(self, new: EmbeddedServer, people: People, gone: float, begun: float) -> None:
        figures = self.figures
        figures.restore_seconds = time.monotonic() - begun
        people.engine = app_engine(new.url())
        known = dict(people.kept.signals)
        try:
            people.refer()
            # From the order to restore on: how long it takes to give it is not ours to measure.
            figures.rto_seconds = time.monotonic() - begun
            people.kept.signals = known
            with open_session(people.engine, Scope.system()) as session:
                self._count_losses(session, people, gone)
            self._ring(people)
            self._prove(people.engine)
        finally:
            people.engine.dispose()

    def _count_losses(self, session: Session, people: People, gone: float) -> None:
        lost = people.kept.lost(session)
        self.figures.acknowledged = len(people.kept.signals)
        self.figures.accepted = people.accepted
        self.figures.lost = len(lost)
        self.figures.rpo_seconds = max(0.0, gone - min(lost.values(), default=gone))

    def _ring(self, people: People) -> None:
        """The first sweep of the new server."""
        figures = self.figures
        with open_session(people.engine, Scope.system()) as session:
            figures.passed = session.scalars(_PASSED).one()
            before = session.scalars(text("SELECT count(*) FROM outbox")).one()
        begun = time.monotonic()
        while True:
            with open_session(people.engine, Scope.system()) as session, session.begin():
                rang = ladder.fire_due(people.world.unit(session=session), SWEEP)
            figures.rang += rang
            if rang < SWEEP:
                break
        figures.ring_seconds = time.monotonic() - begun
        with open_session(people.engine, Scope.system()) as session:
            after = session.scalars(text("SELECT count(*) FROM outbox")).one()
        figures.messages = after - before

    def _prove(self, engine: Engine) -> None:
        figures = self.figures
        self._sealer(engine).sweep(is_due_now=True)
        with open_session(engine, Scope.system()) as session:
            folded = fold.mismatches(session)
            figures.referrals = folded.referrals
            figures.unequal = len({one.referral_id for one in folded.mismatches})
            figures.broken_promises = promises.findings(session)
        report = self._verified(engine)
        figures.audit_entries, figures.audit_heads = report.entries, report.heads
        figures.audit_findings = len(report.findings)
        for finding in report.findings[:5]:
            print(finding)

    def _verified(self, engine: Engine) -> Report:
        elsewhere = self.heads_file.read_text(encoding="utf-8").splitlines()
        with open_session(engine, Scope.system()) as session:
            take_snapshot(session)
            kept: dict[Head, None] = dict.fromkeys(audit_heads.read_all(elsewhere))
            kept |= dict.fromkeys(audit_heads.heads(session))
            return verify(session, kept, {self.signer.public})

    def _sealer(self, engine: Engine) -> AuditSealer:
        return AuditSealer(engine, self.signer, self.heads_file, batch=audit_chain.BATCH)


def stamp() -> str:
    """The moment of a drill, for its record."""
    return datetime.now(UTC).isoformat(timespec="seconds")
