import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateways.stubs import HOST, SECRET, Mode, running
from tirek.domain.webhooks import WebhookMessage
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.http import Answer, HttpPoster
from tirek.gateways.webhook import HttpWebhook, WebhookEndpoint, WebhookError, verify

REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
REFERRAL = UUID("66666666-7777-8888-9999-000000000000")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MESSAGE = WebhookMessage(
    REFERENCE, "referral_waits", REFERRAL, NOW, f"https://tirek.example.kz/kk/psc/{REFERRAL}"
)
GATEWAY = HttpWebhook(HttpPoster(frozenset({HOST}), timeout=0.5))


class Recorder:
    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""

    def post(self, _url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.headers, self.body = headers, body
        return Answer(200, b"")


def _sent(now: datetime = NOW) -> Recorder:
    recorder = Recorder()
    HttpWebhook(recorder).send(WebhookEndpoint("https://x", SECRET), MESSAGE.body(), REFERENCE, now)
    return recorder


def _remember() -> object:
    seen: set[str] = set()

    def was_seen(message_id: str) -> bool:
        known = message_id in seen
        seen.add(message_id)
        return known

    return was_seen


def test_the_body_says_that_something_waits_and_nothing_else():
    assert json.loads(MESSAGE.body()) == {
        "id": str(REFERENCE),
        "kind": "referral_waits",
        "referral": str(REFERRAL),
        "occurred_at": "2026-11-22T09:30:00+00:00",
        "link": MESSAGE.link,
    }


def test_the_signature_is_what_the_words_about_it_say():
    sent = _sent()
    signed = f"{REFERENCE}.{int(NOW.timestamp())}.".encode() + sent.body
    expected = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
    assert sent.headers["Tirek-Signature"] == f"v1={expected}"
    assert sent.headers["Tirek-Id"] == str(REFERENCE)


def test_what_was_sent_is_believed_once_and_known_again():
    seen = _remember()
    first, repeat = _sent(), _sent(NOW + timedelta(minutes=30))
    assert verify(first.headers, first.body, SECRET, NOW, seen)
    # Our own repeat: signed anew, at a later time, and the same message.
    assert not verify(repeat.headers, repeat.body, SECRET, NOW + timedelta(minutes=30), seen)


def test_names_of_headers_may_come_in_any_case():
    sent = _sent()
    lower = {name.lower(): value for name, value in sent.headers.items()}
    assert verify(lower, sent.body, SECRET, NOW, _remember())


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_an_old_one_is_not_believed_nor_one_from_the_future(minutes: int):
    sent = _sent()
    with pytest.raises(WebhookError, match="too far"):
        verify(sent.headers, sent.body, SECRET, NOW + timedelta(minutes=minutes), _remember())


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_clocks_may_differ_by_five_minutes(minutes: int):
    sent = _sent()
    assert verify(sent.headers, sent.body, SECRET, NOW + timedelta(minutes=minutes), _remember())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Tirek-Id", str(REFERRAL)),
        ("Tirek-Timestamp", str(int(NOW.timestamp()) + 1)),
        ("Tirek-Timestamp", ""),
        ("Tirek-Signature", ""),
        ("Tirek-Signature", "v1="),
        ("Tirek-Signature", "v1=қ"),
        ("Tirek-Signature", "v0=" + "0" * 64),
    ],
)
def test_whatever_is_changed_the_signature_is_not_ours(name: str, value: str):
    sent = _sent()
    remembered: list[str] = []
    with pytest.raises(WebhookError, match="signature"):
        verify(
            sent.headers | {name: value},
            sent.body,
            SECRET,
            NOW,
            lambda known: bool(remembered.append(known)),
        )
    # A forger must not be able to make a receiver forget the real one.
    assert remembered == []


@given(st.binary(), st.binary(min_size=1))
def test_no_other_body_and_no_other_secret_will_do(body: bytes, secret: bytes):
    sent = _sent()
    if body != sent.body:
        with pytest.raises(WebhookError):
            verify(sent.headers, body, SECRET, NOW, _remember())
    if secret != SECRET:
        with pytest.raises(WebhookError):
            verify(sent.headers, sent.body, secret, NOW, _remember())


def test_a_timestamp_in_words_is_not_believed_even_when_signed():
    signature = hmac.new(SECRET, b"a.now." + b"{}", hashlib.sha256).hexdigest()
    headers = {"Tirek-Id": "a", "Tirek-Timestamp": "now", "Tirek-Signature": f"v1={signature}"}
    with pytest.raises(WebhookError, match="number of seconds"):
        verify(headers, b"{}", SECRET, NOW, _remember())


def test_a_server_that_checks_takes_it():
    now = datetime.now(UTC)
    with running() as stub:
        GATEWAY.send(WebhookEndpoint(stub.url("/webhook"), SECRET), MESSAGE.body(), REFERENCE, now)
        [taken] = stub.store.taken.values()
    assert taken.body["id"] == str(REFERENCE)


def test_a_server_that_checks_refuses_another_secret_and_an_old_message():
    now = datetime.now(UTC)
    with running() as stub:
        for secret, at in [(b"x" * 32, now), (SECRET, now - timedelta(minutes=6))]:
            to = WebhookEndpoint(stub.url("/webhook"), secret)
            with pytest.raises(RefusedError, match="401"):
                GATEWAY.send(to, MESSAGE.body(), REFERENCE, at)
        assert not stub.store.taken


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.ERROR, GatewayError),
        (Mode.REDIRECT, RefusedError),
        (Mode.HANG, OutcomeUnknownError),
    ],
)
def test_each_way_to_fail_has_its_name(mode: Mode, error: type[GatewayError]):
    with running(mode) as stub:
        to = WebhookEndpoint(stub.url("/webhook"), SECRET)
        with pytest.raises(GatewayError) as raised:
            GATEWAY.send(to, MESSAGE.body(), REFERENCE, datetime.now(UTC))
        assert type(raised.value) is error


@pytest.mark.parametrize("mode", [Mode.GARBAGE, Mode.FLOOD])
def test_what_a_yes_says_beside_yes_does_not_matter(mode: Mode):
    with running(mode) as stub:
        to = WebhookEndpoint(stub.url("/webhook"), SECRET)
        GATEWAY.send(to, MESSAGE.body(), REFERENCE, datetime.now(UTC))


def test_a_short_secret_signs_nothing():
    with pytest.raises(RefusedError, match="too short"):
        GATEWAY.send(WebhookEndpoint("https://x", b"short"), b"{}", REFERENCE, NOW)


def test_a_secret_is_not_shown():
    assert "thirty" not in repr(WebhookEndpoint("https://x", SECRET))
