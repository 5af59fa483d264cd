"""Which items are asked, given what was answered before them.

An item with `show_if` depends on items that stand before it only, so one walk in the form's order
settles everything. A hidden item is treated as never shown: whatever was answered to it, before
the answers above it were changed, stays recorded but is not scored, and it neither shows nor hides
a later item. A flag that it raised at its answer stays, for flags are only ever added.
"""

from collections.abc import Mapping

from tirek.domain.instruments import UNSEEN, Answer, Instrument
from tirek.domain.interpretation import AnyItem, ItemCondition, ShowIf


def hidden_items(instrument: Instrument, answers: Mapping[str, Answer]) -> frozenset[str]:
    """Return the items that are not asked of somebody who has given these answers."""
    hidden: set[str] = set()
    for item in instrument.items:
        if item.show_if is not None and not _holds(instrument, item.show_if, answers, hidden):
            hidden.add(item.id)
    return frozenset(hidden)


def asked_answers(instrument: Instrument, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers without those to hidden items."""
    hidden = hidden_items(instrument, answers)
    return {item: answer for item, answer in answers.items() if item not in hidden}


def _holds(
    instrument: Instrument, rule: ShowIf, answers: Mapping[str, Answer], hidden: set[str]
) -> bool:
    def met(condition: ItemCondition) -> bool:
        is_hidden = condition.item in hidden
        answer = UNSEEN if is_hidden else answers.get(condition.item, UNSEEN)
        return instrument.meets(condition, answer)

    found = map(met, rule.conditions)
    return any(found) if isinstance(rule, AnyItem) else all(found)
