"""LHC-Forms' own JSON as the Questionnaire that it stands for; its `score` is a weight, no key."""

from collections.abc import Mapping
from dataclasses import replace
from unicodedata import normalize

from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.fhir_foreign import MAX_NESTING, read_foreign
from tirek.catalog.exchange.fhir_names import CALCULATED, ORDINAL_VALUE
from tirek.catalog.exchange.foreign import ExchangeError, objects, read_json

Resource = Mapping[str, object]
TYPES = {
    "CNE": "choice",
    "CWE": "open-choice",
    "INT": "integer",
    "REAL": "decimal",
    "ST": "string",
    "TX": "text",
    "BL": "boolean",
    "DT": "date",
    "DTM": "dateTime",
    "TM": "time",
    "QTY": "quantity",
    "URL": "url",
    "SECTION": "group",
    "TITLE": "display",
}


def read(content: bytes, name: str) -> Draft:
    """Return the draft that a form holds; raise ExchangeError where it holds none."""
    form = read_json(content)
    if not isinstance(form, dict) or "items" not in form:
        raise ExchangeError("the file", "is no form of LHC-Forms: it has no items")
    resource = {
        "title": form.get("name"),
        "id": form.get("shortName", form.get("code")),
        "language": form.get("language"),
        "item": _items(form["items"], "items", depth=0),
    }
    try:
        draft = read_foreign({key: value for key, value in resource.items() if value}, name)
    except ExchangeError as error:
        raise ExchangeError(_place(error.place), error.reason) from None
    remarks = tuple(replace(one, place=_place(one.place)) for one in draft.remarks)
    structure = draft.parts["structure"]
    if remarks and isinstance(structure, dict):
        structure = {**structure, "todo": [normalize("NFC", str(one)) for one in remarks]}
    return replace(draft, remarks=remarks, parts={**draft.parts, "structure": structure})


def _place(place: str) -> str:
    """Return the place as it is called in the file."""
    bare = place.removeprefix("Questionnaire.")
    return bare.replace("item[", "items[").replace("answerOption[", "answers[")


def _items(found: object, place: str, *, depth: int) -> list[object]:
    if depth > MAX_NESTING:
        raise ExchangeError(place, f"items are nested deeper than {MAX_NESTING}")
    return [_item(item, here, depth=depth) for here, item in objects(found, place)]


def _item(item: Resource, place: str, *, depth: int) -> Resource:
    cardinality = item.get("answerCardinality")
    bounds = cardinality if isinstance(cardinality, dict) else {}
    is_computed = "calculationMethod" in item
    inner = _items(item.get("items"), f"{place}.items", depth=depth + 1)
    converted = {
        "linkId": item.get("linkId", item.get("questionCode")),
        "text": item.get("question"),
        "type": _type(item, is_group=bool(inner)),
        "required": bounds.get("min") == "1",
        "repeats": bounds.get("max") == "*",
        "enableWhen": [item["skipLogic"]] if item.get("skipLogic") else None,
        "extension": [{"url": CALCULATED}] if is_computed else None,
        "answerOption": [
            _option(answer) for _, answer in objects(item.get("answers"), f"{place}.answers")
        ],
        "item": inner,
    }
    return {name: value for name, value in converted.items() if value not in (None, [])}


def _type(item: Resource, *, is_group: bool) -> str:
    written = str(item.get("dataType") or "")
    if written in TYPES:
        return TYPES[written]
    if is_group:
        return "group"
    # What says no type and has answers is a list to choose from, as LHC-Forms itself takes it.
    return written or ("choice" if item.get("answers") else "string")


def _option(answer: Resource) -> Resource:
    coding = {
        "system": answer.get("system", answer.get("codeSystem")),
        "code": answer.get("code"),
        "display": answer.get("text"),
    }
    option: dict[str, object] = {
        "valueCoding": {name: value for name, value in coding.items() if value is not None}
    }
    score = answer.get("score")
    if score is not None:
        option["extension"] = [{"url": ORDINAL_VALUE, "valueDecimal": score}]
    return option
