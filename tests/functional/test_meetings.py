"""Meetings with parents are entered, summed, cancelled and downloaded."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.world import World
from tirek.domain.education import Strand
from tirek.domain.meetings import term_of
from tirek.services import cohorts
from tirek.storage.models import AuditEntry, ParentMeeting
from tirek.storage.session import open_session
from tirek.web.group_words import TERMS

NewBrowser = Callable[..., Browser]


@pytest.fixture
def leader(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def today(world: World) -> date:
    return cohorts.today(world.unit())


def enter(who: Browser, world: World, area: str = "school", **given: object) -> Page:
    page = who.open(f"/{who.lang}/{area}/meetings/new")
    numbers = {"held_on": today(world).isoformat(), "strand": "B", "attended": 20, "fathers": 4}
    return who.submit(page, **{**numbers, **given})


@pytest.mark.parametrize(("lang", "head"), [("kk", "Күні"), ("ru", "День")])
def test_a_meeting_is_entered_summed_and_downloaded(
    world: World, browser: NewBrowser, lang: str, head: str
) -> None:
    who = browser(lang).sign_in(world.school.psychologist)
    enter(who, world, invited=30, course="safe-child")
    page = enter(who, world, attended=5, fathers=5)
    assert page.url == f"/{lang}/school/meetings"
    (total,) = page.rows(str(page.html.find(id="sums").get_text()))  # type: ignore[union-attr]
    assert total[2:] == ["2", "25", "9"]
    answer = who.client.get(f"/{lang}/school/meetings.csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="meetings-')
    assert answer.mimetype == "text/csv"
    data = answer.get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    first, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert first[0] == head
    assert len(rows) == 2
    title = world.catalog.courses["safe-child"].text(lang).title
    assert sorted(row[3:7] for row in rows) == [["", "", "5", "5"], [title, "30", "20", "4"]]


def test_pressing_twice_enters_once(system: Session, world: World, leader: Browser) -> None:
    page = leader.open("/en/school/meetings/new")
    for _press in range(2):
        leader.submit(page, held_on=today(world).isoformat(), strand="A", attended="3", fathers="0")
    system.rollback()
    assert system.scalars(select(func.count()).select_from(ParentMeeting)).one() == 1
    recorded = select(func.count()).where(AuditEntry.action == "meeting.record")
    assert system.scalars(recorded).one() == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"attended": "many"}, "A whole number from 0 to 2,000."),
        ({"attended": "-1"}, "A whole number from 0 to 2,000."),
        ({"fathers": "21"}, "There cannot be more fathers than people who came."),
        ({"invited": "19"}, "More people came than were invited"),
        ({"strand": "D"}, "Not a valid choice"),
        ({"held_on": "2020-01-01"}, "not older than a year"),
        ({"held_on": "soon"}, "Write the day like this"),
    ],
)
def test_numbers_that_cannot_be_right(
    world: World, leader: Browser, given: dict[str, object], told: str
) -> None:
    page = leader.open("/en/school/meetings/new")
    sent: dict[str, object] = {
        "held_on": today(world).isoformat(), "strand": "B", "attended": "20", "fathers": "4",
    }  # fmt: skip
    page = leader.submit(page, status=422, **{**sent, **given})
    assert told in page.text
    assert page.html.select_one('input[name="fathers"]')["value"] == str(  # type: ignore[index]
        {**sent, **given}["fathers"]
    )


def test_tomorrow_has_not_been_yet(world: World, leader: Browser) -> None:
    page = leader.open("/en/school/meetings/new")
    day = (today(world) + timedelta(days=1)).isoformat()
    page = leader.submit(page, status=422, held_on=day, strand="A", attended="3", fathers="0")
    assert "Choose a day that has come" in page.text


def test_what_is_cancelled_stays_and_counts_no_more(
    system: Session, world: World, leader: Browser
) -> None:
    page = enter(leader, world)
    page = leader.open(page.link("Cancel"))
    page = leader.submit(page)
    assert "No meeting is entered here" in page.text
    assert page.html.find(id="sums") is None
    page = leader.open("/en/school/meetings?cancelled=yes")
    assert page.rows("Meetings")[0][-1] == "cancelled"
    kept = system.scalars(select(ParentMeeting)).one()
    assert kept.cancelled_at is not None
    page = leader.open(f"/en/school/meetings/{kept.id}/cancel")
    assert not page.html.select("main form")


def test_filters_by_term_and_strand(world: World, leader: Browser) -> None:
    enter(leader, world, strand="A")
    enter(leader, world, strand="C")
    now = term_of(today(world)).value
    for query, rows in ((f"term={now}", 2), (f"term={now}&strand=C", 1), ("strand=x&year=7", 2)):
        page = leader.open(f"/en/school/meetings?{query}")
        assert len(page.rows("Meetings")) == rows, query
    other = next(term.value for term in TERMS if term.value != now)
    assert "No meeting is entered here" in leader.open(f"/en/school/meetings?term={other}").text


def test_another_house_has_its_own_meetings(
    system: Session, world: World, leader: Browser, browser: NewBrowser, engine: Engine
) -> None:
    enter(leader, world)
    kept = system.scalars(select(ParentMeeting)).one()
    for who, area in ((world.schools[1].psychologist, "school"), (world.home.specialist, "psc")):
        other = browser().sign_in(who)
        assert "No meeting is entered here" in other.open(f"/en/{area}/meetings").text
        assert other.client.get(f"/en/{area}/meetings/{kept.id}/cancel").status_code == 404
        with open_session(engine, who.actor.scope) as session:
            assert session.scalars(select(ParentMeeting)).all() == []
        enter(other, world, area)
    system.rollback()
    refused = system.scalars(select(AuditEntry).where(AuditEntry.outcome == "refused")).all()
    assert {row.entity_id for row in refused} == {str(kept.id)}


def test_the_database_refuses_more_fathers_than_people(system: Session, world: World) -> None:
    account = world.school.psychologist.account
    system.add(
        ParentMeeting(
            school_id=world.school.id,
            strand=Strand.SAFETY.value,
            held_on=today(world),
            attended=3,
            fathers=4,
            created_by=account.id,
        )
    )
    with pytest.raises(IntegrityError, match="counts_agree"):
        system.flush()
