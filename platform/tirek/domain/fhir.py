"""A referral in the words of FHIR R4: what we ask of a receiver's server, and what it answers.

What leaves is a ServiceRequest and a Task that asks for it. They hold nothing about the child: the
subject is a pseudonym without a Patient behind it, there is no reason, no code of a problem, no
deadline and no level. The priority is `asap` on all of them: without one a server would sort an
immediate referral among the routine ones, and with different ones it would give the levels away.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from tirek.domain.delivery import ReceiptStatus

# FHIR's own system for identifiers that are URIs, such as urn:uuid:….
URI = "urn:ietf:rfc:3986"
TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
PRIORITY = "asap"
RESOURCE_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class FhirError(ValueError):
    """A resource breaks a rule; the text says where, and never repeats what stands there."""


class TaskStatus(StrEnum):
    """Where a receiver stands with what we asked for (FHIR R4 `task-status`)."""

    DRAFT = "draft"
    REQUESTED = "requested"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    READY = "ready"
    CANCELLED = "cancelled"
    IN_PROGRESS = "in-progress"
    ON_HOLD = "on-hold"
    FAILED = "failed"
    COMPLETED = "completed"
    ENTERED_IN_ERROR = "entered-in-error"


RECEIPTS: Mapping[TaskStatus, ReceiptStatus] = {
    # Still as we put it: a server has it, no person.
    TaskStatus.DRAFT: ReceiptStatus.TEMPORARY,
    TaskStatus.REQUESTED: ReceiptStatus.TEMPORARY,
    TaskStatus.READY: ReceiptStatus.TEMPORARY,
    TaskStatus.ON_HOLD: ReceiptStatus.TEMPORARY,
    TaskStatus.RECEIVED: ReceiptStatus.DELIVERED,
    TaskStatus.ACCEPTED: ReceiptStatus.DELIVERED,
    TaskStatus.IN_PROGRESS: ReceiptStatus.DELIVERED,
    TaskStatus.COMPLETED: ReceiptStatus.DELIVERED,
    # It arrived, and nobody there will act: as far as the child goes, it did not arrive.
    TaskStatus.REJECTED: ReceiptStatus.FAILED,
    TaskStatus.CANCELLED: ReceiptStatus.FAILED,
    TaskStatus.FAILED: ReceiptStatus.FAILED,
    TaskStatus.ENTERED_IN_ERROR: ReceiptStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class FhirOrder:
    """What a receiver is asked: to take on one referral."""

    referral: UUID
    # Of this message, the same on every attempt: a repeat creates nothing a second time.
    reference: UUID
    # The child's name for this receiver alone; nobody else can tell who it is.
    subject: UUID
    performer: UUID
    # The address of this Tirek, which is its name among servers.
    requester: str
    authored_at: datetime
    link: str

    def body(self) -> bytes:
        """A transaction Bundle; the same bytes on every attempt."""
        return json.dumps(self._bundle()).encode()

    def _bundle(self) -> dict[str, object]:
        request, task = uuid5(self.reference, "ServiceRequest"), uuid5(self.reference, "Task")
        return {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                _entry(request, self.referral, self._service_request()),
                _entry(task, self.reference, self._task(request)),
            ],
        }

    def _service_request(self) -> dict[str, object]:
        return {
            "resourceType": "ServiceRequest",
            "identifier": [_identifier(self.referral)],
            "status": "active",
            "intent": "order",
            "priority": PRIORITY,
            "code": {"text": "Psychological support"},
            "subject": _named("Patient", _urn(self.subject)),
            "authoredOn": self._authored_on(),
            "requester": _named("Organization", self.requester),
            "performer": [_named("Organization", _urn(self.performer))],
        }

    def _task(self, request: UUID) -> dict[str, object]:
        return {
            "resourceType": "Task",
            "identifier": [_identifier(self.reference)],
            "status": TaskStatus.REQUESTED.value,
            "intent": "order",
            "priority": PRIORITY,
            "code": {"coding": [{"system": TASK_CODES, "code": "fulfill"}]},
            "focus": {"reference": _urn(request), "type": "ServiceRequest"},
            "for": _named("Patient", _urn(self.subject)),
            "authoredOn": self._authored_on(),
            "lastModified": self._authored_on(),
            "requester": _named("Organization", self.requester),
            "owner": _named("Organization", _urn(self.performer)),
            "input": [{"type": {"text": "Page to open"}, "valueUrl": self.link}],
        }

    def _authored_on(self) -> str:
        return self.authored_at.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class TaskNews:
    """What a receiver's server says about one of our Tasks."""

    reference: UUID
    status: TaskStatus
    # The Task's name on that server, as in `Task/123`, where it says one.
    provider_reference: str | None

    @property
    def receipt(self) -> ReceiptStatus:
        """What that means for the message."""
        return RECEIPTS[self.status]


def read_task(resource: object) -> TaskNews:
    """Read a Task that came in; raise `FhirError` unless it is one of ours and clear."""
    task = _object(resource, "the resource")
    if task.get("resourceType") != "Task":
        raise FhirError("resourceType: must be Task")
    for name in ("implicitRules", "modifierExtension"):
        # These may turn the meaning of all the rest around, and we know none of them.
        if name in task:
            raise FhirError(f"Task.{name}: is not supported")
    if task.get("intent") != "order":
        raise FhirError("Task.intent: must be order, as it was sent")
    try:
        status = TaskStatus(_text(task.get("status"), "Task.status"))
    except ValueError as error:
        raise _in_place(error, "Task.status: is none of task-status") from None
    return TaskNews(_our_identifier(task.get("identifier")), status, _task_name(task.get("id")))


def _in_place(error: ValueError, text: str) -> FhirError:
    return error if isinstance(error, FhirError) else FhirError(text)


def _our_identifier(identifiers: object) -> UUID:
    if not isinstance(identifiers, list):
        raise FhirError("Task.identifier: must be a list that holds the one which was sent")
    places = [_object(each, "Task.identifier") for each in identifiers]
    values = [each.get("value") for each in places if each.get("system") == URI]
    if len(values) != 1:
        raise FhirError(f"Task.identifier: must hold one of the system {URI}")
    text = _text(values[0], "Task.identifier.value")
    try:
        found = UUID(text.removeprefix("urn:uuid:"))
    except ValueError:
        raise FhirError("Task.identifier.value: is no urn:uuid") from None
    if text != _urn(found):
        raise FhirError("Task.identifier.value: is no urn:uuid")
    return found


def _task_name(resource_id: object) -> str | None:
    if resource_id is None:
        return None
    text = _text(resource_id, "Task.id")
    if not RESOURCE_ID.fullmatch(text):
        raise FhirError("Task.id: is no id")
    return f"Task/{text}"


def _object(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise FhirError(f"{place}: must be an object")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise FhirError(f"{place}: must be a text")
    return value


def _entry(name: UUID, known_as: UUID, resource: dict[str, object]) -> dict[str, object]:
    """An entry that creates its resource unless one of this identifier is there already."""
    return {
        "fullUrl": _urn(name),
        "resource": resource,
        "request": {
            "method": "POST",
            "url": resource["resourceType"],
            "ifNoneExist": f"identifier={URI}|{_urn(known_as)}",
        },
    }


def _identifier(value: UUID) -> dict[str, str]:
    return {"system": URI, "value": _urn(value)}


def _named(kind: str, uri: str) -> dict[str, object]:
    """A reference by name only: there is no such resource to be read anywhere."""
    return {"type": kind, "identifier": {"system": URI, "value": uri}}


def _urn(value: UUID) -> str:
    return f"urn:uuid:{value}"
