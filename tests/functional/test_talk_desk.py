"""A psychologist's talks in a browser without JavaScript: terms, times, one talk, the calendar."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_slot, said
from tests.functional.browser import Browser, Page
from tests.world import World
from tirek.domain.consultations import BookingState, Medium
from tirek.services import talks, waiting
from tirek.storage.models import AuditEntry, Booking, ConsultationHost, Slot

NewBrowser = Callable[..., Browser]


@pytest.fixture
def host(world: World) -> ConsultationHost:
    made = a_host(world.unit(), world.school.psychologist)
    world.session.commit()
    return made


@pytest.fixture
def slot(world: World, host: ConsultationHost) -> UUID:
    made = a_slot(world.unit(), host, a_day())
    world.session.commit()
    return made


@pytest.fixture
def booking(engine: Engine, world: World, slot: UUID) -> UUID:
    with acting(engine, world, world.school.guardian) as unit:
        return talks.book(unit, slot, said(Medium.VIDEO, words="Үйде айқай көп"))


@pytest.fixture
def psychologist(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def state_of(system: Session, booking_id: UUID) -> str:
    system.rollback()
    return system.get_one(Booking, booking_id, populate_existing=True).state


def has_begun(owner: Engine) -> None:
    with owner.begin() as connection:
        for table in ("slots", "bookings"):
            connection.execute(
                text(
                    f"UPDATE {table} SET starts_at = now() - interval '5 minutes',"  # noqa: S608 - our own words
                    " ends_at = now() + interval '25 minutes'"
                )
            )


@pytest.mark.parametrize(
    ("lang", "area"),
    [("kk", "school"), ("ru", "school"), ("en", "school"), ("kk", "psc"), ("ru", "psc")],
)
def test_from_the_first_visit_to_the_first_times(
    system: Session, world: World, browser: NewBrowser, lang: str, area: str
) -> None:
    adult = world.school.psychologist if area == "school" else world.home.specialist
    somebody = browser(lang).sign_in(adult)
    page = somebody.open(f"/{lang}/{area}/talks")
    assert page.url.endswith("/talks/terms")
    page = somebody.submit(page, "/talks/terms", daily_most="4", rest_minutes="15")
    assert page.url.endswith("/talks/times")
    first = a_day(ahead=3).date()
    page = somebody.submit(
        page, first_day=first.isoformat(), begins="14:00", minutes="45", count="2", reserved="1"
    )
    assert f"week={first}" in page.url
    (table,) = page.html.find_all("table")
    assert "14:00–14:45" in table.get_text()
    assert "15:00–15:45" in table.get_text()
    made = system.scalars(select(Slot).order_by(Slot.starts_at)).all()
    assert [(one.starts_at.hour, one.is_reserved) for one in made] == [(9, False), (10, True)]
    for path in ("terms", "times", "past", "waiting"):
        somebody.open(f"/{lang}/{area}/talks/{path}")
    somebody.open(f"/{lang}/{area}/talks/times/{made[0].id}")
    somebody.open(f"/{lang}/{area}/talks/times/{made[0].id}/book")


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_one_talk_in_both_languages(
    engine: Engine, world: World, browser: NewBrowser, booking: UUID, lang: str
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        talks.ask_phone(unit, booking)
    somebody = browser(lang).sign_in(world.school.psychologist)
    week = somebody.open(f"/{lang}/school/talks?week={a_day().date()}")
    page = somebody.open(week.link("10:00"))
    assert "Үйде айқай көп" in page.text
    assert world.school.guardian.account.display_name in page.text
    assert "Үйде айқай көп" not in week.text
    assert world.school.guardian.account.display_name not in week.text
    somebody.open(f"/{lang}/school/talks/{booking}/change")


def test_wrong_input_is_said_at_its_field_and_stays(
    world: World, host: ConsultationHost, psychologist: Browser
) -> None:
    del world, host
    page = psychologist.open("/en/school/talks/times")
    page = psychologist.submit(page, status=422, first_day="2020-01-01", begins="14:30")
    assert "Today or later" in page.text
    assert page.form().find("input", attrs={"name": "begins"})["value"] == "14:30"  # type: ignore[index]
    page = psychologist.submit(
        page, status=422, first_day=a_day().date().isoformat(), begins="20:00", count="3"
    )
    assert "over by 21:00" in page.text
    page = psychologist.submit(page, status=422, first_day="soon")
    page = psychologist.open("/en/school/talks/terms")
    page = psychologist.submit(page, "/talks/terms", status=422, daily_most="13")
    assert "from 1 to 12" in page.text


def test_the_same_times_twice_are_offered_once_and_said(
    system: Session, host: ConsultationHost, psychologist: Browser
) -> None:
    del host
    said_of = {}
    for turn in ("first", "second"):
        page = psychologist.open("/en/school/talks/times")
        page = psychologist.submit(page, first_day=a_day(2).date().isoformat())
        said_of[turn] = page.html.get_text()
    assert "3 times are offered" in said_of["first"]
    assert "No new time was added" in said_of["second"]
    assert "because you offer others at those hours" in said_of["second"]
    assert len(system.scalars(select(Slot)).all()) == 3


def test_a_free_time_is_kept_for_urgent_calls_and_taken_back(
    system: Session, psychologist: Browser, slot: UUID
) -> None:
    page = psychologist.open(f"/en/school/talks/times/{slot}")
    page = psychologist.submit(page, "/reserve")
    assert "parents do not see it" in page.html.get_text()
    page = psychologist.submit(page, "/withdraw")
    assert "off your list" in page.html.get_text()
    assert system.get_one(Slot, slot, populate_existing=True).cancelled_at is not None


def test_a_time_that_was_booked_meanwhile_is_not_taken_back(
    engine: Engine, system: Session, world: World, psychologist: Browser, slot: UUID
) -> None:
    page = psychologist.open(f"/en/school/talks/times/{slot}")
    with acting(engine, world, world.school.guardian) as unit:
        made = talks.book(unit, slot, said())
    page = psychologist.submit(page, "/withdraw")
    assert "A parent has booked this time just now" in page.html.get_text()
    assert page.url.endswith(f"/talks/{made}")
    assert state_of(system, made) == BookingState.BOOKED


def test_a_talk_is_moved_and_then_called_off(
    system: Session, world: World, host: ConsultationHost, psychologist: Browser, booking: UUID
) -> None:
    other = a_slot(world.unit(), host, a_day(ahead=2))
    world.session.commit()
    page = psychologist.open(f"/en/school/talks/{booking}/change")
    refused = psychologist.submit(page, status=422, what="move")
    assert "Choose a time." in refused.text
    page = psychologist.submit(page, what="move", slot=str(other), takes_back="y")
    assert "The parent has been written to" in page.html.get_text()
    assert state_of(system, booking) == BookingState.MOVED
    moved = system.scalars(select(Booking).where(Booking.moved_from == booking)).one()
    assert moved.slot_id == other
    # The old address leads to where the talk is now.
    assert psychologist.open(f"/en/school/talks/{booking}").url.endswith(str(moved.id))
    page = psychologist.open(f"/en/school/talks/{moved.id}/change")
    psychologist.submit(page, what="cancel")
    assert state_of(system, moved.id) == BookingState.CANCELLED
    page = psychologist.open(f"/en/school/talks/{moved.id}/change")
    assert "called off already" in page.html.get_text()


def test_how_it_went_is_said_once_it_has_begun_and_can_be_said_again(
    system: Session, owner: Engine, psychologist: Browser, booking: UUID
) -> None:
    page = psychologist.open(f"/en/school/talks/{booking}")
    assert "It took place" not in page.text
    has_begun(owner)
    page = psychologist.open(f"/en/school/talks/{booking}")
    assert "Nobody is blamed" in page.text
    page = mark(psychologist, booking, "no_show")
    assert state_of(system, booking) == BookingState.NO_SHOW
    mark(psychologist, booking, "done")
    assert state_of(system, booking) == BookingState.DONE
    assert "Took place" in psychologist.open("/en/school/talks/past").text


def mark(somebody: Browser, booking_id: UUID, how: str) -> Page:
    page = somebody.open(f"/en/school/talks/{booking_id}")
    return somebody.submit(page, "/mark", how=how)


def test_a_call_that_is_due_without_a_server_says_to_phone(
    owner: Engine, psychologist: Browser, booking: UUID
) -> None:
    has_begun(owner)
    page = psychologist.open(f"/en/school/talks/{booking}")
    assert "please call by telephone" in page.text
    assert "+77010000001" in page.text


def test_a_family_that_cannot_wait_is_booked_into_a_kept_time(
    system: Session, world: World, host: ConsultationHost, psychologist: Browser
) -> None:
    kept = a_slot(world.unit(), host, a_day(), is_reserved=True)
    world.session.commit()
    page = psychologist.open(f"/en/school/talks/times/{kept}/book")
    typed: dict[str, Any] = {"medium": "phone", "language": "kk", "phone": "12"}
    stranger = world.schools[1].guardian.account.email
    page = psychologist.submit(page, status=422, email=stranger, **typed)
    assert "Type a phone number" in page.text
    typed["phone"] = "8 701 000 00 01"
    page = psychologist.submit(page, status=422, email=stranger, **typed)
    assert "No parent of a child here has an account" in page.text
    page = psychologist.submit(page, email=world.school.guardian.account.email, **typed)
    assert "Booked. The parent has been written to." in page.html.get_text()
    assert "+77010000001" in page.text
    made = system.scalars(select(Booking)).one()
    assert (made.account_id, made.slot_id) == (world.school.guardian.account.id, kept)


def test_nobody_else_reaches_a_talk_or_a_time_and_asking_is_written_down(
    system: Session, world: World, browser: NewBrowser, slot: UUID, booking: UUID
) -> None:
    for adult, area in (
        (world.schools[1].psychologist, "school"),
        (world.home.supervisor, "psc"),
    ):
        stranger = browser().sign_in(adult)
        paths = [f"/talks/{booking}", f"/talks/{booking}/change", f"/talks/times/{slot}"]
        for path in [*paths, f"/talks/times/{slot}/book", f"/talks/{uuid4()}"]:
            stranger.open(f"/en/{area}{path}", status=404)
        system.rollback()
        refused = system.scalars(
            select(AuditEntry.entity_id).where(
                AuditEntry.outcome == "refused", AuditEntry.account_id == adult.account.id
            )
        ).all()
        assert {str(booking), str(slot)} <= set(refused)
        assert len(refused) == 5


def test_the_head_of_a_centre_sees_times_and_numbers_only(
    engine: Engine, world: World, browser: NewBrowser
) -> None:
    specialist = world.home.specialist
    host = a_host(world.unit(), specialist)
    made = a_slot(world.unit(), host, a_day())
    world.session.commit()
    with acting(engine, world, world.school.guardian) as unit:
        talks.book(unit, made, said(words="Үйде айқай көп"))
        waiting.wait(unit, world.home.id)
    head = browser().sign_in(world.home.supervisor)
    page = head.open("/en/psc/talks/hosts")
    (row,) = page.rows("By name")
    assert row == [specialist.account.display_name, "yes", "0", "1", "0"]
    page = head.open(f"{page.link(specialist.account.display_name)}?week={a_day().date()}")
    assert "10:00–10:30" in page.text
    assert not page.html.find("table").find_all("a")  # type: ignore[union-attr]
    browser().sign_in(specialist).open("/en/psc/talks/hosts", status=403)


def test_a_calendar_address_is_shown_once_and_needs_no_login(
    app: Flask, psychologist: Browser, booking: UUID
) -> None:
    page = psychologist.open("/en/school/talks/terms")
    page = psychologist.submit(page, "/talks/feed")
    code = page.html.find(id="feed")
    assert code is not None
    address = code.get_text().strip()
    path = address[address.index("/en/calendar/") :]
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"/school/talks/{booking}".encode() in answer.data.replace(b"\r\n ", b"")
    assert "Кездесу / Встреча" in answer.get_data(as_text=True)
    page = psychologist.open("/en/school/talks/terms")
    assert page.html.find(id="feed") is None
    page = psychologist.submit(page, "/talks/feed/stop")
    assert "opens nothing any more" in page.html.get_text()
    assert app.test_client().get(path).status_code == 404
    assert psychologist.open("/en/school/talks/feed").url.endswith("/terms")


def test_a_week_that_nobody_could_mean_is_this_one(
    host: ConsultationHost, psychologist: Browser
) -> None:
    del host
    for asked in ("9999-12-31", "0001-01-01", "soon", ""):
        assert "No times in this week" in psychologist.open(f"/en/school/talks?week={asked}").text


def test_a_parent_whose_talk_was_called_off_sees_near_times_and_takes_one(
    system: Session,
    world: World,
    host: ConsultationHost,
    browser: NewBrowser,
    psychologist: Browser,
    booking: UUID,
) -> None:
    other = a_slot(world.unit(), host, a_day(ahead=2))
    world.session.commit()
    page = psychologist.open(f"/en/school/talks/{booking}/change")
    psychologist.submit(page, what="cancel", takes_back="y")
    mother = browser().sign_in(world.school.guardian)
    page = mother.open(f"/en/parent/talks/{booking}")
    assert "had to cancel" in page.text
    page = mother.submit(page, f"/talks/times/{other}")
    assert page.url.endswith("/details")
    # What was said for the talk before goes along.
    assert "Үйде айқай көп" in page.html.get_text()
    assert len(system.scalars(select(Slot).where(Slot.cancelled_at.is_(None))).all()) == 1
