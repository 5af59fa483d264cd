import socket
import ssl
import time
from pathlib import Path

import pytest

from tests.gateways.conftest import STRANGER
from tests.gateways.stubs import HOST, Mode, Stub, running
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.http import LONGEST_ANSWER, HttpPoster, is_public

OWN = HttpPoster(inner_hosts=frozenset({HOST}), timeout=5)
QUICK = HttpPoster(inner_hosts=frozenset({HOST}), timeout=0.3)
BODY = b'{"to": "x", "text": "y", "reference": "z"}'
KEY = {"Idempotency-Key": "k", "Content-Type": "application/json"}


def _post(stub: Stub, poster: HttpPoster = OWN) -> bytes:
    return poster.post(stub.url("/sms"), BODY, KEY).body


def test_a_yes_comes_back_with_its_words():
    with running() as stub:
        assert b"id" in _post(stub)
        [taken] = stub.store.taken.values()
    assert taken.body["text"] == "y"


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.ERROR, GatewayError),
        (Mode.BUSY, GatewayError),
        (Mode.REFUSE, RefusedError),
        (Mode.REDIRECT, RefusedError),
        (Mode.CUT, OutcomeUnknownError),
        (Mode.HANG, OutcomeUnknownError),
        (Mode.DRIP, OutcomeUnknownError),
        (Mode.GATEWAY_TIMEOUT, OutcomeUnknownError),
    ],
)
def test_each_way_to_fail_has_its_name(mode: Mode, error: type[GatewayError]):
    with running(mode) as stub:
        with pytest.raises(GatewayError) as raised:
            _post(stub, QUICK)
        assert type(raised.value) is error
        assert stub.store.calls == 1


def test_a_server_that_hangs_or_answers_a_byte_at_a_time_is_left_in_time():
    for mode in (Mode.HANG, Mode.DRIP):
        with running(mode) as stub:
            started = time.monotonic()
            with pytest.raises(OutcomeUnknownError):
                _post(stub, QUICK)
            assert time.monotonic() - started < 2


def test_nobody_reads_an_endless_answer():
    with running(Mode.FLOOD) as stub:
        assert len(_post(stub)) == LONGEST_ANSWER + 1


def test_a_server_that_is_not_there_has_not_taken_it():
    with running() as stub:
        port = stub.port
    with pytest.raises(GatewayError, match="cannot be reached") as raised:
        OWN.post(f"http://{HOST}:{port}/", BODY, {})
    assert type(raised.value) is GatewayError


def test_a_name_that_is_not_known_may_be_known_later():
    with pytest.raises(GatewayError, match="not known") as raised:
        OWN.post("https://nobody.invalid/", BODY, {})
    assert type(raised.value) is GatewayError


def test_nothing_leaves_this_machine_without_tls():
    with running(host=STRANGER) as stub:
        known = HttpPoster(inner_hosts=frozenset({STRANGER}))
        with pytest.raises(RefusedError, match="no TLS"):
            known.post(stub.url("/sms"), BODY, KEY)
        assert stub.store.calls == 0


def test_a_strange_server_with_a_good_certificate_is_spoken_to(certificate: Path):
    with running(host=STRANGER, context=_context(certificate)) as stub:
        trusting = ssl.create_default_context(cafile=certificate)
        poster = HttpPoster(frozenset({STRANGER}), context=trusting)
        assert b"id" in poster.post(f"https://{STRANGER}:{stub.port}/sms", BODY, KEY).body


def test_a_certificate_nobody_vouches_for_ends_the_conversation(certificate: Path):
    with running(host=STRANGER, context=_context(certificate)) as stub:
        poster = HttpPoster(frozenset({STRANGER}))
        with pytest.raises(GatewayError, match="SSLCertVerificationError"):
            poster.post(f"https://{STRANGER}:{stub.port}/sms", BODY, KEY)
        assert stub.store.calls == 0


def test_a_door_behind_our_own_wall_is_not_knocked_at():
    """The one thing between whoever may set an address and our Redis."""
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(0.2)
        port = listening.getsockname()[1]
        for host in (HOST, "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0"):
            with pytest.raises(RefusedError, match="inner network"):
                HttpPoster().post(f"https://{host}:{port}/", BODY, {})
        with pytest.raises(TimeoutError):
            listening.accept()


def test_one_inner_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(RefusedError, match="inner network"):
        HttpPoster().post("https://example.kz/", BODY, {})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",  # noqa: S104 - to be refused
        "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
    ],
)  # fmt: skip
def test_inner_addresses_are_known_in_every_disguise(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "185.1.2.3", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_the_wide_world_is_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.kz/", "https://", "example.kz", "https://user:word@example.kz/",
        "https://example.kz:port/", "https://[example", "file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(RefusedError, match="address"):
        OWN.post(url, BODY, {})


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/sms", {"X": "a\r\nX-Other: b"}),
        ("/sms", {"X\r\nY": "a"}),
        ("/sms", {"X": "қазақша"}),
        ("/a b", {}),
        ("/қазақша", {}),
    ],
)
def test_nothing_can_be_smuggled_into_the_head(path: str, headers: dict[str, str]):
    with running() as stub:
        with pytest.raises(RefusedError):
            OWN.post(stub.url(path), BODY, headers)
        assert stub.store.calls == 0


def test_errors_repeat_neither_the_address_nor_the_content():
    with running(Mode.REFUSE) as stub:
        with pytest.raises(RefusedError) as raised:
            _post(stub)
        assert str(raised.value) == "the server answered 400"


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
