"""The options of a foreign item: their codes, and their weights only where the file gives one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from unicodedata import normalize

from tirek.catalog.exchange.draft import todo
from tirek.catalog.exchange.fhir_names import WEIGHTS
from tirek.catalog.exchange.foreign import (
    ExchangeError,
    Remark,
    extensions,
    objects,
    value_of,
)
from tirek.catalog.yaml_subset import Data
from tirek.domain.instruments import BLANK_WORDS

Resource = Mapping[str, object]
MAX_OPTIONS = 200
CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
MAX_WEIGHT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class ForeignOption:
    """One option; `source` is the element with its display and translations."""

    code: str
    weight: Data
    source: Resource

    @property
    def key(self) -> tuple[object, ...]:
        """What must be equal for two options to be the same one."""
        return self.code, str(self.weight), str(self.source.get("display"))


@dataclass(frozen=True, slots=True)
class OptionSet:
    """The options of one item, in their order."""

    options: tuple[ForeignOption, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What must be equal for two items to share one set."""
        return tuple(option.key for option in self.options)


def read_options(resource: Resource, item: Resource, place: str) -> tuple[OptionSet, list[Remark]]:
    """Return the options that the file itself holds, and what could not be taken of them."""
    remarks: list[Remark] = []
    found = [*_listed(item, place, remarks), *_from_value_set(resource, item, place, remarks)]
    if len(found) > MAX_OPTIONS:
        raise ExchangeError(place, f"has more than {MAX_OPTIONS} options")
    options: list[ForeignOption] = []
    for option in found:
        taken = [other for other in options if option.code == other.code]
        if any(option.key == other.key for other in taken):
            text = f"option {option.code!r} stands twice; the first was taken"
            remarks.append(Remark(place, text))
        elif taken:
            # The same code of two code systems: two options.
            code = f"o{len(options) + 1}"
            text = f"code {option.code!r} stands for two options; the second is called {code!r}"
            remarks.append(Remark(place, text))
            options.append(replace(option, code=code))
        else:
            options.append(option)
    return OptionSet(tuple(options)), remarks


def _listed(item: Resource, place: str, remarks: list[Remark]) -> Iterator[ForeignOption]:
    # STU3 called it `option`.
    name = "option" if "option" in item and "answerOption" not in item else "answerOption"
    for index, (here, option) in enumerate(objects(item.get(name), f"{place}.{name}")):
        value = value_of(option)
        if value is None:
            remarks.append(Remark(here, "has no value and was left out"))
            continue
        content = value[1]
        source = content if isinstance(content, dict) else {"display": str(content)}
        yield _option([option, source], source, (here, index), remarks)


def _from_value_set(
    resource: Resource, item: Resource, place: str, remarks: list[Remark]
) -> Iterator[ForeignOption]:
    reference = item.get("answerValueSet", item.get("options"))
    if isinstance(reference, dict):
        reference = reference.get("reference")
    if not isinstance(reference, str):
        return
    here = f"{place}.answerValueSet"
    contained = contained_value_set(resource, reference)
    if contained is None:
        text = f"{reference[:120]} is not in this file; its options were not taken"
        remarks.append(Remark(here, text))
        return
    for index, concept in enumerate(concepts(contained)):
        yield _option([concept], concept, (here, index), remarks)


def contained_value_set(resource: Resource, reference: str) -> Resource | None:
    """Return the value set that the resource carries under this reference, if any."""
    wanted = reference.removeprefix("#").split("|")[0]
    found = resource.get("contained")
    for each in found if isinstance(found, list) else []:
        if not isinstance(each, dict) or each.get("resourceType") != "ValueSet":
            continue
        if wanted in (each.get("id"), each.get("url")):
            return each
    return None


def concepts(value_set: Resource) -> Iterator[Resource]:
    """Yield the concepts of a value set that lists them, each with its code system."""
    expansion = value_set.get("expansion")
    if isinstance(expansion, dict) and isinstance(expansion.get("contains"), list):
        yield from (each for each in expansion["contains"] if isinstance(each, dict))
        return
    compose = value_set.get("compose")
    include = compose.get("include") if isinstance(compose, dict) else None
    for part in include if isinstance(include, list) else []:
        listed = part.get("concept") if isinstance(part, dict) else None
        for each in listed if isinstance(listed, list) else []:
            if isinstance(each, dict):
                yield {"system": part.get("system"), **each}


def _option(
    elements: list[Resource], source: Resource, here: tuple[str, int], remarks: list[Remark]
) -> ForeignOption:
    place, index = here
    text = normalize("NFC", str(source.get("code", source.get("display")) or ""))
    code = text
    if not CODE.fullmatch(text) or text in BLANK_WORDS:
        # A name of its own for an option whose text cannot name one.
        code = f"o{index + 1}"
        remarks.append(Remark(place, f"option {text[:40]!r} is called {code!r} here"))
    return ForeignOption(code, _weight(elements, place, remarks), source)


def _weight(elements: list[Resource], place: str, remarks: list[Remark]) -> Data:
    """Return the weight that the file gives; two that differ, or none, are not decided here."""
    found = {
        name.rsplit("/", 1)[-1]: value
        for name in WEIGHTS
        for element in elements
        for extension in extensions(element, name)
        if isinstance(value := extension.get("valueDecimal", extension.get("valueInteger")), int)
        or isinstance(value, Decimal)
    }
    weights = {Decimal(value) for value in found.values()}
    if len(weights) > 1:
        said = ", ".join(f"{name} {value}" for name, value in found.items())
        remarks.append(Remark(place, f"gives two weights ({said}); neither was taken"))
    if len(weights) != 1:
        return todo("the weight that the rights-holder's document gives")
    (weight,) = weights
    return _number(weight, place)


def _number(weight: Decimal, place: str) -> Data:
    if weight == weight.to_integral_value() and abs(weight.adjusted()) < MAX_WEIGHT_DIGITS:
        return int(weight)
    if len(weight.as_tuple().digits) > MAX_WEIGHT_DIGITS or abs(weight) < Decimal("1e-6"):
        raise ExchangeError(place, f"{weight} has too many digits for a weight")
    return weight
