"""Whatever stands in a foreign form: a draft that can be written and read, or a sentence."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.catalog.exchange.test_response_fuzz import FORM, damaged
from tirek.catalog.exchange import fhir_read, lforms
from tirek.catalog.exchange.draft import write_draft
from tirek.catalog.exchange.fhir_names import FhirVersion
from tirek.catalog.exchange.fhir_write import questionnaire
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.wanted import Wanted
from tirek.catalog.instrument_files import read_files

FILES, _ = read_files(Path(__file__).resolve().parents[4] / "instruments" / "asq" / "1")
assert FILES is not None
LFORMS = {
    "name": "Mood",
    "items": [
        {
            "questionCode": "a",
            "question": "Low?",
            "dataType": "CNE",
            "answers": [{"code": "x", "text": "No", "score": 0}],
        },
        {
            "questionCode": "g",
            "items": [{"linkId": "b", "question": "T?", "answerCardinality": {"min": "1"}}],
        },
    ],
}
WHOLE = {
    "ours": (fhir_read.read, questionnaire(FILES, Wanted(), FhirVersion.R4)),
    "public": (fhir_read.read, questionnaire(FILES, Wanted(is_public=True), FhirVersion.R5)),
    "foreign": (fhir_read.read, FORM),
    "lforms": (lforms.read, LFORMS),
}


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_form_ends_in_a_draft_or_a_sentence(name, data) -> None:
    read, whole = WHOLE[name]
    content = json.dumps(damaged(whole, data.draw), default=str).encode()
    with TemporaryDirectory() as folder:
        try:
            written = write_draft(read(content, "file"), Path(folder))
        except ExchangeError as refused:
            assert refused.place  # noqa: PT017 (either is fine)
            assert not list(Path(folder).rglob("*.yaml"))
        else:
            files, findings = read_files(written)
            assert files is not None or findings
