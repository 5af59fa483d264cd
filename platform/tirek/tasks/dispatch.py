"""Tells Celery which messages are due; marks nothing, so a lost word costs only time."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tirek.services.relay import Due
from tirek.tasks.settings import RETRY

# Looked at in one round; the rest is seen in the next.
DISPATCH_LIMIT = 1000
# A queue that is this long has enough to do; what was not told now is told in a later round.
LONGEST_QUEUE = 500
# Told once, a message is left to the workers for so long.
PATIENCE_SECONDS = 15.0
# A broker that failed is left alone for so long: each try may cost some seconds.
PAUSE_SECONDS = 10.0

log = logging.getLogger(__name__)


class BrokerAwayError(Exception):
    """Nothing could be enqueued."""


class Enqueuer(Protocol):
    """Puts numbers of messages into Celery's queues."""

    def room(self, queue: str, longest: int) -> int:
        """How many more this queue may hold; raise `BrokerAwayError` when nobody knows."""
        ...

    def enqueue(self, message_id: int, queue: str) -> None:
        """Ask for one delivery; raise `BrokerAwayError` when it could not be asked."""
        ...


@dataclass
class Dispatcher:
    """Remembers for a while what it has told, so that a slow queue does not fill with repeats."""

    enqueuer: Enqueuer
    _told: dict[tuple[int, int], float] = field(default_factory=dict)
    _silent_until: float = 0.0

    def dispatch(self, due: Iterable[Due]) -> int | None:
        """Enqueue those that were not told lately; None when the broker is away."""
        now = time.monotonic()
        if now < self._silent_until:
            return None
        self._told = {key: at for key, at in self._told.items() if now - at < PATIENCE_SECONDS}
        new = [one for one in due if (one.message_id, one.attempts) not in self._told]
        try:
            return sum(self._fill(queue, new, now) for queue in {_queue(one) for one in new})
        except BrokerAwayError as error:
            log.warning("the broker is away (%s); messages go without it", error)
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            return None

    def _fill(self, queue: str, new: list[Due], now: float) -> int:
        room = self.enqueuer.room(queue, LONGEST_QUEUE)
        chosen = [one for one in new if _queue(one) == queue][: max(0, room)]
        for one in chosen:
            self.enqueuer.enqueue(one.message_id, queue)
            self._told[one.message_id, one.attempts] = now
        return len(chosen)


def _queue(one: Due) -> str:
    """The queue of its channel; one that failed before waits elsewhere."""
    return RETRY if one.attempts else one.channel.value
