"""The centre about itself: state, shifts, gaps, phones; and its monthly test alarm."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.people import Role
from tirek.services import drills
from tirek.storage import backdate
from tirek.storage.models import Account, Drill, DutyShift, OutboxMessage, SupportCenter

NewBrowser = Callable[..., Browser]


@pytest.fixture
def head(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.home.supervisor)


def local(world: World, **ahead: float) -> str:
    moment = world.unit().now() + timedelta(**ahead)
    return moment.astimezone(KAZAKHSTAN).strftime("%Y-%m-%dT%H:%M")


def add_shift(head: Browser, world: World, starts: str, ends: str, status: int = 200):
    page = head.open("/en/psc/roster")
    somebody = str(world.home.specialist.account.id)
    return head.submit(
        page, "/roster/shifts", status=status, account=somebody, starts=starts, ends=ends
    )


def keep_roster(head: Browser):
    return head.submit(head.open("/en/psc/roster"), "/psc/roster", keeps_roster="y")


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_page_works_in_every_language(world: World, browser: NewBrowser, lang: str) -> None:
    page = browser(lang).sign_in(world.home.supervisor).open(f"/{lang}/psc/roster")
    assert world.home.specialist.account.display_name in page.text
    browser(lang).sign_in(world.home.specialist).open(f"/{lang}/psc/drills")


def test_a_specialist_sees_the_roster_and_changes_nothing(
    world: World, browser: NewBrowser
) -> None:
    page = browser().sign_in(world.home.specialist).open("/en/psc/roster")
    assert not page.html.find("main").find_all("form")  # type: ignore[union-attr]


def test_a_centre_says_that_it_is_full(system: Session, world: World, head: Browser) -> None:
    page = head.open("/en/psc/roster")
    page = head.submit(page, "/psc/roster", state="full", capacity="12")
    assert "The centre says that it is full" in page.text
    center = system.get_one(SupportCenter, world.home.id, populate_existing=True)
    assert (center.is_open, center.is_full, center.daily_capacity) == (True, True, 12)
    page = head.submit(page, "/psc/roster", state="closed")
    assert "The centre says that it is closed" in page.text
    page = head.submit(page, "/psc/roster", status=422, capacity="0")
    assert "A whole number from 1 to 500" in page.text


def test_gaps_of_the_next_fourteen_days_are_warned_of(world: World, head: Browser) -> None:
    page = keep_roster(head)
    assert "Nobody is on duty now" in page.text
    assert page.text.count("Nobody on duty from") == 1
    page = add_shift(head, world, local(world, hours=-1), local(world, hours=5))
    assert f"Now: {world.home.specialist.account.display_name}" in page.text
    assert page.text.count("Nobody on duty from") == 1
    page = add_shift(head, world, local(world, days=2), local(world, days=3))
    assert page.text.count("Nobody on duty from") == 2
    # Overlapping is allowed, and covers.
    page = add_shift(head, world, local(world, hours=4), local(world, days=2, hours=1))
    assert page.text.count("Nobody on duty from") == 1


def test_hours_are_typed_in_kazakhstans_time(system: Session, world: World, head: Browser) -> None:
    day = (world.unit().now() + timedelta(days=3)).astimezone(KAZAKHSTAN).date()
    page = add_shift(head, world, f"{day}T09:00", f"{day}T18:30")
    (shift,) = system.scalars(select(DutyShift)).all()
    assert shift.starts_at.hour == 4
    (row,) = page.rows("Coming shifts")
    assert row[1] == f"{day:%d.%m.%Y} 09:00"
    head.submit(page, "/remove")
    system.rollback()
    assert system.scalars(select(DutyShift)).all() == []


@pytest.mark.parametrize(
    ("starts", "ends"), [((5), (4)), ((-9), (-3)), ((1), (24 * 8))], ids=["back", "past", "week"]
)
def test_hours_that_cannot_be_worked_are_refused(
    world: World, head: Browser, starts: float, ends: float
) -> None:
    page = add_shift(head, world, local(world, hours=starts), local(world, hours=ends), 422)
    assert "A shift ends after it begins" in page.text


def test_nobody_of_another_centre_is_put_on_duty(world: World, head: Browser) -> None:
    page = head.open("/en/psc/roster")
    head.submit(
        page,
        "/roster/shifts",
        status=422,
        account=str(world.neighbour.specialist.account.id),
        starts=local(world, hours=1),
        ends=local(world, hours=2),
    )


def test_another_centres_shift_and_people_do_not_exist(
    system: Session, world: World, head: Browser, browser: NewBrowser
) -> None:
    page = add_shift(head, world, local(world, hours=1), local(world, hours=2))
    remove = str(page.html.find("form", action=lambda url: url and "/remove" in url)["action"])  # type: ignore[index]
    stranger = browser().sign_in(world.neighbour.supervisor)
    token = stranger.open("/en/psc").html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    sent = {"csrf_token": token, "phone": "+7 701 000 00 00"}
    phone = f"/en/psc/roster/phones/{world.home.specialist.account.id}"
    for path in (remove, phone, f"/en/psc/roster/phones/{uuid4()}"):
        assert stranger.client.post(path, data=sent).status_code == 404
    system.rollback()
    assert len(system.scalars(select(DutyShift)).all()) == 1


def test_a_phone_is_sealed_shown_by_its_ends_and_taken_away(
    system: Session, world: World, head: Browser
) -> None:
    somebody = world.home.specialist.account.id
    page = head.open("/en/psc/roster")
    page = head.submit(page, f"/phones/{somebody}", phone="8 (701) 234-56-78")
    assert "+7701 ••• •• 78" in page.text
    assert "2345678" not in page.text.replace(" ", "").replace("-", "")
    sealed = system.scalars(select(Account.phone_sealed).where(Account.id == somebody)).one()
    assert sealed is not None
    place = ("accounts", "phone_sealed", str(somebody))
    assert world.vault.open_secret(bytes(sealed), *place) == "+77012345678"
    page = head.submit(page, f"/phones/{somebody}", status=422, phone="12")
    assert "A number of Kazakhstan" in page.text
    head.submit(head.open("/en/psc/roster"), f"/phones/{somebody}")
    system.rollback()
    assert system.scalars(select(Account.phone_sealed).where(Account.id == somebody)).one() is None


# Test alarms


def test_a_test_alarm_is_answered_on_the_page_and_measured(
    system: Session, world: World, browser: NewBrowser
) -> None:
    begun = drills.start(world.unit(), world.home.id)
    system.commit()
    messages = system.scalars(select(OutboxMessage).where(OutboxMessage.drill_id == begun)).all()
    told = {message.account_id for message in messages}
    assert told == {world.home.specialist.account.id, world.home.supervisor.account.id}
    somebody = browser().sign_in(world.home.specialist)
    assert "Test alarm: answer it" in str(somebody.open("/en/psc").html)
    page = somebody.submit(somebody.open("/en/psc/drills"), f"/drills/{begun}")
    assert "Answered. Thank you" in page.text
    assert "Test alarm: answer it" not in str(page.html)
    (row,) = page.rows("All test alarms")
    assert row[2] == world.home.specialist.account.display_name
    drill = system.get_one(Drill, begun, populate_existing=True)
    assert drill.answered_at is not None


def test_a_second_answer_names_who_was_first(
    system: Session, world: World, browser: NewBrowser
) -> None:
    begun = drills.start(world.unit(), world.home.id)
    system.commit()
    pages = {}
    for adult in (world.home.specialist, world.home.supervisor):
        somebody = browser().sign_in(adult)
        pages[adult.account.id] = (somebody, somebody.open("/en/psc/drills"))
    first, page = pages[world.home.specialist.account.id]
    first.submit(page, f"/drills/{begun}")
    second, page = pages[world.home.supervisor.account.id]
    refused = second.submit(page, f"/drills/{begun}", status=409)
    assert world.home.specialist.account.display_name in refused.text


def test_another_centres_test_alarm_does_not_exist(
    system: Session, world: World, browser: NewBrowser
) -> None:
    begun = drills.start(world.unit(), world.home.id)
    system.commit()
    stranger = browser().sign_in(world.neighbour.specialist)
    page = stranger.open("/en/psc/drills")
    assert "There has been no test alarm yet" in page.text
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]
    path = f"/en/psc/drills/{begun}"
    assert stranger.client.post(path, data={"csrf_token": token}).status_code == 404


def test_one_that_nobody_answers_is_told_once_and_shown_above(
    engine: Engine, owner: Engine, system: Session, world: World, browser: NewBrowser
) -> None:
    coordinator = an_adult(
        world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso
    )
    begun = drills.start(world.unit(), world.home.id)
    system.commit()
    assert drills.escalate_due(world.unit()) == 0
    with owner.begin() as connection:
        backdate.switch_rules(connection, on=False)
        connection.execute(
            text(
                "UPDATE drills SET started_at = now() - interval '20 minutes',"
                " due_at = now() - interval '5 minutes'"
            )
        )
        backdate.switch_rules(connection, on=True)
    assert drills.escalate_due(world.unit()) == 1
    assert drills.escalate_due(world.unit()) == 0
    system.commit()
    missed = system.scalars(select(OutboxMessage).where(OutboxMessage.kind == "drill_missed")).all()
    assert [(one.account_id, one.drill_id) for one in missed] == [(coordinator.account.id, begun)]
    page = browser().sign_in(coordinator).open("/en/oversight/drills")
    (row,) = page.rows("Those without an answer first")
    assert row[0] == world.home.center.name_ru
    assert row[2] == "nobody yet"
    assert row[3].startswith("late by")
