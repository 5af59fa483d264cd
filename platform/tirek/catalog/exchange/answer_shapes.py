"""The shape of an answer that has parts: Coding, Quantity, Reference, Attachment."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping

from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_primitives import (
    is_code,
    is_decimal,
    is_integer,
    is_string,
    is_uri,
)
from tirek.catalog.exchange.questionnaire_form import FormItem
from tirek.catalog.exchange.resource_types import RESOURCE_TYPES

COMPARATORS = frozenset({"<", "<=", ">=", ">", "ad"})
RESOURCE_ID = r"[A-Za-z0-9.-]{1,64}"
TYPED_REFERENCE = re.compile(rf"(?:.*/)?([A-Za-z]+)/{RESOURCE_ID}(?:/_history/{RESOURCE_ID})?")
CODING = frozenset({"system", "version", "code", "display", "userSelected"})
QUANTITY = frozenset({"value", "comparator", "unit", "system", "code"})
REFERENCE = frozenset({"reference", "type", "identifier", "display"})
ATTACHMENT = frozenset(
    {
        *("contentType", "language", "data", "url", "size", "hash", "title", "creation"),
        *("height", "width", "frames", "duration", "pages"),
    }
)


def known_names(value: object, names: frozenset[str], place: str, faults: Faults) -> bool:
    """Whether this is an object with something in it and nothing that we do not know."""
    if not isinstance(value, dict) or not value:
        faults.error(Code.STRUCTURE, place, "must be an object with something in it")
        return False
    for name in value:
        if name.removeprefix("_") not in names | {"id", "extension"}:
            faults.error(Code.STRUCTURE, f"{place}.{name}", "is no element of this type")
    return True


def _coding(item: FormItem, value: object, place: str, faults: Faults) -> bool:
    if not known_names(value, CODING, place, faults) or not isinstance(value, dict):
        return False
    bad = [
        name
        for name, is_one in (("system", is_uri), ("code", is_code), ("display", is_string))
        if name in value and not is_one(value[name])
    ]
    for name in bad:
        faults.error(Code.VALUE, f"{place}.{name}", f"{item.link} has no good {name}")
    if not bad and "code" not in value and "display" not in value:
        faults.error(Code.VALUE, place, f"{item.link} says neither a code nor a display")
        return False
    return not bad


def _quantity(item: FormItem, value: object, place: str, faults: Faults) -> bool:
    if not known_names(value, QUANTITY, place, faults) or not isinstance(value, dict):
        return False
    if not is_decimal(value.get("value")):
        faults.error(Code.VALUE, f"{place}.value", f"{item.link} must have a number")
        return False
    if str(value.get("comparator", "<")) not in COMPARATORS:
        faults.error(Code.VALUE, f"{place}.comparator", "is none of < <= >= > ad")
    if "code" in value and "system" not in value:
        faults.error(Code.STRUCTURE, place, "a unit's code needs its system (qty-3)")
    return True


def _reference(item: FormItem, value: object, place: str, faults: Faults) -> bool:
    if not known_names(value, REFERENCE, place, faults) or not isinstance(value, dict):
        return False
    found = value.get("reference")
    if found is None:
        if "identifier" in value or "display" in value:
            return True
        faults.error(Code.VALUE, place, f"{item.link} refers to nothing")
        return False
    if not is_uri(found):
        faults.error(Code.VALUE, f"{place}.reference", f"{item.link} is no good address")
        return False
    kind = referred_type(value)
    if kind is not None and kind not in RESOURCE_TYPES:
        text = f"{item.link} refers to {kind[:40]!r}, which is no type of resource"
        faults.error(Code.VALUE, f"{place}.reference", text)
        return False
    return True


def referred_type(reference: Mapping[str, object]) -> str | None:
    """Return the type of resource that a reference names, None where it names none."""
    said = reference.get("type")
    if isinstance(said, str):
        return said
    found = str(reference.get("reference"))
    if found.startswith(("#", "urn:")):
        return None
    matched = TYPED_REFERENCE.fullmatch(found.split("#", 1)[0].split("|", 1)[0])
    return matched.group(1) if matched else None


def _attachment(item: FormItem, value: object, place: str, faults: Faults) -> bool:
    if not known_names(value, ATTACHMENT, place, faults) or not isinstance(value, dict):
        return False
    is_good = True
    size = attachment_size(value)
    if "data" in value and size is None:
        faults.error(Code.VALUE, f"{place}.data", f"{item.link} is not base64")
        is_good = False
    if "data" in value and "contentType" not in value:
        faults.error(Code.STRUCTURE, place, "data needs its contentType (att-1)")
        is_good = False
    if "size" in value and not is_integer(value["size"]):
        faults.error(Code.VALUE, f"{place}.size", "must be a whole number of bytes")
        is_good = False
    elif "data" in value and size is not None and value.get("size", size) != size:
        text = f"says {value['size']} bytes, the data has {size}"
        faults.error(Code.VALUE, f"{place}.size", text)
        is_good = False
    if "url" in value and not is_uri(value["url"]):
        faults.error(Code.VALUE, f"{place}.url", f"{item.link} is no good address")
        is_good = False
    return is_good


def attachment_size(value: Mapping[str, object]) -> int | None:
    """Return the length of the data in bytes, or what `size` says where there is none."""
    data = value.get("data")
    if not isinstance(data, str):
        size = value.get("size")
        return size if isinstance(size, int) else None
    try:
        return len(b64decode("".join(data.split()), validate=True))
    except (Base64Error, ValueError):
        return None


SHAPES: Mapping[str, Callable[[FormItem, object, str, Faults], bool]] = {
    "valueCoding": _coding,
    "valueQuantity": _quantity,
    "valueReference": _reference,
    "valueAttachment": _attachment,
}
