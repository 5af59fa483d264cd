"""Whether the rights-holder lets us show a questionnaire today: fails closed, revoked is final."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tirek.domain.instruments import Licence


class LicenceState(StrEnum):
    """How a permission stands on one day."""

    NEEDED = "needed"
    STARTS_LATER = "starts_later"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when a recorded permission holds, both days included; None has no end."""

    valid_from: date
    valid_to: date | None = None
    is_revoked: bool = False

    def state(self, today: date) -> LicenceState:
        """How this one record stands on a day."""
        if self.is_revoked:
            return LicenceState.REVOKED
        if today < self.valid_from:
            return LicenceState.STARTS_LATER
        if self.valid_to is not None and self.valid_to < today:
            return LicenceState.EXPIRED
        return LicenceState.IN_FORCE


# Of several records the one that helps most speaks for the instrument.
_BEST = (
    LicenceState.IN_FORCE,
    LicenceState.STARTS_LATER,
    LicenceState.EXPIRED,
    LicenceState.REVOKED,
)


def state_of(terms: Iterable[Term], today: date) -> LicenceState:
    """How an instrument stands by all its records; without any, one is needed."""
    found = {term.state(today) for term in terms}
    return next((state for state in _BEST if state in found), LicenceState.NEEDED)


def until(terms: Iterable[Term], today: date) -> date | None:
    """The last day on which one of the records in force still holds; None where one has no end."""
    ends = [term.valid_to for term in terms if term.state(today) is LicenceState.IN_FORCE]
    return None if None in ends else max((end for end in ends if end), default=None)


def needs_record(licence: Licence, today: date) -> bool:
    """Whether the instrument's own file does not allow showing it, or allowed it until a day gone.

    Then nothing is shown until an administrator has recorded who granted what until when.
    """
    is_over = licence.valid_to is not None and date.fromisoformat(licence.valid_to) < today
    return is_over or not licence.may.get("display")
