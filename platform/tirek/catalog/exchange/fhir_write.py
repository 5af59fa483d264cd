"""A release of an instrument as a FHIR Questionnaire, R4 or R5, with nothing lost.

What FHIR has a word for is said in FHIR. The rest (scoring rules, interpretation, golden cases,
sources, licence, wording status) travels word for word in our own extensions, one JSON a part.
"""

import json
from collections.abc import Iterator
from decimal import Decimal

from tirek.catalog.exchange.fhir_expression import score_expression
from tirek.catalog.exchange.fhir_items import items
from tirek.catalog.exchange.fhir_names import (
    CALCULATED,
    DERIVATION,
    DERIVATIONS,
    HIDDEN,
    PART,
    RELEASE,
    SCORE_PREFIX,
    VERSION_ALGORITHM,
    VERSION_ALGORITHMS,
    WORDING_STATUS,
    FhirVersion,
    grouped,
    translations,
)
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.yaml_subset import Data
from tirek.domain.instruments import Instrument, ReleaseStatus, Wording, WordingStatus

STATUSES = {
    ReleaseStatus.DRAFT: "draft",
    ReleaseStatus.PILOT: "active",
    ReleaseStatus.APPROVED: "active",
    ReleaseStatus.RETIRED: "retired",
}
Resource = dict[str, object]


def write(files: InstrumentFiles, wanted: Wanted, version: FhirVersion) -> bytes:
    """Return the Questionnaire as JSON; raise ExchangeError for a language that is not there."""
    text = json.dumps(questionnaire(files, wanted, version), ensure_ascii=False, indent=2)
    return (text + "\n").encode()


def questionnaire(files: InstrumentFiles, wanted: Wanted, version: FhirVersion) -> Resource:
    """Return the Questionnaire; wording only where the licence lets it leave the house."""
    instrument = files.instrument
    wordings = exported_wordings(instrument, wanted.lang)
    structure, licence = instrument.structure, instrument.structure.licence
    titles = {lang: wording.strings["title"] for lang, wording in wordings.items()}
    resource: Resource = {
        "resourceType": "Questionnaire",
        "id": _resource_id(instrument, wanted),
        "language": next(iter(wordings), None),
        "extension": [*_version_algorithm(version), *_own(files, wanted, wordings)],
        "url": structure.url + (f"-{wanted.lang}" if wanted.lang else ""),
        "version": structure.version,
        "name": _computer_name(instrument),
        "title": next(iter(titles.values()), instrument.id),
        "_title": translations(titles) if titles else None,
        "derivedFrom": [f"{structure.url}|{structure.version}"] if wanted.lang else None,
        "_derivedFrom": [_derivation(wordings[wanted.lang])] if wanted.lang in wordings else None,
        "status": STATUSES[instrument.status],
        "experimental": any(wording.is_working for wording in wordings.values()),
        "subjectType": ["Patient"],
        "publisher": "Tirek",
        "copyright": f"{licence.holder}. {licence.terms}",
        "code": [{"system": system, "code": code} for system, code in structure.codes],
        "item": [
            *items(instrument, wordings, version, is_public=wanted.is_public),
            *([] if wanted.is_public else _scores(instrument, wordings)),
        ],
    }
    if version is FhirVersion.R5:
        algorithm = {"system": VERSION_ALGORITHMS, "code": "semver"}
        resource |= {"versionAlgorithmCoding": algorithm, "copyrightLabel": licence.holder}
    return {name: value for name, value in resource.items() if value not in (None, [])}


def exported_wordings(instrument: Instrument, lang: str | None) -> dict[str, Wording]:
    """Return the wordings that may leave the house, the first language being the form's own."""
    if lang is not None and lang not in instrument.wordings:
        raise ExchangeError(instrument.id, f"has no wording in {lang!r}")
    if not instrument.structure.licence.may["export_wording"]:
        return {}
    return {each: wording for each, wording in instrument.wordings.items() if lang in (None, each)}


def _derivation(wording: Wording) -> Resource:
    """How sure it is that a language asks the same: only proof lets FHIR say `validAgainst`."""
    is_proved = wording.status is WordingStatus.VALIDATED
    coding = {"system": DERIVATIONS, "code": "validAgainst" if is_proved else "compliesWith"}
    return {"extension": [{"url": DERIVATION, "valueCoding": coding}]}


def _resource_id(instrument: Instrument, wanted: Wanted) -> str:
    parts = [instrument.id, str(instrument.major), wanted.lang or ""]
    return "-".join(part for part in parts if part)


def _computer_name(instrument: Instrument) -> str:
    """Return a name that begins with a capital letter and holds only letters and digits (que-0)."""
    return "".join(part.capitalize() for part in f"tirek-{instrument.id}".split("-"))


def _version_algorithm(version: FhirVersion) -> Iterator[Resource]:
    if version is FhirVersion.R4:
        algorithm = {"system": VERSION_ALGORITHMS, "code": "semver"}
        yield {"url": VERSION_ALGORITHM, "valueCoding": algorithm}


def _own(
    files: InstrumentFiles, wanted: Wanted, wordings: dict[str, Wording]
) -> Iterator[Resource]:
    instrument = files.instrument
    for lang, wording in wordings.items():
        yield grouped(WORDING_STATUS, lang=lang, status=wording.status, version=wording.version)
    if wanted.is_public:
        return
    hashes = instrument.hashes
    yield grouped(
        RELEASE,
        label=instrument.release,
        sha256=hashes.release,
        status=instrument.status,
        major=str(instrument.major),
    )
    for name, document in files.documents.items():
        lang = name.removeprefix("wording.")
        is_withheld = lang != name and lang not in wordings
        if name == "release" or is_withheld:
            continue
        yield grouped(PART, name=name, content=written_json(document.data))


def _scores(instrument: Instrument, wordings: dict[str, Wording]) -> Iterator[Resource]:
    for scale in instrument.scoring.scales:
        key = f"scale.{scale.id}"
        titles = {
            lang: wording.strings[key]
            for lang, wording in wordings.items()
            if key in wording.strings
        }
        expression = score_expression(instrument, scale)
        calculated = {"language": "text/fhirpath", "expression": expression}
        found: Resource = {
            "extension": [
                {"url": HIDDEN, "valueBoolean": True},
                *([{"url": CALCULATED, "valueExpression": calculated}] if expression else []),
            ],
            "linkId": f"{SCORE_PREFIX}{scale.id}",
            "text": next(iter(titles.values()), scale.id),
            "_text": translations(titles) if titles else None,
            "type": "decimal",
            "readOnly": True,
            "required": False,
        }
        yield {name: value for name, value in found.items() if value is not None}


def written_json(data: Data) -> str:
    """Return the values as JSON in the order of the file, every number as it was written."""
    match data:
        case dict():
            pairs = (f"{written_json(key)}: {written_json(data[key])}" for key in data)
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(written_json, data)) + "]"
        case Decimal():
            return f"{data:f}"
        case _:
            return json.dumps(data, ensure_ascii=False)
