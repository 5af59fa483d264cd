"""The limits that a Questionnaire puts on one answer: size, length, pattern, unit, type."""

import re
from collections.abc import Mapping
from decimal import Decimal

from tirek.catalog.exchange.answer_shapes import attachment_size, referred_type
from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_names import CORE, SDC
from tirek.catalog.exchange.fhir_primitives import order, places
from tirek.catalog.exchange.foreign import extensions, value_of
from tirek.catalog.exchange.questionnaire_form import Form, FormItem
from tirek.catalog.exchange.units import in_unit_of
from tirek.catalog.exchange.value_sets import find_value_set

LINE_BREAK = re.compile(r"[\r\n]")
# A repetition of a repetition may take for ever on the wrong text, and Python cannot be stopped.
ENDLESS = re.compile(r"[+*}]\)?[+*{]|\)[+*{]")
UNBOUNDED = re.compile(r"[*+]|,\}")
MAX_PATTERN, MAX_STEPS = 300, 2 * 10**8
REFERRED = (CORE + "questionnaire-referenceResource", CORE + "questionnaire-referenceProfile")


def check_limits(
    form: Form, item: FormItem, value: tuple[str, object], place: str, faults: Faults
) -> None:
    """Say which limits of the item the answer breaks."""
    content = value[1]
    if isinstance(content, str):
        _check_text(item, content, place, faults)
    _check_bounds(item, content, place, faults)
    most = item.number("maxDecimalPlaces")
    if most is not None and places(content) > most:
        text = f"{item.link} has more than {most} digits behind the point"
        faults.error(Code.BUSINESS_RULE, place, text)
    if isinstance(content, dict):
        _check_parts(form, item, value[0], content, place, faults)


def _check_text(item: FormItem, text: str, place: str, faults: Faults) -> None:
    if item.kind == "string" and LINE_BREAK.search(text):
        sentence = f"{item.link} is one line; only an item of type text may have more"
        faults.error(Code.VALUE, place, sentence)
    least, most = item.number("minLength"), item.element.get("maxLength")
    if least is not None and len(text) < least:
        faults.error(Code.BUSINESS_RULE, place, f"{item.link} is shorter than {least} letters")
    if isinstance(most, int) and len(text) > most:
        faults.error(Code.BUSINESS_RULE, place, f"{item.link} is longer than {most} letters")
    for extension in extensions(item.element, CORE + "regex"):
        _check_pattern(item, str(extension.get("valueString")), text, place, faults)


def _check_pattern(item: FormItem, pattern: str, text: str, place: str, faults: Faults) -> None:
    if _may_be_endless(pattern, text):
        sentence = f"{item.link}: the pattern could take for ever and was not tried"
        faults.warn(Code.NOT_SUPPORTED, place, sentence)
        return
    try:
        fits = re.fullmatch(pattern, text)
    except (re.error, RecursionError, OverflowError):
        sentence = f"{item.link}: the pattern of the Questionnaire cannot be read"
        faults.warn(Code.NOT_SUPPORTED, place, sentence)
        return
    if not fits:
        faults.error(Code.BUSINESS_RULE, place, f"{item.link} does not fit the pattern")


def _may_be_endless(pattern: str, text: str) -> bool:
    """Whether trying all ways of a pattern through the text could take more than a moment."""
    if len(pattern) > MAX_PATTERN or ENDLESS.search(pattern):
        return True
    steps: int = len(text) ** len(UNBOUNDED.findall(pattern))
    return steps > MAX_STEPS


def _check_bounds(item: FormItem, content: object, place: str, faults: Faults) -> None:
    for url, sign, word in (
        (CORE + "minValue", -1, "below the smallest value allowed"),
        (CORE + "maxValue", 1, "above the largest value allowed"),
        (SDC + "sdc-questionnaire-minQuantity", -1, "below the smallest quantity allowed"),
        (SDC + "sdc-questionnaire-maxQuantity", 1, "above the largest quantity allowed"),
    ):
        for extension in extensions(item.element, url):
            bound = value_of(extension)
            if bound is not None:
                _check_bound(item, content, bound[1], (sign, word), (place, faults))


