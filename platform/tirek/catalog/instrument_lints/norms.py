"""Published figures beside a score that are complete and possible."""

from collections.abc import Iterator, Sequence

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.interpretation import Norm, Precision, Sex


def norms_are_complete(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `norms`: means lie in range, spreads are positive, and no sex is left out."""
    rules = files.instrument.interpretation
    for index, norm in enumerate(rules.norms):
        yield from _figures(files, ("norms", index), norm)
        if norm.n <= 0:
            yield files.finding(
                "norms", "interpretation", ("norms", index, "n"), "nobody was asked"
            )
    for index, entry in enumerate(rules.precision):
        yield from _figures(files, ("precision", index), entry)
        if not 0 < entry.reliability < 1:
            keys = ("precision", index, "reliability")
            yield files.finding(
                "norms", "interpretation", keys, "a reliability lies between 0 and 1"
            )
    yield from _one_sided(files, "norms", rules.norms)
    yield from _one_sided(files, "precision", rules.precision)


def _figures(
    files: InstrumentFiles, keys: tuple[str | int, ...], entry: Norm | Precision
) -> Iterator[Finding]:
    if not files.instrument.scale(entry.scale).covers(entry.mean):
        reason = f"the mean is no value of {entry.scale}"
        yield files.finding("norms", "interpretation", (*keys, "mean"), reason)
    if entry.sd is not None and entry.sd <= 0:
        yield files.finding("norms", "interpretation", (*keys, "sd"), "an sd is above 0")


def _one_sided(
    files: InstrumentFiles, name: str, entries: Sequence[Norm | Precision]
) -> Iterator[Finding]:
    """Figures given for one sex only would leave the other without an answer, unsaid."""
    sexes = {(entry.scale, entry.sex) for entry in entries}
    for index, entry in enumerate(entries):
        needed = {(entry.scale, sex) for sex in Sex}
        if entry.sex and not needed <= sexes:
            reason = f"{entry.scale} has figures for one sex only"
            yield files.finding("norms", "interpretation", (name, index), reason)
