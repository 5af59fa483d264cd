"""A parent without JavaScript finds a time, says a few words, moves, cancels, and joins a call."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import Engine, select, text, update

from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.functional.browser import Browser, Page
from tests.world import Adult, World
from tirek.domain.consultations import BookingState, Medium
from tirek.gateways.video_room import JitsiServer
from tirek.services import talks
from tirek.services.parcels import talk_secret
from tirek.services.unit import Unit
from tirek.storage.models import Booking
from tirek.storage.session import open_session
from tirek.web.calls import EXTENSION
from tirek.web.transaction import EXTENSION as PLANT

SECRET = "s" * 32
# What would tell somebody looking over a shoulder why a parent came.
TELLING = ("psycholog", "психолог", "диагн", "школ", "мектеп")


@pytest.fixture
def slots(world: World) -> list[UUID]:
    made = some_slots(world.unit(), a_host(world.unit(), world.school.psychologist))
    world.session.commit()
    return made


@pytest.fixture
def calls(app: Flask) -> Iterator[None]:
    """A call's server is set."""
    app.extensions[EXTENSION] = JitsiServer("https://call.example.kz", "tirek", SECRET)
    yield
    app.extensions[EXTENSION] = None


@pytest.fixture
def parent(world: World, browser: Callable[..., Browser]) -> Browser:
    return browser().sign_in(world.school.guardian)


def chosen(parent: Browser, slot: UUID, *, status: int = 200, lang: str = "en") -> Page:
    page = parent.open(f"/{lang}/parent/talks/times")
    return parent.submit(page, f"/talks/times/{slot}", status=status)


def agreed(parent: Browser, slot: UUID, **given: str) -> Page:
    return parent.submit(chosen(parent, slot), "/details", **{"topic": "school", **given})


def the_booking(world: World) -> Booking:
    world.session.rollback()
    return world.session.scalars(
        select(Booking)
        .where(Booking.state == BookingState.BOOKED)
        .execution_options(populate_existing=True)
    ).one()


def starts_now(owner: Engine, booking_id: UUID) -> None:
    """The talk began five minutes ago: no rule of ours moves one there, so the owner does."""
    begins = datetime.now(UTC) - timedelta(minutes=5)
    times = {"starts_at": begins, "ends_at": begins + timedelta(minutes=30)}
    with owner.begin() as connection:
        connection.execute(update(Booking).where(Booking.id == booking_id).values(**times))


def as_parent(app: Flask, world: World, who: Adult, slot: UUID) -> UUID:
    with open_session(app.extensions[PLANT].engine, who.actor.scope) as session:
        unit = Unit(session, world.catalog, world.vault, who.actor)
        made = talks.book(unit, slot, said())
        session.commit()
    return made


def test_from_an_empty_page_to_an_agreed_time(
    world: World, parent: Browser, slots: list[UUID]
) -> None:
    page = parent.open("/en/parent/talks")
    assert "No meetings yet" in page.text
    page = parent.open(page.link("Find a time"))
    assert "Almaty/Astana time (UTC+5)" in page.text
    page = parent.submit(page, f"/talks/times/{slots[0]}")
    assert page.h1 == "A few words before the meeting"
    assert "The time is kept for you until" in page.text
    # Without a server nobody is offered a call over the internet.
    assert not page.html.find("input", attrs={"name": "medium", "value": "video"})
    page = parent.submit(
        page, "/details", medium="phone", topic="mood", phone="8 701 000 00 01", words="Қысқаша"
    )
    assert page.h1 == "Your meeting is agreed"
    assert "+77010000001" in page.text
    assert "Қысқаша" in page.text
    page = parent.open("/en/parent/talks")
    assert world.school.psychologist.account.display_name in page.text
    booking = the_booking(world)
    assert (booking.medium, booking.topic) == (Medium.PHONE, "mood")


