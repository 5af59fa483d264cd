"""What a questionnaire said against what people found: accuracy of a flag and of every cut-off.

Only children whom somebody spoke with are counted. Mostly they were flagged, so sensitivity comes
out too high and specificity too low (verification bias; Begg & Greenes 1983 [K]): the figures say
how many of the judged were not flagged, and nobody should read them without that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tirek.domain.age_band import AgeBand, age_band
from tirek.domain.measurement.roc import CutOff, ScoreCounts, Share
from tirek.domain.standing import Verdict

# Below these nothing is shown: small groups, and intervals as wide as the scale.
FEWEST_OF_EACH = 10
# A suggested cut-off needs more; product rule.
FEWEST_FOR_A_CUT = 50
# The sensitivity that a first screen of children should keep; product rule.
LEAST_SENSITIVITY = 0.90


@dataclass(frozen=True, slots=True)
class Judged:
    """One questionnaire that somebody has spoken with the child about; nothing says whose."""

    language: str
    age: int
    verdict: Verdict
    is_blind: bool
    is_flagged: bool
    value: Decimal


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A flag against the verdicts; the predictive values hold for those judged, not for all."""

    confirmed: int
    not_confirmed: int
    unclear: int
    not_flagged: int
    sensitivity: Share
    specificity: Share
    ppv: Share
    npv: Share


@dataclass(frozen=True, slots=True)
class Group:
    """Whom a line is about: None stands for all; `is_blind` None for both together."""

    language: str | None = None
    ages: AgeBand | None = None
    is_blind: bool | None = None


def groups(judged: Sequence[Judged]) -> list[Group]:
    """All together, blind and not blind apart, then each language and age band."""
    bands = sorted({age_band(one.age) for one in judged}, key=lambda band: band.low)
    languages = sorted({one.language for one in judged})
    return [
        Group(),
        Group(is_blind=True),
        Group(is_blind=False),
        *(Group(language=language) for language in languages),
        *(Group(ages=band) for band in bands),
        *(Group(language=language, ages=band) for language in languages for band in bands),
    ]


def of_group(judged: Sequence[Judged], group: Group) -> list[Judged]:
    """Those of a group."""
    return [
        one
        for one in judged
        if group.language in {None, one.language}
        and group.is_blind in {None, one.is_blind}
        and (group.ages is None or age_band(one.age) == group.ages)
    ]


def accuracy(judged: Sequence[Judged]) -> Accuracy | None:
    """How the flag did; None with fewer than ten confirmed or ten not confirmed."""
    sick, well = _split(judged)
    if min(len(sick), len(well)) < FEWEST_OF_EACH:
        return None
    true, false = _flagged(sick), _flagged(well)
    missed, calm = len(sick) - true, len(well) - false
    return Accuracy(
        len(sick),
        len(well),
        sum(one.verdict is Verdict.UNCLEAR for one in judged),
        missed + calm,
        Share(true, len(sick)),
        Share(calm, len(well)),
        Share(true, true + false),
        Share(calm, calm + missed),
    )


def counts_of(judged: Sequence[Judged], *, worse_is_high: bool) -> ScoreCounts | None:
    """Scores among confirmed and not confirmed, turned so that higher is worse; None of too few.

    Where low is worse, a cut-off of the turned scores is minus the one of the scale.
    """
    sick, well = _split(judged)
    if min(len(sick), len(well)) < FEWEST_OF_EACH:
        return None
    sign = 1 if worse_is_high else -1
    values = [sign * float(one.value) for one in (*sick, *well)]
    return ScoreCounts.of(values, [True] * len(sick) + [False] * len(well))


def best_by_sensitivity(table: Sequence[CutOff]) -> CutOff | None:
    """The sharpest cut-off that keeps a sensitivity of .90; `table` ascends. None of none."""
    keeping = [one for one in table if (one.sensitivity.value or 0) >= LEAST_SENSITIVITY]
    return keeping[-1] if keeping else None


def may_suggest(judged: Sequence[Judged]) -> bool:
    """Whether there are enough verdicts of both kinds, and some of them on unflagged children."""
    sick, well = _split(judged)
    enough = min(len(sick), len(well)) >= FEWEST_FOR_A_CUT
    return enough and any(not one.is_flagged for one in judged)


def _split(judged: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    return (
        [one for one in judged if one.verdict is Verdict.CONFIRMED],
        [one for one in judged if one.verdict is Verdict.NOT_CONFIRMED],
    )


def _flagged(judged: Sequence[Judged]) -> int:
    return sum(one.is_flagged for one in judged)
