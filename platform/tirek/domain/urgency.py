"""The more urgent the level, the sooner somebody must act: the order that a protocol must keep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tirek.domain.clocks import Clock
from tirek.domain.ladder import Rung
from tirek.domain.levels import Level
from tirek.domain.protocols import LevelRule


@dataclass(frozen=True, slots=True)
class Inversion:
    """A clock or rung of the more urgent level that can come after that of a lower one.

    `place` leads to it in the level's part of the file.
    """

    level: Level
    lower: Level
    words: str
    place: tuple[str | int, ...]


def inversions(levels: Mapping[Level, LevelRule]) -> tuple[Inversion, ...]:
    """Compare each level's clocks, notices and rungs with those of the next lower one."""
    ordered = sorted(levels, key=lambda level: level.rank, reverse=True)
    return tuple(
        Inversion(higher, lower, words, place)
        for higher, lower in pairwise(ordered)
        for words, place, urgent, calm in _pairs(levels[higher], levels[lower])
        if not no_later(urgent, calm)
    )


def no_later(urgent: Clock | None, calm: Clock | None) -> bool:
    """Whether `urgent` never runs out after `calm`, on any calendar; None is at once."""
    if urgent is None or calm is None:
        return urgent is None
    return urgent.never_later_than(calm)


Pair = tuple[str, tuple[str | int, ...], Clock | None, Clock | None]


def _pairs(higher: LevelRule, lower: LevelRule) -> Iterator[Pair]:
    for name in ("seen", "acknowledged", "contact", "assessment", "plan"):
        yield f"the clock {name!r}", (name,), getattr(higher, name), getattr(lower, name)
    yield from _notices(higher, lower)
    yield from _rungs("ladder", higher.ladder, lower.ladder)
    yield from _rungs("overdue", higher.overdue, lower.overdue)


def _notices(higher: LevelRule, lower: LevelRule) -> Iterator[Pair]:
    calm = {notice.kind: notice.clock for notice in lower.notices}
    for index, notice in enumerate(higher.notices):
        if notice.kind in calm:
            words = f"the notice {notice.kind!r}"
            yield words, ("notices", index, "clock"), notice.clock, calm[notice.kind]


def _rungs(name: str, higher: tuple[Rung, ...], lower: tuple[Rung, ...]) -> Iterator[Pair]:
    """Rung by rung, post by post, and breach by breach."""
    for index, (urgent, calm) in enumerate(zip(higher, lower, strict=False)):
        yield f"rung {index + 1} of {name!r}", (name, index), urgent.after, calm.after
    posts = {post: rung.after for rung in reversed(lower) for post in rung.posts}
    for index, rung in enumerate(higher):
        first_calls = set(rung.posts) - {post for one in higher[:index] for post in one.posts}
        for post in sorted(first_calls & posts.keys()):
            yield f"the call of '{post}' in {name!r}", (name, index), rung.after, posts[post]
    last = len(higher) - 1
    yield f"the breach of {name!r}", (name, last), higher[last].after, lower[-1].after
