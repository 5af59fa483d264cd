"""How urgently a flag needs a person."""

from enum import StrEnum


class Level(StrEnum):
    """The urgency of a flag, most urgent first (design §5); a review only asks for a look."""

    IMMEDIATE = "immediate"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    REVIEW = "review"

    @property
    def rank(self) -> int:
        """Place among the levels: the higher, the more urgent."""
        return _RANKS[self]


# Read for every flag of every sheet: counted once.
_RANKS = {level: len(Level) - place for place, level in enumerate(Level)}
