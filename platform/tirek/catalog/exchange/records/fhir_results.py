"""Records as FHIR: a QuestionnaireResponse each, and an Observation for each score.

A score that stands in a response or beside it is a claim: it is compared with ours and never taken
(SDC lets a stored value override a computed one, which is why).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from uuid import NAMESPACE_URL, UUID, uuid5

from tirek.catalog.exchange.fault import Severity
from tirek.catalog.exchange.fhir_names import ABSENT, HASHES, SCORE_PREFIX, FhirVersion
from tirek.catalog.exchange.fhir_read import inner
from tirek.catalog.exchange.foreign import (
    ExchangeError,
    Remark,
    extensions,
    objects,
    read_json,
    value_of,
)
from tirek.catalog.exchange.records.observations import observations, scale_system
from tirek.catalog.exchange.records.record import (
    MAX_ROWS,
    Record,
    Scored,
    Table,
    TableError,
)
from tirek.catalog.exchange.records.responses import ABSENT_REASONS, PEOPLE, form_of, response
from tirek.catalog.exchange.response_check import check
from tirek.domain.instruments import UNSEEN, Answer, AnswerState, Instrument

STATES = {reason: state for state, reason in ABSENT_REASONS.items()}
# A response that its own author took back, or that is not at its end, is nobody's record.
TAKEN = frozenset({"completed", "amended", "stopped"})
Resource = Mapping[str, object]


def write(
    instrument: Instrument, scored: Iterable[Scored], version: FhirVersion = FhirVersion.R4
) -> bytes:
    """Return a collection Bundle, the same bytes for the same records."""
    entries: list[object] = []
    for one in scored:
        name = _name(instrument, one)
        address = name.urn
        entries.append({"fullUrl": address, "resource": response(instrument, one, version)})
        entries += [
            {"fullUrl": uuid5(name, str(found["id"])).urn, "resource": found}
            for found in observations(instrument, one, address)
        ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return (json.dumps(bundle, ensure_ascii=False, indent=1) + "\n").encode()


def _name(instrument: Instrument, one: Scored) -> UUID:
    parts = [instrument.structure.url, instrument.hashes.release, one.record.facts["record"]]
    return uuid5(NAMESPACE_URL, "|".join(parts))


def read(instrument: Instrument, content: bytes) -> Table:
    """Return the records of a QuestionnaireResponse or of a Bundle of them.

    Raises TableError with every place when a response is not one of this instrument's form, as its
    own Questionnaire judges it, or was given to other items than ours.
    """
    found = list(_resources(read_json(content)))
    if len(found) > MAX_ROWS:
        raise ExchangeError("Bundle.entry", f"holds more than {MAX_ROWS} resources")
    answered = [one for one in found if one[2].get("resourceType") != "Observation"]
    passed = {place: said for place, _, resource in answered if (said := _passed_over(resource))}
    taken = [one for one in answered if one[0] not in passed]
    unfinished = [one for one in answered if _is_unfinished(one[2])]
    form = form_of(instrument, FhirVersion.R4)
    faults = [
        fault
        for place, _, resource in taken
        for fault in _wrong(instrument, _asked(instrument, form, resource), resource, place)
    ]
    if faults:
        raise TableError(faults, _legible(instrument, [*taken, *unfinished]))
    begun = tuple(_legible(instrument, unfinished))
    if not taken:
        raise TableError([Remark("the file", "holds no finished QuestionnaireResponse")], begun)
    claims = _claims(instrument, found)
    records = tuple(
        _record(instrument, resource, place, claims.get(address, {}))
        for place, address, resource in taken
    )
    return Table(records, tuple(Remark(place, said) for place, said in passed.items()), begun)


def _legible(
    instrument: Instrument, taken: Iterable[tuple[str, str, Resource]]
) -> Iterator[Record]:
    """Yield what responses say to our items with our options, whatever else is wrong with them."""
    for place, _, resource in taken:
        try:
            record = _record(instrument, resource, place, {})
        except (ExchangeError, ValueError):
            continue
        answers = {
            item: answer
            for item, answer in record.answers.items()
            if answer.code in {None, *(option.code for option in instrument.options(item))}
        }
        yield Record(place, record.facts, answers)


def _asked(instrument: Instrument, form: Resource, resource: Resource) -> Resource:
    """Return the form under the name that the response gives it: also of one language alone."""
    lang = _asked_in(instrument, resource)
    return {**form, "url": f"{form['url']}-{lang}"} if lang else form


def _asked_in(instrument: Instrument, resource: Resource) -> str:
    """Return the language of the form that the response names, where it names one of its own."""
    url = str(resource.get("questionnaire")).partition("|")[0]
    lang = url.removeprefix(f"{instrument.structure.url}-")
    return lang if lang in instrument.wordings else ""


def _passed_over(resource: Resource) -> str:
    """Say why a resource is nobody's finished answers; nothing when it is."""
    if resource.get("resourceType") != "QuestionnaireResponse":
        return "is no QuestionnaireResponse and was passed over"
    if str(resource.get("status")) not in TAKEN:
        return f"is {str(resource.get('status'))[:40]!r} and was passed over"
    return ""


