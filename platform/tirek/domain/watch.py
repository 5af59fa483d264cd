"""What watches over the loops themselves: how long each may be silent, and what people answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

# A loop that has done nothing for so long is not working, whatever its process says (F21).
LONGEST_SILENCE = 120.0
# Rounds that are made less often; the name behind the point says which one it is.
RARE_ROUNDS: Mapping[str, float] = {
    "reconcile": 3 * 3600.0,
    "drills": 900.0,
    "reminders": 300.0,
    "talks": 300.0,
    "measurements": 300.0,
    "groups": 900.0,
    "uploads": 300.0,
}


class AlarmReply(StrEnum):
    """What somebody on the ladder did about an alarm; a code, for they see no child."""

    CALLED_CENTER = "called_center"
    CALLED_SCHOOL = "called_school"
    WENT_THERE = "went_there"
    NOBODY_ANSWERS = "nobody_answers"


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop as its heartbeat shows it."""

    name: str
    seconds: float
    last_count: int

    @property
    def is_silent(self) -> bool:
        """Whether it has been silent for too long."""
        return self.seconds > longest_silence(self.name)


def longest_silence(name: str) -> float:
    """For how many seconds the loop of this name, such as `relay.deadlines`, may be silent."""
    return RARE_ROUNDS.get(name.rpartition(".")[2], LONGEST_SILENCE)
