"""Whether an answer is one of the options: listed, of a value set, or one that stands alone."""

from collections.abc import Iterable, Mapping

from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_names import CORE, TRANSLATION
from tirek.catalog.exchange.foreign import extensions, value_of
from tirek.catalog.exchange.questionnaire_form import Form, FormItem
from tirek.catalog.exchange.value_sets import Concepts, find_value_set, is_same_name

EXCLUSIVE = CORE + "questionnaire-optionExclusive"
Resource = Mapping[str, object]
Value = tuple[str, object]


def check_choice(form: Form, item: FormItem, value: Value, place: str, faults: Faults) -> None:
    """Say when the answer is none of the item's options."""
    name, content = value
    is_free_text = name == "valueString" and item.constraint == "optionsOrString"
    is_free = item.constraint == "optionsOrType" or is_free_text
    if item.options:
        option = _listed(item.options, value)
        if option is not None:
            _check_display(item, option, content, place, faults)
        elif not is_free:
            text = f"{item.link}: the answer is none of the options"
            faults.error(Code.CODE_INVALID, place, text)
    elif item.value_set is not None and not is_free:
        concepts = find_value_set(form.resource, item.value_set)
        if concepts is None:
            text = f"{item.link}: the value set {item.value_set[:120]} is not known here"
            faults.error(Code.NOT_FOUND, place, text)
        elif isinstance(content, dict):
            _check_concept(item, concepts, content, place, faults)
        elif name == "valueString" and not _is_display(concepts, str(content)):
            text = f"{item.link}: the text is the name of nothing in the value set"
            faults.error(Code.CODE_INVALID, place, text)


def _listed(options: Iterable[Resource], value: Value) -> Resource | None:
    for option in options:
        found = value_of(option)
        if found is not None and _is_same(found, value):
            return option
    return None


def _is_same(option: Value, answer: Value) -> bool:
    if option[0] != answer[0]:
        return False
    ours, theirs = option[1], answer[1]
    if option[0] == "valueCoding" and isinstance(ours, dict) and isinstance(theirs, dict):
        return _is_same_coding(ours, theirs)
    if option[0] == "valueReference" and isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.get("reference") == theirs.get("reference")
    return ours == theirs


def _is_same_coding(option: Resource, answer: Resource) -> bool:
    """Whether both mean one concept; a code without its system is not the same as one with it."""
    if option.get("code") is None and answer.get("code") is None:
        names = str(option.get("display", "")), str(answer.get("display", ""))
        return is_same_name(*names) and option.get("system") == answer.get("system")
    keys = ("code", "system")
    return all(option.get(key) == answer.get(key) for key in keys)


def _check_display(
    item: FormItem, option: Resource, content: object, place: str, faults: Faults
) -> None:
    found = value_of(option)
    ours = found[1] if found else None
    if not (isinstance(ours, dict) and isinstance(content, dict)):
        return
    said, named = content.get("display"), set(_names(ours))
    if isinstance(said, str) and named and not any(is_same_name(said, one) for one in named):
        text = f"{item.link}: the display is not that of the option"
        faults.warn(Code.CODE_INVALID, f"{place}.display", text)


def _names(coding: Resource) -> Iterable[str]:
    """Yield the display of an option in every language that it is given in."""
    if isinstance(display := coding.get("display"), str):
        yield display
    shadow = coding.get("_display")
    for extension in extensions(shadow, TRANSLATION) if isinstance(shadow, dict) else ():
        inner = extension.get("extension")
        for each in inner if isinstance(inner, list) else []:
            if isinstance(each, dict) and each.get("url") == "content":
                yield str((value_of(each) or ("", ""))[1])


def _check_concept(
    item: FormItem, concepts: Concepts, coding: Resource, place: str, faults: Faults
) -> None:
    key = str(coding.get("system") or ""), str(coding.get("code"))
    if key not in concepts:
        text = f"{item.link}: {key[1][:40]!r} is not in the value set"
        faults.error(Code.CODE_INVALID, place, text)
        return
    said, name = coding.get("display"), concepts[key]
    if isinstance(said, str) and name and not is_same_name(said, name):
        text = f"{item.link}: the display of {key[1][:40]!r} is {name!r} in the value set"
        faults.error(Code.CODE_INVALID, f"{place}.display", text)


def _is_display(concepts: Concepts, text: str) -> bool:
    return any(is_same_name(text, name) for name in concepts.values())


def check_exclusive(item: FormItem, values: list[Value], place: str, faults: Faults) -> None:
    """Say when an option that excludes all others was chosen beside another."""
    alone = [
        option
        for option in item.options
        if any(each.get("valueBoolean") is True for each in extensions(option, EXCLUSIVE))
    ]
    if len(values) > 1 and any(_listed(alone, value) is not None for value in values):
        text = f"{item.link}: an option that stands alone was chosen beside others"
        faults.error(Code.BUSINESS_RULE, place, text)
