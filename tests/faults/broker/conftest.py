"""PostgreSQL, Redis, two workers, two beats and two relays, without a web: messages alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.faults.broker.sink import Sink
from tirek.cli.cluster import Cluster
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.services import heartbeats
from tirek.storage.models import Account, Drill, OutboxMessage, Region, SupportCenter
from tirek.storage.session import app_engine, open_session
from tirek.tasks.celery_app import CeleryEnqueuer, enqueuer

PATIENCE = 60.0
_NUMBERS = count(1)


@dataclass
class Post:
    """The cluster, its outbox, and the mail server at the other end."""

    cluster: Cluster
    sink: Sink
    engine: Engine
    about: UUID
    reader: UUID
    enqueuer: CeleryEnqueuer

    @contextmanager
    def session(self) -> Iterator[Session]:
        with open_session(self.engine, Scope.system()) as session, session.begin():
            yield session

    def queue(self, number: int = 1) -> list[int]:
        """Messages in the outbox, as a committed request leaves them."""
        with self.session() as session:
            rows = [
                OutboxMessage(
                    dedup=f"broker:{next(_NUMBERS)}",
                    kind="referral_waits",
                    account_id=self.reader,
                    drill_id=self.about,
                )
                for _ in range(number)
            ]
            session.add_all(rows)
            session.flush()
            return [row.id for row in rows]

    def waiting(self, messages: list[int]) -> int:
        with self.session() as session:
            return int(
                session.execute(
                    text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND id = ANY(:ids)"),
                    {"ids": messages},
                ).scalar_one()
            )

    def arrive(self, messages: list[int], within: float = PATIENCE) -> float:
        """Wait until all are done; each was taken once, under one reference. Returns how long."""
        took = until(lambda: self.waiting(messages) == 0, within)
        with self.session() as session:
            rows = session.execute(
                text(
                    "SELECT outbox_id, reference FROM deliveries"
                    " WHERE outbox_id = ANY(:ids) AND result = 'accepted'"
                ),
                {"ids": messages},
            ).all()
        assert sorted(row.outbox_id for row in rows) == sorted(messages)
        for row in rows:
            [times] = [
                times
                for name, times in self.sink.taken.items()
                if name.startswith(f"<{row.reference}@")
            ]
            assert times == 1, f"message {row.outbox_id} was taken {times} times"
        return took

    def silent(self, seconds: float) -> set[str]:
        """Loops that have done nothing for so long."""
        with self.session() as session:
            return {one.name for one in heartbeats.loops(session) if one.seconds > seconds}

    def time_passes(self) -> None:
        """Leases and waits run out, as they do after some minutes."""
        with self.session() as session:
            session.execute(
                text("UPDATE outbox SET due_at = now(), leased_until = NULL WHERE done_at IS NULL")
            )

    def only(self, *wanted: str) -> None:
        """Have these at work and no others.

        Relays and beats are put to sleep and woken, which is quicker than a start; a worker that
        sleeps would go on taking messages from Redis, so it is ended.
        """
        for name in self.cluster.names():
            sleeps = name.startswith(("relay", "beat"))
            if name in wanted:
                self.cluster.resume(name)
                if self.cluster.pid(name) is None:
                    self.cluster.restart(name)
            elif sleeps:
                self.cluster.pause(name)
            else:
                self.cluster.kill(name, stays_down=True)

    def everything(self) -> None:
        self.only(*self.cluster.names())


def until(is_so: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait for something; return how long it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, "it did not come to pass"
        time.sleep(0.05)
    return time.monotonic() - begun


@pytest.fixture(scope="session")
def _post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("broker")
    folder.chmod(0o711)
    sink = Sink()
    cluster = Cluster(
        folder,
        webs=0,
        with_nginx=False,
        beat=2,
        relays=2,
        env={"SMTP_URL": sink.url, "TIREK_DURABLE": "0"},
    )
    try:
        cluster.start()
        engine = app_engine(cluster.database.url())
        with open_session(engine, Scope.system()) as session, session.begin():
            about, reader = _people(session)
        yield Post(cluster, sink, engine, about, reader, enqueuer(cluster.redis_url()))
        engine.dispose()
    finally:
        cluster.stop()
        sink.stop()


@pytest.fixture
def post(_post: Post) -> Post:
    """Each test says what is to be at work, by `only` or `everything`."""
    _post.sink.is_open.set()
    return _post


def _people(session: Session) -> tuple[UUID, UUID]:
    region = session.get_one(Region, "KZ-71")
    center = SupportCenter(region_iso=region.iso, name_kk="ПҚО", name_ru="ЦПП")
    session.add(center)
    session.flush()
    reader = Account(
        email="specialist@example.kz",
        role=Role.PSC_SPECIALIST,
        language="ru",
        support_center_id=center.id,
        password_hash="none",
        display_name="Сынақ Адам",
    )
    today = datetime.now(UTC)
    drill = Drill(
        support_center_id=center.id,
        month=today.date().replace(day=1),
        due_at=today + timedelta(days=1),
    )
    session.add_all([reader, drill])
    session.flush()
    return drill.id, reader.id
