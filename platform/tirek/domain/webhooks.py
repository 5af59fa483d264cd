"""What a signed webhook says: that something waits, of which kind, and where to look."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One message to a receiver's own server; ids only, the rest is read inside Tirek."""

    # The same on every attempt, so that a receiver knows a repeat.
    reference: UUID
    kind: str
    referral: UUID
    occurred_at: datetime
    link: str

    def body(self) -> bytes:
        """The bytes that are signed and sent; the same ones on every attempt."""
        said = {
            "id": str(self.reference),
            "kind": self.kind,
            "referral": str(self.referral),
            "occurred_at": self.occurred_at.isoformat(timespec="seconds"),
            "link": self.link,
        }
        return json.dumps(said).encode()
