"""Redis wakes and PostgreSQL remembers: whatever dies, each message arrives, and once."""

import subprocess
import sys
import time

from sqlalchemy import text

from tests.faults.broker.conftest import Post, until

# Beat looks every 15 s; a relay leaves a message to the workers for 10 s.
BEAT, RELAY = 15.0, 10.0
SLACK = 20.0
# Sorted by what each needs at work: a start costs seconds.


def test_an_emptied_redis_loses_nothing(post: Post, is_long: bool):
    post.everything()
    messages = []
    for _ in range(20 if is_long else 3):
        messages += post.queue(60)
        time.sleep(0.3)
        post.cluster.redis_cli("FLUSHALL")
    post.arrive(messages)


def test_everything_twice_delivers_once(post: Post, is_long: bool):
    post.everything()
    messages = post.queue(2000 if is_long else 150)
    for _ in range(4):
        # Told again and again, as a broker does that forgets what it has given.
        for message in messages:
            _tell_again(post, message)
    post.arrive(messages)
    time.sleep(1)
    assert max(post.sink.taken.values()) == 1


def test_a_worker_that_is_alive_but_idle_shows(post: Post):
    post.everything()
    post.cluster.pause("worker-1")
    with post.session() as session:
        session.execute(text("UPDATE sweeps SET last_ok_at = now() - interval '1 hour'"))
    # Beat's first round comes at once. One of it goes to the worker that only seems to listen.
    post.cluster.restart("beat")
    until(lambda: "worker.worker-2" not in post.silent(60))
    assert "worker.worker-1" in post.silent(60)
    assert "worker.worker-1 has done nothing" in _asked_from_outside(post, 1)
    post.cluster.resume("worker-1")
    until(lambda: "worker.worker-1" not in post.silent(60))


def test_a_worker_delivers_what_a_relay_hands_on(post: Post):
    post.only("redis", "worker-1", "relay-1")
    # Quicker than the relay would do it itself.
    assert post.arrive(post.queue(20)) < RELAY


def test_beat_alone_tells_the_workers(post: Post):
    post.only("redis", "worker-1", "beat")
    assert post.arrive(post.queue(3)) < BEAT + SLACK


def test_a_worker_that_dies_in_the_middle_delivers_once_in_the_end(post: Post):
    post.only("redis", "worker-1", "relay-1")
    post.sink.is_open.clear()
    messages = post.queue()
    until(lambda: post.sink.waiting == 1, RELAY)
    post.cluster.kill("worker-1", stays_down=True)
    post.sink.is_open.set()
    assert post.waiting(messages) == 1
    post.cluster.restart("worker-1")
    post.time_passes()
    post.arrive(messages)


def test_a_redis_that_dies_under_full_hands_is_found_again(post: Post):
    post.only("redis", "worker-1", "beat")
    post.sink.is_open.clear()
    # As many as one worker may hold: both acknowledgements will fail.
    messages = post.queue(2)
    until(lambda: post.sink.waiting == 2)
    post.cluster.kill("redis", stays_down=True)
    post.sink.is_open.set()
    until(lambda: _has_noticed(post.cluster.log("worker-1").read_text()))
    post.cluster.restart("redis")
    post.time_passes()
    # Without `tirek.tasks.transport` the worker is connected again, and deaf.
    post.arrive(messages + post.queue(2))


def test_a_redis_that_hangs_delays_by_seconds(post: Post):
    post.only("redis", "relay-1")
    # One that has no bad memories of a Redis.
    post.cluster.restart("relay-1")
    post.cluster.pause("redis")
    took = post.arrive(post.queue(5), within=SLACK)
    print(f"{took:.1f} s with a Redis that says nothing")
    post.cluster.resume("redis")


def test_dead_workers_are_replaced_by_the_relay(post: Post):
    post.only("redis", "beat", "relay-1")
    assert post.arrive(post.queue(5)) < RELAY + SLACK


def test_a_relay_alone_delivers_without_redis(post: Post):
    post.only("relay-1")
    assert post.arrive(post.queue(20)) < SLACK


def _tell_again(post: Post, message: int) -> None:
    post.enqueuer.enqueue(message, "mail")


def _has_noticed(log: str) -> bool:
    """Whether a worker knows that Redis is away, or has failed to tell it of all it held."""
    return "Connection to broker lost" in log or log.count("Couldn't ack") == 2


def _asked_from_outside(post: Post, code: int) -> str:
    asked = subprocess.run(
        [sys.executable, "-m", "tirek.cli", "heartbeat"],
        env=post.cluster.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert asked.returncode == code, asked
    return asked.stdout
