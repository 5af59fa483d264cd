"""The items of an instrument as Questionnaire.item: texts, options, conditions, soft reminders."""

from collections.abc import Iterator, Mapping

from tirek.catalog.exchange.fhir_names import (
    ITEM_WEIGHT,
    ORDINAL_VALUE,
    TARGET_CONSTRAINT,
    FhirVersion,
    code_system,
    translations,
)
from tirek.domain.instruments import Instrument, Item, Option, Required, Wording
from tirek.domain.interpretation import AnyItem, ItemCondition, ItemRefused, ShowIf
from tirek.domain.scoring import as_number

Resource = dict[str, object]
Wordings = Mapping[str, Wording]
# Sentences that stand before the first question.
LEADING = ("intro", "recall")


def items(
    instrument: Instrument, wordings: Wordings, version: FhirVersion, *, is_public: bool
) -> Iterator[Resource]:
    """Yield the leading texts and the questions, in presentation order."""
    for key in LEADING:
        if any(key in wording.strings for wording in wordings.values()):
            yield {"linkId": key, **_texts("text", wordings, key), "type": "display"}
    for item in instrument.items:
        yield _question(instrument, item, wordings, version, is_public=is_public)


def _question(
    instrument: Instrument,
    item: Item,
    wordings: Wordings,
    version: FhirVersion,
    *,
    is_public: bool,
) -> Resource:
    question: Resource = {}
    if item.required is Required.SOFT:
        question["extension"] = [_reminder(item)]
    question |= {
        "linkId": item.id,
        **_texts("text", wordings, f"{item.id}.text"),
        "type": version.choice,
    }
    if item.show_if is not None:
        question |= _shown_when(instrument, item.show_if)
        if version is FhirVersion.R5:
            question["disabledDisplay"] = "hidden"
    question |= {"required": item.required is Required.HARD, "repeats": False}
    if version is FhirVersion.R5:
        question["answerConstraint"] = "optionsOnly"
    question["answerOption"] = [
        _option(instrument, item, option, wordings, is_public=is_public)
        for option in instrument.options(item.id)
    ]
    return question


def _reminder(item: Item) -> Resource:
    """A soft item may be passed over after one reminder: a constraint that only warns."""
    inner = [
        {"url": "key", "valueId": f"answered-{item.id}"},
        {"url": "severity", "valueCode": "warning"},
        {"url": "expression", "valueString": "answer.exists()"},
        {"url": "human", "valueString": "This question has no answer yet."},
    ]
    return {"url": TARGET_CONSTRAINT, "extension": inner}


def _option(
    instrument: Instrument, item: Item, option: Option, wordings: Wordings, *, is_public: bool
) -> Resource:
    coding: Resource = {
        "system": code_system(instrument.structure.url, item.options),
        "code": option.code,
        **_texts("display", wordings, f"{item.options}.{option.code}"),
    }
    if is_public:
        return {"valueCoding": coding}
    weight = as_number(option.weight)
    # Both names of the same thing: old readers know the second one only.
    return {
        "extension": [
            {"url": ITEM_WEIGHT, "valueDecimal": weight},
            {"url": ORDINAL_VALUE, "valueDecimal": weight},
        ],
        "valueCoding": coding,
    }


def _texts(name: str, wordings: Wordings, key: str) -> Resource:
    said = {lang: w.strings[key] for lang, w in wordings.items() if key in w.strings}
    if not said:
        return {}
    return {name: next(iter(said.values())), f"_{name}": translations(said)}


def _shown_when(instrument: Instrument, rule: ShowIf) -> Resource:
    """`enableWhen` compares codes only with = and !=, so a weight's bound becomes its codes."""
    is_any = isinstance(rule, AnyItem) or len(rule.conditions) == 1
    meets = _any_of if is_any else _all_of
    tests = [test for condition in rule.conditions for test in meets(instrument, condition)]
    found: Resource = {"enableWhen": tests}
    if len(tests) > 1:
        found["enableBehavior"] = "any" if is_any else "all"
    return found


def _any_of(instrument: Instrument, condition: ItemCondition) -> Iterator[Resource]:
    if isinstance(condition, ItemRefused):
        yield _exists(condition.item, expected=False)
        return
    for option in instrument.options(condition.item):
        if option.weight >= condition.ge:
            yield _compared(instrument, condition.item, "=", option)


def _all_of(instrument: Instrument, condition: ItemCondition) -> Iterator[Resource]:
    if isinstance(condition, ItemRefused):
        yield _exists(condition.item, expected=False)
        return
    yield _exists(condition.item, expected=True)
    for option in instrument.options(condition.item):
        if option.weight < condition.ge:
            yield _compared(instrument, condition.item, "!=", option)


def _exists(item: str, *, expected: bool) -> Resource:
    return {"question": item, "operator": "exists", "answerBoolean": expected}


def _compared(instrument: Instrument, item: str, operator: str, option: Option) -> Resource:
    system = code_system(instrument.structure.url, instrument.item(item).options)
    coding = {"system": system, "code": option.code}
    return {"question": item, "operator": operator, "answerCoding": coding}
