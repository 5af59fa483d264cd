"""One fault of a response: what is wrong, how badly, and where, as a FHIRPath."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """An error makes a response invalid; a warning is for a person to look at."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """The kind of a fault, in the words of FHIR's issue-type."""

    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    INVARIANT = "invariant"
    CODE_INVALID = "code-invalid"
    NOT_FOUND = "not-found"
    NOT_SUPPORTED = "not-supported"
    BUSINESS_RULE = "business-rule"


@dataclass(frozen=True, slots=True)
class Fault:
    """One sentence and its place."""

    severity: Severity
    code: Code
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.text}"


@dataclass(slots=True)
class Faults:
    """What has been found so far, in the order in which it was found."""

    found: list[Fault] = field(default_factory=list)

    def error(self, code: Code, place: str, text: str) -> None:
        """Keep what makes the response invalid."""
        self.found.append(Fault(Severity.ERROR, code, place, text))

    def warn(self, code: Code, place: str, text: str) -> None:
        """Keep what a person should look at."""
        self.found.append(Fault(Severity.WARNING, code, place, text))

    def either(self, code: Code, place: str, text: str, *, is_error: bool) -> None:
        """Keep a fault whose weight depends on the circumstances."""
        severity = Severity.ERROR if is_error else Severity.WARNING
        self.found.append(Fault(severity, code, place, text))


def operation_outcome(faults: Iterable[Fault]) -> dict[str, object]:
    """Return the faults as an OperationOutcome; no faults are said too."""
    issues = [
        {
            "severity": str(fault.severity),
            "code": str(fault.code),
            "details": {"text": fault.text},
            "expression": [fault.place],
        }
        for fault in faults
    ]
    fine = {"severity": "information", "code": "informational", "details": {"text": "All OK"}}
    return {"resourceType": "OperationOutcome", "issue": issues or [fine]}
