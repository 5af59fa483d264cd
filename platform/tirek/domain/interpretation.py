"""What scores mean: bands, flag rules, norms and measurement precision, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain.exact import is_at_least
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
class ItemRefused:
    """An item was shown and no option chosen: declined, or passed over after the reminder.

    Unlike "unanswered" it can be known at once: what was never shown is not refused.
    """

    item: str


# What one answer alone can settle.
ItemCondition = ItemAtLeast | ItemRefused


@dataclass(frozen=True, slots=True)
class AnyItem:
    """At least one of these is true of the answers."""

    conditions: tuple[ItemCondition, ...]


@dataclass(frozen=True, slots=True)
class AllItems:
    """All of these are true of the answers."""

    conditions: tuple[ItemCondition, ...]


# When an item is asked at all: it depends on items that stand before it.
ShowIf = AnyItem | AllItems


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


Condition = (
    ItemAtLeast
    | ItemUnanswered
    | ItemRefused
    | AnyItem
    | ScaleAtLeast
    | ScaleAtMost
    | NotComputable
)


def items_of(condition: Condition) -> tuple[str, ...]:
    """Return the items that a condition speaks of, none for one about scales."""
    match condition:
        case ItemAtLeast(item) | ItemUnanswered(item) | ItemRefused(item):
            return (item,)
        case AnyItem(conditions):
            return tuple(dict.fromkeys(one.item for one in conditions))
        case _:
            return ()


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
class AgeGroup:
    """The ages, in completed years, of a norm's group."""

    min: int
    max: int


class PercentileKind(StrEnum):
    """What a table's percentiles count: all equal scores, or half of them."""

    CUMULATIVE = "cumulative"
    MID_RANK = "mid_rank"


@dataclass(frozen=True, slots=True)
class PercentileTable:
    """Raw score and percentile (0 to 100), row by row as published."""

    kind: PercentileKind
    rows: tuple[tuple[Fraction, Fraction], ...]

    def of(self, raw: Fraction) -> Fraction | None:
        """Return the percentile of a raw score; None where the table has no row for it."""
        return next((percentile for row, percentile in self.rows if row == raw), None)


class NormStatus(StrEnum):
    """Where a norm comes from; `none` is kept on record and never read."""

    LOCAL = "local"
    IMPORTED = "imported"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Norm:
    """One published reference group of a scale: mean and sd, or a table of percentiles.

    `n` is None where the source does not say it, `ages` and `sex` where the group has all of them.
    """

    id: str
    scale: str
    population: str
    langs: tuple[str, ...]
    year: int | None
    n: int | None
    sex: Sex | None
    mean: Fraction | None
    sd: Fraction | None
    source: str
    confidence: str
    status: NormStatus
    note: str | None = None
    ages: AgeGroup | None = None
    percentiles: PercentileTable | None = None

    @property
    def is_in_use(self) -> bool:
        """Whether scores may be read against it."""
        return self.status is not NormStatus.NONE


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
    # A warning stands beside it wherever it is shown: `banner` of each wording.
    has_banner: bool = False

    def band(self, scale: str, value: Fraction) -> str | None:
        """Return the first band whose upper bound holds the value; None where there is none."""
        for band in self.bands.get(scale, ()):
            if is_at_least(band.le, value):
                return band.id
        return None
