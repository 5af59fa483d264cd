import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.gateways.stubs import HOST, Mode, running
from tirek.domain.fhir import FhirOrder
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.fhir import FhirEndpoint, HttpFhir
from tirek.gateways.http import Answer, HttpPoster

ORDER = FhirOrder(
    referral=UUID("66666666-7777-8888-9999-000000000000"),
    reference=UUID("11111111-2222-3333-4444-555555555555"),
    subject=uuid4(),
    performer=uuid4(),
    requester="https://tirek.example.kz",
    authored_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    link="https://tirek.example.kz/kk/psc/referrals/66666666",
)
GATEWAY = HttpFhir(HttpPoster(frozenset({HOST}), timeout=0.5))


def test_a_server_takes_both_and_the_task_has_a_name_there():
    with running() as stub:
        found = GATEWAY.send(FhirEndpoint(stub.url("/fhir"), "hush"), ORDER.body())
        request, task = stub.store.taken.values()
    assert found == f"Task/{task.own_reference}"
    assert request.headers["Authorization"] == "Bearer hush"
    assert request.headers["Content-Type"].startswith("application/fhir+json")
    assert (request.kind, task.kind) == ("ServiceRequest", "Task")


def test_a_repeat_after_a_lost_answer_creates_nothing_a_second_time():
    with running(Mode.CUT) as stub:
        to = FhirEndpoint(stub.url("/fhir"), "hush")
        with pytest.raises(OutcomeUnknownError):
            GATEWAY.send(to, ORDER.body())
        stub.behaviour.mode = Mode.WELL
        found = GATEWAY.send(to, ORDER.body())
        request, task = stub.store.taken.values()
        assert (request.times, task.times) == (2, 2)
        assert found == f"Task/{task.own_reference}"
        other = GATEWAY.send(to, replace(ORDER, reference=uuid4()).body())
        assert other != found
        assert len(stub.store.taken) == 3


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.ERROR, GatewayError),
        (Mode.REFUSE, RefusedError),
        (Mode.LOCKED, RefusedError),
        (Mode.HANG, OutcomeUnknownError),
        (Mode.GARBAGE, OutcomeUnknownError),
        (Mode.FLOOD, OutcomeUnknownError),
    ],
)
def test_each_way_to_fail_has_its_name(mode: Mode, error: type[GatewayError]):
    with running(mode) as stub:
        with pytest.raises(GatewayError) as raised:
            GATEWAY.send(FhirEndpoint(stub.url("/fhir"), "hush"), ORDER.body())
        assert type(raised.value) is error


def _answered(said: object) -> str:
    class Said:
        def post(self, *_: object) -> Answer:
            return Answer(200, json.dumps(said).encode())

    return HttpFhir(Said()).send(FhirEndpoint("https://x", "hush"), b"{}")


def _response(status: str = "201 Created", location: object = "Task/1") -> dict[str, object]:
    entry = {"response": {"status": status, "location": location}}
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": [entry]}


@pytest.mark.parametrize(
    "location",
    ["Task/1-a.B", "Task/1-a.B/_history/7", "https://psc.example.kz/r4/Task/1-a.B/_history/7"],
)
def test_the_name_is_found_however_its_place_is_written(location: str):
    assert _answered(_response(location=location)) == "Task/1-a.B"


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"type": "transaction-response"},
        {"type": "transaction-response", "entry": [{}, "x", {"response": []}]},
        {"type": "collection", "entry": []},
        _response(location=None),
        _response(location="Task/"),
        _response(location="ServiceRequest/1"),
    ],
)
def test_a_yes_without_a_name_is_unknown(said: object):
    with pytest.raises(OutcomeUnknownError):
        _answered(said)


def test_half_a_transaction_is_a_refusal():
    both = _response()
    both["entry"] = [*both["entry"], *_response(status="422 Unprocessable")["entry"]]  # type: ignore[misc]
    with pytest.raises(RefusedError, match="all of the transaction"):
        _answered(both)


def test_a_token_is_not_shown():
    assert "hush" not in repr(FhirEndpoint("https://x", "hush"))
