"""Reminders are asked for in the account, and stopped there or by the link in a letter."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.functional.browser import Browser
from tests.world import World
from tirek.services import reminders
from tirek.storage.models import Account, ReminderWish

NewBrowser = Callable[..., Browser]


def wishes(system: Session) -> list[tuple[int, int]]:
    system.expire_all()
    rows = system.execute(select(ReminderWish.weekdays, ReminderWish.hour)).all()
    system.commit()
    return [(row.weekdays, row.hour) for row in rows]


def a_link(world: World, lang: str) -> str:
    account = world.school.guardian.account
    return f"/{lang}/reminders/{account.id}/{reminders.stop_secret(world.vault, account.id)}"


@pytest.fixture
def wish(world: World, system: Session) -> None:
    account = world.school.guardian.account
    system.add(ReminderWish(account_id=account.id, weekdays=2, hour=19))
    system.commit()


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_days_and_hour_are_chosen_changed_and_given_up(
    browser: NewBrowser, world: World, system: Session, lang: str
):
    parent = browser(lang).sign_in(world.school.guardian)
    page = parent.open(f"/{lang}/parent/account/reminders")
    assert not page.html.find_all("input", attrs={"name": "weekdays", "checked": True})
    page = parent.submit(page, "/reminders", weekdays=["1", "5"], hour="19")
    assert wishes(system) == [(0b100010, 19)]
    ticked = page.html.find_all("input", attrs={"name": "weekdays", "checked": True})
    assert [box["value"] for box in ticked] == ["1", "5"]
    parent.submit(page, "/reminders", status=422, weekdays=["0", "1", "2"], hour="19")
    parent.submit(page, "/reminders", status=422, weekdays=["1"], hour="21")
    parent.submit(page, "/reminders", status=422, weekdays=[], hour="19")
    assert wishes(system) == [(0b100010, 19)]
    parent.submit(page, "/reminders/stop")
    assert wishes(system) == []


def test_who_has_not_confirmed_an_address_is_told_so(
    browser: NewBrowser, world: World, system: Session
):
    parent = browser().sign_in(world.school.guardian)
    assert "not confirmed yet" in parent.open("/en/parent/account/reminders").text
    system.get_one(Account, world.school.guardian.account.id).verified_at = func.now()
    system.commit()
    assert "not confirmed yet" not in parent.open("/en/parent/account/reminders").text


@pytest.mark.usefixtures("wish")
@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_link_asks_once_and_stops_without_signing_in(
    browser: NewBrowser, world: World, system: Session, lang: str
):
    stranger = browser(lang)
    page = stranger.open(a_link(world, lang))
    assert len(wishes(system)) == 1, "opening a link changes nothing"
    page = stranger.submit(page)
    assert page.url == f"/{lang}/reminders/ended"
    assert wishes(system) == []


@pytest.mark.usefixtures("wish")
def test_a_mail_program_stops_them_with_one_press(
    browser: NewBrowser, world: World, system: Session
):
    program = browser("ru").client
    sent = {"List-Unsubscribe": "One-Click"}
    wrong = a_link(world, "ru")[:-1] + "_"
    assert program.post(wrong, data=sent).status_code == 404
    assert len(wishes(system)) == 1
    assert program.post(a_link(world, "ru"), data=sent).status_code == 200
    assert wishes(system) == []
    assert program.post(a_link(world, "ru"), data=sent).status_code == 200, "twice is once"


def test_a_broken_link_leads_to_the_account(browser: NewBrowser, world: World):
    page = browser("kk").open(a_link(world, "kk")[:-3], status=404)
    assert page.link("Кабинетімдегі").endswith("/kk/parent/account/reminders")
