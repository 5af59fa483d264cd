import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateways import r4
from tirek.domain.delivery import ReceiptStatus
from tirek.domain.fhir import FhirError, FhirOrder, TaskStatus, read_task

REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
ORDER = FhirOrder(
    referral=UUID("66666666-7777-8888-9999-000000000000"),
    reference=REFERENCE,
    subject=UUID("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
    performer=UUID("bbbbbbbb-cccc-dddd-eeee-ffffffffffff"),
    requester="https://tirek.example.kz",
    authored_at=datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC),
    link="https://tirek.example.kz/kk/psc/referrals/66666666",
)


def _bundle(order: FhirOrder = ORDER) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(order.body())
    return found


def _resources(order: FhirOrder = ORDER) -> tuple[dict[str, Any], dict[str, Any]]:
    request, task = (entry["resource"] for entry in _bundle(order)["entry"])
    return request, task


def test_what_leaves_keeps_the_rules_of_r4():
    assert r4.faults(_bundle()) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("entry", 0, "resource", "subject"), None, "ServiceRequest.subject: missing"),
        (("entry", 1, "resource", "status"), "open", "Task.status: open is none"),
        (("entry", 1, "resource", "owners"), [], "Task.owners: unknown"),
        (("entry", 1, "request"), None, "bdl-3"),
        (("entry", 1, "resource", "focus", "reference"), "urn:uuid:x", "leads nowhere"),
        (("entry", 1, "resource", "lastModified"), "2026-11-22T09:30:14+00:00", "inv-1"),
        (("entry", 0, "resource", "authoredOn"), "22.11.2026", "no dateTime"),
        (("entry", 0, "resource", "performer"), {}, "a list where"),
    ],
)
def test_the_rules_would_notice(path: tuple[Any, ...], value: object, fault: str):
    bundle = _bundle()
    place: Any = bundle
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    if fault == "bdl-3":
        place["request"] = {"method": "POST", "url": "ServiceRequest"}
        fault = "http: a create"
    assert any(fault in each for each in r4.faults(bundle))


def test_the_task_asks_for_the_request_and_both_are_known_again():
    request, task = _bundle()["entry"]
    assert task["resource"]["focus"]["reference"] == request["fullUrl"]
    assert request["request"]["ifNoneExist"] == (
        f"identifier=urn:ietf:rfc:3986|urn:uuid:{ORDER.referral}"
    )
    assert task["request"]["ifNoneExist"] == f"identifier=urn:ietf:rfc:3986|urn:uuid:{REFERENCE}"
    assert task["resource"]["status"] == "requested"
    for entry in (request, task):
        [identifier] = entry["resource"]["identifier"]
        assert entry["request"]["ifNoneExist"].endswith(identifier["value"])


def test_the_same_message_is_the_same_bytes():
    assert ORDER.body() == replace(ORDER).body()


def test_a_second_message_about_a_referral_asks_anew_for_the_same_request():
    other = replace(ORDER, reference=uuid4())
    (request, task), (other_request, other_task) = _resources(), _resources(other)
    assert request == other_request
    assert task["identifier"] != other_task["identifier"]


def test_nothing_tells_who_the_child_is_or_how_urgent_it_is():
    """Every leaf that leaves is one of these; a new one has to be thought about here."""
    ours = {
        "ServiceRequest", "Task", "Patient", "Organization", "active", "order", "asap",
        "Psychological support", "requested", "fulfill", "Page to open", "urn:ietf:rfc:3986",
        "http://hl7.org/fhir/CodeSystem/task-code", "2026-11-22T09:30:15+00:00",
        ORDER.requester, ORDER.link,
    }  # fmt: skip
    ids = (ORDER.referral, REFERENCE, ORDER.subject, ORDER.performer)
    ours |= {f"urn:uuid:{each}" for each in ids}
    focus = _resources()[1]["focus"]["reference"]
    for resource in _resources():
        assert set(_leaves(resource)) <= ours | {focus}
        assert not {"restriction", "reasonCode", "occurrenceDateTime", "note"} & resource.keys()


def test_the_priority_does_not_depend_on_anything():
    assert {resource["priority"] for resource in _resources()} == {"asap"}


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


