"""The constraints that a Questionnaire puts into FHIRPath, judged as far as we read it.

One that cannot be read is never passed over in silence: it is a warning that it was not judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tirek.catalog.exchange.fault import Code, Faults
from tirek.catalog.exchange.fhir_names import CONSTRAINTS
from tirek.catalog.exchange.fhirpath import Spent, evaluate
from tirek.catalog.exchange.fhirpath_functions import truth
from tirek.catalog.exchange.fhirpath_text import FhirPathError
from tirek.catalog.exchange.foreign import extensions, value_of

Resource = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the expressions of one form may name, how long they may take, and how they weigh."""

    variables: Mapping[str, object]
    is_final: bool
    together: Spent = field(default_factory=Spent)


def check_constraints(
    element: Resource, answered: Resource, scope: Scope, place: str, faults: Faults
) -> None:
    """Say which constraints of a form's element do not hold of what answers it."""
    variables = {**scope.variables, "qitem": element}
    for constraint in extensions(element, *CONSTRAINTS):
        said = _said(constraint)
        expression, human = said.get("expression", ""), said.get("human", "")
        try:
            holds = truth(evaluate(expression, answered, variables, scope.together))
        except FhirPathError as error:
            text = f"the constraint {said.get('key', '')} was not judged: {error}"
            faults.warn(Code.NOT_SUPPORTED, place, text)
            continue
        if not holds:
            is_error = said.get("severity") != "warning" and scope.is_final
            text = human or f"the constraint {said.get('key', '')} does not hold"
            faults.either(Code.INVARIANT, place, text, is_error=is_error)


def _said(constraint: Resource) -> dict[str, str]:
    inner = constraint.get("extension")
    found = {}
    for each in inner if isinstance(inner, list) else []:
        value = value_of(each) if isinstance(each, dict) else None
        if value is not None:
            content = value[1].get("expression") if isinstance(value[1], dict) else value[1]
            found[str(each["url"])] = str(content)
    return found
