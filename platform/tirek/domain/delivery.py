"""How messages travel, when one is tried again, and what counts as having arrived.

A message is never given up: after so many attempts in vain it is marked as stuck, which calls for
a person, and is tried on more slowly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tirek.domain.levels import Level


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"
    FHIR = "fhir"


class DeliveryResult(StrEnum):
    """How one attempt ended; an attempt without a result is unknown, not failed."""

    ACCEPTED = "accepted"
    # Not taken now; the same words may be taken in a moment.
    FAILED = "failed"
    # Not taken, and not in a moment either: a wrong number, key or address. A person must look.
    REFUSED = "refused"


class ReceiptStatus(StrEnum):
    """What the carrier tells later about a message that it had accepted."""

    DELIVERED = "delivered"
    # On its way or put off; another word may follow.
    TEMPORARY = "temporary"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Retries:
    """How a channel is tried again: the first waits one by one, then the last one for ever."""

    waits: tuple[timedelta, ...]
    # From here on somebody must look.
    stuck_after: int


def _seconds(*waits: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=wait) for wait in waits)


# At once, then many short waits: a long one hides a message after the fault has long been mended.
RETRIES: Mapping[Channel, Retries] = {
    # A mail server that puts off strangers (greylisting) takes the second try after some minutes.
    Channel.MAIL: Retries(_seconds(0, 30, 60, 120, 300), stuck_after=15),
    # It is sent where minutes count, and the next try may go to the other provider.
    Channel.SMS: Retries(_seconds(0, 15, 30, 60), stuck_after=10),
    Channel.WEBHOOK: Retries(_seconds(0, 15, 30, 60, 300), stuck_after=15),
    Channel.FHIR: Retries(_seconds(0, 15, 30, 60, 300), stuck_after=15),
}
# What is stuck waits for a person; these attempts only notice that somebody has mended it.
STUCK_WAIT = timedelta(minutes=10)
REFUSED_WAIT = timedelta(hours=1)
SECOND_CHANNEL_AFTER: Mapping[Level, timedelta] = {
    # Within the ten minutes in which somebody must have seen it.
    Level.IMMEDIATE: timedelta(minutes=2),
}
STUCK_AFTER = RETRIES[Channel.MAIL].stuck_after


def wait_after(
    attempts: int, channel: Channel = Channel.MAIL, result: DeliveryResult | None = None
) -> timedelta:
    """How long to wait after so many attempts in vain (1 or more), the last with this result."""
    if result is DeliveryResult.REFUSED:
        return REFUSED_WAIT
    if is_stuck(attempts, channel):
        return STUCK_WAIT
    waits = RETRIES[channel].waits
    return waits[min(attempts, len(waits)) - 1]


def is_stuck(
    attempts: int, channel: Channel = Channel.MAIL, result: DeliveryResult | None = None
) -> bool:
    """Whether so many attempts in vain, the last with this result, call for a person."""
    return result is DeliveryResult.REFUSED or attempts >= RETRIES[channel].stuck_after


def second_channel_after(level: Level) -> timedelta | None:
    """How long a message may go unseen before another channel is tried; None: no second one."""
    return SECOND_CHANNEL_AFTER.get(level)


def is_receipt(status: ReceiptStatus) -> bool:
    """Whether this word proves arrival; anything less keeps the second channel waiting to go."""
    return status is ReceiptStatus.DELIVERED
