"""The page of the courses' figures: for those above, in their own area, without anybody in it."""

import csv
import io
from collections.abc import Callable

import pytest
from sqlalchemy import func, insert
from sqlalchemy.orm import Session

from tests.builders_group import COURSE
from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.storage.models import Account, LessonProgress

NewBrowser = Callable[..., Browser]


@pytest.fixture
def readers(system: Session, world: World) -> list[str]:
    """Seven parents of the home region who finished the course, and nine of the neighbour's."""
    emails = []
    for region, number in ((world.home.region.iso, 7), (world.neighbour.region.iso, 9)):
        for at in range(number):
            account = Account(
                email=f"reader{at}.{region}@example.org",
                password_hash="-",
                role=Role.GUARDIAN.value,
                display_name="",
                region_iso=region,
            )
            system.add(account)
            system.flush()
            emails.append(account.email)
            for lesson in world.catalog.courses[COURSE].lessons:
                system.execute(
                    insert(LessonProgress).values(
                        account_id=account.id,
                        course_id=COURSE,
                        lesson_id=lesson.id,
                        language="kk",
                        done_at=func.now(),
                    )
                )
    system.commit()
    return emails


def signed_in(
    world: World, session: Session, browser: NewBrowser, role: Role, **place: str
) -> Browser:
    adult = an_adult(world.unit(), role, **place)
    session.commit()
    return browser().sign_in(adult)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_methodologist_sees_the_country_and_nobody(
    system: Session, world: World, browser: NewBrowser, readers: list[str], lang: str
) -> None:
    author = signed_in(world, system, browser, Role.METHODOLOGIST)
    page = author.open(f"/{lang}/oversight/courses")
    title = world.catalog.courses[COURSE].text(lang).title
    assert title in str(page.html)
    assert "16" in str(page.html)
    assert not any(email in str(page.html) for email in readers)


def test_a_coordinator_counts_the_own_region(
    system: Session, world: World, browser: NewBrowser, readers: list[str]
) -> None:
    here = signed_in(
        world, system, browser, Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso
    )
    table = here.client.get("/ru/oversight/courses.csv")
    assert table.status_code == 200
    rows = list(csv.DictReader(io.StringIO(table.text)))
    found = {
        (row["language"], row["measure"]): row["value"] for row in rows if row["course"] == COURSE
    }
    assert found["both", "opened"] == found["both", "all"] == found["kk", "core_path"] == "7"
    assert found["ru", "opened"] == "0"


def test_nobody_has_read_anything_yet(system: Session, world: World, browser: NewBrowser) -> None:
    author = signed_in(world, system, browser, Role.METHODOLOGIST)
    page = author.open("/ru/oversight/courses")
    assert "Курсов пока никто не начал" in str(page.html)


def test_a_school_has_no_such_page(world: World, browser: NewBrowser) -> None:
    one = browser().sign_in(world.school.psychologist)
    one.open("/ru/oversight/courses", status=403)
