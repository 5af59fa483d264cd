"""How soon somebody of a support centre takes up a parent's call for a person."""

from dataclasses import dataclass
from datetime import datetime

from tirek.domain.clocks import WEEKENDS_ONLY, Clock, WorkingCalendar
from tirek.domain.parents import HelpKind

# Answers that no lesson may be the only reply to.
DANGERS = frozenset({HelpKind.OWN_DANGER, HelpKind.HOME_DANGER})


@dataclass(frozen=True, slots=True)
class HelpRule:
    """The clock of one kind of call, and who has still to confirm it."""

    kind: HelpKind
    accepted: Clock
    by_text_message: bool
    is_confirmed: bool
    note: str
    calendar: WorkingCalendar = WEEKENDS_ONLY

    def due(self, now: datetime) -> datetime:
        """By when a named person has taken it, counted from the database's clock."""
        return self.accepted.after(now, self.calendar)
