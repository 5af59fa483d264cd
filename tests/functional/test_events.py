"""Events at a school and the gates of assigning, as the psychologist meets them."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.world import EVENT, World, an_adult
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.people import Role
from tirek.services import gates
from tirek.storage.models import Assignment, AuditEntry, Campaign, SchoolEvent

NewBrowser = Callable[..., Browser]
EVENTS, NEW = "/en/school/events", "/en/school/assignments/new"


@pytest.fixture
def at_work(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


@pytest.fixture
def planned(world: World, system: Session) -> Campaign:
    """A round after the world's own, so that nothing is assigned in it yet."""
    starts = world.campaign.ends_at + timedelta(days=1)
    campaign = Campaign(
        school_year=world.campaign.school_year,
        round=3,
        starts_at=starts,
        ends_at=starts + timedelta(days=20),
    )
    system.add(campaign)
    system.commit()
    return campaign


def a_morning(world: World, campaign: Campaign) -> datetime:
    """Ten o'clock on a working day of the round."""
    day = (campaign.starts_at + timedelta(days=1)).astimezone(KAZAKHSTAN).date()
    while not world.catalog.protocol.calendar.is_working(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(10), KAZAKHSTAN)


def wished(world: World, opens: datetime, closes: datetime, **more: str) -> dict[str, str]:
    return {
        "classroom": str(world.school.classroom.id),
        "opens": opens.strftime("%Y-%m-%dT%H:%M"),
        "closes": closes.strftime("%Y-%m-%dT%H:%M"),
        **more,
    }


def test_an_event_is_written_down_and_listed(
    world: World, at_work: Browser, system: Session
) -> None:
    page = at_work.submit(
        at_work.open(EVENTS), "/events", happened_on="2026-01-15", words="Fire in the gym"
    )
    assert "The event is written down." in page.text
    rows = page.rows("Events at the school")
    assert [row[1] for row in rows] == [EVENT, "Fire in the gym"]
    assert rows[1][0] == "15.01.2026"
    stored = system.scalars(select(SchoolEvent.words_sealed)).all()
    assert all(b"gym" not in sealed for sealed in stored)
    done = system.scalars(select(AuditEntry.action)).all()
    assert {"event.record", "event.view"} <= {*done}


def test_what_is_to_come_cannot_be_written_down(world: World, at_work: Browser) -> None:
    tomorrow = datetime.now(KAZAKHSTAN).date() + timedelta(days=1)
    page = at_work.submit(
        at_work.open(EVENTS), "/events", happened_on=tomorrow.isoformat(), words="?", status=422
    )
    assert "This day is still to come." in page.text
    assert page.html.find("textarea", {"name": "words"}).text.strip() == "?"


def test_an_empty_event_is_refused(at_work: Browser) -> None:
    page = at_work.submit(at_work.open(EVENTS), "/events", status=422)
    assert "Type the day." in page.text
    assert "Write in a few words what happened." in page.text


def test_another_school_reads_nothing_of_it(world: World, browser: NewBrowser) -> None:
    other = browser().sign_in(world.schools[1].psychologist)
    assert len(other.open(EVENTS).rows("Events at the school")) == 1


def test_only_psychologists_read_them(world: World, browser: NewBrowser, system: Session) -> None:
    pedagogue = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    browser().sign_in(pedagogue).open(EVENTS, status=403)


def refused(at_work: Browser, status: int = 422, **wish: str) -> Page:
    return at_work.submit(at_work.open(NEW), "/new", status=status, **wish)


def test_the_asq_needs_a_person_and_a_window_that_one_person_can_hold(
    world: World, at_work: Browser, planned: Campaign
) -> None:
    opens = a_morning(world, planned)
    me = str(world.school.psychologist.account.id)
    asq = {"instrument": "asq"}
    two_hours = wished(world, opens, opens + timedelta(hours=2), **asq)
    assert "Choose who is with the pupils" in refused(at_work, **two_hours).text
    asq["staffed_by"] = me
    long = wished(world, opens, opens + timedelta(hours=5), **asq)
    assert "4 hours at most" in refused(at_work, **long).text
    late = wished(world, opens.replace(hour=19), opens.replace(hour=20), **asq)
    assert "from 08:00 to 18:00" in refused(at_work, **late).text
    saturday = opens + timedelta(days=5 - opens.weekday())
    calendar = world.catalog.protocol.calendar
    while calendar.is_working(saturday.date()) or saturday < opens:
        saturday += timedelta(days=1)
    day_off = wished(world, saturday, saturday + timedelta(hours=1), **asq)
    assert "Nobody is at school on that day" in refused(at_work, **day_off).text
    stranger = str(world.schools[1].psychologist.account.id)
    asq["staffed_by"] = stranger
    foreign = wished(world, opens, opens + timedelta(hours=2), **asq)
    assert at_work.submit(at_work.open(NEW), "/new", status=422, **foreign).status == 422


