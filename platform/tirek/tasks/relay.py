"""Takes what waits in the outbox out of the house; two of these may run at once."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from tirek.domain.protocols import DeliveryResult
from tirek.domain.scope import Scope
from tirek.gateways.mail import MailError, MailGateway, MailOutcomeUnknownError
from tirek.services import relay
from tirek.services.letters import Letters
from tirek.services.relay import Attempt, Claim
from tirek.storage.session import open_session

BATCH = 20
# Longer than the slowest conversation with a mail server (gateways.mail.TIMEOUT_SECONDS each turn).
LEASE_SECONDS = 120
STUCK_EVERY = 60.0
YEARS_EVERY = 86_400.0

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
class Relay:
    """One relay: its database, its gateway, and the texts it may send."""

    engine: Engine
    gateway: MailGateway
    letters: Letters
    batch: int = BATCH
    lease_seconds: int = LEASE_SECONDS

    def sweep(self, *, is_stuck_too: bool = False) -> Counts:
        """Try everything of one batch once; no connection is held while a gateway is spoken to."""
        with self._session() as session:
            held = relay.claim(session, self.batch, self.lease_seconds, is_stuck_too=is_stuck_too)
        counts = Counts(claimed=len(held))
        for each in held:
            self._deliver(each, counts)
        return counts

    def deliver(self, message_id: int) -> Counts:
        """Try one message once, if it is due and nobody else holds it; else do nothing."""
        with self._session() as session:
            held = relay.claim_one(session, message_id, self.lease_seconds)
        counts = Counts(claimed=int(held is not None))
        if held is not None:
            self._deliver(held, counts)
        return counts

    def run(self, stop: Event, interval: float = 1.0) -> None:
        """Sweep until told to stop; a database that is away is waited for."""
        stuck = Every(STUCK_EVERY)
        years = Every(YEARS_EVERY)
        while not stop.is_set():
            is_behind = False
            try:
                if years.is_due():
                    self._ensure_years()
                    years.done()
                if stuck.is_due():
                    self.sweep(is_stuck_too=True)
                    stuck.done()
                is_behind = self.sweep().claimed == self.batch
            except (DBAPIError, PoolTimeoutError) as error:
                # The kind alone: the statement's values could name an account.
                log.warning("the database did not answer: %s", type(error).__name__)
            if not is_behind:
                stop.wait(interval)

    def _ensure_years(self) -> None:
        with self._session() as session:
            relay.ensure_school_years(session)

    def _deliver(self, held: Claim, counts: Counts) -> None:
        with self._session() as session:
            attempt = relay.begin_attempt(session, held, self.letters, self.lease_seconds)
        if attempt is None:
            counts.skipped += 1
            return
        result = self._call(attempt, counts)
        with self._session() as session:
            relay.finish_attempt(session, attempt, result)

    def _call(self, attempt: Attempt, counts: Counts) -> DeliveryResult | None:
        letter = attempt.letter
        try:
            self.gateway.send(attempt.to, letter.subject, letter.body, attempt.reference)
        except MailOutcomeUnknownError as error:
            counts.unknown += 1
            log.warning("message %d, attempt %d: %s", attempt.message_id, attempt.attempt, error)
            return None
        except MailError as error:
            counts.failed += 1
            log.warning("message %d, attempt %d: %s", attempt.message_id, attempt.attempt, error)
            return DeliveryResult.FAILED
        counts.sent += 1
        return DeliveryResult.ACCEPTED

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """One transaction over all rows, given back to the pool at its end."""
        with open_session(self.engine, Scope.system()) as session, session.begin():
            yield session


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
