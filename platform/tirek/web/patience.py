"""Work is not begun for somebody who has left.

When a server has more requests than it can answer, browsers give up and send theirs again. Without
this it works through the old ones first, whose answers nobody reads, and never catches up with the
living. What is dropped here was not begun: nothing of it is stored, and whoever left was told
nothing.
"""

import socket
from collections.abc import Callable, Iterable
from typing import Any

# Where gunicorn puts the connection; other servers put none, and then nothing is dropped.
CONNECTION = "gunicorn.socket"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_for_the_present(application: Application) -> Application:
    """Wrap a WSGI application: a request whose sender closed the connection is dropped."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if has_left(environ.get(CONNECTION)):
            start_response("503 Service Unavailable", [("Content-Length", "0")])
            return ()
        return application(environ, start_response)

    return answer


def has_left(connection: socket.socket | None) -> bool:
    """Whether the other side closed the connection; a request that is still arriving has not."""
    if connection is None:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        # Nothing more to read, and still there: the usual case.
        return False
    except (OSError, ValueError):
        return True
