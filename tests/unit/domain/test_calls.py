"""Who may go into a call's room, when, and what the server is told of them."""

from datetime import UTC, datetime, timedelta

import pytest

from tirek.domain.calls import CallPass, call_pass, claims
from tirek.domain.consultations import (
    AgeBand,
    Details,
    DetailsError,
    Medium,
    Topic,
    age_band,
    phone_number,
)

BEGINS = datetime(2026, 11, 23, 5, tzinfo=UTC)
ENDS = BEGINS + timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


def a_pass(now: datetime, medium: Medium = Medium.VIDEO, *, is_host: bool = False) -> CallPass:
    made = call_pass(
        room="r" * 32, guest="g", is_host=is_host, medium=medium, times=(BEGINS, ENDS), now=now
    )
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (BEGINS - 11 * MINUTE, False),
        (BEGINS - 10 * MINUTE, True),
        (ENDS, True),
        (ENDS + 14 * MINUTE, True),
        (ENDS + 15 * MINUTE, False),
    ],
)
def test_the_room_opens_ten_minutes_before_and_dies_after(now: datetime, *, is_open: bool) -> None:
    made = call_pass(
        room="r", guest="g", is_host=False, medium=Medium.AUDIO, times=(BEGINS, ENDS), now=now
    )
    assert (made is not None) is is_open


@pytest.mark.parametrize("medium", [Medium.PHONE, Medium.IN_PERSON])
def test_no_room_where_nobody_calls_over_the_internet(medium: Medium) -> None:
    assert (
        call_pass(
            room="r", guest="g", is_host=True, medium=medium, times=(BEGINS, ENDS), now=BEGINS
        )
        is None
    )


def test_the_server_learns_a_role_and_no_more() -> None:
    said = claims(a_pass(BEGINS), app_id="tirek", domain="call.example.kz")
    assert said["exp"] == int((ENDS + 15 * MINUTE).timestamp())
    assert said["nbf"] == int((BEGINS - 10 * MINUTE).timestamp())
    assert (said["aud"], said["iss"], said["sub"]) == ("tirek", "tirek", "call.example.kz")
    context = said["context"]
    assert isinstance(context, dict)
    assert context["user"] == {"id": "g", "name": "Ата-ана / Родитель", "moderator": "false"}
    assert context["features"]["recording"] == "false"
    host = claims(a_pass(BEGINS, is_host=True), app_id="tirek", domain="x")["context"]
    assert isinstance(host, dict)
    assert host["user"]["moderator"] == "true"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("8 (701) 123-45-67", "+77011234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("7011234567", "7011234567"),
        ("12345", None),
        ("call me", None),
    ],
)
def test_a_number_as_people_write_it(written: str, number: str | None) -> None:
    assert phone_number(written) == number


def test_a_telephone_talk_needs_a_number_and_words_are_few() -> None:
    facts = (Topic.OTHER, AgeBand.FROM_7, "kk")
    with pytest.raises(DetailsError):
        Details(Medium.PHONE, *facts)
    with pytest.raises(DetailsError):
        Details(Medium.VIDEO, *facts, phone="hello")
    with pytest.raises(DetailsError):
        Details(Medium.VIDEO, *facts, words="a" * 301)
    assert Details(Medium.VIDEO, *facts, words="a" * 300).phone is None


@pytest.mark.parametrize(
    ("years", "band"),
    [(0, "0-2"), (3, "3-6"), (6, "3-6"), (7, "7-9"), (15, "13-15"), (20, "16-18")],
)
def test_the_band_of_an_age(years: int, band: str) -> None:
    assert age_band(years * 12 + 5) == band
