"""Names in rules and cases that lead somewhere."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from tirek.catalog.cases import GoldenCase
from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import (
    FlagRule,
    NotComputable,
    ScaleAtLeast,
    ScaleAtMost,
    items_of,
)
from tirek.domain.scales import Method, Scale

Keys = tuple[str | int, ...]

# The only method whose scores these can be computed from.
READ_BY = {Method.SYMPTOM_PATTERN: Method.COUNT_GE, Method.ROLES: Method.ANY_GE}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a file, and the names it may be."""

    part: str
    keys: Keys
    name: str
    known: Collection[str]
    noun: str


def names_resolve(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `names`: nothing is counted, flagged or expected that does not exist."""
    for reference in _references(files):
        if reference.name not in reference.known:
            reason = f"there is no {reference.noun} {reference.name!r}"
            yield files.finding("names", reference.part, reference.keys, reason)
    yield from _thresholds(files)
    yield from _silent_critical_items(files)


def _references(files: InstrumentFiles) -> Iterator[Reference]:
    instrument = files.instrument
    for index, item in enumerate(instrument.items):
        keys: Keys = ("items", index, "options")
        sets = instrument.structure.option_sets
        yield Reference("structure", keys, item.options, sets, "option set")
    for index, scale in enumerate(instrument.scoring.scales):
        yield from _scale_references(instrument, index, scale)
    yield from _interpretation_references(instrument)
    for index, case in enumerate(files.cases):
        yield from _case_references(instrument, index, case)


def _scale_references(instrument: Instrument, index: int, scale: Scale) -> Iterator[Reference]:
    earlier = {other.id: other for other in instrument.scoring.scales[:index]}
    scored = [item.id for item in instrument.scored_items]
    keys: Keys = ("scales", index)
    yield from _list("scoring", (*keys, "items"), scale.items, scored, "scored item")
    for name, listed in (("reverse", scale.reverse), ("shared", scale.shared)):
        yield from _list("scoring", (*keys, name), listed, scale.items, "item of the scale")
    if scale.source is None:
        return
    read = READ_BY.get(scale.method)
    known = {s.id for s in earlier.values() if read in {None, s.method}}
    yield Reference("scoring", (*keys, "from"), scale.source, known, "scale above it to read")
    if scale.beside is not None:
        others = known - {scale.source}
        yield Reference("scoring", (*keys, "beside"), scale.beside, others, "other scale to read")
    if scale.source in earlier:
        core_of = earlier[scale.source].items
        yield from _list("scoring", (*keys, "core"), scale.core, core_of, "item of the count")


def _interpretation_references(instrument: Instrument) -> Iterator[Reference]:
    part, rules = "interpretation", instrument.interpretation
    scales = {scale.id for scale in instrument.scoring.scales}
    for scale in rules.bands:
        yield Reference(part, ("bands", scale), scale, scales, "scale")
    for index, norm in enumerate(rules.norms):
        yield Reference(part, ("norms", index, "scale"), norm.scale, scales, "scale")
    for index, entry in enumerate(rules.precision):
        yield Reference(part, ("precision", index, "scale"), entry.scale, scales, "scale")
    for index, flag in enumerate(rules.flags):
        yield from _flag_references(instrument, ("flags", index, "when"), flag, scales)


def _flag_references(
    instrument: Instrument, keys: Keys, flag: FlagRule, scales: Collection[str]
) -> Iterator[Reference]:
    items = {item.id for item in instrument.items}
    for item in items_of(flag.when):
        yield Reference("interpretation", (*keys, "item"), item, items, "item")
    match flag.when:
        case ScaleAtLeast(scale) | ScaleAtMost(scale):
            yield Reference("interpretation", (*keys, "scale"), scale, scales, "scale")
        case NotComputable(names):
            yield from _list("interpretation", keys, names, scales, "scale")
        case _:
            return


def _case_references(instrument: Instrument, index: int, case: GoldenCase) -> Iterator[Reference]:
    items = {item.id for item in instrument.items}
    sets = instrument.structure.option_sets
    codes = {i.id: {o.code for o in sets.get(i.options, ())} for i in instrument.items}
    keys: Keys = (index, "answers")
    for item, answer in case.answers.items():
        yield Reference("cases", (*keys, item), item, items, "item")
        if answer.code is not None and item in codes:
            yield Reference("cases", (*keys, item), answer.code, codes[item], f"option of {item}")
    if case.abandoned_after:
        keys = (index, "abandoned_after")
        yield Reference("cases", keys, case.abandoned_after, items, "item")
    yield from _expectation_references(instrument, (index, "expect"), case)


def _expectation_references(
    instrument: Instrument, keys: Keys, case: GoldenCase
) -> Iterator[Reference]:
    scales = {scale.id for scale in instrument.scoring.scales}
    flags = {flag.id for flag in instrument.flags}
    yield from _list("cases", (*keys, "flags"), case.flags, flags, "flag")
    for scale, expected in case.scales.items():
        yield Reference("cases", (*keys, "scales", scale), scale, scales, "scale")
        bands = {band.id for band in instrument.interpretation.bands.get(scale, ())}
        if expected.band:
            yield Reference("cases", (*keys, "scales", scale), expected.band, bands, "band")


def _list(
    part: str, keys: Keys, names: Iterable[str], known: Collection[str], noun: str
) -> Iterator[Reference]:
    for index, name in enumerate(names):
        yield Reference(part, (*keys, index), name, known, noun)


def _thresholds(files: InstrumentFiles) -> Iterator[Finding]:
    for index, scale in enumerate(files.instrument.scoring.scales):
        if scale.thresholds is not None and set(scale.thresholds) != set(scale.items):
            keys = ("scales", index, "thresholds")
            reason = "there must be one threshold for each item of the scale, and no other"
            yield files.finding("names", "scoring", keys, reason)


def _silent_critical_items(files: InstrumentFiles) -> Iterator[Finding]:
    """An item declared critical must act at the answer, and one that acts must be declared."""
    for index, item in enumerate(files.instrument.items):
        acts = files.instrument.is_critical(item.id)
        if acts is not (item.critical is not None):
            reason = (
                f"{item.id} raises a flag at the answer but is not declared critical"
                if acts
                else f"{item.id} is declared critical but no flag is raised at its answer"
            )
            yield files.finding("names", "structure", ("items", index), reason)
