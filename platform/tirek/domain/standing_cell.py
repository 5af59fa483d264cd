"""What is counted of finished questionnaires: sums over sheets, in which no child can be found.

A cell is a tree of whole numbers, so cells of any partition add up to the whole exactly, in any
order, and a cell is its own JSON. Only the sums of products are kept by `measurement.summaries`,
which merges as exactly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument
from tirek.domain.interpretation import Condition, ScaleAtLeast, ScaleAtMost, items_of
from tirek.domain.levels import Level
from tirek.domain.measurement.summaries import CrossProducts
from tirek.domain.scales import SECOND_ORDER, Scale
from tirek.domain.scoring import ScaleScore

# Longer than this nobody thinks about one question: a pause is counted as so many seconds.
LONGEST_SECONDS = 120

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One finished questionnaire, without whose it is.

    `flags` are the codes of what it raised. `seconds` holds of each item how long after the one
    before it was answered, where that was seen: answers that were sent together say nothing.
    """

    answers: Mapping[str, Answer]
    scores: Sequence[ScaleScore]
    flags: frozenset[str]
    age: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    total_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class InRound:
    """That somebody finished it in a round ("2026.1"), and what it raised; earlier ones as well."""

    round: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """The counts of one instrument in one group; `sums` by scale."""

    tree: Tree
    sums: Mapping[str, CrossProducts]

    @classmethod
    def of(
        cls, instrument: Instrument, sheets: Sequence[Sheet], rounds: Iterable[InRound] = ()
    ) -> "Cell":
        """Count these sheets of one instrument, one a child, and in which round who finished it."""
        scales = measured(instrument)
        tree: Tree = {"sheets": len(sheets), "pace": {}, "items": {}, "scales": {}}
        for sheet in sheets:
            _count_answers(tree, instrument, sheet)
            for scale in scales:
                _count_scale(tree["scales"].setdefault(scale.id, {}), instrument, scale, sheet)
        for one in rounds:
            for scale in scales:
                _count_round(tree["scales"].setdefault(scale.id, {}), instrument, scale, one)
        return cls(tree, {scale.id: _sums(instrument, scale, sheets) for scale in scales})

    def merge(self, other: "Cell") -> "Cell":
        """Both together; exact, and the order does not matter."""
        names = {**self.sums, **other.sums}
        return Cell(
            added(self.tree, other.tree),
            {name: _merged(self.sums.get(name), other.sums.get(name)) for name in names},
        )

    def as_json(self) -> Tree:
        """What is stored."""
        return {"tree": self.tree, "sums": {name: one.as_json() for name, one in self.sums.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Cell":
        """What was stored."""
        sums = {name: CrossProducts.from_json(one) for name, one in stored["sums"].items()}
        return cls(stored["tree"], sums)


def merged(cells: Iterable[Cell]) -> Cell | None:
    """All of them together; None of none."""
    whole: Cell | None = None
    for cell in cells:
        whole = cell if whole is None else whole.merge(cell)
    return whole


def measured(instrument: Instrument) -> tuple[Scale, ...]:
    """The scales that are looked at: those that are made of answers, not of other scales."""
    return tuple(
        one for one in instrument.scoring.scales if one.items and one.method not in SECOND_ORDER
    )


def added(one: Tree, other: Tree) -> Tree:
    """Two trees of counts, place by place."""
    whole = dict(one)
    for name, value in other.items():
        here = whole.get(name)
        if here is None:
            whole[name] = value
        else:
            whole[name] = added(here, value) if isinstance(value, dict) else here + value
    return whole


def keyed(
    instrument: Instrument, scale: Scale, answers: Mapping[str, Answer]
) -> list[Fraction | None]:
    """The weights of a scale's items in its order, reversed where its key says so."""
    return [_keyed(instrument, scale, item, answers.get(item, UNSEEN)) for item in scale.items]


def _keyed(instrument: Instrument, scale: Scale, item: str, answer: Answer) -> Fraction | None:
    weight = instrument.weight(item, answer)
    if weight is None or item not in scale.reverse:
        return weight
    weights = [option.weight for option in instrument.options(item)]
    return min(weights) + max(weights) - weight


def _merged(one: CrossProducts | None, other: CrossProducts | None) -> CrossProducts:
    if one is None or other is None:
        kept = one or other
        assert kept is not None  # noqa: S101 - a name comes from one of them
        return kept
    return one.merge(other)


def _sums(instrument: Instrument, scale: Scale, sheets: Sequence[Sheet]) -> CrossProducts:
    # Loaded where it is measured: the web process does without.
    import numpy as np  # noqa: PLC0415

    rows = [
        [
            float("nan") if one is None else float(one)
            for one in keyed(instrument, scale, sheet.answers)
        ]
        for sheet in sheets
    ]
    return CrossProducts.of(
        scale.items, np.array(rows, dtype=float).reshape(len(sheets), len(scale.items))
    )


def _count_answers(tree: Tree, instrument: Instrument, sheet: Sheet) -> None:
    shown = 0
    for item in instrument.items:
        state = sheet.answers.get(item.id, UNSEEN).state
        shown += state is not AnswerState.UNSEEN
        place = tree["items"].setdefault(item.id, {"gaps": {}})
        _add(place, state.value)
        if item.id in sheet.seconds:
            _add(place["gaps"], _whole(sheet.seconds[item.id]))
    if sheet.total_seconds is not None and shown:
        _add(tree["pace"], _whole(sheet.total_seconds / shown))


def _count_scale(place: Tree, instrument: Instrument, scale: Scale, sheet: Sheet) -> None:
    score = next(one for one in sheet.scores if one.scale == scale.id)
    if score.value is None:
        _add(place, "none")
    else:
        ages = place.setdefault("scores", {}).setdefault(str(sheet.age), {})
        _add(ages, str(score.value))
    worst = _worst(instrument, scale, sheet.flags)
    if worst is not None:
        _add(place.setdefault("levels", {}), worst.value)
    _count_table(place.setdefault("tables", {}), instrument, scale, sheet)


def _count_round(place: Tree, instrument: Instrument, scale: Scale, one: InRound) -> None:
    of_round = place.setdefault("rounds", {}).setdefault(one.round, {"n": 0, "flagged": 0})
    of_round["n"] += 1
    of_round["flagged"] += _worst(instrument, scale, one.flags) is not None


def _count_table(tables: Tree, instrument: Instrument, scale: Scale, sheet: Sheet) -> None:
    """Where every item was answered: how often each weight comes with each sum of the scale."""
    weights = keyed(instrument, scale, sheet.answers)
    given = [one for one in weights if one is not None]
    if len(given) < len(weights) or len(given) < 2:  # noqa: PLR2004 - one item is matched by itself
        return
    total = str(sum(given, Fraction(0)))
    for item, weight in zip(scale.items, given, strict=True):
        _add(tables.setdefault(item, {}).setdefault(total, {}), str(weight))


def _worst(instrument: Instrument, scale: Scale, codes: frozenset[str]) -> Level | None:
    """The most urgent flag that rests on this scale, its items, or what is computed from it.

    A mere look is none.
    """
    raised = [rule for rule in instrument.flags if rule.id in codes]
    own = [rule for rule in raised if _concerns(instrument, rule.when, scale)]
    levels = [rule.level for rule in own if rule.level is not Level.REVIEW]
    return max(levels, key=lambda level: level.rank, default=None)


def _concerns(instrument: Instrument, when: Condition, scale: Scale) -> bool:
    if isinstance(when, ScaleAtLeast | ScaleAtMost):
        flagged = instrument.scale(when.scale)
        return scale.id in {flagged.id, flagged.source, flagged.beside}
    return not {*items_of(when)}.isdisjoint(scale.items)


def _add(place: Tree, name: str) -> None:
    place[name] = place.get(name, 0) + 1


def _whole(seconds: float) -> str:
    return str(min(int(seconds), LONGEST_SECONDS))