def test_the_asq_is_assigned_to_a_named_person(
    world: World, at_work: Browser, planned: Campaign, system: Session
) -> None:
    opens = a_morning(world, planned)
    asq = {"instrument": "asq", "staffed_by": str(world.school.psychologist.account.id)}
    page = refused(at_work, 200, **wished(world, opens, opens + timedelta(hours=2), **asq))
    assert page.h1 == "Check before you assign"
    assert world.school.psychologist.account.display_name in page.text
    assert "These questions are about suicide." in page.text
    page = at_work.submit(page)
    assert world.school.psychologist.account.display_name in page.text
    stored = system.scalars(select(Assignment).where(Assignment.campaign_id == planned.id)).one()
    assert stored.staffed_by == world.school.psychologist.account.id
    assert stored.event_id is None
    # Longer than one person can be there: not afterwards either.
    later = (opens + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M")
    page = at_work.submit(page, "/extend", closes=later, status=422)
    assert "4 hours at most" in page.text


def test_cries_needs_an_event_that_lies_before(
    world: World, at_work: Browser, planned: Campaign, system: Session
) -> None:
    opens = a_morning(world, planned)
    closes = opens + timedelta(days=3)
    cries = wished(world, opens, closes, instrument="cries-8")
    assert "Choose what happened" in refused(at_work, **cries).text
    event = system.scalars(
        select(SchoolEvent).where(SchoolEvent.school_id == world.school.id)
    ).one()
    page = refused(at_work, 200, **cries, event=str(event.id))
    assert f"{event.happened_on:%d.%m.%Y}" in page.text
    at_work.submit(page)
    stored = system.scalars(select(Assignment).where(Assignment.campaign_id == planned.id)).one()
    assert (stored.event_id, stored.staffed_by) == (event.id, None)


def test_the_form_offers_the_events_and_where_to_write_one_down(
    world: World, at_work: Browser
) -> None:
    page = at_work.open(NEW)
    offered = [one.text for one in page.html.select("select[name=event] option")]
    assert offered[0] == "Not chosen"
    assert offered[1].endswith(f": {EVENT}")
    assert page.link("Write an event down").endswith("/school/events")


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_pupil_reads_the_day_and_never_the_words(
    world: World, browser: NewBrowser, system: Session, lang: str
) -> None:
    pupil = browser(lang)
    page = pupil.submit(pupil.open(f"/{lang}/s"), code=world.school.pupil.codes["cries-8"])
    page = pupil.submit(page)
    event = system.scalars(
        select(SchoolEvent).where(SchoolEvent.school_id == world.school.id)
    ).one()
    assert f"{event.happened_on:%d.%m.%Y}" in page.text
    assert EVENT not in str(page.html)


def test_what_is_free_keeps_no_conditions(
    world: World, at_work: Browser, planned: Campaign, system: Session
) -> None:
    opens = a_morning(world, planned)
    me = str(world.school.psychologist.account.id)
    wish = wished(world, opens, opens + timedelta(days=3), instrument="phq-a", staffed_by=me)
    at_work.submit(refused(at_work, 200, **wish))
    stored = system.scalars(select(Assignment).where(Assignment.campaign_id == planned.id)).one()
    assert (stored.staffed_by, stored.event_id) == (None, None)


def test_specialists_are_the_active_psychologists_of_the_school(
    world: World, system: Session
) -> None:
    gone = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    gone.account.is_active = False
    an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    unit = world.unit(world.school.psychologist.actor)
    assert [one.id for one in gates.specialists(unit)] == [world.school.psychologist.account.id]
