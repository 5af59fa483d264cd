"""What machines call: receipts of SMS, FHIR Tasks, and the numbers for Prometheus."""

import json
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.world import World
from tirek.domain.callbacks import signature
from tirek.domain.delivery import Channel, DeliveryResult
from tirek.services import endpoints, heartbeats
from tirek.storage.models import Delivery, OutboxMessage, Receipt, Referral
from tirek.web.api.blueprint import DESCRIPTION

SECRETS = {"sms-primary": "p" * 40, "sms-backup": "b" * 40}
SMS, TASK = "/api/v1/receipts/sms", "/fhir/R4/Task/t-1"


@dataclass(frozen=True)
class Sent:
    """A message that left, and the reference that its receipt must bear."""

    reference: UUID
    referral_id: UUID


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setitem(app.config, "SMS_RECEIPT_SECRETS", SECRETS)
    return app.test_client()


def _sent(system: Session, world: World, **how: object) -> Sent:
    leg = the_leg(system, world.school.pupil)
    message = OutboxMessage(
        dedup=uuid4().hex, kind="referral_waits", referral_id=leg.id, attempts=1, **how
    )
    system.add(message)
    system.flush()
    made = Delivery(
        outbox_id=message.id,
        attempt=1,
        channel=message.channel,
        account_id=message.account_id,
        provider="sms-primary" if message.channel == "sms" else None,
        provider_reference="their-1" if message.channel == "sms" else "Task/t-1",
        result=DeliveryResult.ACCEPTED.value,
        finished_at=world.unit().now(),
    )
    system.add(made)
    system.commit()
    return Sent(made.reference, leg.id)


@pytest.fixture
def sms(engine: Engine, system: Session, world: World) -> Sent:
    a_pupil_answers(engine, world, SELF_HARM)
    specialist = world.home.specialist.account.id
    return _sent(system, world, channel=Channel.SMS.value, account_id=specialist)


@dataclass(frozen=True)
class Task:
    """What was asked of a centre's server, and the token that it shows us."""

    sent: Sent
    token: str


@pytest.fixture
def task(engine: Engine, system: Session, world: World) -> Task:
    a_pupil_answers(engine, world, SELF_HARM)
    made = endpoints.add(
        world.unit(), world.home.id, Channel.FHIR, "https://fhir.example.org/r4", "their token"
    )
    system.commit()
    found = _sent(system, world, channel=Channel.FHIR.value, endpoint_id=made.endpoint_id)
    return Task(found, made.token)


def receipt(sms: Sent, status: str = "delivered", **other: object) -> dict[str, object]:
    return {"reference": str(sms.reference), "status": status, "id": "their-1"} | other


def post(
    client: FlaskClient, said: object, token: str | None = SECRETS["sms-primary"]
) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(SMS, json=said, headers=headers)


def receipts(system: Session) -> list[str]:
    system.rollback()
    return list(system.scalars(select(Receipt.status).order_by(Receipt.id)))


def state_of(system: Session, referral_id: UUID) -> str:
    system.rollback()
    return system.scalars(select(Referral.state).where(Referral.id == referral_id)).one()


# Receipts of SMS


def test_a_receipt_is_recorded_once_however_often_it_is_told(
    system: Session, client: FlaskClient, sms: Sent
) -> None:
    assert post(client, receipt(sms)).get_json() == {"recorded": True}
    again = post(client, receipt(sms))
    assert (again.status_code, again.get_json()) == (200, {"recorded": False})
    assert receipts(system) == ["delivered"]
    assert state_of(system, sms.referral_id) == "delivered"


