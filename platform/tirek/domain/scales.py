"""Scales: which items make a score, by which method, and what a blank does to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain.calibration import Calibration, ShortPlan
from tirek.domain.exact import half_up, is_at_least


class Worse(StrEnum):
    """The end at which an option or a score is worse for the child."""

    HIGH = "high"
    LOW = "low"


class Method(StrEnum):
    """How a scale becomes a number: a closed list; a new method is code with its own tests."""

    SUM = "sum"
    SUM_PRORATED = "sum_prorated"
    MULTIPLE = "multiple"
    COUNT_GE = "count_ge"
    ANY_GE = "any_ge"
    SYMPTOM_PATTERN = "symptom_pattern"
    ROLES = "roles"
    MEAN = "mean"
    MEAN_TIMES_K = "mean_times_k"
    MAX = "max"
    # Where somebody stands on the trait, from calibrated parameters, with its own error.
    IRT_EAP = "irt_eap"


# These read the score of another scale, not the answers.
SECOND_ORDER = frozenset({Method.MULTIPLE, Method.SYMPTOM_PATTERN, Method.ROLES})
# These compare each item with a threshold of its own.
THRESHOLDED = frozenset({Method.COUNT_GE, Method.ANY_GE})
# The values of these are names, not amounts: a label, even where it is written as a number.
CATEGORIES = frozenset({Method.SYMPTOM_PATTERN, Method.ROLES})


class Scope(StrEnum):
    """Where blanks are counted: within the scale, or over all scored items of the form."""

    SCALE = "scale"
    FORM = "form"


class BlankAs(StrEnum):
    """What a tolerated blank counts as."""

    ZERO = "zero"
    PRORATE = "prorate"
    NONE = "none"


class HiddenAs(StrEnum):
    """What an item counts as that was not asked because of earlier answers (`show_if`).

    It is no blank of the person's: only the instrument's own rule may make it a zero or leave it
    out. Without such a rule it counts as missing, so that scoring fails closed.
    """

    BLANK = "blank"
    ZERO = "zero"
    LEFT_OUT = "left_out"


class Rounding(StrEnum):
    """A declared rounding rule."""

    NONE = "none"
    HALF_UP = "half_up"

    def of(self, value: Fraction) -> Fraction:
        """Return the value as the rule rounds it: half_up is floor(x + 1/2), also below zero."""
        return value if self is Rounding.NONE else half_up(value)


@dataclass(frozen=True, slots=True)
class MissingRule:
    """How many blanks a scale bears, what each then counts as, and what is rounded."""

    max_blanks: int
    blank_as: BlankAs
    scope: Scope = Scope.SCALE
    rounding: Rounding = Rounding.NONE
    band_rounding: Rounding = Rounding.NONE
    # None: nobody has said it; it counts as missing.
    hidden_as: HiddenAs | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """One score of an instrument; `source` names the scale it is computed from, if any.

    Roles are read from two scales: `source`, what was done to a person, and `beside`, what the
    person did.
    """

    id: str
    method: Method
    lowest: Fraction
    highest: Fraction
    step: Fraction
    items: tuple[str, ...] = ()
    source: str | None = None
    beside: str | None = None
    missing: MissingRule | None = None
    reverse: tuple[str, ...] = ()
    worse: Worse = Worse.HIGH
    secondary: bool = False
    # Items that count here and in their own scale too, as the published key has it.
    shared: tuple[str, ...] = ()
    factor: Fraction = Fraction(1)
    thresholds: Mapping[str, Fraction] | None = None
    core: tuple[str, ...] = ()
    other_count: int = 0
    major_count: int = 0

    def banded(self, value: Fraction) -> Fraction:
        """Return the value that bands and cut-offs are read on; the exact value stays the score."""
        return self.missing.band_rounding.of(value) if self.missing else value

    def covers(self, value: Fraction) -> bool:
        """Whether the value lies in the declared range."""
        return is_at_least(value, self.lowest) and is_at_least(self.highest, value)


@dataclass(frozen=True, slots=True)
class Scoring:
    """All scales of one instrument, first the ones that others are computed from."""

    version: str
    scales: tuple[Scale, ...]
    quality: tuple[str, ...] = ()
    # Both or none: what a run that asks fewer questions needs.
    calibration: Calibration | None = None
    short: ShortPlan | None = None
