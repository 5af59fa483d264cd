"""Parameters and plans that a shorter run can be trusted with."""

from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.domain import calibration
from tirek.domain.calibration import Calibration, ShortPlan
from tirek.domain.interpretation import NotComputable, ScaleAtLeast, ScaleAtMost
from tirek.domain.scales import Method

NAME = "short-run"


def short_runs_hold(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `short-run`: parameters fit the items, and a shorter run loses no flag."""
    scoring = files.instrument.scoring
    if scoring.calibration is None:
        if scoring.short is not None:
            yield files.finding(NAME, "scoring", ("adaptive",), "there are no parameters: irt")
        yield from _scales_without_parameters(files, frozenset())
        return
    yield from _parameters(files, scoring.calibration)
    yield from _scales_without_parameters(files, frozenset(scoring.calibration.parameters))
    if scoring.short is not None:
        yield from _plan(files, scoring.calibration, scoring.short)
        yield from _flags(files)


def _parameters(files: InstrumentFiles, found: Calibration) -> Iterator[Finding]:
    known = {item.id for item in files.instrument.items}
    for item, one in found.parameters.items():
        keys = ("irt", "parameters", item)
        if item not in known:
            yield files.finding(NAME, "scoring", keys, f"there is no item {item!r}")
            continue
        weights = {option.weight for option in files.instrument.options(item)}
        if len(one.b) + 1 != len(weights):
            reason = f"{item} has {len(weights)} answers, so it needs {len(weights) - 1} thresholds"
            yield files.finding(NAME, "scoring", keys, reason)
    try:
        calibration.model_of(found)
    except ValueError as error:
        yield files.finding(NAME, "scoring", ("irt",), str(error))


def _scales_without_parameters(files: InstrumentFiles, known: frozenset[str]) -> Iterator[Finding]:
    for index, scale in enumerate(files.instrument.scoring.scales):
        if scale.method is Method.IRT_EAP and scale.reverse:
            reason = "an estimate reads answers as they were calibrated: nothing is reversed"
            yield files.finding(NAME, "scoring", ("scales", index, "reverse"), reason)
        for item in scale.items if scale.method is Method.IRT_EAP else ():
            if item not in known:
                keys = ("scales", index, "items")
                yield files.finding(NAME, "scoring", keys, f"{item} has no parameters")


def _plan(files: InstrumentFiles, found: Calibration, short: ShortPlan) -> Iterator[Finding]:
    try:
        calibration.check(found, short)
    except ValueError as error:
        yield files.finding(NAME, "scoring", ("adaptive",), str(error))
    known = {item.id for item in files.instrument.items}
    for item in files.instrument.items:
        if item.critical and item.id not in short.always:
            reason = f"{item.id} is critical, so it is always asked"
            yield files.finding(NAME, "scoring", ("adaptive", "always"), reason)
        if item.show_if:
            reason = "a shorter run chooses the questions, so none may depend on others"
            yield files.finding(NAME, "scoring", ("adaptive",), reason)
    for name in short.always:
        if name not in known:
            reason = f"there is no item {name!r}"
            yield files.finding(NAME, "scoring", ("adaptive", "always"), reason)


def _flags(files: InstrumentFiles) -> Iterator[Finding]:
    """A sum has no value in a shorter run: what it flags must be flagged from the estimate too."""
    scales = files.instrument.scoring.scales
    estimated = {scale.id for scale in scales if scale.method is Method.IRT_EAP}
    if not estimated:
        reason = "a shorter run has no score: give it a scale of method irt_eap"
        yield files.finding(NAME, "scoring", ("scales",), reason)
        return
    cut = [
        rule.when.scale
        for rule in files.instrument.flags
        if isinstance(rule.when, ScaleAtLeast | ScaleAtMost)
    ]
    if cut and not estimated & {*cut}:
        reason = "no cut-off stands on the estimate, so a shorter run would lose this flag"
        yield files.finding(NAME, "interpretation", ("flags",), reason)
    open_ended = [
        name
        for rule in files.instrument.flags
        if isinstance(rule.when, NotComputable)
        for name in rule.when.scales
    ]
    if not estimated <= {*open_ended}:
        reason = "somebody must look when the estimate is not computable"
        yield files.finding(NAME, "interpretation", ("flags",), reason)