def test_a_telephone_talk_without_a_number_keeps_what_was_typed(
    parent: Browser, slots: list[UUID]
) -> None:
    page = chosen(parent, slots[0])
    page = parent.submit(
        page, "/details", status=422, medium="phone", topic="family", words="Біраз сөз"
    )
    assert "Write a number we can call" in page.text
    assert "Біраз сөз" in page.text
    checked = page.html.find("input", attrs={"name": "topic", "value": "family"})
    assert checked is not None
    assert checked.has_attr("checked")


def test_changing_the_language_in_the_middle_loses_nothing(
    parent: Browser, slots: list[UUID]
) -> None:
    page = chosen(parent, slots[0])
    page = parent.submit(
        page, "/details", switch="ru", topic="screens", phone="+7701", words="Телефон"
    )
    assert page.url.startswith("/ru/")
    assert "Телефон" in page.text
    assert 'value="+7701"' in str(page.html)
    checked = page.html.find("input", attrs={"name": "topic", "value": "screens"})
    assert checked is not None
    assert checked.has_attr("checked")


def test_two_tabs_one_time(
    app: Flask, world: World, parent: Browser, browser: Callable[..., Browser], slots: list[UUID]
) -> None:
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    tab = parent.open("/en/parent/talks/times")
    agreed(browser().sign_in(other), slots[0])
    page = parent.submit(tab, f"/talks/times/{slots[0]}", status=409)
    assert parent.open(page.url.replace("/en/", "/ru/")).url == "/ru/parent/talks/times"
    assert "Somebody took this time a moment before you." in page.text
    page = parent.submit(page, f"/talks/times/{slots[1]}")
    assert page.h1 == "A few words before the meeting"
    page = parent.open("/en/parent/talks/times")
    assert page.text.count("Taken") == 2


def test_who_was_too_slow_types_nothing_twice(
    app: Flask, world: World, parent: Browser, slots: list[UUID]
) -> None:
    form = chosen(parent, slots[0])
    world.session.execute(update(Booking).values(held_until=text("now() - interval '1 second'")))
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    as_parent(app, world, other, slots[0])
    page = parent.submit(
        form, "/details", status=409, medium="phone", phone="+77010000009", words="Менің сөзім"
    )
    assert "What you have typed is kept" in page.text
    page = parent.submit(page, f"/talks/times/{slots[1]}")
    assert "Менің сөзім" in page.text
    assert 'value="+77010000009"' in str(page.html)


def test_moved_and_cancelled_the_calendar_knows_it_as_the_same(
    world: World, parent: Browser, slots: list[UUID]
) -> None:
    page = agreed(parent, slots[0])
    first = the_booking(world).id
    before = read_back(parent, page.link("Save it in your calendar"))
    page = parent.open(page.link("Choose another time"))
    page = move(parent, page, slots[2])
    assert "The meeting has been moved" in page.text
    after = read_back(parent, page.link("Save it in your calendar"))
    assert before["UID"] == after["UID"] == str(first)
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["DTSTART"].dt - before["DTSTART"].dt == timedelta(hours=2)
    # A link of before the move, as in an old message.
    assert parent.open(f"/en/parent/talks/{first}").url == page.url
    page = parent.open(page.link("Cancel the meeting"))
    page = parent.submit(page, "/cancel")
    assert "The meeting is cancelled" in page.text
    page = parent.open(str(page.html.select("a.govuk-task-list__link")[0]["href"]))
    gone = read_back(parent, page.link("Take it out of your calendar"))
    assert (gone["UID"], gone["SEQUENCE"], gone["STATUS"]) == (str(first), 2, "CANCELLED")


def move(parent: Browser, page: Page, slot: UUID) -> Page:
    """Press the button of one time on the page of a move."""
    forms = [
        form
        for form in page.html.find_all("form")
        if form.find("input", attrs={"name": "slot", "value": str(slot)})
    ]
    (form,) = forms
    sent = {str(tag["name"]): str(tag["value"]) for tag in form.find_all("input")}
    answer = parent.client.post(str(form["action"]), data=sent)
    assert answer.status_code == 303
    return parent.open(answer.headers["Location"])


