"""The more urgent the level, the sooner somebody must act: the order that a protocol must keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from tirek.domain.clocks import Clock
from tirek.domain.levels import Level
from tirek.domain.protocols import LevelRule


@dataclass(frozen=True, slots=True)
class Inversion:
    """A clock of the more urgent level that can run out after the same clock of a lower one."""

    level: Level
    lower: Level
    clock: str


def inversions(levels: Mapping[Level, LevelRule]) -> tuple[Inversion, ...]:
    """Compare each level's clocks with those of the next lower one."""
    ordered = sorted(levels, key=lambda level: level.rank, reverse=True)
    return tuple(
        Inversion(higher, lower, name)
        for higher, lower in pairwise(ordered)
        for name, urgent, calm in _pairs(levels[higher], levels[lower])
        if not urgent.never_later_than(calm)
    )


def _pairs(higher: LevelRule, lower: LevelRule) -> tuple[tuple[str, Clock, Clock], ...]:
    return (
        ("seen", higher.seen, lower.seen),
        ("acknowledged", higher.acknowledged, lower.acknowledged),
        ("contact", higher.contact, lower.contact),
        ("assessment", higher.assessment, lower.assessment),
        ("plan", higher.plan, lower.plan),
    )
