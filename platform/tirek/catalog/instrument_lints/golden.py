"""Golden cases that try what can go wrong, and come out as their sources say."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from tirek.catalog.cases import Disagreement, GoldenCase
from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain.instruments import UNSEEN, Instrument
from tirek.domain.interpretation import FlagRule, Moment, items_of
from tirek.domain.scales import Scale, Scope, Worse

# The weight of every scored item in one case, None for a blank.
Sheet = Mapping[str, Fraction | None]


def cases_agree(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `case`: the engine gives every case what its source says; the rule's line is named."""
    for case in files.cases:
        for wrong in case.disagreements(files.instrument):
            reason = f"{wrong.reason} ({_rule(files, wrong)})"
            yield files.case_finding("case", reason, case)


def _rule(files: InstrumentFiles, wrong: Disagreement) -> str:
    """Return the file and line of the scale or of the first flag that went another way."""
    scales = [scale.id for scale in files.instrument.scoring.scales]
    flags = [flag.id for flag in files.instrument.flags]
    if wrong.scale:
        document, keys = files.documents["scoring"], ("scales", scales.index(wrong.scale))
    else:
        document, keys = files.documents["interpretation"], ("flags", flags.index(wrong.flags[0]))
    return f"{document.path.name}:{document.line(*keys)}"


def cases_are_complete(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `golden`: the set holds the cases in which silent errors show."""
    for case in files.cases:
        yield from _badly_stated(files, case)
    sheets = [sheet(files.instrument, case) for case in files.cases if not case.was_abandoned]
    for what, is_met in _wanted(files.instrument):
        if not any(map(is_met, sheets)):
            yield files.case_finding("golden", f"no case with {what}")
    yield from _ages(files)
    yield from _critical(files)


def _ages(files: InstrumentFiles) -> Iterator[Finding]:
    """The gate is a cut-off too: a year more or less must show."""
    tried = {case.age for case in files.cases}
    gate = files.instrument.structure.ages
    for age in sorted({gate.min, gate.max} - tried):
        yield files.finding("golden", "structure", ("ages",), f"no golden case of age {age}")


def sheet(instrument: Instrument, case: GoldenCase) -> Sheet:
    """Return the weights of one case's answers to the scored items."""
    return {
        item.id: instrument.weight(item.id, case.answers.get(item.id, UNSEEN))
        for item in instrument.scored_items
    }


def _badly_stated(files: InstrumentFiles, case: GoldenCase) -> Iterator[Finding]:
    instrument = files.instrument
    scales = {scale.id for scale in instrument.scoring.scales}
    if not case.was_abandoned and set(case.scales) != scales:
        unsaid = ", ".join(sorted(scales - set(case.scales)))
        yield files.case_finding("golden", f"case {case.id} does not say {unsaid}", case)
    if case.age is not None and not instrument.fits_age(case.age):
        reason = f"case {case.id} is of an age that the instrument does not admit"
        yield files.case_finding("golden", reason, case)
    if case.abandoned_after:
        order = [item.id for item in instrument.items]
        later = order[order.index(case.abandoned_after) + 1 :]
        if any(case.answers.get(item, UNSEEN) != UNSEEN for item in later):
            reason = f"case {case.id} goes on after {case.abandoned_after}"
            yield files.case_finding("golden", reason, case)


def _wanted(instrument: Instrument) -> Iterator[tuple[str, Callable[[Sheet], bool]]]:
    """Yield what some case must look like, in words and as a predicate."""
    weights = {
        item.id: [option.weight for option in instrument.options(item.id)]
        for item in instrument.scored_items
    }
    lowest = {item: min(found) for item, found in weights.items()}
    highest = {item: max(found) for item, found in weights.items()}
    yield "all answers at the lowest weight", lowest.__eq__
    yield "all answers at the highest weight", highest.__eq__
    yield "every scored item blank", lambda seen: all(weight is None for weight in seen.values())
    best = {
        item.id: (lowest if item.worse is Worse.HIGH else highest)[item.id]
        for item in instrument.scored_items
    }
    for item in instrument.scored_items:
        yield f"{item.id} alone off its best end", _alone(item.id, best)
    for scale in instrument.scoring.scales:
        yield from _blanks(instrument, scale)


def _alone(item: str, best: Mapping[str, Fraction]) -> Callable[[Sheet], bool]:
    def is_met(seen: Sheet) -> bool:
        others = {other: weight for other, weight in seen.items() if other != item}
        rest = {other: weight for other, weight in best.items() if other != item}
        return others == rest and seen[item] not in {None, best[item]}

    return is_met


def _blanks(instrument: Instrument, scale: Scale) -> Iterator[tuple[str, Callable[[Sheet], bool]]]:
    rule = scale.missing
    if rule is None:
        return
    form = tuple(item.id for item in instrument.scored_items)
    counted = form if rule.scope is Scope.FORM else scale.items
    for blanks in (rule.max_blanks, rule.max_blanks + 1):
        if blanks <= len(counted):
            yield f"{blanks} blanks in {scale.id} ({rule.scope})", _with_blanks(counted, blanks)


def _with_blanks(items: tuple[str, ...], blanks: int) -> Callable[[Sheet], bool]:
    return lambda seen: sum(seen[item] is None for item in items) == blanks


def _critical(files: InstrumentFiles) -> Iterator[Finding]:
    abandoned = [case.flags for case in files.cases if case.was_abandoned]
    for rule in files.instrument.flags:
        if rule.at is not Moment.ANSWER:
            continue
        # What is asked only after another flag can never be raised alone.
        named = map(files.instrument.item, items_of(rule.when))
        is_later = all(item.show_if for item in named)
        kin = _same_items(files.instrument, rule)
        if not any(rule.id in flags and (is_later or kin >= {*flags}) for flags in abandoned):
            reason = f"no abandoned case in which {rule.id} alone is raised"
            yield files.case_finding("golden", reason)


def _same_items(instrument: Instrument, rule: FlagRule) -> set[str]:
    """The rules that act at the answer to the same items: the stronger never comes without them."""
    items = {*items_of(rule.when)}
    return {
        one.id
        for one in instrument.flags
        if one.at is Moment.ANSWER and {*items_of(one.when)} == items
    }
