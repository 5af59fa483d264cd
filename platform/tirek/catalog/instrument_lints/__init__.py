"""The checks an instrument passes before anybody may answer it (reference: screening §3.6)."""

from collections.abc import Callable, Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.instrument_lints.critical import blanks_are_seen
from tirek.catalog.instrument_lints.cut_offs import bands_cover_the_range, cut_offs_are_tried
from tirek.catalog.instrument_lints.evidence import status_is_proved
from tirek.catalog.instrument_lints.golden import cases_agree, cases_are_complete
from tirek.catalog.instrument_lints.identity import ids_are_unique, parts_belong_together
from tirek.catalog.instrument_lints.keys import (
    codes_are_weights,
    items_count_once,
    items_move_scales_the_right_way,
    ranges_are_true,
    something_is_answered,
    thresholds_divide,
    unscored_items_have_no_low_end,
)
from tirek.catalog.instrument_lints.labels import labels_follow_weights
from tirek.catalog.instrument_lints.languages import languages_say_the_same
from tirek.catalog.instrument_lints.letters import letters_are_right
from tirek.catalog.instrument_lints.names import names_resolve
from tirek.catalog.instrument_lints.norms import norms_are_complete
from tirek.catalog.instrument_lints.numbers import numbers_agree
from tirek.catalog.instrument_lints.short_runs import short_runs_hold
from tirek.catalog.instrument_lints.showing import (
    conditions_can_change,
    conditions_stand_on_earlier_items,
    nobody_is_singled_out,
    somebody_can_be_beside,
)
from tirek.catalog.release import release_findings

Lint = Callable[[InstrumentFiles], Iterator[Finding]]

# While a name leads nowhere the others could only stumble over it.
NAMES: tuple[Lint, ...] = (
    parts_belong_together,
    ids_are_unique,
    names_resolve,
    conditions_stand_on_earlier_items,
    short_runs_hold,
)
CONTENT: tuple[Lint, ...] = (
    conditions_can_change,
    blanks_are_seen,
    nobody_is_singled_out,
    somebody_can_be_beside,
    items_count_once,
    codes_are_weights,
    items_move_scales_the_right_way,
    unscored_items_have_no_low_end,
    labels_follow_weights,
    ranges_are_true,
    something_is_answered,
    thresholds_divide,
    bands_cover_the_range,
    norms_are_complete,
    languages_say_the_same,
    letters_are_right,
    numbers_agree,
    status_is_proved,
    cut_offs_are_tried,
    cases_are_complete,
    cases_agree,
)


def lint(files: InstrumentFiles) -> list[Finding]:
    """Return everything that is wrong with an instrument, its release included."""
    return [*lint_content(files), *_release(files)]


def lint_content(files: InstrumentFiles) -> list[Finding]:
    """Return everything that is wrong with an instrument that is to be published."""
    return _run(NAMES, files) or _run(CONTENT, files)


def _run(lints: tuple[Lint, ...], files: InstrumentFiles) -> list[Finding]:
    return [finding for one in lints for finding in one(files)]


def _release(files: InstrumentFiles) -> list[Finding]:
    if files.release is None:
        return []
    return release_findings(files.documents["release"], files.release, files.instrument)
