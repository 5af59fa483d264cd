"""What is looked after again and again, by Celery and by `tirek relay`, each without the other."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from tirek.domain.providers import resting
from tirek.services import (
    answer_uploads,
    cohort_news,
    drills,
    help_late,
    ladder,
    late_answer_files,
    measurements,
    promises,
    providers,
    reminders,
    replays,
    talk_reminders,
)
from tirek.services.replays import BrokenReplayError
from tirek.tasks.workbench import Workbench

# Deadlines of one transaction: what rings in it is locked until its messages are queued.
DEADLINES = 50
# Reminders of one transaction: a morning's thousands are several of them.
REMINDERS = 500
# A relay has messages to deliver in between: no replay keeps it longer than this.
REPLAY_SECONDS = 1.0
# How long one sweep counts: clocks that ring wait for no questionnaire. A third of the time is
# enough for three million sheets in a night (about a millisecond each).
COUNTING_SECONDS = 3.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """One sweep: safe to run twice at once, and as often as anybody likes."""

    name: str
    seconds: float
    # Says how much it found to do.
    work: Callable[[Workbench], int]

    def run(self, workbench: Workbench, by: str) -> int:
        """Do it, and leave a heartbeat that says who did."""
        count = self.work(workbench)
        workbench.heartbeat(f"{by}.{self.name}", count=count)
        return count


def _fire_deadlines(workbench: Workbench) -> int:
    """Ring every clock that has run out; each batch is a transaction of its own."""
    rang, failed = 0, set[UUID]()
    while True:
        with workbench.unit() as unit:
            batch = ladder.fire_due(unit, DEADLINES, failed)
        rang += batch
        if batch < DEADLINES:
            return rang - len(failed)


def _reconcile(workbench: Workbench) -> int:
    with workbench.unit() as unit:
        found = promises.findings(unit.session)
    for name, number in found.items():
        log.error("reconcile: %d %s", number, name)
    return sum(found.values())


def _drills(workbench: Workbench) -> int:
    """Ring this month's test alarms, and tell of those that nobody answered."""
    with workbench.unit() as unit:
        return drills.start_due(unit) + drills.escalate_due(unit)


def _reminders(workbench: Workbench) -> int:
    """Queue what this hour's readers asked for; each batch is a transaction of its own."""
    queued = 0
    while True:
        with workbench.unit() as unit:
            batch = reminders.queue_due(unit, unit.now(), REMINDERS)
        queued += batch
        if batch < REMINDERS:
            return queued


def _talks(workbench: Workbench) -> int:
    """Remind of talks, let kept times go, and offer free ones to who waits.

    Each psychologist is a transaction of its own: who is being booked at this moment holds up
    no other, and is looked at again by the next sweep.
    """
    with workbench.unit() as unit:
        reminded = talk_reminders.remind_due(unit, unit.now())
    with workbench.unit() as unit:
        hosts = talk_reminders.hosts_to_tend(unit)
    return reminded + sum(_tend(workbench, host_id) for host_id in hosts)


def _tend(workbench: Workbench, host_id: UUID) -> int:
    try:
        with workbench.unit() as unit:
            return talk_reminders.tend(unit, host_id)
    except DBAPIError as error:
        log.warning("talks of %s wait for the next sweep: %s", host_id, type(error.orig).__name__)
        return 0


def _replays(workbench: Workbench) -> int:
    """Go on with the replay that has waited longest; each chunk is a transaction of its own."""
    counted, begun = 0, time.monotonic()
    while time.monotonic() - begun < REPLAY_SECONDS:
        try:
            with workbench.unit() as unit:
                batch = replays.advance(unit)
        except BrokenReplayError as error:
            log.warning("replay %s ends: %s", error.replay_id, error.kind)
            with workbench.unit() as unit:
                replays.fail(unit, error.replay_id, error.kind)
            continue
        if not batch:
            break
        counted += batch
    return counted


def _rebalance(workbench: Workbench) -> int:
    """Let the shares of providers follow how they do; says of how many channels they moved."""
    moved = 0
    for channel, names in workbench.relay.gateways.providers.items():
        with workbench.unit() as unit:
            shares = providers.rebalance(unit.session, channel, names)
        moved += shares != resting(names)
    return moved


def _seal_audit(workbench: Workbench) -> int:
    return workbench.sealer.sweep()


def _help(workbench: Workbench) -> int:
    """Tell those above of each parent's call that nobody has taken in time."""
    with workbench.unit() as unit:
        return help_late.escalate_due(unit)


def _groups(workbench: Workbench) -> int:
    """Tell groups that they begin, and those who lead them of questions that wait."""
    with workbench.unit() as unit:
        return cohort_news.tell_of_starts(unit) + cohort_news.tell_of_questions(unit)


def _measure(workbench: Workbench) -> int:
    """Count some more schools of tonight, each in a transaction of its own."""
    until = time.monotonic() + COUNTING_SECONDS
    sheets = 0
    while time.monotonic() < until:
        with workbench.unit() as unit:
            done = measurements.count_next(unit)
        sheets += done.sheets
        if done.is_over:
            break
    return sheets


def _uploads(workbench: Workbench) -> int:
    """Throw away files that call for nobody, and tell of those that call for somebody today."""
    with workbench.unit() as unit:
        return answer_uploads.expire(unit) + late_answer_files.tell_of_late(unit)


ROUNDS = (
    Round("deadlines", 15, _fire_deadlines),
    Round("audit", 10, _seal_audit),
    Round("reconcile", 3600, _reconcile),
    Round("drills", 300, _drills),
    Round("providers", 15, _rebalance),
    Round("reminders", 60, _reminders),
    Round("talks", 60, _talks),
    Round("help", 30, _help),
    Round("groups", 300, _groups),
    Round("measurements", 10, _measure),
    Round("replays", 3, _replays),
    Round("uploads", 60, _uploads),
)
