"""The public validator cases of FHIR, where they lie beside the repository."""

import json
from pathlib import Path

import pytest

from tirek.catalog.exchange.fault import Severity
from tirek.catalog.exchange.foreign import read_object
from tirek.catalog.exchange.response_check import check

CASES = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir-questionnaire-cases"
EXPECTED = (
    json.loads((CASES / "expected.json").read_text("utf-8"))
    if (CASES / "expected.json").exists()
    else []
)
# (errors, warnings) that the authors of the cases count (their manifest; fatal counts as error).
COUNTS = {
    "choice-answer-option": (1, 0),
    "date-min-max": (2, 0),
    "date-time-min-max": (2, 0),
    "decimal-min-max": (2, 0),
    "group-required": (1, 0),
    "group-with-string-invalid-nesting": (3, 0),
    "invariant-questionnaire": (0, 1),
    "questionnaire-inactive-end": (0, 1),
    "questionnaire-retired": (0, 1),
    "string-min-max-length": (2, 0),
    "url-value": (2, 0),
}


@pytest.mark.skipif(not EXPECTED, reason="the public cases are not beside this checkout")
@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["case"])
def test_a_public_case_is_judged_as_its_authors_do(case) -> None:
    name = case["case"]
    form = read_object((CASES / f"{name}-q.json").read_bytes(), "Questionnaire")
    answers = read_object((CASES / f"{name}-qr.json").read_bytes(), "QuestionnaireResponse")
    faults = check(form, answers)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    assert (not errors) is case["valid"], [str(fault) for fault in faults]
    assert all(fault.text and fault.place.startswith("Questionnaire") for fault in faults)
    if name in COUNTS:
        assert (len(errors), len(faults) - len(errors)) == COUNTS[name]
