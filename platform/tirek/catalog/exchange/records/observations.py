"""A score as an Observation: a value or the reason for none, what it is pinned to, and who says it.

FHIR lets no Device be a performer, so the engine with its version stands under `device`.
"""

from collections.abc import Iterator
from fractions import Fraction

from tirek.catalog.exchange.fhir_names import (
    ABSENT_REASONS,
    HASHES,
    OBSERVATION_CATEGORY,
    code_system,
    grouped,
)
from tirek.catalog.exchange.records.record import Scored
from tirek.catalog.exchange.records.responses import RECORDS
from tirek.domain.instruments import Instrument
from tirek.domain.scoring import ENGINE_VERSION, ScaleScore, as_number

UCUM = "http://unitsofmeasure.org"
Resource = dict[str, object]


def scale_system(instrument: Instrument) -> str:
    """Return the address of the code system whose codes are the instrument's scales."""
    return code_system(instrument.structure.url, "scales")


def observations(instrument: Instrument, one: Scored, source: str) -> Iterator[Resource]:
    """Yield an Observation for every scale, also for one that is not computable."""
    for score in one.scores:
        yield _observation(instrument, one, score, source)


def _observation(instrument: Instrument, one: Scored, score: ScaleScore, source: str) -> Resource:
    facts, hashes = one.record.facts, instrument.hashes
    identifier = {"system": RECORDS, "value": facts["record"]}
    resource: Resource = {
        "resourceType": "Observation",
        "id": f"score-{score.scale.replace('_', '-')}",
        "contained": [_engine()],
        "extension": [
            grouped(
                HASHES,
                structure=hashes.structure,
                scoring=hashes.scoring,
                interpretation=hashes.interpretation,
                release=hashes.release,
                engine=ENGINE_VERSION,
            )
        ],
        "status": "final",
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "survey"}]}],
        "code": {
            "coding": [{"system": scale_system(instrument), "code": score.scale}],
            "text": f"{instrument.id} {score.scale}",
        },
        "subject": {"type": "Patient", "identifier": identifier},
        "effectiveDateTime": facts.get("ended", ""),
        **_value(score),
        "interpretation": list(_interpretation(instrument, one, score)),
        "component": list(_components(instrument, score)),
        "note": [{"text": f"{score.answered} items answered"}],
        "device": {"reference": "#engine"},
        "derivedFrom": [{"reference": source, "type": "QuestionnaireResponse"}],
    }
    return {name: value for name, value in resource.items() if value or value == 0}


def _components(instrument: Instrument, score: ScaleScore) -> Iterator[Resource]:
    """How unsure an estimate from calibrated items is; a sum has no such figure of its own."""
    if score.error is not None:
        coding = {"system": scale_system(instrument), "code": "standard-error"}
        code = {"coding": [coding], "text": "standard error"}
        yield {"code": code, "valueQuantity": _quantity(score.error)}


def _engine() -> Resource:
    return {
        "resourceType": "Device",
        "id": "engine",
        "manufacturer": "Tirek",
        "version": [{"value": ENGINE_VERSION}],
    }


def _value(score: ScaleScore) -> Resource:
    if score.value is None:
        coding = {"system": ABSENT_REASONS, "code": "error", "display": "Error"}
        text = f"not computable: {score.reason}"
        return {"dataAbsentReason": {"coding": [coding], "text": text}}
    if score.value.denominator == 1:
        return {"valueInteger": score.value.numerator}
    return {"valueQuantity": _quantity(score.value)}


def _quantity(value: Fraction) -> Resource:
    return {"value": as_number(value), "unit": "score", "system": UCUM, "code": "{score}"}


def _interpretation(instrument: Instrument, one: Scored, score: ScaleScore) -> Iterator[Resource]:
    """A band only where the wording it was answered in carries one (design §4)."""
    wording = instrument.wordings.get(one.record.facts.get("language", ""))
    if score.band and wording is not None and not wording.is_working:
        yield {"text": score.band}
