"""Forms that are a list of rows, as spreadsheets and item files are, read like a Questionnaire.

One reader decides what may be taken from outside (`fhir_foreign`); here a row only finds its way to
it, and its doubts find their way back to the row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import cast

from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.fhir_foreign import read_foreign
from tirek.catalog.exchange.fhir_names import ITEM_WEIGHT, translations
from tirek.catalog.exchange.foreign import ExchangeError, Remark
from tirek.catalog.yaml_subset import Data

Texts = Mapping[str, str]
ITEM_PLACE = re.compile(r"Questionnaire\.item\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class FlatOption:
    """One option: its code, its labels by language, and its weight where the file gives one."""

    code: str
    texts: Texts
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FlatItem:
    """One row: where it stands, its name, what it is, and what is asked."""

    place: str
    name: str
    # FHIR's word for it: "choice", "display", "string", "integer", ...
    kind: str
    texts: Texts
    options: Sequence[FlatOption] = ()
    required: bool = False
    has_condition: bool = False
    is_computed: bool = False
    takes_several: bool = False


@dataclass(frozen=True, slots=True)
class FlatForm:
    """A form of rows in one or more languages, the first of which is its own."""

    name: str
    origin: str
    langs: Sequence[str]
    titles: Texts
    items: Sequence[FlatItem]
    remarks: Sequence[Remark] = field(default_factory=tuple)


def draft_of(form: FlatForm) -> Draft:
    """Return the draft of a form; raise ExchangeError with the row where it cannot be read."""
    places = [item.place for item in form.items]
    resource: dict[str, object] = {
        "language": form.langs[0] if form.langs else None,
        "url": form.origin,
        "name": form.name,
        "item": [_item(item, form.langs) for item in form.items],
        **_said("title", form.titles, form.langs),
    }
    given = {name: value for name, value in resource.items() if value is not None}
    try:
        draft = read_foreign(given, form.name)
    except ExchangeError as error:
        raise ExchangeError(_placed(error.place, places), error.reason) from None
    remarks = tuple(Remark(_placed(one.place, places), one.text) for one in draft.remarks)
    parts = {name: _renamed(part, places) for name, part in draft.parts.items()}
    return replace(draft, parts=parts, remarks=(*form.remarks, *remarks))


def _item(item: FlatItem, langs: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {
        "linkId": item.name,
        "type": item.kind,
        "required": item.required,
        "repeats": item.takes_several,
        **_said("text", item.texts, langs),
    }
    if item.options:
        found["answerOption"] = [_option(option, langs) for option in item.options]
    if item.has_condition:
        found["enableWhen"] = [{"question": "?"}]
    if item.is_computed:
        found |= {"readOnly": True, "extension": [_HIDDEN]}
    return found


def _option(option: FlatOption, langs: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {
        "valueCoding": {"code": option.code, **_said("display", option.texts, langs)}
    }
    if option.weight is not None:
        found["extension"] = [{"url": ITEM_WEIGHT, "valueDecimal": option.weight}]
    return found


def _said(name: str, texts: Texts, langs: Sequence[str]) -> dict[str, object]:
    said = {lang: texts[lang] for lang in langs if texts.get(lang, "").strip()}
    if not said:
        return {}
    own = langs[0]
    found: dict[str, object] = {f"_{name}": translations(said)}
    return {**found, name: said[own]} if own in said else found


def _placed(place: str, places: Sequence[str]) -> str:
    match = ITEM_PLACE.search(place)
    return places[int(match.group(1))] if match else place.replace("Questionnaire", "the file")


def _renamed(part: Data, places: Sequence[str]) -> Data:
    """The same doubts stand in the structure's notes and todo: there too they name the row."""
    if isinstance(part, dict):
        return {name: _renamed(value, places) for name, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, places) for value in part]
    if isinstance(part, str):
        return cast(
            "Data",
            ITEM_PLACE.sub(lambda match: places[int(match.group(1))], part).replace(
                "imported FHIR Questionnaire", "imported form"
            ),
        )
    return part


_HIDDEN = {
    "url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden",
    "valueBoolean": True,
}
