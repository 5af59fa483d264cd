"""The rules of FHIR R4 (4.0.1) for what we send: elements, how often, codes, invariants."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
URI = re.compile(r"\S+")
PRIORITIES = {"routine", "urgent", "asap", "stat"}
RESOURCE_TYPES = {"Patient", "Organization", "ServiceRequest", "Task"}


@dataclass(frozen=True)
class Element:
    """How often an element may stand, and what it is."""

    kind: str
    least: int = 0
    is_list: bool = False


def _one(kind: str) -> Element:
    return Element(kind, 1)


def _some(kind: str) -> Element:
    return Element(kind, 0, is_list=True)


# Of every type the elements that we may want; one that is not here is refused, right or not.
TYPES: dict[str, dict[str, Element]] = {
    "Identifier": {"system": Element("uri"), "value": Element("string")},
    "Coding": {"system": Element("uri"), "code": Element("code"), "display": Element("string")},
    "CodeableConcept": {"coding": _some("Coding"), "text": Element("string")},
    "Reference": {
        "reference": Element("string"),
        "type": Element("uri"),
        "identifier": Element("Identifier"),
        "display": Element("string"),
    },
    "Bundle": {"type": _one("code"), "entry": _some("Entry")},
    "Entry": {
        "fullUrl": Element("uri"),
        "resource": Element("Resource"),
        "request": Element("Request"),
    },
    "Request": {"method": _one("code"), "url": _one("uri"), "ifNoneExist": Element("string")},
    "ServiceRequest": {
        "identifier": _some("Identifier"),
        "status": _one("code"),
        "intent": _one("code"),
        "priority": Element("code"),
        "code": Element("CodeableConcept"),
        "subject": _one("Reference"),
        "authoredOn": Element("dateTime"),
        "requester": Element("Reference"),
        "performer": _some("Reference"),
    },
    "Task": {
        "identifier": _some("Identifier"),
        "status": _one("code"),
        "intent": _one("code"),
        "priority": Element("code"),
        "code": Element("CodeableConcept"),
        "focus": Element("Reference"),
        "for": Element("Reference"),
        "authoredOn": Element("dateTime"),
        "lastModified": Element("dateTime"),
        "requester": Element("Reference"),
        "owner": Element("Reference"),
        "input": _some("Input"),
    },
    "Input": {"type": _one("CodeableConcept"), "valueUrl": _one("uri")},
}
CODES = {
    "Bundle.type": {"transaction"},
    "Request.method": {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"},
    "ServiceRequest.status": {
        "draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown",
    },
    "ServiceRequest.intent": {
        "proposal", "plan", "directive", "order", "original-order", "reflex-order",
        "filler-order", "instance-order", "option",
    },
    "ServiceRequest.priority": PRIORITIES,
    "Task.status": {
        "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled",
        "in-progress", "on-hold", "failed", "completed", "entered-in-error",
    },
    "Task.intent": {
        "unknown", "proposal", "plan", "order", "original-order", "reflex-order",
        "filler-order", "instance-order", "option",
    },
    "Task.priority": PRIORITIES,
    # http://hl7.org/fhir/CodeSystem/task-code
    "Coding.code": {"approve", "fulfill", "abort", "replace", "change", "suspend", "resume"},
}  # fmt: skip


def faults(bundle: dict[str, Any]) -> list[str]:
    """Everything that breaks a rule, by its place."""
    return [*_faults(bundle, "Bundle", "Bundle"), *_bundle_faults(bundle)]


def _faults(value: Any, kind: str, place: str) -> Iterator[str]:
    if kind == "Resource":
        kind = place = value.get("resourceType", "nothing")
    if kind not in TYPES:
        yield from _primitive_faults(value, kind, place)
        return
    if not isinstance(value, dict) or not value:
        yield f"{place}: is no object, or an empty one"
        return
    named = {"resourceType"} if kind in {"Bundle", *RESOURCE_TYPES} else set()
    yield from (f"{place}.{name}: unknown" for name in value.keys() - TYPES[kind].keys() - named)
    for name, element in TYPES[kind].items():
        yield from _element_faults(value.get(name), element, f"{kind}.{name}")


def _element_faults(value: Any, element: Element, place: str) -> Iterator[str]:
    if value is None:
        if element.least:
            yield f"{place}: missing"
        return
    if isinstance(value, list) is not element.is_list:
        yield f"{place}: a list where there should be none, or the other way round"
        return
    if value == []:
        yield f"{place}: an empty list"
    for each in value if element.is_list else [value]:
        yield from _faults(each, element.kind, place)


def _primitive_faults(value: Any, kind: str, place: str) -> Iterator[str]:
    if not isinstance(value, str) or not value.strip():
        yield f"{place}: an empty text, or none"
    elif kind == "dateTime" and not DATE_TIME.fullmatch(value):
        yield f"{place}: no dateTime"
    elif kind == "uri" and not URI.fullmatch(value):
        yield f"{place}: no uri"
    elif kind == "code" and value not in CODES[place]:
        yield f"{place}: {value} is none of its codes"


def _bundle_faults(bundle: dict[str, Any]) -> Iterator[str]:
    entries = bundle["entry"]
    names = [entry["fullUrl"] for entry in entries]
    if len(set(names)) < len(names):
        yield "bdl-7: two entries share a fullUrl"
    for entry in entries:
        if "request" not in entry:
            yield "bdl-3: an entry of a transaction without a request"
        if "/_history/" in entry["fullUrl"]:
            yield "bdl-8: a fullUrl with a version"
        if entry["request"]["url"] != entry["resource"]["resourceType"]:
            yield "http: a create goes to its own type"
        yield from _reference_faults(entry["resource"], names)
        yield from _date_faults(entry["resource"])


def _reference_faults(value: Any, names: list[str]) -> Iterator[str]:
    """A urn:uuid reference leads to an entry; one by identifier names a known type."""
    if isinstance(value, list):
        for each in value:
            yield from _reference_faults(each, names)
    elif isinstance(value, dict):
        if "reference" in value and value["reference"] not in names:
            yield "a reference that leads nowhere"
        if isinstance(value.get("type"), str) and value["type"] not in RESOURCE_TYPES:
            yield "a reference to an unknown type"
        for each in value.values():
            yield from _reference_faults(each, names)


def _date_faults(resource: dict[str, Any]) -> Iterator[str]:
    authored, modified = resource.get("authoredOn"), resource.get("lastModified")
    if not authored or not modified:
        return
    if datetime.fromisoformat(modified) < datetime.fromisoformat(authored):
        yield "inv-1: modified before it was authored"
