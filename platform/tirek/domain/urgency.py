"""The more urgent the level, the sooner somebody must act: the order that a protocol must keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tirek.domain.clocks import KAZAKHSTAN, Clock
from tirek.domain.levels import Level
from tirek.domain.protocols import LevelRule

# A week that begins on a Monday: how long a working day lasts depends on the hour it is counted
# from, and is shortest just before midnight.
MONDAY = datetime(2026, 1, 5, 0, 59, tzinfo=KAZAKHSTAN)
WEEK = tuple(MONDAY + timedelta(hours=hour) for hour in range(7 * 24))


@dataclass(frozen=True, slots=True)
class Inversion:
    """A clock of the more urgent level that can run out after the same clock of a lower one."""

    level: Level
    lower: Level
    clock: str


def inversions(levels: Mapping[Level, LevelRule]) -> tuple[Inversion, ...]:
    """Compare each level's clocks with those of the next lower one, at every hour of a week."""
    ordered = sorted(levels, key=lambda level: level.rank, reverse=True)
    return tuple(
        Inversion(higher, lower, name)
        for higher, lower in pairwise(ordered)
        for name, urgent, calm in _pairs(levels[higher], levels[lower])
        if not never_later(urgent, calm)
    )


def never_later(urgent: Clock, calm: Clock) -> bool:
    """Whether `urgent`, started at the same moment, always runs out no later than `calm`."""
    return all(urgent.after(start) <= calm.after(start) for start in WEEK)


def _pairs(higher: LevelRule, lower: LevelRule) -> tuple[tuple[str, Clock, Clock], ...]:
    return (
        ("seen", higher.seen, lower.seen),
        ("acknowledged", higher.acknowledged, lower.acknowledged),
        ("contact", higher.contact, lower.contact),
    )