def _check_bound(
    item: FormItem,
    content: object,
    bound: object,
    side: tuple[int, str],
    where: tuple[str, Faults],
) -> None:
    (sign, word), (place, faults) = side, where
    left, right = content, bound
    if isinstance(content, dict) and isinstance(bound, dict):
        left, right = in_unit_of(bound, content), bound.get("value")
        if left is None:
            text = f"{item.link} has a unit that cannot be compared with the one of the bound"
            faults.error(Code.BUSINESS_RULE, place, text)
            return
    found = order(left, right)
    if found is None:
        text = f"{item.link}: the bound is of another type than the answer and was not tried"
        faults.warn(Code.NOT_SUPPORTED, place, text)
    elif found == sign:
        faults.error(Code.BUSINESS_RULE, place, f"{item.link} is {word}")


def _check_parts(
    form: Form, item: FormItem, name: str, content: Mapping[str, object], place: str, faults: Faults
) -> None:
    match name:
        case "valueAttachment":
            _check_attachment(item, content, place, faults)
        case "valueReference":
            _check_reference(item, content, place, faults)
        case "valueQuantity":
            _check_unit(form, item, content, place, faults)
        case _:
            pass


def _check_attachment(
    item: FormItem, content: Mapping[str, object], place: str, faults: Faults
) -> None:
    kinds = [
        str(value[1])
        for each in extensions(item.element, CORE + "mimeType")
        if (value := value_of(each))
    ]
    found = str(content.get("contentType", "")).split(";")[0].strip()
    if kinds and not any(_is_kind(found, kind) for kind in kinds):
        text = f"{item.link} must be {' or '.join(kinds)}, not {found[:60] or 'without a type'}"
        faults.error(Code.BUSINESS_RULE, place, text)
    size = attachment_size(content)
    for extension in extensions(item.element, CORE + "maxSize"):
        most = extension.get("valueDecimal", extension.get("valueInteger"))
        if isinstance(most, int | Decimal) and size is not None and size > most:
            faults.error(Code.BUSINESS_RULE, place, f"{item.link} is larger than {most} bytes")


def _is_kind(found: str, kind: str) -> bool:
    if kind.endswith("/*"):
        return found.lower().startswith(kind[:-1].lower())
    return found.lower() == kind.lower()


def _check_reference(
    item: FormItem, content: Mapping[str, object], place: str, faults: Faults
) -> None:
    wanted = {
        str(value[1]).rsplit("/", 1)[-1]
        for each in extensions(item.element, REFERRED[0])
        if (value := value_of(each))
    }
    found = referred_type(content)
    if wanted and found is not None and found not in wanted:
        text = f"{item.link} must refer to {' or '.join(sorted(wanted))}, not to {found}"
        faults.error(Code.BUSINESS_RULE, place, text)


def _check_unit(
    form: Form, item: FormItem, content: Mapping[str, object], place: str, faults: Faults
) -> None:
    listed = [
        value[1]
        for each in extensions(item.element, CORE + "questionnaire-unitOption")
        if (value := value_of(each)) and isinstance(value[1], dict)
    ]
    unit = content.get("system"), content.get("code")
    if listed and unit not in [(one.get("system"), one.get("code")) for one in listed]:
        faults.error(Code.CODE_INVALID, place, f"{item.link} has a unit that is not offered")
    for extension in extensions(item.element, CORE + "questionnaire-unitValueSet"):
        reference = (value_of(extension) or ("", ""))[1]
        concepts = find_value_set(form.resource, str(reference))
        if concepts is None:
            text = f"{item.link}: the value set of units is not known here"
            faults.error(Code.NOT_FOUND, place, text)
        elif (str(unit[0] or ""), str(unit[1])) not in concepts:
            text = f"{item.link} has a unit that is not in the value set of units"
            faults.error(Code.CODE_INVALID, place, text)
