"""The head of a response: is it of this form, in this version, of a time when the form held."""

from collections.abc import Mapping

from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_primitives import is_date_time, order

STATUSES = frozenset({"in-progress", "completed", "amended", "entered-in-error", "stopped"})
NAMES = frozenset(
    {
        *("resourceType", "id", "meta", "implicitRules", "language", "text", "contained"),
        *("extension", "modifierExtension", "identifier", "basedOn", "partOf", "questionnaire"),
        *("status", "subject", "encounter", "authored", "author", "source", "item"),
    }
)
TURNING = ("implicitRules", "modifierExtension")
Resource = Mapping[str, object]


def check_head(questionnaire: Resource, response: Resource, faults: Faults) -> None:
    """Say what is wrong before any answer is looked at."""
    root = "QuestionnaireResponse"
    for name in response:
        if name in TURNING:
            faults.error(Code.NOT_SUPPORTED, f"{root}.{name}", "may turn the meaning of the rest")
        elif name.removeprefix("_") not in NAMES:
            faults.error(Code.STRUCTURE, f"{root}.{name}", "is no element of FHIR here")
    status = response.get("status")
    if str(status) not in STATUSES:
        text = "is missing" if status is None else "is none of the statuses of a response"
        faults.error(Code.REQUIRED if status is None else Code.VALUE, f"{root}.status", text)
    authored = response.get("authored")
    if authored is not None and not is_date_time(authored):
        faults.error(Code.VALUE, f"{root}.authored", "is no date, nor a time with its zone")
    _check_reference(questionnaire, response, faults)
    _check_validity(questionnaire, authored, faults)


def _check_reference(questionnaire: Resource, response: Resource, faults: Faults) -> None:
    place = "QuestionnaireResponse.questionnaire"
    named = response.get("questionnaire")
    # STU3 wrote {"reference": …}.
    if isinstance(named, dict):
        named = named.get("reference")
    if named is None:
        faults.warn(Code.REQUIRED, place, "is missing: nobody says which form was answered")
        return
    if not isinstance(named, str):
        faults.error(Code.VALUE, place, "is no address")
        return
    if named.startswith("#"):
        return
    address, _, version = named.partition("|")
    ours, our_version = questionnaire.get("url"), questionnaire.get("version")
    if isinstance(ours, str) and address != ours:
        faults.error(Code.NOT_FOUND, place, "names another Questionnaire than this one")
    elif version and isinstance(our_version, str) and version != our_version:
        text = f"names version {version[:40]}, this Questionnaire is version {our_version[:40]}"
        faults.error(Code.NOT_FOUND, place, text)


def _check_validity(questionnaire: Resource, authored: object, faults: Faults) -> None:
    """A form that is not in force is a warning: its answers are still answers."""
    place = "QuestionnaireResponse.questionnaire"
    status = str(questionnaire.get("status"))
    if status in {"draft", "retired"}:
        faults.warn(Code.BUSINESS_RULE, place, f"the Questionnaire is {status}")
    period = questionnaire.get("effectivePeriod")
    if not isinstance(period, dict) or authored is None:
        return
    if order(authored, period.get("start")) == -1:
        faults.warn(Code.BUSINESS_RULE, place, "was answered before the Questionnaire was in force")
    if order(authored, period.get("end")) == 1:
        faults.warn(Code.BUSINESS_RULE, place, "was answered after the Questionnaire was in force")