def read_back(parent: Browser, link: str):
    """The one entry of a calendar file, opened by a library; and that it tells nobody anything."""
    answer = parent.client.get(link)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="kezdesu.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    written = answer.get_data(as_text=True)
    assert not [word for word in TELLING if word in written.lower()]
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert event["SUMMARY"] == "Кездесу / Встреча"
    assert event["CLASS"] == "PRIVATE"
    assert event["DTSTART"].dt.utcoffset() == timedelta()
    assert b"Z" in event["DTSTART"].to_ical()
    assert "/parent/talks/" in event["URL"]
    if event["STATUS"] == "CONFIRMED":
        (alarm,) = event.walk("VALARM")
        assert alarm["TRIGGER"].dt == timedelta(hours=-2)
    return event


def test_nobody_else_opens_a_page_of_it(
    world: World, parent: Browser, browser: Callable[..., Browser], slots: list[UUID]
) -> None:
    agreed(parent, slots[0])
    made = the_booking(world).id
    other = a_parent(world.unit(), world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    stranger = browser().sign_in(other)
    for below in ("", ".ics", "/cancel", "/phone", "/join", "/details"):
        stranger.open(f"/en/parent/talks/{made}{below}", status=404)
    assert "No meetings yet" in stranger.open("/en/parent/talks").text
    parent.open(f"/en/parent/talks/{uuid4()}", status=404)


def test_the_door_opens_with_a_signed_pass_and_the_microphone_only_there(
    world: World, parent: Browser, slots: list[UUID], calls: None, owner: Engine
) -> None:
    page = agreed(parent, slots[0], medium="video")
    made = the_booking(world)
    page = parent.open(page.link("To the call"))
    assert "The door opens at 09:50" in page.text
    assert "call.example.kz" not in str(page.html)
    starts_now(owner, made.id)
    page = parent.open(page.url)
    assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "microphone=()" in parent.open("/en/parent/talks").headers["Permissions-Policy"]
    door = page.html.find("a", attrs={"target": "_blank"})
    assert door is not None
    assert set(door["rel"]) == {"noopener", "noreferrer"}
    address, token = str(door["href"]).split("#")[0].split("?jwt=")
    assert address == f"https://call.example.kz/{made.room}"
    claims = jwt.decode(token, SECRET, ["HS256"], audience="tirek", issuer="tirek")
    assert claims["room"] == made.room
    user = claims["context"]["user"]
    assert user["moderator"] == "false"
    named = world.school.guardian.account
    assert not {str(named.id), named.display_name, named.email} & set(user.values())
    assert claims["exp"] <= the_booking(world).ends_at.timestamp() + 15 * 60


def test_the_telephone_instead_is_one_press_away(
    world: World, parent: Browser, slots: list[UUID], calls: None
) -> None:
    page = agreed(parent, slots[0], medium="audio")
    page = parent.open(page.link("Call me by telephone instead"))
    page = parent.submit(page, "/phone", status=422, phone="nothing")
    page = parent.submit(page, "/phone", phone="87010000003")
    assert "will call you" in page.text
    booking = the_booking(world)
    assert (booking.medium, booking.phone_asked_at is not None) == (Medium.PHONE, True)


def test_a_call_booked_before_its_server_went_away_says_so(
    app: Flask, world: World, parent: Browser, slots: list[UUID], calls: None
) -> None:
    page = agreed(parent, slots[0], medium="video", phone="+77010000001")
    app.extensions[EXTENSION] = None
    page = parent.open(page.url)
    assert "not set up here at the moment" in page.text
    page = parent.submit(page, "/phone")
    assert "waiting for a telephone call" in page.text


def test_on_the_list_and_off_it(world: World, parent: Browser, slots: list[UUID]) -> None:
    page = parent.open("/en/parent/talks/waiting")
    form = page.html.find("input", attrs={"name": "house", "value": str(world.school.id)})
    assert form is not None
    token = page.html.find("input", attrs={"name": "csrf_token"})
    assert token is not None
    parent.client.post(
        "/en/parent/talks/waiting",
        data={"house": str(world.school.id), "csrf_token": str(token["value"])},
    )
    page = parent.open("/en/parent/talks")
    assert "You are on 1 waiting list" in page.text
    page = parent.submit(parent.open("/en/parent/talks/waiting"), "/leave")
    assert "You are no longer on this list." in page.text


def test_the_list_is_narrowed_and_has_pages(world: World, parent: Browser) -> None:
    unit = world.unit()
    russian = a_host(unit, world.home.specialist, speaks_kk=False)
    host = a_host(unit, world.school.psychologist, daily_most=12)
    for day in range(1, 5):
        some_slots(unit, host, 8, a_day(day, 9))
    a_slot(unit, russian, a_day(1, 9))
    world.session.commit()
    page = parent.open("/en/parent/talks/times")
    assert page.html.find("a", attrs={"rel": "next"}) is not None
    page = parent.submit(page, "/talks/times", language="kk", day=str(a_day(2).date()))
    assert len(page.html.select("main form[method=post]")) == 8
    page = parent.open("/en/parent/talks/times")
    page = parent.submit(page, "/talks/times", person=str(russian.account_id))
    assert len(page.html.select("main form[method=post]")) == 1
    parent.open("/en/parent/talks/times?house=nonsense&day=32&page=x&instead=no")


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_titles_and_addresses_tell_nobody_anything(
    world: World, browser: Callable[..., Browser], slots: list[UUID], lang: str, calls: None
) -> None:
    parent = browser(lang).sign_in(world.school.guardian)
    page = chosen(parent, slots[0], lang=lang)
    pages = [page, parent.submit(page, "/details", medium="video")]
    made = the_booking(world).id
    pages += [
        parent.open(f"/{lang}/parent/talks{below}")
        for below in (
            "",
            "/times",
            "/waiting",
            f"/{made}/cancel",
            f"/{made}/phone",
            f"/{made}/join",
        )
    ]
    for one in pages:
        told = f"{one.html.title} {one.url}".lower()
        assert not [word for word in TELLING if word in told], told


def test_a_session_of_nobody_is_sent_to_the_door(browser: Callable[..., Browser]) -> None:
    assert "/login" in browser().open(f"/en/parent/talks/{uuid4()}.ics").url


def test_what_belongs_to_nobody_near_is_not_there(world: World, parent: Browser) -> None:
    far = a_slot(world.unit(), a_host(world.unit(), world.schools[1].psychologist), a_day())
    world.session.commit()
    page = parent.open("/en/parent/talks/times")
    assert str(far) not in str(page.html)
    token = page.html.find("input", attrs={"name": "csrf_token"})
    assert token is not None
    answer = parent.client.post(
        f"/en/parent/talks/times/{far}", data={"csrf_token": str(token["value"])}
    )
    assert answer.status_code == 404


def test_the_link_of_a_message_cancels_in_two_taps_and_tells_when_alone(
    world: World, parent: Browser, browser: Callable[..., Browser], slots: list[UUID]
) -> None:
    agreed(parent, slots[0], words="Құпия")
    made = the_booking(world).id
    link = f"/en/parent/talks/{made}/{talk_secret(world.vault, made)}"
    assert parent.open(link).h1 == "Your meeting is agreed"
    somebody = browser()
    page = somebody.open(link)
    shown = page.text
    assert "10:00–10:30" in shown
    assert world.school.psychologist.account.display_name not in shown
    assert "Құпия" not in shown
    page = somebody.submit(page)
    assert "over or was cancelled" in page.text
    assert "/login" in somebody.open(f"/en/parent/talks/{made}").url
    somebody.open(f"/en/parent/talks/{made}/{'0' * 32}", status=404)
    world.session.rollback()
    gone = world.session.get_one(Booking, made, populate_existing=True)
    assert (gone.state, gone.cancelled_by) == (BookingState.CANCELLED, "parent")
