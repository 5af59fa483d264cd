"""Signed webhooks: what a receiver's server needs to know that it was us, and not long ago.

`Tirek-Id` is the message, the same on every attempt. `Tirek-Timestamp` is when this attempt was
made, in seconds since 1970. `Tirek-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of
`<id>.<timestamp>.<body>` under the secret that both sides share. Any 2xx is a yes.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from tirek.gateways.errors import RefusedError
from tirek.gateways.http import Poster

ID, TIMESTAMP, SIGNATURE = "Tirek-Id", "Tirek-Timestamp", "Tirek-Signature"
TOLERANCE = timedelta(minutes=5)
SHORTEST_SECRET = 32


class WebhookError(Exception):
    """A webhook that was not made by us, was changed on the way, or is too old."""


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """A receiver's server, and the secret that it shares with us."""

    url: str
    secret: bytes = field(repr=False)


class WebhookGateway(Protocol):
    """Takes one message for one server; a repeat bears the same reference."""

    def send(self, to: WebhookEndpoint, body: bytes, reference: UUID, now: datetime) -> None:
        """Hand the message over; raise `GatewayError` when it was not, or perhaps not, taken."""
        ...


@dataclass(frozen=True, slots=True)
class HttpWebhook:
    """Signs a message and posts it."""

    poster: Poster

    def send(self, to: WebhookEndpoint, body: bytes, reference: UUID, now: datetime) -> None:
        """Ask the server once; `now` is the database's clock, which no worker's clock can upset."""
        if len(to.secret) < SHORTEST_SECRET:
            raise RefusedError("the secret is too short")
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            ID: str(reference),
            TIMESTAMP: timestamp,
            SIGNATURE: f"v1={_signature(to.secret, str(reference), timestamp, body)}",
        }
        self.poster.post(to.url, body, headers)


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret: bytes,
    now: datetime,
    seen: Callable[[str], bool],
) -> bool:
    """What a receiver does with a webhook: whether it is new, False for a repeat.

    Raises `WebhookError` when it is not to be believed. `seen` remembers an id, in one step, and
    says whether it was there already; a repeat is answered 2xx like the first, and not acted upon.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get(ID.lower(), ""), given.get(TIMESTAMP.lower(), "")
    expected = f"v1={_signature(secret, message_id, timestamp, body)}"
    # The signature first: of what is not ours nothing else is looked at. In constant time.
    if not hmac.compare_digest(expected.encode(), given.get(SIGNATURE.lower(), "").encode()):
        raise WebhookError("the signature is not ours")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise WebhookError("the timestamp is no number of seconds")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise WebhookError("the timestamp is too far from now")
    return not seen(message_id)


def _signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return hmac.new(secret, signed, "sha256").hexdigest()
