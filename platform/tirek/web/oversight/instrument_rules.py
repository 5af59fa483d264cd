"""Rules of instruments in words: when a flag is raised, how a scale is computed, what changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import (
    AnyItem,
    Condition,
    ItemAtLeast,
    ItemRefused,
    ItemUnanswered,
    NotComputable,
    ScaleAtLeast,
    ScaleAtMost,
)
from tirek.domain.release_change import Change, ReleaseChange
from tirek.domain.scales import BlankAs, Method
from tirek.web.i18n import TRANSLATED

METHODS: Mapping[Method, Any] = {
    Method.SUM: _l("sum of the answers"),
    Method.SUM_PRORATED: _l("sum, made up for blanks in proportion"),
    Method.MULTIPLE: _l("another scale times a number"),
    Method.COUNT_GE: _l("number of answers at or above their threshold"),
    Method.ANY_GE: _l("whether any answer reaches its threshold"),
    Method.SYMPTOM_PATTERN: _l("pattern of signs"),
    Method.ROLES: _l("role, by two scales"),
    Method.MEAN: _l("mean of the answers"),
    Method.MEAN_TIMES_K: _l("mean times the number of questions"),
    Method.MAX: _l("the highest answer"),
    Method.IRT_EAP: _l("estimate by calibrated parameters"),
}
BLANKS: Mapping[BlankAs, Any] = {
    BlankAs.ZERO: _l("each counts as 0"),
    BlankAs.PRORATE: _l("each counts as the mean of what was answered"),
    BlankAs.NONE: _l("not counted"),
}
# Where the second step of a change's path names something that has a text of its own.
_NAMED = {"flags": "flag.{}", "scales": "scale.{}", "items": "{}.topic"}


def condition_in_words(condition: Condition) -> str:
    """When a flag is raised; ids of items and scales are the file's."""
    match condition:
        case ItemAtLeast(item, bound) | ScaleAtLeast(item, bound):
            return f"{item} ≥ {_amount(bound)}"
        case ScaleAtMost(scale, bound):
            return f"{scale} ≤ {_amount(bound)}"
        case ItemUnanswered(item):
            return str(_("%(item)s is unanswered", item=item))
        case ItemRefused(item):
            return str(_("%(item)s was seen and not answered", item=item))
        case AnyItem(conditions):
            return str(_(" or ")).join(map(condition_in_words, conditions))
        case NotComputable(scales):
            return str(_("%(scales)s cannot be computed", scales=", ".join(scales)))


def _amount(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"


def named_by(path: Sequence[str], instrument: Instrument, lang: str) -> str | None:
    """What the file's own words call the thing that a change is about."""
    pattern = _NAMED.get(path[0]) if len(path) > 1 else None
    return instrument.wordings[lang].strings.get(pattern.format(path[1])) if pattern else None


def texts_left_behind(change: ReleaseChange, instrument: Instrument) -> list[tuple[str, str]]:
    """Flags whose text still tells of the cut-off before: the language and the text.

    No lint can know this: many texts rightly hold other numbers. Here the old number stands in the
    text and the new one does not.
    """
    part = change.part("interpretation")
    moved = [one for one in part.changes if _is_cut_off(one)] if part else []
    return [found for one in moved for found in _behind(one, instrument)]


def _is_cut_off(change: Change) -> bool:
    # flags, the flag's id, when, and ge or le.
    return change.path[::2] == ("flags", "when")


def _behind(change: Change, instrument: Instrument) -> Iterator[tuple[str, str]]:
    for lang in TRANSLATED:
        text = instrument.wordings[lang].strings.get(f"flag.{change.path[1]}", "")
        numbers = re.findall(r"\d+", text)
        if change.before in numbers and change.after not in numbers:
            yield lang, text