def _task(**changes: object) -> dict[str, object]:
    """A Task as a receiver's server would send it, with changes; None takes an element away."""
    task = _resources()[1] | {"id": "123", "status": "accepted"} | changes
    return {name: value for name, value in task.items() if value is not None}


RECEIPTS = {
    "draft": "temporary",
    "requested": "temporary",
    "ready": "temporary",
    "on-hold": "temporary",
    "received": "delivered",
    "accepted": "delivered",
    "in-progress": "delivered",
    "completed": "delivered",
    "rejected": "failed",
    "cancelled": "failed",
    "failed": "failed",
    "entered-in-error": "failed",
}


@pytest.mark.parametrize(("status", "receipt"), RECEIPTS.items())
def test_each_status_of_r4_is_understood(status: str, receipt: str):
    news = read_task(_task(status=status))
    assert news.reference == REFERENCE
    assert news.status == TaskStatus(status)
    assert news.receipt == ReceiptStatus(receipt)
    assert news.provider_reference == "Task/123"


def test_there_are_no_other_statuses():
    assert set(RECEIPTS) == set(TaskStatus) == r4.CODES["Task.status"]


def test_a_task_may_bear_other_identifiers_reasons_and_no_id():
    theirs = {"system": "https://psc.example.kz/tasks", "value": "17"}
    task = _task(
        id=None,
        identifier=[theirs, {"value": "x"}, *_resources()[1]["identifier"]],
        statusReason={"text": "somebody's words, which we do not keep"},
        meta={"versionId": "2"},
        extension=[{"url": "https://psc.example.kz/x", "valueBoolean": True}],
    )
    news = read_task(task)
    assert (news.reference, news.provider_reference) == (REFERENCE, None)


OURS = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{REFERENCE}"}
FAULTS = [
    ({"resourceType": "Patient"}, "resourceType: must be Task"),
    ({"resourceType": None}, "resourceType: must be Task"),
    ({"status": None}, "Task.status: must be a text"),
    ({"status": "done"}, "Task.status: is none of task-status"),
    ({"status": ["accepted"]}, "Task.status: must be a text"),
    ({"intent": "plan"}, "Task.intent: must be order"),
    ({"intent": None}, "Task.intent: must be order"),
    ({"implicitRules": "https://x"}, "Task.implicitRules: is not supported"),
    ({"modifierExtension": []}, "Task.modifierExtension: is not supported"),
    ({"identifier": None}, "Task.identifier: must be a list"),
    ({"identifier": OURS}, "Task.identifier: must be a list"),
    ({"identifier": ["x"]}, "Task.identifier: must be an object"),
    ({"identifier": []}, "Task.identifier: must hold one of the system"),
    ({"identifier": [OURS, OURS]}, "Task.identifier: must hold one of the system"),
    ({"identifier": [OURS | {"value": None}]}, "Task.identifier.value: must be a text"),
    ({"identifier": [OURS | {"value": "urn:uuid:7"}]}, "Task.identifier.value: is no urn:uuid"),
    ({"identifier": [OURS | {"value": str(REFERENCE)}]}, "Task.identifier.value: is no urn:uuid"),
    ({"id": 7}, "Task.id: must be a text"),
    ({"id": "a/b"}, "Task.id: is no id"),
    ({"id": ""}, "Task.id: is no id"),
]


@pytest.mark.parametrize(("changes", "fault"), FAULTS)
def test_what_is_not_clear_is_refused_and_the_place_is_named(
    changes: dict[str, object], fault: str
):
    with pytest.raises(FhirError) as raised:
        read_task(_task(**changes))
    assert str(raised.value).startswith(fault)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(anything)
def test_whatever_comes_in_is_refused_and_breaks_nothing(resource: object):
    with pytest.raises(FhirError):
        read_task(resource)


@pytest.mark.parametrize(
    "changes",
    [
        {"resourceType": "Серік"},
        {"status": "Серік"},
        {"intent": "Серік"},
        {"id": "Серік"},
        {"identifier": [OURS | {"value": "urn:uuid:Серік"}]},
    ],
)
def test_a_refusal_never_repeats_what_stood_there(changes: dict[str, object]):
    with pytest.raises(FhirError) as raised:
        read_task(_task(**changes))
    assert "Серік" not in str(raised.value)