def test_a_signed_body_needs_no_token(system: Session, client: FlaskClient, sms: Sent) -> None:
    body = json.dumps(receipt(sms)).encode()
    now = str(int(time.time()))
    signed = {
        "Content-Type": "application/json",
        "Tirek-Timestamp": now,
        "Tirek-Signature": signature(SECRETS["sms-primary"], now, body),
    }
    assert client.post(SMS, data=body + b" ", headers=signed).status_code == 401
    assert client.post(SMS, data=body, headers=signed).status_code == 200
    old = str(int(time.time()) - 3600)
    signed |= {
        "Tirek-Timestamp": old,
        "Tirek-Signature": signature(SECRETS["sms-primary"], old, body),
    }
    assert client.post(SMS, data=body, headers=signed).status_code == 401
    assert receipts(system) == ["delivered"]


@pytest.mark.parametrize("token", [None, "", "wrong", "p" * 39])
def test_without_the_secret_nothing_is_believed(
    system: Session, client: FlaskClient, sms: Sent, token: str | None
) -> None:
    answer = post(client, receipt(sms), token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert receipts(system) == []


def test_guessing_is_slowed_down(client: FlaskClient, sms: Sent) -> None:
    answers = [post(client, receipt(sms), "wrong").status_code for _ in range(62)]
    assert answers[:60] == [401] * 60
    assert 429 in answers
    assert "Retry-After" in post(client, receipt(sms), "wrong").headers


def test_another_providers_receipt_is_refused(
    system: Session, client: FlaskClient, sms: Sent
) -> None:
    assert post(client, receipt(sms), SECRETS["sms-backup"]).status_code == 409
    assert receipts(system) == []


def test_an_unknown_message_is_404(client: FlaskClient, sms: Sent) -> None:
    assert post(client, receipt(sms, reference=str(uuid4()))).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "x"},
        {"reference": 7},
        {"status": "read"},
        {"status": None},
        {"status": ["delivered"]},
        {"id": ""},
        {"id": "x" * 200},
        {"id": "a b"},
    ],
)
def test_an_unclear_receipt_is_refused_in_words(
    client: FlaskClient, sms: Sent, wrong: dict[str, object]
) -> None:
    answer = post(client, receipt(sms) | wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.get_json()["error"]


def test_what_is_too_long_or_no_json_is_refused(client: FlaskClient, sms: Sent) -> None:
    headers = {"Authorization": f"Bearer {SECRETS['sms-primary']}"}
    assert post(client, receipt(sms, padding="x" * 40_000)).status_code == 413
    kind = {"Content-Type": "application/json"}
    assert client.post(SMS, data=b"{", headers=headers | kind).status_code == 422
    assert client.post(SMS, data=b"[" * 30_000, headers=headers | kind).status_code == 422
    assert client.post(SMS, data={"a": "b"}, headers=headers).status_code == 415


# FHIR Tasks


def said(task: Task, status: str = "received", **other: object) -> dict[str, object]:
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{task.sent.reference}"}
    return {
        "resourceType": "Task",
        "id": "t-1",
        "status": status,
        "intent": "order",
        "identifier": [identifier],
    } | other


def put(client: FlaskClient, resource: object, token: str | None, path: str = TASK) -> TestResponse:
    headers = {"Content-Type": "application/fhir+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return client.put(path, data=json.dumps(resource), headers=headers)


@pytest.mark.parametrize("status", ["received", "accepted", "completed"])
def test_a_tasks_status_is_a_receipt_and_accepts_for_nobody(
    system: Session, client: FlaskClient, task: Task, status: str
) -> None:
    answer = put(client, said(task, status), task.token)
    assert answer.status_code == 200
    assert answer.get_json() == said(task, status)
    assert receipts(system) == ["delivered"]
    leg = system.get_one(Referral, task.sent.referral_id)
    assert (leg.state, leg.owner_id) == ("delivered", None)


def test_a_rejected_task_has_not_arrived_and_moves_nothing(
    system: Session, client: FlaskClient, task: Task
) -> None:
    assert put(client, said(task, "rejected"), task.token).status_code == 200
    assert receipts(system) == ["failed"]
    assert state_of(system, task.sent.referral_id) == "routed"


def test_only_the_own_server_may_speak(
    system: Session, client: FlaskClient, task: Task, world: World
) -> None:
    other = endpoints.add(
        world.unit(), world.neighbour.id, Channel.FHIR, "https://other.example.org", "theirs"
    )
    hook = endpoints.add(
        world.unit(), world.home.id, Channel.WEBHOOK, "https://hook.example.org", None
    )
    system.commit()
    assert put(client, said(task), None).status_code == 401
    assert put(client, said(task), "wrong").status_code == 401
    assert put(client, said(task), hook.token).status_code == 401
    assert put(client, said(task), other.token).status_code == 409
    caller = endpoints.caller_of(world.unit(), task.token)
    assert caller is not None
    endpoints.switch(world.unit(), caller.endpoint_id, is_active=False)
    system.commit()
    assert put(client, said(task), task.token).status_code == 401
    assert receipts(system) == []


def test_renewed_secrets_end_the_old_token_at_once(
    system: Session, client: FlaskClient, task: Task, world: World
) -> None:
    caller = endpoints.caller_of(world.unit(), task.token)
    assert caller is not None
    made = endpoints.renew_secrets(world.unit(), caller.endpoint_id)
    system.commit()
    assert put(client, said(task), task.token).status_code == 401
    assert put(client, said(task), made.token).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"resourceType": "Patient"}, {"status": "done"}, {"intent": "plan"}, {"identifier": []},
     {"id": "another"}, {"modifierExtension": []}],
)  # fmt: skip
def test_an_unclear_task_is_refused(
    system: Session, client: FlaskClient, task: Task, wrong: dict[str, object]
) -> None:
    assert put(client, said(task) | wrong, task.token).status_code == 422
    assert receipts(system) == []


