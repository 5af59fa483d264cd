"""Norms and cut-offs that figures suggest: drafts, and the lines a person would put in a file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tirek.domain.measurement.norm_tables import RawCounts, percentile_rank
from tirek.domain.scales import Scale

# Of one language, sex and age band; instruments.md §8, practice rules.
FEWEST_FOR_A_NORM = 500
# A new suggestion after one was decided comes only with so many times as many children.
GROWN = 2


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """What a draft is about."""

    instrument_id: str
    scale: str
    language: str
    sex: str
    age_min: int
    age_max: int


def norm_figures(scale: Scale, scores: Counter[Fraction]) -> dict[str, Any] | None:
    """Mean, sd and the mid-rank percentile of every possible score; None of too few children.

    The percentile of a score is the share below it plus half of the equal ones, 0 to 100 (§5.3).
    """
    raw = RawCounts.from_counts(scores)
    if raw.n < FEWEST_FOR_A_NORM:
        return None
    rows = [[_number(one), round(float(percentile_rank(raw, one)), 2)] for one in possible(scale)]
    return {"n": raw.n, "mean": raw.mean, "sd": raw.sd, "percentiles": rows}


def norm_lines(place: DraftPlace, figures: Mapping[str, Any], year: int) -> str:
    """The entry of `norms:` in interpretation.yaml; the person who puts it in signs for it."""
    rows = "\n".join(
        f"        - {{raw: {raw}, percentile: {percentile}}}"
        for raw, percentile in figures["percentiles"]
    )
    sex = f"    sex: {place.sex}\n" if place.sex else ""
    name = "-".join(filter(None, ("kz", place.language, place.sex, f"{place.age_min}"))).lower()
    return (
        f"  - id: {name}-{year}\n"
        f"    scale: {place.scale}\n"
        f'    population: "schools of Kazakhstan, screened children, {place.age_min} to'
        f' {place.age_max} years, answered in {place.language}"\n'
        f"    lang: [{place.language}]\n"
        f"    year: {year}\n"
        f"    n: {figures['n']}\n"
        f"{sex}"
        f"    ages: {{min: {place.age_min}, max: {place.age_max}}}\n"
        f"    mean: {figures['mean']:.4f}\n"
        f"    sd: {figures['sd']:.4f}\n"
        "    percentiles:\n"
        "      kind: mid_rank\n"
        "      rows:\n"
        f"{rows}\n"
        '    source: "Tirek, nightly count; the newest finished questionnaire of each child"\n'
        "    confidence: product\n"
        "    status: local\n"
        '    note: "Children whose guardians agreed to screening, not a drawn sample."\n'
    )


def cut_off_lines(place: DraftPlace, figures: Mapping[str, Any], cut: Decimal) -> str:
    """The rule of `flags:` in interpretation.yaml; its level is the methodologists' to choose."""
    sign = "ge" if figures["worse"] == "high" else "le"
    number = f"{cut.normalize():f}"
    return (
        f"  - id: {place.scale}Local\n"
        f"    when: {{scale: {place.scale}, {sign}: {number}}}\n"
        "    at: complete\n"
        "    level: medium\n"
        f'    source: "Tirek, conversations against scores: sensitivity'
        f" {figures['sensitivity']:.3f}, specificity {figures['specificity']:.3f},"
        f" {figures['confirmed']} confirmed, {figures['not_confirmed']} not confirmed,"
        f" {figures['not_flagged']} of them not flagged;"
        f' {place.language or "kk and ru"}, {place.age_min} to {place.age_max} years"\n'
        '    note: "Only children whom somebody spoke with (verification bias). Chosen by'
        f" {_RULES[figures['rule']]}. The level is a product rule, to be confirmed by the"
        ' methodologists."\n'
    )


_RULES = {"youden": "Youden's index", "sensitivity": "sensitivity of .90 first"}


def possible(scale: Scale) -> Sequence[Fraction]:
    """Every score of the scale on its own step, from the lowest."""
    count = (scale.highest - scale.lowest) / scale.step
    return [scale.lowest + at * scale.step for at in range(int(count) + 1)]


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
