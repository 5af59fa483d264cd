"""One administration as a QuestionnaireResponse: answers with weights, blanks with their reason."""

from collections.abc import Iterator, Mapping

from tirek.catalog.exchange.fhir_items import items
from tirek.catalog.exchange.fhir_names import (
    ABSENT,
    HASHES,
    ITEM_WEIGHT,
    OWN,
    SCORE_PREFIX,
    FhirVersion,
    code_system,
    grouped,
)
from tirek.catalog.exchange.fhir_write import exported_wordings
from tirek.catalog.exchange.records.record import Scored
from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument, Item
from tirek.domain.scoring import ENGINE_VERSION, as_number
from tirek.domain.showing import asked_answers

RECORDS = "https://tirek.example/fhir/NamingSystem/record"
PEOPLE = OWN + "respondent"
# SDC gives an absent item and an item without an answer one meaning, so the reason stands there.
ABSENT_REASONS = {
    AnswerState.DECLINED: "asked-declined",
    AnswerState.SKIPPED: "asked-unknown",
    AnswerState.UNSEEN: "not-asked",
}
Resource = dict[str, object]


def form_of(instrument: Instrument, version: FhirVersion) -> Resource:
    """Return the Questionnaire as far as a response is judged by it, its scores included."""
    wordings = exported_wordings(instrument, None)
    scores = [
        {"linkId": f"{SCORE_PREFIX}{scale.id}", "type": "decimal", "readOnly": True}
        for scale in instrument.scoring.scales
    ]
    return {
        "resourceType": "Questionnaire",
        "url": instrument.structure.url,
        "version": instrument.structure.version,
        "status": "active",
        "item": [*items(instrument, wordings, version, is_public=False), *scores],
    }


def response(instrument: Instrument, one: Scored, version: FhirVersion) -> Resource:
    """Return the response with our hashes; it holds a pseudonym, never a name.

    An answer to an item that later answers hid is left out: it was not to be asked, and no
    response that holds it is valid.
    """
    facts = one.record.facts
    lang = facts.get("language", "")
    answers = asked_answers(instrument, one.record.answers)
    identifier = {"system": RECORDS, "value": facts["record"]}
    resource: Resource = {
        "resourceType": "QuestionnaireResponse",
        "language": lang,
        "extension": [*_hashes(instrument, lang), *_people(facts)],
        # R5 made a list of it.
        "identifier": identifier if version is FhirVersion.R4 else [identifier],
        "questionnaire": f"{instrument.structure.url}|{instrument.structure.version}",
        "status": "completed" if facts.get("ended") else "stopped",
        "subject": {"type": "Patient", "identifier": identifier},
        "authored": facts.get("ended", ""),
        "item": [
            *(_item(instrument, item, answers.get(item.id, UNSEEN)) for item in instrument.items),
            *_scores(one),
        ],
    }
    return {name: value for name, value in resource.items() if value}


def _hashes(instrument: Instrument, lang: str) -> Iterator[Resource]:
    hashes = instrument.hashes
    wording = {"wording": hashes.wordings[lang]} if lang in hashes.wordings else {}
    yield grouped(
        HASHES,
        structure=hashes.structure,
        scoring=hashes.scoring,
        interpretation=hashes.interpretation,
        release=hashes.release,
        engine=ENGINE_VERSION,
        **wording,
    )


def _people(facts: Mapping[str, str]) -> Iterator[Resource]:
    known = {name: facts[name] for name in ("age", "sex") if facts.get(name)}
    if known:
        yield grouped(PEOPLE, **known)


def _item(instrument: Instrument, item: Item, answer: Answer) -> Resource:
    weight = instrument.weight(item.id, answer)
    if answer.code is None or weight is None:
        reason = ABSENT_REASONS[answer.state]
        return {"extension": [{"url": ABSENT, "valueCode": reason}], "linkId": item.id}
    coding = {
        "extension": [{"url": ITEM_WEIGHT, "valueDecimal": as_number(weight)}],
        "system": code_system(instrument.structure.url, item.options),
        "code": answer.code,
    }
    return {"linkId": item.id, "answer": [{"valueCoding": coding}]}


def _scores(one: Scored) -> Iterator[Resource]:
    for score in one.scores:
        if score.value is not None:
            answer = {"valueDecimal": as_number(score.value)}
            yield {"linkId": f"{SCORE_PREFIX}{score.scale}", "answer": [answer]}
