"""The pass into a call's room: whose, from when, until when; and what the call's server is told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tirek.domain.consultations import CALLS, JOIN_AFTER, JOIN_BEFORE, Medium

# The same two words in every call; who is behind them the server does not learn.
HOST_NAME, GUEST_NAME = "Психолог", "Ата-ана / Родитель"
_NEVER = {"recording": "false", "livestreaming": "false", "transcription": "false"}


@dataclass(frozen=True, slots=True)
class CallPass:
    """One person's way into one room, for as long as the talk lasts."""

    room: str
    guest: str
    is_host: bool
    medium: Medium
    opens_at: datetime
    closes_at: datetime


class CallServer(Protocol):
    """A server on which two people can talk."""

    def link(self, one: CallPass) -> str:
        """The address of the room with a signed pass; it is shown once and written nowhere."""


def call_pass(
    *,
    room: str,
    guest: str,
    is_host: bool,
    medium: Medium,
    times: tuple[datetime, datetime],
    now: datetime,
) -> CallPass | None:
    """A pass from ten minutes before to 15 minutes after; None at other times, or for no call."""
    opens_at, closes_at = times[0] - JOIN_BEFORE, times[1] + JOIN_AFTER
    if medium not in CALLS or not opens_at <= now < closes_at:
        return None
    return CallPass(room, guest, is_host, medium, opens_at, closes_at)


def claims(one: CallPass, *, app_id: str, domain: str) -> dict[str, object]:
    """What a Jitsi server is told, as it wants it: strings and numbers only."""
    user = {
        "id": one.guest,
        "name": HOST_NAME if one.is_host else GUEST_NAME,
        "moderator": "true" if one.is_host else "false",
    }
    return {
        "aud": app_id,
        "iss": app_id,
        "sub": domain,
        "room": one.room,
        "nbf": int(one.opens_at.timestamp()),
        "exp": int(one.closes_at.timestamp()),
        "context": {"user": user, "features": dict(_NEVER)},
    }
