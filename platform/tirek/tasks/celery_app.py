"""Celery's application: tasks that take ids, do one piece of work, and may all run twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from socket import gethostname
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from tirek.tasks import transport
from tirek.tasks.broker import connect
from tirek.tasks.dispatch import DISPATCH_LIMIT, BrokerAwayError, Dispatcher
from tirek.tasks.rounds import ROUNDS, Round
from tirek.tasks.settings import SWEEP, settings
from tirek.tasks.workbench import Workbench

BEAT_SECONDS = 15.0
# Stuck messages are tried each hour at most; looking for them each minute is soon enough.
STUCK_SECONDS = 60.0
# Whoever enqueues must not wait: messages go without the broker as well.
PROBE_SECONDS = 1.0
DELIVER, DISPATCH, DISPATCH_STUCK = "tirek.deliver", "tirek.dispatch", "tirek.sweep_stuck"


def make_app(redis_url: str, make_workbench: Callable[[], Workbench]) -> Celery:
    """Celery with our settings and tasks.

    `make_workbench` is called once in each pool process, at its first task: connections to the
    database must not be shared over a fork.
    """
    transport.install()
    app = Celery("tirek", set_as_current=False)
    app.conf.update(settings(redis_url))
    app.conf.beat_schedule = {
        name: {"task": name, "schedule": seconds, "options": {"queue": SWEEP}}
        for name, seconds in _schedule()
    }
    workbench = cache(make_workbench)
    _register(app, workbench, Dispatcher(enqueuer_of(app)))
    return app


def enqueuer(redis_url: str) -> "CeleryEnqueuer":
    """What a process needs that only enqueues."""
    app = Celery("tirek", set_as_current=False)
    app.conf.update(settings(redis_url))
    return enqueuer_of(app)


def enqueuer_of(app: Celery) -> "CeleryEnqueuer":
    """What puts messages into the queues of this application."""
    return CeleryEnqueuer(app, connect(app.conf.broker_url, PROBE_SECONDS))


def _schedule() -> Iterator[tuple[str, float]]:
    yield DISPATCH, BEAT_SECONDS
    yield DISPATCH_STUCK, STUCK_SECONDS
    yield from ((_task_of(one), one.seconds) for one in ROUNDS)


def _task_of(one: Round) -> str:
    return f"tirek.sweep_{one.name}"


@dataclass(frozen=True, slots=True)
class CeleryEnqueuer:
    """Puts numbers of messages into the queues of a Celery application."""

    app: Celery
    # Asked first, because Celery's own connection takes its time to find that nobody answers.
    probe: Redis

    def room(self, queue: str, longest: int) -> int:
        """How many more this queue may hold."""
        try:
            return longest - self.probe.llen(queue)
        except RedisError as error:
            raise BrokerAwayError(type(error).__name__) from error

    def enqueue(self, message_id: int, queue: str) -> None:
        """Ask for one delivery."""
        try:
            self.app.send_task(DELIVER, args=[message_id], queue=queue)
        except (OperationalError, RedisError, OSError) as error:
            raise BrokerAwayError(type(error).__name__) from error


def _register(app: Celery, workbench: Callable[[], Workbench], dispatcher: Dispatcher) -> None:
    @app.task(name=DELIVER, bind=True, shared=False)
    def deliver(_self: Any, message_id: int) -> None:
        """Try one message once; nothing happens when it is done, or somebody else holds it."""
        workbench().relay.deliver(message_id)

    @app.task(name=DISPATCH, bind=True, shared=False)
    def dispatch(self: Any) -> None:
        """Enqueue what is due; the messages themselves are not touched."""
        dispatcher.dispatch(workbench().due(DISPATCH_LIMIT))
        workbench().heartbeat("celery.outbox", _name(self))

    @app.task(name=DISPATCH_STUCK, bind=True, shared=False)
    def dispatch_stuck(self: Any) -> None:
        """Enqueue what nobody could deliver so far and is due again."""
        stuck = workbench().due(DISPATCH_LIMIT, is_stuck_too=True)
        dispatcher.dispatch(stuck)
        workbench().heartbeat("celery.stuck", count=len(stuck))
        workbench().heartbeat(_name(self))

    for one in ROUNDS:
        _register_round(app, workbench, one)


def _register_round(app: Celery, workbench: Callable[[], Workbench], one: Round) -> None:
    @app.task(name=_task_of(one), bind=True, shared=False)
    def sweep(self: Any) -> None:
        one.run(workbench(), by="celery")
        workbench().heartbeat(_name(self))


def _name(task: Any) -> str:
    """The worker as its heartbeat names it: what it has done, not whether its process exists."""
    hostname: str = task.request.hostname or "nobody"
    return f"worker.{hostname.partition('@')[0]}"


def run_worker(app: Celery, name: str, queues: list[str], concurrency: int) -> int:
    """Work on these queues until told to stop; return the exit code."""
    worker = app.Worker(
        hostname=f"{name}@{gethostname()}",
        queues=queues,
        concurrency=concurrency,
        pool="prefork",
        # A pool process is given a message only when it is free.
        optimization="fair",
        loglevel="INFO",
        quiet=True,
        # Workers have nothing to say to each other: the database knows who holds what.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    code: int = worker.exitcode or 0
    return code