def test_what_may_be_called_is_described(client: FlaskClient, app: Flask) -> None:
    described = client.get("/api/v1/openapi.json").get_json()
    assert described == json.loads(DESCRIPTION.read_text())
    rules = {
        str(rule).replace("<task_id>", "{task_id}"): rule.methods
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.description"
    }
    assert set(described["paths"]) == set(rules)
    for path, methods in described["paths"].items():
        assert {method.upper() for method in methods} == (rules[path] or set()) - {"OPTIONS"}


# Numbers


def numbers(client: FlaskClient, **headers: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        family.name: [(dict(one.labels), one.value) for one in family.samples]
        for family in families
    }


def test_the_numbers_are_those_of_the_database_and_name_nobody(
    system: Session, client: FlaskClient, sms: Sent, world: World
) -> None:
    heartbeats.record(system, "relay.deadlines", 3)
    system.commit()
    found = numbers(client)
    assert ({"state": "routed", "level": "immediate"}, 1) in found["tirek_referrals_open"]
    ((loop, age),) = found["tirek_sweep_age_seconds"]
    assert loop == {"name": "relay.deadlines"}
    assert 0 <= age < 60
    assert {labels["channel"] for labels, _ in found["tirek_outbox_due"]} == set(Channel)
    assert found["tirek_deadlines_unfired"] == [({}, 0)]
    text = client.get("/metrics").get_data(as_text=True)
    for secret in (str(sms.referral_id), world.school.school.name_ru, str(world.home.id)):
        assert secret not in text


def test_an_empty_house_has_numbers_too(client: FlaskClient) -> None:
    assert numbers(client)["tirek_outbox_oldest_due_seconds"] == [({}, 0)]


def test_the_numbers_are_for_this_machine_or_for_who_shows_the_token(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/metrics").status_code == 200
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 404
    # Through a proxy on this machine somebody else is asking.
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    monkeypatch.setitem(app.config, "METRICS_TOKEN", "m" * 40)
    assert client.get("/metrics").status_code == 404
    right = {"Authorization": f"Bearer {'m' * 40}"}
    assert client.get("/metrics", headers=right).status_code == 200
    assert client.get("/metrics", headers=right, environ_overrides=elsewhere).status_code == 200
