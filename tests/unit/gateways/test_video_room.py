"""The link into a call: checked as a Jitsi server checks it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tirek.domain.calls import CallPass
from tirek.domain.consultations import Medium
from tirek.gateways.video_room import JitsiServer

SECRET = "s" * 32
NOW = datetime.now(UTC)


def a_pass(closes_at: datetime = NOW + timedelta(minutes=45), medium: Medium = Medium.VIDEO):
    return CallPass("a1" * 16, "opaque", False, medium, NOW - timedelta(minutes=1), closes_at)  # noqa: FBT003


def checked(token: str, key: object, algorithm: str) -> dict[str, object]:
    return jwt.decode(
        token,
        key,  # type: ignore[arg-type]
        [algorithm],
        audience="tirek",
        issuer="tirek",
        options={"require": ["exp", "nbf", "aud", "iss", "sub", "room"]},
    )


def test_a_pass_signed_with_the_shared_secret_opens_one_room() -> None:
    server = JitsiServer("https://call.example.kz/", "tirek", SECRET)
    link = urlsplit(server.link(a_pass()))
    assert (link.scheme, link.netloc, link.path) == ("https", "call.example.kz", "/" + "a1" * 16)
    (token,) = parse_qs(link.query)["jwt"]
    said = checked(token, SECRET, "HS256")
    assert said["room"] == "a1" * 16
    assert said["sub"] == "call.example.kz"
    assert "config.startWithVideoMuted=true" in link.fragment
    with pytest.raises(jwt.InvalidSignatureError):
        checked(token, "t" * 32, "HS256")


def test_a_pass_dies() -> None:
    server = JitsiServer("https://call.example.kz", "tirek", SECRET)
    token = server.token(a_pass(NOW - timedelta(seconds=1)))
    assert token is not None
    with pytest.raises(jwt.ExpiredSignatureError):
        checked(token, SECRET, "HS256")


def test_a_pass_signed_with_our_own_key() -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    server = JitsiServer("https://call.example.kz", "tirek", None, pem, "tirek/2026", "meet.jitsi")
    token = server.token(a_pass())
    assert token is not None
    assert jwt.get_unverified_header(token)["kid"] == "tirek/2026"
    assert checked(token, key.public_key(), "RS256")["sub"] == "meet.jitsi"


def test_a_server_without_passes_gets_the_room_alone() -> None:
    link = JitsiServer("https://open.example.kz").link(a_pass(medium=Medium.AUDIO))
    assert link.startswith("https://open.example.kz/" + "a1" * 16 + "#")
    assert "jwt" not in link
    assert "config.startAudioOnly=true" in link


def test_no_secret_is_shown() -> None:
    assert SECRET not in repr(JitsiServer("https://call.example.kz", "tirek", SECRET, "key"))
