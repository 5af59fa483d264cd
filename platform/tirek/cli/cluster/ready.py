"""Whether a server answers, asked from outside as its users do."""

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from socket import create_connection

POLL_SECONDS = 0.05
ASK_SECONDS = 5.0


def answers(host: str, port: int, path: str | None = None) -> bool:
    """Whether somebody listens, and with a path answers it with 200."""
    try:
        if path is None:
            create_connection((host, port), timeout=ASK_SECONDS).close()
            return True
        connection = HTTPConnection(host, port, timeout=ASK_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200  # noqa: PLR2004 - HTTP's own word
        finally:
            connection.close()
    except (OSError, HTTPException):
        return False


def wait_for(
    is_so: Callable[[], bool], seconds: float, *, while_true: Callable[[], bool] | None = None
) -> bool:
    """Wait until something is so; give up after so long, or when it cannot come any more."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline or (while_true is not None and not while_true()):
            return False
        time.sleep(POLL_SECONDS)
    return True
