"""People at work while the backup is taken and the server dies; they remember every yes."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from threading import Event
from uuid import UUID, uuid4

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting, version_of
from tests.world import World
from tirek.domain.errors import DomainError
from tirek.domain.levels import Level
from tirek.domain.scope import Scope
from tirek.services import concerns, ladder, referral_steps
from tirek.storage.models import Referral
from tirek.storage.session import open_session
from tirek.tasks.audit import AuditSealer

LEVELS = (Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW)


@dataclass
class Acknowledged:
    """What the database said yes to, and when (monotonic clock)."""

    signals: dict[UUID, float] = field(default_factory=dict)

    def lost(self, session: Session) -> dict[UUID, float]:
        """Those of them that are not there."""
        there = set(session.scalars(text("SELECT id FROM signals")))
        return {mark: moment for mark, moment in self.signals.items() if mark not in there}


@dataclass
class People:
    """A psychologist who refers, a PSC that accepts, and the sweeps of a relay."""

    engine: Engine
    world: World
    sealer: AuditSealer
    random: Random
    kept: Acknowledged = field(default_factory=Acknowledged)
    accepted: int = 0
    _stop: Event = field(default_factory=Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))
    _work: list[Future[None]] = field(default_factory=list)

    def begin(self) -> None:
        """All of them, each in a thread of its own, until the server is gone."""
        for each in (self.refer, self.refer, self._accept, self._sweep):
            self._work.append(self._pool.submit(self._until_it_dies, each))

    def end(self) -> None:
        """Let them go home; a fault of their own is raised here."""
        self._stop.set()
        for each in self._work:
            each.result()
        self._pool.shutdown()

    def refer(self) -> None:
        """A worry about some pupil: it joins the open case, or opens one."""
        pupil = self.random.choice(self.world.school.pupils)
        mark = uuid4()
        with acting(self.engine, self.world, self.world.school.psychologist) as unit:
            concerns.refer(unit, pupil.id, self.random.choice(LEVELS), "a worry", mark)
        self.kept.signals[mark] = time.monotonic()

    def _accept(self) -> None:
        who = self.world.home.specialist
        with acting(self.engine, self.world, who) as unit:
            waiting = select(Referral.id).where(
                Referral.state == "routed", Referral.support_center_id == self.world.home.id
            )
            found = unit.session.scalars(waiting.limit(1)).one_or_none()
            if found is not None and self.random.random() < 0.3:
                referral_steps.mark_seen(unit, found)
                referral_steps.acknowledge(unit, found, version_of(unit, found))
                self.accepted += 1
        self._stop.wait(0.1)

    def _sweep(self) -> None:
        self.sealer.sweep()
        with open_session(self.engine, Scope.system()) as session, session.begin():
            ladder.fire_due(self.world.unit(session=session), 50)
        self._stop.wait(0.3)

    def _until_it_dies(self, act: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                # Two who take the same referral: one of them is told so.
                with suppress(DomainError):
                    act()
            except DBAPIError as error:
                if error.connection_invalidated or not self._is_up():
                    return
                raise

    def _is_up(self) -> bool:
        try:
            with self.engine.connect() as connection:
                return connection.scalar(text("SELECT 1")) == 1
        except DBAPIError:
            return False
