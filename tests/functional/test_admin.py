"""Administrators: the machinery, who is called, servers and addresses; never a child."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, a_pupil_answers, the_leg
from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.delivery import Channel
from tirek.domain.people import Role
from tirek.services import endpoints
from tirek.services.oversight import short
from tirek.storage.models import Authority, DutyPost, Endpoint

NewBrowser = Callable[..., Browser]
PAGES = ("", "/duty", "/endpoints", "/authorities", "/authorities/KZ-71/guardianship")


@pytest.fixture
def administrator(system: Session, world: World, browser: NewBrowser) -> Browser:
    adult = an_adult(world.unit(), Role.ADMINISTRATOR)
    system.commit()
    return browser().sign_in(adult)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_page_works_in_every_language_and_names_no_child(
    engine: Engine, system: Session, world: World, browser: NewBrowser, lang: str
) -> None:
    a_pupil_answers(engine, world, SELF_HARM)
    system.execute(text("UPDATE outbox SET stuck_at = now()"))
    leg = the_leg(system, world.school.pupil)
    adult = an_adult(world.unit(), Role.ADMINISTRATOR)
    system.commit()
    somebody = browser(lang).sign_in(adult)
    for path in PAGES:
        shown = str(somebody.open(f"/{lang}/admin{path}").html)
        assert world.school.pupil.student.school_code not in shown
        # An administrator sees no referral either.
        assert short(leg.id) not in shown


def test_the_secrets_of_a_server_are_shown_once(
    system: Session, world: World, administrator: Browser
) -> None:
    page = administrator.open("/en/admin/endpoints")
    given = {"center": str(world.home.id), "kind": "webhook", "url": "https://hook.example.org/in"}
    page = administrator.submit(page, "/endpoints", **given)
    signing, token = [one.get_text() for one in page.html.select(".govuk-inset-text .code")]
    again = administrator.open("/en/admin/endpoints")
    assert token not in str(again.html)
    assert signing not in str(again.html)
    row = system.scalars(select(Endpoint)).one()
    place = ("endpoints", "secret_sealed", str(row.id))
    assert world.vault.open_secret(bytes(row.secret_sealed), *place) == signing
    caller = endpoints.caller_of(world.unit(), token)
    assert caller is not None
    assert caller.endpoint_id == row.id
    renewed = administrator.submit(again, "/renew")
    assert token not in str(renewed.html)
    system.rollback()
    assert endpoints.caller_of(world.unit(), token) is None


def test_a_fhir_server_needs_the_token_that_it_asks_for(
    system: Session, world: World, administrator: Browser
) -> None:
    page = administrator.open("/en/admin/endpoints")
    given = {"center": str(world.home.id), "kind": "fhir", "url": "https://fhir.example.org/r4"}
    page = administrator.submit(page, "/endpoints", status=422, **given)
    assert "Type the token" in page.text
    page = administrator.submit(page, "/endpoints", **given, their_token="their own token")
    (token,) = [one.get_text() for one in page.html.select(".govuk-inset-text .code")]
    row = system.scalars(select(Endpoint)).one()
    place = ("endpoints", "secret_sealed", str(row.id))
    assert world.vault.open_secret(bytes(row.secret_sealed), *place) == "their own token"
    caller = endpoints.caller_of(world.unit(), token)
    assert caller is not None
    assert caller.kind is Channel.FHIR
    page = administrator.submit(page, "/off")
    assert "off" in page.rows("Servers")[0]


@pytest.mark.parametrize(
    "url", ["http://hook.example.org", "ftp://x", "https://", "https://a:b@hook.example.org", "x"]
)
def test_an_address_that_is_not_safe_is_refused(
    world: World, administrator: Browser, url: str
) -> None:
    page = administrator.open("/en/admin/endpoints")
    given = {"center": str(world.home.id), "kind": "webhook", "url": url}
    page = administrator.submit(page, "/endpoints", status=422, **given)
    assert "begins with https://" in page.text


def test_where_the_notices_of_an_authority_go(system: Session, administrator: Browser) -> None:
    path = "/en/admin/authorities/KZ-71/guardianship"
    page = administrator.open(path)
    given = {"name_kk": "Қорғаншылық", "name_ru": "Опека", "language": "ru"}
    page = administrator.submit(page, status=422, **given, email="nobody")
    assert "This is no e-mail address" in page.text
    administrator.submit(page, **given, email="opeka@example.org")
    found = system.scalars(select(Authority)).one()
    assert (found.region_iso, found.email, found.language) == ("KZ-71", "opeka@example.org", "ru")
    administrator.submit(administrator.open(path), **given, email="new@example.org")
    system.rollback()
    assert system.scalars(select(Authority.email)).all() == ["new@example.org"]
    administrator.open("/en/admin/authorities/KZ-99/guardianship", status=404)
    administrator.open("/en/admin/authorities/KZ-71/school", status=404)


def test_the_national_duty_is_an_administrators_to_keep(
    system: Session, world: World, administrator: Browser
) -> None:
    on_duty = an_adult(world.unit(), Role.NATIONAL_DUTY)
    system.commit()
    page = administrator.open("/en/admin/duty")
    page = administrator.submit(page, "/duty", place="national", account=str(on_duty.account.id))
    (row,) = page.rows("Upper rungs")
    assert row[0] == "National duty"
    assert system.scalars(select(DutyPost.post)).all() == ["national_duty"]
    administrator.submit(
        page, "/duty", status=409, place="national", account=str(on_duty.account.id)
    )
    administrator.submit(administrator.open("/en/admin/duty"), "/remove")
    system.rollback()
    assert system.scalars(select(DutyPost.post)).all() == []
