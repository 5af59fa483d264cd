"""Whatever stands in a form or a response: the judge ends, and says places; it never breaks."""

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.catalog.exchange.fhir_forms import CORE, PETS, SDC, URL
from tests.world import the_catalog
from tirek.catalog.exchange.foreign import ExchangeError, read_json
from tirek.catalog.exchange.records import fhir_results
from tirek.catalog.exchange.records.record import Record, Scored
from tirek.catalog.exchange.response_check import check
from tirek.domain.instruments import Answer
from tirek.domain.scoring import score

GAD = the_catalog().instruments["gad-7"]
FORM = {
    "resourceType": "Questionnaire",
    "url": URL,
    "version": "1",
    "status": "active",
    "effectivePeriod": {"start": "2024", "end": "2027"},
    "item": [
        {
            "linkId": "q1",
            "type": "choice",
            "required": True,
            "answerOption": [{"valueCoding": {"system": PETS, "code": "cat", "display": "Cat"}}],
            "extension": [
                {
                    "url": CORE + "targetConstraint",
                    "extension": [{"url": "expression", "valueString": "answer.count() > 0"}],
                }
            ],
        },
        {
            "linkId": "q2",
            "type": "quantity",
            "enableWhen": [
                {"question": "q1", "operator": "=", "answerCoding": {"system": PETS, "code": "cat"}}
            ],
            "extension": [
                {"url": SDC + "sdc-questionnaire-maxQuantity", "valueQuantity": {"value": 5}},
                {"url": CORE + "questionnaire-unitOption", "valueCoding": {"code": "kg"}},
            ],
        },
        {
            "linkId": "g",
            "type": "group",
            "repeats": True,
            "item": [
                {"linkId": "q3", "type": "string", "maxLength": 5},
                {"linkId": "q4", "type": "attachment"},
                {"linkId": "q5", "type": "reference"},
                {"linkId": "q6", "type": "dateTime"},
            ],
        },
    ],
}
RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "questionnaire": f"{URL}|1",
    "status": "completed",
    "authored": "2026-11-22",
    "item": [
        {"linkId": "q1", "answer": [{"valueCoding": {"system": PETS, "code": "cat"}}]},
        {"linkId": "q2", "answer": [{"valueQuantity": {"value": 3, "unit": "kg"}}]},
        {
            "linkId": "g",
            "item": [
                {"linkId": "q3", "answer": [{"valueString": "abc"}]},
                {"linkId": "q4", "answer": [{"valueAttachment": {"data": "aGk="}}]},
                {"linkId": "q5", "answer": [{"valueReference": {"reference": "Patient/1"}}]},
                {"linkId": "q6", "answer": [{"valueDateTime": "2024-02-29T09:30:00Z"}]},
            ],
        },
    ],
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=3),
    st.sampled_from(["q1", "q2", "g", "2024-13", "0001-01-01T00:00:00+14:00", "[", "=", "#x"]),
    st.lists(st.integers(0, 1), max_size=2),
    st.dictionaries(st.sampled_from(["linkId", "url", "value", "code", "item"]), st.integers(0, 1)),
)


def paths(value, at=()):
    """Every place of a JSON value, as the keys that lead to it."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in inner:
        if isinstance(child, dict | list):
            yield from paths(child, (*at, key))
        else:
            yield (*at, key)


def damaged(whole, draw: Callable) -> object:
    """Put something odd in up to three places of a copy."""
    copy = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(paths(copy))[1:]))
        place = copy
        for key in way:
            place = place[key]
        place[last] = draw(ODD)
    return read_json(json.dumps(copy).encode())


def test_the_whole_pair_is_fine_but_for_its_attachment() -> None:
    found = check(FORM, RESPONSE)
    assert [fault.place for fault in found] == [
        "QuestionnaireResponse.item[1].answer[0]",
        "QuestionnaireResponse.item[2].item[1].answer[0].valueAttachment",
    ]


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_a_damaged_response_is_judged_to_its_end(data) -> None:
    for fault in check(FORM, damaged(RESPONSE, data.draw)):
        assert fault.text
        assert fault.place.startswith("Questionnaire")


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_a_damaged_form_is_judged_to_its_end(data) -> None:
    for fault in check(damaged(FORM, data.draw), RESPONSE):
        assert fault.text
        assert fault.place.startswith("Questionnaire")


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_results_end_in_records_or_a_sentence(data) -> None:
    answers = {item.id: Answer.read("1") for item in GAD.items}
    record = Record("", {"record": "1", "language": "kk", "ended": "2026-11-22"}, answers)
    whole = json.loads(fhir_results.write(GAD, [Scored(record, score(GAD, answers), ())]))
    content = json.dumps(damaged(whole, data.draw), default=str).encode()
    try:
        table = fhir_results.read(GAD, content)
    except ExchangeError as refused:
        assert refused.place  # noqa: PT017 (either is fine)
        assert refused.reason  # noqa: PT017
    else:
        # What is taken can be scored.
        assert all(score(GAD, one.answers) for one in table.records)
