"""What scores mean: bands, flag rules, norms and measurement precision, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain.levels import Level


class Sex(StrEnum):
    """The sex for which a norm was published."""

    FEMALE = "f"
    MALE = "m"


class Moment(StrEnum):
    """When a flag is raised: at the answer itself, or when the administration is complete."""

    ANSWER = "answer"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a scale, given by its upper bound only, so bands can neither gap nor overlap."""

    id: str
    le: Fraction


@dataclass(frozen=True, slots=True)
class ItemAtLeast:
    """The chosen option of an item weighs at least so much."""

    item: str
    ge: Fraction


@dataclass(frozen=True, slots=True)
class ItemUnanswered:
    """An item has no answer: skipped, declined or never shown."""

    item: str


@dataclass(frozen=True, slots=True)
class ScaleAtLeast:
    """A scale lies at or above a cut-off."""

    scale: str
    ge: Fraction


@dataclass(frozen=True, slots=True)
class ScaleAtMost:
    """A scale lies at or below a cut-off."""

    scale: str
    le: Fraction


@dataclass(frozen=True, slots=True)
class NotComputable:
    """Any of these scales has no value."""

    scales: tuple[str, ...]


Condition = ItemAtLeast | ItemUnanswered | ScaleAtLeast | ScaleAtMost | NotComputable


@dataclass(frozen=True, slots=True)
class FlagRule:
    """A condition, the level it raises, and who says so."""

    id: str
    when: Condition
    at: Moment
    level: Level
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Norm:
    """Mean and spread of one published reference group."""

    id: str
    scale: str
    population: str
    langs: tuple[str, ...]
    year: int | None
    n: int
    sex: Sex | None
    mean: Fraction
    sd: Fraction | None
    source: str
    confidence: str
    status: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """What is needed to say how sure a score is: mean, sd and reliability of one sample."""

    scale: str
    population: str
    sex: Sex | None
    mean: Fraction
    sd: Fraction
    reliability: Fraction
    reliability_kind: str
    source: str
    confidence: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """Everything that turns a score into a statement for the psychologist."""

    version: str
    bands: Mapping[str, tuple[Band, ...]]
    flags: tuple[FlagRule, ...]
    norms: tuple[Norm, ...] = ()
    precision: tuple[Precision, ...] = ()
    show_to: Mapping[str, str] | None = None

    def band(self, scale: str, value: Fraction) -> str | None:
        """Return the first band whose upper bound holds the value; None where there is none."""
        return next((band.id for band in self.bands.get(scale, ()) if value <= band.le), None)