def _is_unfinished(resource: Resource) -> bool:
    """Whether a person may have answered so and not come to the end; one taken back is none."""
    status = str(resource.get("status"))
    is_ours = resource.get("resourceType") == "QuestionnaireResponse"
    return is_ours and status not in TAKEN | {"entered-in-error"}


def _resources(value: object) -> Iterator[tuple[str, str, Resource]]:
    """Yield place, address and resource of what the file holds."""
    if not isinstance(value, dict):
        raise ExchangeError("the file", "must hold a QuestionnaireResponse or a Bundle")
    if value.get("resourceType") != "Bundle":
        yield str(value.get("resourceType", "the file"))[:40], "", value
        return
    for place, entry in objects(value.get("entry"), "Bundle.entry"):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            raise ExchangeError(f"{place}.resource", "must be an object")
        yield f"{place}.resource", str(entry.get("fullUrl", "")), resource


def _wrong(
    instrument: Instrument, form: Resource, resource: Resource, place: str
) -> Iterator[Remark]:
    """Yield what keeps a response from being this instrument's."""
    for fault in check(form, resource):
        if fault.severity is Severity.ERROR:
            where = fault.place.removeprefix("QuestionnaireResponse").removeprefix(".")
            yield Remark(f"{place}.{where}" if where else place, fault.text)
    # To the form, too much is wrong at the end only; here the first answer would hide the others.
    listed = resource.get("item")
    for number, item in enumerate(listed if isinstance(listed, list) else []):
        answers = item.get("answer") if isinstance(item, dict) else None
        if isinstance(answers, list) and len(answers) > 1:
            yield Remark(f"{place}.item[{number}].answer", "holds more than one answer")
    said = inner(next(extensions(resource, HASHES), {})).get("structure")
    if said and said != instrument.hashes.structure:
        text = "was answered on a structure with another hash than ours"
        yield Remark(f"{place}.extension", text)


def _record(
    instrument: Instrument, resource: Resource, place: str, beside: Mapping[str, Fraction]
) -> Record:
    items = {
        str(item.get("linkId")): item for _, item in objects(resource.get("item"), f"{place}.item")
    }
    answers = {item.id: _answer(items.get(item.id, {})) for item in instrument.items}
    stored = {
        link.removeprefix(SCORE_PREFIX): number
        for link, item in items.items()
        if link.startswith(SCORE_PREFIX) and (number := _number(item)) is not None
    }
    facts = _facts(resource)
    facts["language"] = facts["language"] or _asked_in(instrument, resource)
    return Record(place, facts, answers, {**beside, **stored})


def _answer(item: Resource) -> Answer:
    listed = item.get("answer")
    first = listed[0] if isinstance(listed, list) and listed else {}
    value = value_of(first) if isinstance(first, dict) else None
    if value is not None and isinstance(value[1], dict):
        return Answer(AnswerState.ANSWERED, str(value[1].get("code")))
    reasons = [str(each.get("valueCode")) for each in extensions(item, ABSENT)]
    return Answer(STATES[reasons[0]]) if reasons and reasons[0] in STATES else UNSEEN


def _number(item: Resource) -> Fraction | None:
    listed = item.get("answer")
    first = listed[0] if isinstance(listed, list) and listed else {}
    value = value_of(first) if isinstance(first, dict) else None
    return None if value is None else _fraction(value[1])


def _facts(resource: Resource) -> dict[str, str]:
    identifier = resource.get("identifier")
    named = identifier[0] if isinstance(identifier, list) and identifier else identifier
    record = named.get("value") if isinstance(named, dict) else resource.get("id")
    people = inner(next(extensions(resource, PEOPLE), {}))
    return {
        "record": str(record or ""),
        "language": str(resource.get("language", "")),
        "age": people.get("age", ""),
        "sex": people.get("sex", ""),
        "ended": str(resource.get("authored", "")),
    }


def _claims(
    instrument: Instrument, found: list[tuple[str, str, Resource]]
) -> dict[str, dict[str, Fraction]]:
    """Return the scores that Observations claim, by the response they are derived from."""
    claims: dict[str, dict[str, Fraction]] = {}
    scales = {scale.id for scale in instrument.scoring.scales}
    for place, _, resource in found:
        if resource.get("resourceType") != "Observation":
            continue
        scale = _scale_of(resource, scale_system(instrument))
        number = _observed(resource)
        if scale in scales and number is not None:
            for _, source in objects(resource.get("derivedFrom"), f"{place}.derivedFrom"):
                claims.setdefault(str(source.get("reference")), {})[scale] = number
    return claims


def _scale_of(resource: Resource, system: str) -> str:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and coding.get("system") == system:
            return str(coding.get("code"))
    return ""


def _observed(resource: Resource) -> Fraction | None:
    value = value_of(resource)
    if value is None:
        return None
    return _fraction(value[1].get("value") if isinstance(value[1], dict) else value[1])


def _fraction(content: object) -> Fraction | None:
    """Return the number that a stranger wrote as a score; None for what is none."""
    try:
        return Fraction(str(content))
    except (ValueError, ZeroDivisionError):
        return None
