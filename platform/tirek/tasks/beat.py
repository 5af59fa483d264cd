"""Celery beat by a clock that cannot be set.

The shipped scheduler orders its entries by the time of day: when the clock steps back two hours,
what is due next comes two hours late. Nothing here is due at a time of day, only every so often.
"""

import logging
import time
from typing import Any

from celery import Celery
from celery.beat import ScheduleEntry, Scheduler, SchedulingError

from tirek.tasks.celery_app import enqueuer_of
from tirek.tasks.dispatch import BrokerAwayError
from tirek.tasks.settings import SWEEP

# Rounds that no worker has begun: more of them would only have to be worked off later.
MOST_WAITING = 20

log = logging.getLogger(__name__)


class SteadyScheduler(Scheduler):
    """Sends each entry at the start, and then every so many seconds of the monotonic clock."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        self._enqueuer = enqueuer_of(options["app"])
        super().__init__(*arguments, **options)

    def tick(self, *_arguments: Any, **_options: Any) -> float:
        """Send what is due; return how many seconds may pass until the next look."""
        for name, entry in self.schedule.items():
            if time.monotonic() >= self._due.get(name, 0.0):
                # Sent or not: what is missed while the broker is away comes with the next round.
                self._due[name] = time.monotonic() + _seconds(entry)
                self.apply_entry(entry)
        return max(0.0, min(self._due.values()) - time.monotonic())

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send one, unless nobody has begun the last ones; a broker that is away is no error."""
        try:
            if self._enqueuer.room(SWEEP, MOST_WAITING) > 0:
                self.apply_async(entry, producer=producer, advance=False)
        except (SchedulingError, BrokerAwayError) as error:
            log.warning("%s was not sent: %s", entry.name, type(error.__cause__ or error).__name__)


def run_beat(app: Celery) -> None:
    """Send rounds until SIGTERM or SIGINT; a broker that is away is waited for."""
    scheduler = f"{SteadyScheduler.__module__}:{SteadyScheduler.__name__}"
    app.Beat(scheduler=scheduler, loglevel="INFO", quiet=True).run()


def _seconds(entry: ScheduleEntry) -> float:
    """How often; there are no entries of another kind."""
    every: Any = entry.schedule
    seconds: float = every.run_every.total_seconds()
    return seconds
