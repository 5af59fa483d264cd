"""When the demo's events are said to have happened: each is made now, then moved to its moment."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tirek.domain.levels import Level
from tirek.storage.backdate import Move


@dataclass(slots=True)
class Diary:
    """Every move to be made, and the level at which each referral was opened.

    A transaction has one time: what it did about one pupil is found again by the two.
    """

    levels: dict[UUID, Level] = field(default_factory=dict)
    # Assignments that were open for a moment just now, and when they really were.
    windows: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    _moves: dict[tuple[UUID, datetime], Move] = field(default_factory=dict)
    _last: dict[UUID, datetime] = field(default_factory=dict)

    @property
    def moves(self) -> list[Move]:
        """All of them, in the order in which they were noted."""
        return list(self._moves.values())

    def turn_page(self) -> None:
        """What was noted so far has been moved; the next notes begin a new page."""
        self._moves.clear()
        self.windows.clear()

    def note(
        self, student_id: UUID, stamp: datetime, moment: datetime, took: timedelta = timedelta()
    ) -> None:
        """What the transaction of `stamp` does about this pupil happened at `moment`."""
        self._moves[student_id, stamp] = Move(student_id, stamp, moment, took)
        self._last[student_id] = max(moment, self.last(student_id, moment))

    def moment(self, student_id: UUID, stamp: datetime) -> datetime | None:
        """When what carries this stamp is said to have happened, if that was noted."""
        found = self._moves.get((student_id, stamp))
        return found.moment if found else None

    def last(self, student_id: UUID, default: datetime) -> datetime:
        """When something last happened about a pupil."""
        return self._last.get(student_id, default)
