"""An administrator records permissions of rights-holders on real pages; nobody else does."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders_licences import DAY, a_licence, an_administrator
from tests.functional.browser import Browser
from tests.world import Adult, World, an_adult
from tirek.domain.people import Role
from tirek.services import assignments, licences
from tirek.storage.models import InstrumentLicence

NewBrowser = Callable[..., Browser]
LIST, ONE = "/en/admin/licences", "/en/admin/licences/rcads-25"
GIVEN = {
    "granted_by": "The authors",
    "granted_to": "Support centres of Kazakhstan",
    "scope": "Electronic use in Kazakh and Russian, non-commercial",
    "evidence": "Letter of 1 September 2026, folder 17",
    "valid_from": "2026-09-01",
}


@pytest.fixture
def administrator(system: Session, world: World) -> Adult:
    adult = an_administrator(world)
    system.commit()
    return adult


@pytest.fixture
def somebody(browser: NewBrowser, administrator: Adult) -> Browser:
    return browser().sign_in(administrator)


def states(browser: Browser) -> dict[str, tuple[str, str]]:
    """The permission and its last day, by the questionnaire's id."""
    rows = browser.open(LIST).rows("Questionnaires that need a permission")
    return {name.split()[-1]: (state, until) for name, _holder, state, until in rows}


def test_what_needs_a_permission_is_listed_and_nothing_else(somebody: Browser) -> None:
    found = states(somebody)
    assert {"rcads-25", "rcads-25-p", "parental-stress", "apq-9", "oro"} <= set(found)
    assert not {"phq-a", "who-5", "parent-attitudes", "mics-discipline"} & set(found)
    assert found["rcads-25"] == ("permission needed", "–")


def test_a_permission_is_recorded_shown_and_taken_back(
    somebody: Browser, administrator: Adult, world: World, system: Session
) -> None:
    page = somebody.open(ONE)
    assert "No permission has been recorded" in page.text
    page = somebody.submit(page, "/rcads-25", **GIVEN, valid_to="2036-08-31")
    assert page.url == ONE
    (row,) = page.rows("What was recorded")
    assert GIVEN["evidence"] in row[3]
    assert administrator.account.display_name in row[3]
    assert states(somebody)["rcads-25"][0] == "in force"
    psychologist = world.unit(world.school.psychologist.actor)
    system.rollback()
    assert "rcads-25" in {one.id for one, _release in assignments.assignable(psychologist)}
    page = somebody.open(page.link("Take back"))
    page = somebody.submit(page, status=422)
    assert "Write why." in page.text
    page = somebody.submit(page, reason="They wrote that it is over.")
    (row,) = page.rows("What was recorded")
    assert "They wrote that it is over." in row[4]
    assert states(somebody)["rcads-25"][0] == "was taken back"
    system.rollback()
    assert "rcads-25" not in {one.id for one, _release in assignments.assignable(psychologist)}


@pytest.mark.parametrize("missing", ["granted_by", "granted_to", "scope", "evidence"])
def test_what_is_unsaid_is_asked_for_and_the_rest_is_kept(
    somebody: Browser, system: Session, missing: str
) -> None:
    page = somebody.submit(somebody.open(ONE), "/rcads-25", status=422, **GIVEN | {missing: " "})
    kept = [tag.get("value") or tag.get_text() for tag in page.form("/rcads-25")("input")]
    kept += [tag.get_text().strip() for tag in page.form("/rcads-25")("textarea")]
    assert {text for name, text in GIVEN.items() if name != missing} <= set(kept)
    assert system.scalars(select(InstrumentLicence.id)).all() == []


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"valid_to": "2026-08-31"}, "The last day comes before the first one."),
        ({"valid_from": "soon"}, "Write the day like this"),
        ({"valid_to": "later"}, "Write the day like this"),
    ],
)
def test_days_that_cannot_be_are_refused(
    somebody: Browser, system: Session, days: dict[str, str], words: str
) -> None:
    page = somebody.submit(somebody.open(ONE), "/rcads-25", status=422, **GIVEN | days)
    assert words in page.text
    assert system.scalars(select(InstrumentLicence.id)).all() == []


def test_the_list_tells_one_that_ended_from_one_that_begins_later(
    somebody: Browser, administrator: Adult, world: World, system: Session
) -> None:
    unit = world.unit(administrator.actor)
    today = licences.today(unit)
    a_licence(unit, "rcads-25", valid_to=today - DAY)
    a_licence(unit, "apq-9", valid_from=today + DAY)
    a_licence(unit, "oro")
    system.commit()
    found = states(somebody)
    assert found["rcads-25"] == ("has ended", "–")
    assert found["apq-9"] == ("begins later", "–")
    assert found["oro"] == ("in force", "no last day")


def test_a_licence_is_taken_back_once_and_only_under_its_own_questionnaire(
    somebody: Browser, administrator: Adult, world: World, system: Session
) -> None:
    unit = world.unit(administrator.actor)
    licence = a_licence(unit, "rcads-25")
    system.commit()
    page = somebody.open(f"{ONE}/{licence}/revoke")
    somebody.submit(page, reason="over")
    somebody.submit(page, status=409, reason="over again")
    assert "It was taken back already" in somebody.open(f"{ONE}/{licence}/revoke").text
    somebody.open(f"/en/admin/licences/apq-9/{licence}/revoke", status=404)
    somebody.open("/en/admin/licences/phq-a", status=404)
    somebody.open("/en/admin/licences/nothing", status=404)


def test_oro_carries_its_warning(somebody: Browser) -> None:
    page = somebody.open("/en/admin/licences/oro")
    assert "1988" in page.text
    assert "Only the topics of the questions are here." in page.text


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_pages_work_in_every_language(
    browser: NewBrowser, administrator: Adult, world: World, system: Session, lang: str
) -> None:
    licence = a_licence(world.unit(administrator.actor), "rcads-25")
    system.commit()
    reader = browser(lang).sign_in(administrator)
    for path in ("", "/rcads-25", "/oro", f"/rcads-25/{licence}/revoke"):
        reader.open(f"/{lang}/admin/licences{path}")


@pytest.mark.parametrize("role", [Role.METHODOLOGIST, Role.PSYCHOLOGIST, Role.GUARDIAN])
def test_nobody_but_an_administrator_records_one(
    browser: NewBrowser, world: World, system: Session, role: Role
) -> None:
    place = {"school_id": world.school.id} if role is Role.PSYCHOLOGIST else {}
    adult = an_adult(world.unit(), role, **place)
    system.commit()
    reader = browser().sign_in(adult)
    for path in (LIST, ONE):
        assert reader.client.get(path).status_code == 403
    assert reader.client.post(ONE, data=GIVEN).status_code in {400, 403}
    system.rollback()
    assert system.scalars(select(InstrumentLicence.id)).all() == []
