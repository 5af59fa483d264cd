"""The names by which FHIR knows what we say: versions, extensions, types (screening §3.7, §4)."""

from enum import StrEnum

CORE = "http://hl7.org/fhir/StructureDefinition/"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"
# Our own extensions live below the addresses of our instruments.
OWN = "https://tirek.example/fhir/StructureDefinition/"

ITEM_WEIGHT = CORE + "itemWeight"
ORDINAL_VALUE = CORE + "ordinalValue"
# The newer names first; the last two are STU3's.
WEIGHTS = (
    ITEM_WEIGHT,
    ORDINAL_VALUE,
    CORE + "questionnaire-ordinalValue",
    CORE + "valueset-ordinalValue",
    CORE + "questionnaire-optionScore",
)
TRANSLATION = CORE + "translation"
DERIVATION = CORE + "questionnaire-derivationType"
DERIVATIONS = "http://hl7.org/fhir/questionnaire-derivationType"
HIDDEN = CORE + "questionnaire-hidden"
TARGET_CONSTRAINT = CORE + "targetConstraint"
CONSTRAINTS = (TARGET_CONSTRAINT, CORE + "questionnaire-constraint")
ABSENT = CORE + "data-absent-reason"
CALCULATED = SDC + "sdc-questionnaire-calculatedExpression"
ENABLE_WHEN_EXPRESSIONS = (
    SDC + "sdc-questionnaire-enableWhenExpression",
    CORE + "questionnaire-enableWhenExpression",
)
VERSION_ALGORITHM = CORE + "artifact-versionAlgorithm"
VERSION_ALGORITHMS = "http://hl7.org/fhir/version-algorithm"

PART = OWN + "instrument-part"
RELEASE = OWN + "instrument-release"
WORDING_STATUS = OWN + "wording-status"
HASHES = OWN + "instrument-hashes"

SCORE_PREFIX = "score."
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


class FhirVersion(StrEnum):
    """The releases of FHIR that we write."""

    R4 = "4.0.1"
    R5 = "5.0.0"

    @property
    def choice(self) -> str:
        """The type of an item with options."""
        return "choice" if self is FhirVersion.R4 else "coding"


def code_system(url: str, option_set: str) -> str:
    """Return the address of the code system that an instrument's option set stands for."""
    return f"{url.replace('/Questionnaire/', '/CodeSystem/')}-{option_set}"


def grouped(url: str, **values: str) -> dict[str, object]:
    """Return one of our own extensions, its texts by name inside it."""
    inner = [{"url": name, "valueString": str(value)} for name, value in values.items()]
    return {"url": url, "extension": inner}


def translations(strings: dict[str, str]) -> dict[str, object]:
    """Return the `_text` or `_display` that says the same in each language."""
    return {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": lang},
                    {"url": "content", "valueString": text},
                ],
            }
            for lang, text in strings.items()
        ]
    }
