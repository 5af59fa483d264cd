"""What machines of others tell us: whether it is they who speak, and what an SMS receipt says."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tirek.domain.delivery import ReceiptStatus

TOLERANCE = timedelta(minutes=5)
# As in gateways.sms: printable, and short enough to be kept.
_REFERENCE = re.compile(r"[\x21-\x7e]{1,128}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CallbackError(ValueError):
    """What was sent breaks a rule; the text says where, and never repeats what stands there."""


@dataclass(frozen=True, slots=True)
class SmsReceipt:
    """A provider's word about one of our messages."""

    reference: UUID
    status: ReceiptStatus
    provider_reference: str | None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hexadecimal, of `<timestamp>.<body>`."""
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, "sha256").hexdigest()


def is_signed(secret: str, timestamp: str, given: str, body: bytes, now: datetime) -> bool:
    """Whether a body was signed with this secret, and not long ago; in constant time."""
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode()):
        return False
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < len("10000000000000")):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()


def is_same(secret: str, given: str) -> bool:
    """Whether a token is this one; in constant time."""
    return hmac.compare_digest(secret.encode(), given.encode())


def read_sms_receipt(said: object) -> SmsReceipt:
    """Read `{"reference", "status", "id"}`; raise `CallbackError` unless it is clear."""
    if not isinstance(said, dict):
        raise CallbackError("the body: must be an object")
    reference, status, name = (said.get(key) for key in ("reference", "status", "id"))
    if not isinstance(reference, str) or not _UUID.fullmatch(reference.lower()):
        raise CallbackError("reference: must be the one that was sent with the message")
    if not isinstance(status, str) or status not in set(ReceiptStatus):
        raise CallbackError("status: must be delivered, temporary or failed")
    if name is not None and not (isinstance(name, str) and _REFERENCE.fullmatch(name)):
        raise CallbackError("id: must be 1 to 128 printable characters")
    return SmsReceipt(UUID(reference), ReceiptStatus(status), name)
