"""When a message that could not be handed over is tried again; it is never given up."""

from datetime import timedelta

# The first attempt is made at once; a server that is down for a moment costs half a minute.
_WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
_AFTERWARDS = timedelta(hours=1)
# From here on somebody must look; the hourly attempts go on all the same.
STUCK_AFTER = 20


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts in vain (1 or more)."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else _AFTERWARDS


def is_stuck(attempts: int) -> bool:
    """Whether so many attempts in vain call for a person."""
    return attempts >= STUCK_AFTER
