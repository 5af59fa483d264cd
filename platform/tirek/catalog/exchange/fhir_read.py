"""A Questionnaire that came in: our own comes back as it went, a foreign one as far as it says."""

from collections.abc import Iterator, Mapping
from typing import cast

from tirek.catalog.exchange.draft import Draft
from tirek.catalog.exchange.fhir_foreign import read_foreign
from tirek.catalog.exchange.fhir_names import PART
from tirek.catalog.exchange.foreign import (
    ExchangeError,
    Remark,
    extensions,
    read_json,
    read_object,
)
from tirek.catalog.instrument_files import LANGUAGES, WORDING
from tirek.catalog.yaml_subset import Data

PARTS = ("structure", "scoring", "interpretation", "cases")


def read(content: bytes, name: str) -> Draft:
    """Return the draft that a Questionnaire holds; raise ExchangeError where it holds none."""
    resource = read_object(content, "Questionnaire")
    if next(extensions(resource, PART), None) is None:
        return read_foreign(resource, name)
    return _own(resource)


def _own(resource: Mapping[str, object]) -> Draft:
    parts = dict(_parts(resource))
    structure = parts.get("structure")
    if not isinstance(structure, dict) or not isinstance(structure.get("id"), str):
        raise ExchangeError("Questionnaire.extension", "our own copy holds no structure with an id")
    missing = [name for name in PARTS if name not in parts]
    remarks = [Remark("Questionnaire.extension", f"{name} is not in the file") for name in missing]
    remarks += [
        Remark("Questionnaire.extension", f"holds no wording in {lang}: the licence withholds it?")
        for lang in LANGUAGES
        if WORDING + lang not in parts
    ]
    return Draft(
        id=str(structure["id"]),
        major=_major(structure),
        parts=parts,
        remarks=(*remarks, *_changed(resource, parts)),
    )


def _major(structure: Mapping[str, Data]) -> int:
    number = str(structure.get("version", "")).split(".")[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 3:  # noqa: PLR2004
        raise ExchangeError("Questionnaire.version", "is not like 1.0.0")
    return int(number)


def _parts(resource: Mapping[str, object]) -> Iterator[tuple[str, Data]]:
    """Yield the parts that travelled word for word."""
    for index, extension in enumerate(extensions(resource, PART)):
        place = f"Questionnaire.extension('{PART}')[{index}]"
        said = inner(extension)
        name = said.get("name", "")
        lang = name.removeprefix(WORDING)
        is_wording = lang != name and lang.isascii() and lang.isalpha()
        if name not in PARTS and not is_wording:
            raise ExchangeError(place, f"{name[:40]!r} is no part of an instrument")
        yield name, _data(read_json(said.get("content", "").encode()), place)


def inner(extension: Mapping[str, object]) -> dict[str, str]:
    """Return the texts inside one of our own extensions by their names."""
    found = extension.get("extension")
    pairs = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return {str(each.get("url")): str(each.get("valueString", "")) for each in pairs}


def _data(value: object, place: str) -> Data:
    """Return a JSON value as our files hold values; raise ExchangeError for what they cannot."""
    if isinstance(value, dict | list):
        return cast("Data", value)
    raise ExchangeError(place, "holds no part of an instrument")


def _changed(resource: Mapping[str, object], parts: Mapping[str, Data]) -> Iterator[Remark]:
    """Say where what the file shows is not what its parts say: the parts were taken."""
    structure = cast("Mapping[str, Data]", parts["structure"])
    shown_version = resource.get("version")
    if shown_version != structure.get("version"):
        yield Remark("Questionnaire.version", f"is {shown_version}, the structure says otherwise")
    strings = {
        name.removeprefix(WORDING): _strings(part)
        for name, part in parts.items()
        if name.startswith(WORDING)
    }
    yield from _changed_texts(resource.get("item"), "Questionnaire.item", strings)


def _strings(part: Data) -> Mapping[str, Data]:
    strings = part.get("strings") if isinstance(part, dict) else None
    return strings if isinstance(strings, dict) else {}


def _changed_texts(
    found: object, place: str, strings: Mapping[str, Mapping[str, Data]]
) -> Iterator[Remark]:
    for index, item in enumerate(found if isinstance(found, list) else []):
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            continue
        link = item.get("linkId")
        said = {
            said[key]
            for said in strings.values()
            for key in (f"{link}.text", f"{link}", f"scale.{str(link).removeprefix('score.')}")
            if key in said
        }
        if said and item["text"] not in said:
            yield Remark(
                f"{place}[{index}].text",
                f"the text of {link} is not what its wording says; the wording was taken",
            )
