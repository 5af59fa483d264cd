"""A parent on a telephone: opens an account, joins a child, deletes the account again."""

import pytest
from playwright.sync_api import Page
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.browser.conftest import OpenPage, Site
from tests.builders_families import NEW_PASSWORD, a_letter
from tirek.domain.access_code import pretty
from tirek.storage.models import Account, Guardianship

EMAIL = "jana.ata.ana@example.kz"


@pytest.fixture
def page(site: Site, open_page: OpenPage, lang: str, *, javascript: bool) -> Page:
    size = {"width": 360, "height": 640}
    return open_page(site.at(f"/{lang}/parent/join"), javascript=javascript, viewport=size)


def press(page: Page, selector: str = "main form button[type=submit]") -> None:
    page.locator(selector).first.click()
    page.wait_for_load_state()


def register_and_sign_in(page: Page) -> None:
    """The two pages between a code and the first page."""
    page.click("main a[href$='/parent/register']")
    page.fill("#email", EMAIL)
    page.fill("#password", NEW_PASSWORD)
    press(page)
    page.click("main .govuk-button")
    page.fill("#email", EMAIL)
    page.fill("#password", NEW_PASSWORD)
    press(page)


def delete_the_account(page: Page) -> None:
    page.click("main a[href$='/account/delete']")
    page.click("main a[href$='/account/delete/sure']")
    page.fill("#password", NEW_PASSWORD)
    press(page)
    assert page.url.endswith("/parent/account/deleted")


def test_an_account_from_the_schools_letter_to_its_end(
    site: Site, page: Page, lang: str, engine: Engine, system: Session
) -> None:
    letter = a_letter(site.world, engine)
    page.fill("#code", pretty(letter.code))
    press(page)
    register_and_sign_in(page)
    assert page.url.endswith(f"/{lang}/parent/join")
    press(page, "form[action$='/join/child'] button")
    assert page.url.endswith(f"/{lang}/parent")
    assert "8A-01" in page.inner_text("main")

    # Switched in the middle: the same account, nothing lost.
    page.click(f"nav a[hreflang={'ru' if lang == 'kk' else 'kk'}]")
    assert "8A-01" in page.inner_text("main")
    account = system.scalars(select(Account).where(Account.email == EMAIL)).one()
    # The language of the page is the language of the letters to come.
    assert account.language == lang

    page.goto(site.at(f"/{lang}/parent/account"))
    delete_the_account(page)
    page.goto(site.at(f"/{lang}/parent"))
    assert "/login" in page.url
    system.rollback()
    assert system.scalars(select(Account).where(Account.email == EMAIL)).all() == []
    joined = select(Guardianship).where(Guardianship.account_id == account.id)
    assert system.scalars(joined).one().revoked_at is not None
