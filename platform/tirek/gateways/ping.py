"""Asks one address for an answer: our own, to see that it works, or a watcher outside."""

import urllib.request
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0
# Enough for the numbers of /metrics.
LONGEST_ANSWER = 1_000_000


class PingError(Exception):
    """There was no answer, or it was no yes; the text names no address, which may hold a token."""


def get(url: str, token: str | None = None) -> str:
    """The beginning of the answer; raise `PingError` unless it is a 200."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise PingError("the address must begin with http:// or https://")
    headers = {"User-Agent": "tirek"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is looked at
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            said: bytes = answer.read(LONGEST_ANSWER)
    except HTTPError as error:
        raise PingError(f"the answer was {error.code}") from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise PingError(f"there was no answer ({type(error).__name__})") from error
    return said.decode(errors="replace")
