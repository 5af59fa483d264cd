"""From scores and answers to flags: statements of the machine that a person must look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tirek.domain.exact import is_at_least
from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.interpretation import (
    AnyItem,
    FlagRule,
    ItemAtLeast,
    ItemCondition,
    ItemRefused,
    ItemUnanswered,
    Moment,
    NotComputable,
    ScaleAtLeast,
    ScaleAtMost,
)
from tirek.domain.levels import Level
from tirek.domain.scoring import Reason, ScaleScore
from tirek.domain.showing import hidden_items


@dataclass(frozen=True, slots=True)
class Flag:
    """A rule that was met, and the item or the scale that met it."""

    id: str
    level: Level
    at: Moment
    item: str | None = None
    scale: str | None = None


def critical_flags(instrument: Instrument, item_id: str, answer: Answer) -> tuple[Flag, ...]:
    """Return the flags that this one answer raises at once, whatever follows, most urgent first.

    An answer to an item that is hidden meanwhile acts too: what a child has said is not unsaid.
    Raises UnknownItemError and UnknownOptionError like `score`.
    """
    instrument.weight(item_id, answer)
    rules = (rule for rule in instrument.flags if rule.at is Moment.ANSWER)
    return _Evidence(instrument, {}, {item_id: answer}, frozenset()).raised(rules)


def flags_for(
    instrument: Instrument,
    scores: Iterable[ScaleScore],
    answers: Mapping[str, Answer],
    unasked: frozenset[str] = frozenset(),
) -> tuple[Flag, ...]:
    """Return every flag of a completed administration, critical items included, most urgent first.

    A cut-off is compared with the value its band is read on, so flag and band never disagree.
    A hidden item raises nothing here, not even for having no answer: it was not to be asked. What
    it raised at its answer has been kept (`critical_flags`). The same holds for the items that a
    shorter run passed over (`unasked`), and a sum of them is open without anybody's fault.
    """
    by_scale = {scale_score.scale: scale_score for scale_score in scores}
    hidden = hidden_items(instrument, answers) | unasked
    return _Evidence(instrument, by_scale, answers, hidden).raised(instrument.flags)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the rules are held against."""

    instrument: Instrument
    scores: Mapping[str, ScaleScore]
    answers: Mapping[str, Answer]
    hidden: frozenset[str]

    def raised(self, rules: Iterable[FlagRule]) -> tuple[Flag, ...]:
        flags = [flag for rule in rules if (flag := self._flag(rule))]
        return tuple(sorted(flags, key=lambda flag: -flag.level.rank))

    def _flag(self, rule: FlagRule) -> Flag | None:
        match rule.when:
            case ItemAtLeast() | ItemRefused():
                return self._of_first(rule, (rule.when,))
            case AnyItem(conditions):
                return self._of_first(rule, conditions)
            case ItemUnanswered(item):
                met = item not in self.hidden and self._weight(item) is None
                return self._of_item(rule, item) if met else None
            case ScaleAtLeast(scale, least):
                value = self._value(scale)
                met = value is not None and is_at_least(value, least)
                return self._of_scale(rule, scale) if met else None
            case ScaleAtMost(scale, most):
                value = self._value(scale)
                met = value is not None and is_at_least(most, value)
                return self._of_scale(rule, scale) if met else None
            case NotComputable(scales):
                without = [scale for scale in scales if self._is_open(scale)]
                return self._of_scale(rule, without[0]) if without else None

    def _of_first(self, rule: FlagRule, conditions: tuple[ItemCondition, ...]) -> Flag | None:
        met = (one for one in conditions if self.instrument.meets(one, self._answer(one.item)))
        first = next(met, None)
        return self._of_item(rule, first.item) if first else None

    def _of_item(self, rule: FlagRule, item: str) -> Flag:
        return Flag(rule.id, rule.level, rule.at, item=item)

    def _of_scale(self, rule: FlagRule, scale: str) -> Flag:
        return Flag(rule.id, rule.level, rule.at, scale=scale)

    def _weight(self, item: str) -> Fraction | None:
        return self.instrument.weight(item, self._answer(item))

    def _answer(self, item: str) -> Answer:
        return UNSEEN if item in self.hidden else self.answers.get(item, UNSEEN)

    def _is_open(self, scale: str) -> bool:
        found = self.scores[scale]
        return found.value is None and found.reason is not Reason.NOT_ASKED

    def _value(self, scale: str) -> Fraction | None:
        value = self.scores[scale].value
        return None if value is None else self.instrument.scale(scale).banded(value)
