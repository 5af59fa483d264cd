"""Small questionnaires and responses to try the judge on."""

from tirek.catalog.exchange.fault import Fault, Severity
from tirek.catalog.exchange.response_check import check

CORE = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
URL = "https://example.kz/fhir/Questionnaire/pets"
PETS = "https://example.kz/fhir/CodeSystem/pets"
UCUM = "http://unitsofmeasure.org"


def ext(name, kind, value, base=CORE):
    return {"url": base + name, f"value{kind}": value}


def coding(code, **more):
    return {"valueCoding": {"system": PETS, "code": code, **more}}


def text(value):
    return {"valueString": value}


def number(value):
    return {"valueInteger": value}


def asked(kind, link="q1", **more):
    return {"linkId": link, "type": kind, **more}


def given(*answers, link="q1", **more):
    return {"linkId": link, "answer": list(answers), **more}


def form(*items, **more):
    return {
        "resourceType": "Questionnaire",
        "url": URL,
        "version": "2.0.0",
        "status": "active",
        "item": list(items),
        **more,
    }


def answers(*items, **more):
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{URL}|2.0.0",
        "status": "completed",
        **({"item": list(items)} if items else {}),
        **more,
    }


def faults(questionnaire, response) -> list[Fault]:
    return check(questionnaire, response)


def errors(questionnaire, response) -> list[str]:
    found = faults(questionnaire, response)
    return [fault.place for fault in found if fault.severity is Severity.ERROR]


def warnings(questionnaire, response) -> list[str]:
    found = faults(questionnaire, response)
    return [fault.place for fault in found if fault.severity is Severity.WARNING]


FIRST = "QuestionnaireResponse.item[0].answer[0]"
OPTIONS = [coding("cat", display="Cat"), coding("dog", display="Dog"), coding("none")]
