"""Every setting of Celery, each with its reason; figures were measured (stack.md §3).

PostgreSQL is the queue of record. What is set here keeps latency low when something dies; that
nothing is lost does not hang on any of it.
"""

from collections.abc import Mapping
from typing import Any

from kombu import Queue

from tirek.domain.delivery import Channel

# Repairs and rounds; one queue for each channel, so that a slow provider of one holds up no other;
# and one for what failed before, so that an outage's heap stands in nobody's way.
SWEEP, RETRY = "sweep", "retry"
QUEUES = (SWEEP, *(channel.value for channel in Channel), RETRY)

# After this a message that a dead worker held is given to another one. The shortest value among
# all applications on one Redis wins, which is one reason more for a server of its own.
VISIBILITY_SECONDS = 120
# A task that outlives the former runs twice at once: ended well before, at less than half of it.
HARD_LIMIT_SECONDS = 55
SOFT_LIMIT_SECONDS = 45
SOCKET_SECONDS = 5

TRANSPORT: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_SECONDS,
    # By default the search for abandoned messages runs each 10 x 10 seconds: 103 s instead of 9.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A worker killed within that search blocks it for as long as this lock lives (default: 300 s).
    "unacked_mutex_expire": 30,
    # A Redis that hangs is an error after five seconds, not silence for ever.
    "socket_timeout": SOCKET_SECONDS,
    "socket_connect_timeout": SOCKET_SECONDS,
    "socket_keepalive": True,
    # A connection that died unseen is noticed before the next message needs it.
    "health_check_interval": 25,
}


def settings(redis_url: str) -> dict[str, Any]:
    """All settings for a broker at this address."""
    return _broker(redis_url) | _tasks() | _workers() | _silence()


def refusal(conf: Mapping[str, Any]) -> str | None:
    """Why these settings would run tasks twice; None when they would not."""
    limit, visible = conf["task_time_limit"], conf["broker_transport_options"]["visibility_timeout"]
    if limit * 2 > visible:
        return (
            f"A task may run for {limit} s, but after {visible} s it is given to a second worker:"
            " visibility_timeout must be at least twice task_time_limit."
        )
    return None


def _broker(redis_url: str) -> dict[str, Any]:
    return {
        "broker_url": redis_url,
        "broker_transport_options": TRANSPORT,
        # Set in all three places: whichever Celery looks at, it is the same.
        "result_backend_transport_options": {"visibility_timeout": VISIBILITY_SECONDS},
        "visibility_timeout": VISIBILITY_SECONDS,
        # The default gives up after 100 attempts, and then sits there alive and deaf.
        "broker_connection_max_retries": None,
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": SOCKET_SECONDS,
        # The default waits for a free connection for ever.
        "broker_pool_acquire_timeout": SOCKET_SECONDS,
        # What cannot be enqueued now will be in the next round: no task waits for it.
        "task_publish_retry": False,
    }


def _tasks() -> dict[str, Any]:
    return {
        # Acknowledged when done: with the default, kill -9 of a worker lost what it was about.
        "task_acks_late": True,
        # Without it a late acknowledgement is given all the same when a pool process dies. A
        # message that kills whoever takes it does not loop: the outbox counts attempts and leases.
        "task_reject_on_worker_lost": True,
        # A task that raised is over; the outbox row says that the message is not.
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "task_time_limit": HARD_LIMIT_SECONDS,
        "task_soft_time_limit": SOFT_LIMIT_SECONDS,
        # Results are rows; a results backend would be a second truth.
        "task_ignore_result": True,
        "result_expires": None,
        # Ids as arguments, as JSON: Redis is not encrypted, and pickle runs what it reads.
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_queues": [Queue(name) for name in QUEUES],
        "task_default_queue": SWEEP,
        # A name that is mistyped is an error, not a queue that nobody reads.
        "task_create_missing_queues": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def _workers() -> dict[str, Any]:
    return {
        # Nothing waits in one worker's hands while another is idle.
        "worker_prefetch_multiplier": 1,
        # After a lost connection the broker gives the message to somebody else: do not go on.
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        # SIGTERM: finish within 30 s, then put back what is left; also when only waiting.
        "worker_soft_shutdown_timeout": 30,
        "worker_enable_soft_shutdown_on_idle": True,
        # Whatever leaks goes with its process.
        "worker_max_tasks_per_child": 1000,
        "worker_max_memory_per_child": 300_000,
        # Nobody who reaches Redis may order workers to end; their health is what they have done
        # (table sweeps), not whether they answer.
        "worker_enable_remote_control": False,
        "beat_enable_remote_control": False,
    }


def _silence() -> dict[str, Any]:
    return {
        # Our own logging and stdout stay ours.
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_log_color": False,
    }
