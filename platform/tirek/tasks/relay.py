"""Takes what waits in the outbox out of the house; two of these may run at once."""

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from tirek.domain.delivery import Channel, DeliveryResult
from tirek.domain.scope import Scope
from tirek.services import relay
from tirek.services.parcels import Packer
from tirek.services.relay import Attempt, Claim
from tirek.storage.session import open_session
from tirek.tasks.dispatch import DISPATCH_LIMIT, Dispatcher
from tirek.tasks.gateways import FAILED, OUTCOME_UNKNOWN, REFUSED, Gateways
from tirek.tasks.lanes import Lanes

BATCH = 20
# A provider that answers only after ten seconds is asked by several at once, a few messages each.
LANES, LANE_BATCH = 4, 5
# Longer than the slowest conversation with a mail server (gateways.mail.TIMEOUT_SECONDS each turn).
LEASE_SECONDS = 120
# What was claimed and not begun is anybody's again after this: a relay that dies between the two
# holds a message up no longer. Who comes late to its own claim finds it gone and passes on.
CLAIM_SECONDS = 20
STUCK_EVERY = 60.0
YEARS_EVERY = 86_400.0
# What Celery's workers have not taken by then, the relay takes itself.
WORKERS_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """What one sweep did; messages that were not sent stay in the outbox."""

    claimed: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    # Lost to another relay, or nothing could be written.
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """Something else that the relay looks after once in a while."""

    name: str
    seconds: float
    work: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Relay:
    """One relay: its database, its gateways, and what packs its messages.

    Each channel has threads of its own in `run`, so gateways and engine are used by several.
    """

    engine: Engine
    gateways: Gateways
    packer: Packer
    batch: int = BATCH
    lease_seconds: int = LEASE_SECONDS

    def sweep(
        self,
        *,
        is_stuck_too: bool = False,
        waited_seconds: float = 0,
        channel: Channel | None = None,
        stop: Event | None = None,
    ) -> Counts:
        """Try everything of one batch once; no connection is held while a gateway is spoken to.

        `channel` leaves the others alone. `stop` ends it after the message that is under way; the
        leases of the rest run out.
        """
        with self._session() as session:
            held = relay.claim(
                session,
                self.batch,
                self._claim_seconds,
                is_stuck_too=is_stuck_too,
                waited_seconds=waited_seconds,
                channel=channel,
            )
        counts = Counts(claimed=len(held))
        for each in held:
            if stop is not None and stop.is_set():
                break
            self._try(each, counts)
        return counts

    def deliver(self, message_id: int) -> Counts:
        """Try one message once, if it is due and nobody else holds it; else do nothing."""
        with self._session() as session:
            held = relay.claim_one(session, message_id, self._claim_seconds)
        counts = Counts(claimed=int(held is not None))
        if held is not None:
            self._try(held, counts)
        return counts

    def run(
        self,
        stop: Event,
        interval: float = 1.0,
        *,
        jobs: Sequence[Job] = (),
        dispatcher: Dispatcher | None = None,
    ) -> None:
        """Sweep, and do the jobs in between, until told to stop; what fails is repeated.

        With a `dispatcher` messages go to Celery's workers first, and this loop takes those that
        have waited longer than workers need.
        """
        due = [(job, Every(job.seconds)) for job in (*self._jobs(), *jobs)]
        stuck = Every(STUCK_EVERY)
        with Lanes() as lanes:
            while not stop.is_set():
                for job, every in due:
                    if every.is_due():
                        with _written_down(job.name):
                            job.work()
                            every.done()
                waited = self._dispatch(dispatcher)
                for channel in Channel:
                    # The second one begins only while the first is busy, and so on.
                    names = (f"{channel} {number}" for number in range(LANES))
                    work = partial(self._empty, channel, waited, stop)
                    any(lanes.start(name, work) for name in names)
                    if stuck.is_due():
                        lanes.start(f"stuck {channel}", partial(self._try_stuck, channel, stop))
                if stuck.is_due():
                    stuck.done()
                stop.wait(interval)

    @property
    def _claim_seconds(self) -> int:
        return min(CLAIM_SECONDS, self.lease_seconds)

    def _jobs(self) -> tuple[Job, ...]:
        return (Job("school years", YEARS_EVERY, self._ensure_years),)

    def _dispatch(self, dispatcher: Dispatcher | None) -> float:
        """Hand what is due to Celery's workers; returns how long they are given for it."""
        waited = 0.0
        if dispatcher is not None:
            with _written_down("dispatch"):
                with self._session() as session:
                    due = relay.find_due(session, DISPATCH_LIMIT)
                # While the broker is away nobody else takes them.
                waited = 0.0 if dispatcher.dispatch(due) is None else WORKERS_SECONDS
        return waited

    def _empty(self, channel: Channel, waited: float, stop: Event) -> None:
        """Take one batch after the other until there is no whole one left."""
        few = replace(self, batch=min(self.batch, LANE_BATCH))
        with _written_down(channel):
            claimed = few.batch
            while claimed == few.batch and not stop.is_set():
                claimed = few.sweep(waited_seconds=waited, channel=channel, stop=stop).claimed

    def _try_stuck(self, channel: Channel, stop: Event) -> None:
        with _written_down(f"stuck {channel}"):
            self.sweep(is_stuck_too=True, channel=channel, stop=stop)

    def _ensure_years(self) -> None:
        with self._session() as session:
            relay.ensure_school_years(session)

    def _try(self, held: Claim, counts: Counts) -> None:
        """Deliver one message; whatever is wrong with it, the next one is not held up by it."""
        try:
            self._deliver(held, counts)
        except (DBAPIError, PoolTimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - it may be anything: that is the point
            counts.unknown += 1
            said = _kind(error)
            log.error("message %d cannot be delivered: %s", held.message_id, said)  # noqa: TRY400
            with self._session() as session:
                relay.put_off(session, held)

    def _deliver(self, held: Claim, counts: Counts) -> None:
        with self._session() as session:
            attempt = relay.begin_attempt(
                session, held, self.packer, self.lease_seconds, self.gateways.providers
            )
        if attempt is None:
            counts.skipped += 1
            return
        result, name = self._call(attempt, counts)
        with self._session() as session:
            relay.finish_attempt(session, attempt, result, name)

    def _call(self, attempt: Attempt, counts: Counts) -> tuple[DeliveryResult | None, str | None]:
        """How it went, and what the other side calls the message."""
        result: DeliveryResult | None
        fault: Exception
        try:
            name = self.gateways.send(attempt)
        except OUTCOME_UNKNOWN as error:
            counts.unknown += 1
            result, fault = None, error
        except REFUSED as error:
            counts.failed += 1
            result, fault = DeliveryResult.REFUSED, error
        except FAILED as error:
            counts.failed += 1
            result, fault = DeliveryResult.FAILED, error
        else:
            counts.sent += 1
            return DeliveryResult.ACCEPTED, name
        log.warning("message %d, attempt %d: %s", attempt.message_id, attempt.attempt, fault)
        return result, None

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """One transaction over all rows, given back to the pool at its end."""
        with open_session(self.engine, Scope.system()) as session, session.begin():
            yield session


@contextmanager
def _written_down(name: str) -> Iterator[None]:
    """Write down a fault in one job, so that it stops no other one."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        # The kind alone: the statement's values could name an account.
        log.warning("%s: the database did not answer: %s", name, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - messages must go on leaving
        log.error("%s: %s", name, _kind(error))  # noqa: TRY400 - a trace's text could name somebody


def _kind(error: Exception) -> str:
    """The kind of an error and where it was raised; its text could name somebody."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


class Every:
    """Says when something that is done once in a while is due again; due at first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = time.monotonic()

    def is_due(self) -> bool:
        """Whether the time has come."""
        return time.monotonic() >= self._next

    def done(self) -> None:
        """Count from now; without this call it stays due, so a failure is repeated."""
        self._next = time.monotonic() + self._seconds
