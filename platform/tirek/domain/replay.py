"""Stored answers held against two versions of the rules: who would gain or lose a flag.

Only counts are kept. Tallies of parts add up to the tally of the whole, in any order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tirek.domain.age_band import age_band
from tirek.domain.disclosure import hide_next
from tirek.domain.flagging import Flag

# Fewer children than this are not shown outside their school (contract of the measurement pages).
FEWEST = 10
DIMENSIONS = ("language", "sex", "age", "region")
GAINED, LOST = "gained", "lost"
NO_FLAG = "none"


@dataclass(frozen=True, slots=True)
class Respondent:
    """What a replay may know of one administration."""

    language: str
    sex: str
    age: int
    region: str

    def groups(self) -> tuple[str, ...]:
        """The groups it is counted in, in the order of `DIMENSIONS`."""
        band = age_band(self.age)
        ages = f"{band.low}-{band.high}" if band.high is not None else f"{band.low}+"
        return (self.language, self.sex, ages, self.region)


def is_few(count: int) -> bool:
    """Whether these are some, but fewer than may be shown."""
    return 0 < count < FEWEST


def are_enough(came: Mapping[Respondent, int]) -> bool:
    """Whether some came, and nowhere a few: in every group of which any came there are ten."""
    groups: Counter[tuple[str, str]] = Counter()
    for who, count in came.items():
        for place in zip(DIMENSIONS, who.groups(), strict=True):
            groups[place] += count
    return bool(groups) and not any(map(is_few, groups.values()))


@dataclass(slots=True)
class Tally:
    """Counts of administrations: how many, of which group, and what changes for them."""

    total: int = 0
    unreadable: int = 0
    # dimension|group
    groups: Counter[str] = field(default_factory=Counter)
    # gained or lost|flag|level|dimension|group; of all together without the last two.
    moved: Counter[str] = field(default_factory=Counter)
    # highest level before|after
    levels: Counter[str] = field(default_factory=Counter)

    def add(self, who: Respondent, before: Iterable[Flag], after: Iterable[Flag]) -> None:
        """Count one administration."""
        old, new = _by_level(before), _by_level(after)
        places = [f"{name}|{group}" for name, group in zip(DIMENSIONS, who.groups(), strict=True)]
        self.total += 1
        self.groups.update(places)
        self.levels[f"{_highest(before)}|{_highest(after)}"] += 1
        for what, flags in ((GAINED, new - old), (LOST, old - new)):
            for flag in flags:
                self.moved[f"{what}|{flag}"] += 1
                self.moved.update(f"{what}|{flag}|{place}" for place in places)

    def merge(self, other: "Tally") -> "Tally":
        """The tally of both; the order does not matter."""
        return Tally(
            self.total + other.total,
            self.unreadable + other.unreadable,
            self.groups + other.groups,
            self.moved + other.moved,
            self.levels + other.levels,
        )

    def as_json(self) -> dict[str, Any]:
        """The counts as a row keeps them."""
        return {
            "total": self.total,
            "unreadable": self.unreadable,
            "groups": dict(self.groups),
            "moved": dict(self.moved),
            "levels": dict(self.levels),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The counts that a row kept."""
        return cls(
            kept["total"],
            kept["unreadable"],
            Counter(kept["groups"]),
            Counter(kept["moved"]),
            Counter(kept["levels"]),
        )

    def shown(self) -> dict[str, Any]:
        """What may be read outside a school: small cells, and what gives them away, are null."""
        flags = sorted({tuple(key.split("|")[1:3]) for key in self.moved})
        return {
            "total": self.total,
            "unreadable": self.unreadable,
            "levels": self._levels(),
            "flags": [self._flag(flag, level) for flag, level in flags],
        }

    def _levels(self) -> list[dict[str, Any]]:
        pairs = sorted(self.levels)
        cells = _hidden([self.levels[pair] for pair in pairs])
        return [
            {"before": before, "after": after, "count": cell}
            for (before, after), cell in zip((one.split("|") for one in pairs), cells, strict=True)
        ]

    def _flag(self, flag: str, level: str) -> dict[str, Any]:
        return {
            "flag": flag,
            "level": level,
            **{what: _one(self.moved[f"{what}|{flag}|{level}"]) for what in (GAINED, LOST)},
            "groups": [
                row
                for dimension in DIMENSIONS
                for row in self._group_rows(f"{flag}|{level}", dimension)
            ],
        }

    def _group_rows(self, flag: str, dimension: str) -> list[dict[str, Any]]:
        prefix = f"{dimension}|"
        names = sorted(key.removeprefix(prefix) for key in self.groups if key.startswith(prefix))
        cells = {
            what: _hidden([self.moved[f"{what}|{flag}|{prefix}{name}"] for name in names])
            for what in (GAINED, LOST)
        }
        return [
            {
                "dimension": dimension,
                "group": name,
                GAINED: cells[GAINED][place],
                LOST: cells[LOST][place],
            }
            for place, name in enumerate(names)
        ]


def _by_level(flags: Iterable[Flag]) -> set[str]:
    """A flag at another level is another flag: it calls other people."""
    return {f"{flag.id}|{flag.level}" for flag in flags}


def _highest(flags: Iterable[Flag]) -> str:
    highest = max(flags, key=lambda flag: flag.level.rank, default=None)
    return highest.level.value if highest else NO_FLAG


def _one(count: int) -> int | None:
    return None if is_few(count) else count


def _hidden(counts: list[int]) -> tuple[int | None, ...]:
    return hide_next([_one(count) for count in counts], counts)
