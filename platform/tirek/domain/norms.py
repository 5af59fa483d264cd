"""Where one score stands among others: T and percentile, read from a sourced norm, or a refusal.

A reading of a stored raw score, like `domain.precision`: nothing here is stored or flags anybody.
T = 50 + 10 z, and a percentile is the share of the norm's group below the score, half of the equal
ones included (reference: instruments §5.3). A norm speaks for its own group alone: a wording that
nobody has proved, a language, a sex or an age that it does not name is refused, never guessed.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import Norm, PercentileKind, Sex
from tirek.domain.scoring import ScaleScore

MIDDLE, SPREAD = 50.0, 10.0
# T beyond these is shown as "< 20" or "> 80": so far out the norm's group had nobody.
LOWEST_SHOWN, HIGHEST_SHOWN = 20.0, 80.0


class RefusalReason(StrEnum):
    """Why a score has no standing."""

    NOT_COMPUTABLE = "not_computable"
    NO_NORM = "no_norm"
    WORKING_WORDING = "working_wording"
    LANGUAGE = "language"
    SEX_UNKNOWN = "sex_unknown"
    AGE_UNKNOWN = "age_unknown"
    OUTSIDE_NORM = "outside_norm"
    NOT_IN_TABLE = "not_in_table"


@dataclass(frozen=True, slots=True)
class Standing:
    """A score among the norm's group; `t` is clipped to 20..80 for show, `percentile` is 0..100.

    A norm that gives cumulative percentiles only has no T: its shares differ from those that T
    needs by half of the equal scores.
    """

    t: float | None
    t_unclipped: float | None
    percentile: float
    norm: Norm

    @property
    def is_cumulative(self) -> bool:
        """Whether the percentile counts all equal scores, not half of them."""
        table = self.norm.percentiles
        return table is not None and table.kind is PercentileKind.CUMULATIVE


@dataclass(frozen=True, slots=True)
class Refusal:
    """There is no standing, for this reason."""

    reason: RefusalReason


def standing(
    instrument: Instrument, score: ScaleScore, sex: Sex | None, age: int | None, lang: str
) -> Standing | Refusal:
    """Return where the score stands, or why nobody may say so.

    `age` is in completed years, `lang` the language that was answered in. Raises
    `UnknownLanguageError` for a language without a wording.
    """
    if score.value is None:
        return Refusal(RefusalReason.NOT_COMPUTABLE)
    norms = _usable(instrument, score.scale)
    if not norms:
        return Refusal(RefusalReason.NO_NORM)
    if instrument.wording(lang).is_working:
        return Refusal(RefusalReason.WORKING_WORDING)
    of_language = [norm for norm in norms if lang in norm.langs]
    if not of_language:
        return Refusal(RefusalReason.LANGUAGE)
    found = _of_person(of_language, sex, age)
    return found if isinstance(found, Refusal) else _in_norm(found, score.value)


def t_score(value: float, mean: float, sd: float) -> float:
    """Return 50 + 10 (value - mean) / sd, unclipped; `sd` must be above 0."""
    if sd <= 0:
        raise ValueError("sd must be above 0")
    return MIDDLE + SPREAD * (value - mean) / sd


def shown_t(t: float) -> float:
    """Return T clipped to 20..80, as sheets show it."""
    return min(max(t, LOWEST_SHOWN), HIGHEST_SHOWN)


def _usable(instrument: Instrument, scale: str) -> list[Norm]:
    """The norms of a scale from which a standing can be read: a mean alone says nothing."""
    return [
        norm
        for norm in instrument.interpretation.norms
        if norm.scale == scale and norm.is_in_use and (norm.sd is not None or norm.percentiles)
    ]


def _of_person(norms: list[Norm], sex: Sex | None, age: int | None) -> Norm | Refusal:
    """The norm of the person's group; one for the own sex or age wins over one for everybody.

    T of the two sexes are never averaged, and where norms are by sex or age both must be known.
    """
    fitting = [norm for norm in norms if norm.sex in {None, sex} and _holds(norm, age)]
    if fitting:
        return min(fitting, key=lambda norm: (norm.sex is None, norm.ages is None))
    if sex is None and all(norm.sex is not None for norm in norms):
        return Refusal(RefusalReason.SEX_UNKNOWN)
    if age is None and all(norm.ages is not None for norm in norms):
        return Refusal(RefusalReason.AGE_UNKNOWN)
    return Refusal(RefusalReason.OUTSIDE_NORM)


def _holds(norm: Norm, age: int | None) -> bool:
    return norm.ages is None or (age is not None and norm.ages.min <= age <= norm.ages.max)


def _in_norm(norm: Norm, value: Fraction) -> Standing | Refusal:
    if norm.percentiles is not None:
        return _in_table(norm, norm.percentiles.of(value), norm.percentiles.kind)
    if norm.mean is None or norm.sd is None:
        return Refusal(RefusalReason.NO_NORM)
    # scipy.special is loaded on first use: scoring and the command line do without it.
    from scipy.special import ndtr  # noqa: PLC0415

    t = t_score(float(value), float(norm.mean), float(norm.sd))
    return Standing(shown_t(t), t, 100 * float(ndtr((t - MIDDLE) / SPREAD)), norm)


def _in_table(norm: Norm, percentile: Fraction | None, kind: PercentileKind) -> Standing | Refusal:
    if percentile is None:
        # A prorated score may lie between two rows; what stands there nobody has published.
        return Refusal(RefusalReason.NOT_IN_TABLE)
    if kind is PercentileKind.CUMULATIVE or not 0 < percentile < 100:  # noqa: PLR2004
        return Standing(None, None, float(percentile), norm)
    from scipy.special import ndtri  # noqa: PLC0415 (see `_in_norm`)

    t = MIDDLE + SPREAD * float(ndtri(float(percentile) / 100))
    return Standing(shown_t(t), t, float(percentile), norm)
