"""Published figures beside a score that are complete and possible."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.interpretation import Norm, PercentileKind, PercentileTable, Precision, Sex
from tirek.domain.scales import Scale

Keys = tuple[str | int, ...]
PART = "interpretation"
ALL = 100


def norms_are_complete(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `norms`: figures are possible, tables whole and rising, no sex and no age left out."""
    rules = files.instrument.interpretation
    for index, norm in enumerate(rules.norms):
        yield from _figures(files, ("norms", index), norm)
        yield from _group(files, ("norms", index), norm)
        if norm.percentiles is not None:
            place: Keys = ("norms", index, "percentiles", "rows")
            yield from _table(files, place, files.instrument.scale(norm.scale), norm.percentiles)
    for index, entry in enumerate(rules.precision):
        yield from _figures(files, ("precision", index), entry)
        if not 0 < entry.reliability < 1:
            place = ("precision", index, "reliability")
            yield files.finding("norms", PART, place, "a reliability lies between 0 and 1")
    yield from _one_sided(files, "norms", rules.norms)
    yield from _one_sided(files, "precision", rules.precision)
    yield from _ages(files, rules.norms)


def _figures(files: InstrumentFiles, keys: Keys, entry: Norm | Precision) -> Iterator[Finding]:
    scale = files.instrument.scale(entry.scale)
    if entry.mean is not None and not scale.covers(entry.mean):
        reason = f"the mean is no value of {entry.scale}"
        yield files.finding("norms", PART, (*keys, "mean"), reason)
    if entry.sd is not None and entry.sd <= 0:
        yield files.finding("norms", PART, (*keys, "sd"), "an sd is above 0")


def _group(files: InstrumentFiles, keys: Keys, norm: Norm) -> Iterator[Finding]:
    if norm.n is not None and norm.n <= 0:
        yield files.finding("norms", PART, (*keys, "n"), "nobody was asked")
    if norm.n is None and not norm.note:
        yield files.finding("norms", PART, (*keys, "n"), "say in a note why n is not known")
    if norm.ages is not None and norm.ages.min > norm.ages.max:
        yield files.finding("norms", PART, (*keys, "ages"), "no age lies between min and max")


def _table(
    files: InstrumentFiles, keys: Keys, scale: Scale, table: PercentileTable
) -> Iterator[Finding]:
    """Every attainable raw score has one row, in order, and percentiles never fall."""
    raws = [raw for raw, _ in table.rows]
    steps = int((scale.highest - scale.lowest) / scale.step)
    if raws != [scale.lowest + scale.step * step for step in range(steps + 1)]:
        reason = f"one row for each value of {scale.id}, {scale.lowest} to {scale.highest}"
        yield files.finding("norms", PART, keys, reason)
    for index, (_, percentile) in enumerate(table.rows):
        if not 0 <= percentile <= ALL:
            yield files.finding("norms", PART, (*keys, index), "a percentile lies in 0 to 100")
    for index, ((_, before), (_, after)) in enumerate(pairwise(table.rows), start=1):
        if after < before:
            reason = f"the percentile falls from {float(before):g} to {float(after):g}"
            yield files.finding("norms", PART, (*keys, index), reason)
    if table.kind is PercentileKind.CUMULATIVE and table.rows[-1][1] != ALL:
        reason = "at or below the highest score lies everybody: a cumulative table ends at 100"
        yield files.finding("norms", PART, (*keys, len(table.rows) - 1), reason)


def _one_sided(
    files: InstrumentFiles, name: str, entries: Sequence[Norm | Precision]
) -> Iterator[Finding]:
    """Figures given for one sex only would leave the other without an answer, unsaid."""
    sexes = {(entry.scale, _ages_of(entry), entry.sex) for entry in entries}
    for index, entry in enumerate(entries):
        needed = {(entry.scale, _ages_of(entry), sex) for sex in Sex}
        if entry.sex and not needed <= sexes:
            reason = f"{entry.scale} has figures for one sex only"
            yield files.finding("norms", PART, (name, index), reason)


def _ages_of(entry: Norm | Precision) -> tuple[int, int] | None:
    ages = entry.ages if isinstance(entry, Norm) else None
    return None if ages is None else (ages.min, ages.max)


def _ages(files: InstrumentFiles, norms: Sequence[Norm]) -> Iterator[Finding]:
    """Groups of one scale, sex, language and source neither overlap nor leave an age between."""
    for (first, one), (second, other) in combinations(enumerate(norms), 2):
        if one.ages is None or other.ages is None or _kin(one) != _kin(other):
            continue
        if one.ages.min <= other.ages.max and other.ages.min <= one.ages.max:
            reason = f"{other.id} has ages of {one.id}"
            yield files.finding("norms", PART, ("norms", max(first, second), "ages"), reason)
    by_age = sorted(
        (_kin(norm), norm.ages.min, norm.ages.max, index)
        for index, norm in enumerate(norms)
        if norm.ages is not None
    )
    for before, after in pairwise(by_age):
        if before[0] == after[0] and after[1] > before[2] + 1:
            reason = f"no norm for the ages {before[2] + 1} to {after[1] - 1}"
            yield files.finding("norms", PART, ("norms", after[3], "ages"), reason)


def _kin(norm: Norm) -> tuple[str, str, str, str]:
    return norm.scale, str(norm.sex), norm.source, ",".join(norm.langs)
