"""A trial ends in a region: what each person in front of the site reads of it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from tests.builders_library import PHQ, a_methodologist
from tests.builders_trials import opens, release_of
from tests.functional.browser import Browser, Page
from tests.world import World
from tirek.storage.models import Administration, PilotRegion

NewBrowser = Callable[..., Browser]
NO_LONGER = {
    "kk": "Бұл сұрақтар енді қойылмайды",
    "ru": "Эти вопросы больше не задают",
    "en": "These questions are not asked any more",
}


def close(world: World, at_work: Browser) -> None:
    """Close the home region as the page asks to: one assignment is planned there, one is open."""
    release_id = release_of(world, PHQ)
    pilot = world.session.scalars(
        select(PilotRegion.id).where(
            PilotRegion.release_id == release_id, PilotRegion.region_iso == world.home.region.iso
        )
    ).one()
    path = f"/{at_work.lang}/oversight/instrument-releases/{release_id}/pilot/{pilot}/stop"
    sure = at_work.open(path)
    assert [one.get_text(strip=True) for one in sure.html.select("main dd")][2:] == ["1", "1"]
    # Numbers only: which school it is, only its own people read.
    for school in world.schools:
        assert school.school.name_kk not in sure.text
        assert school.school.name_ru not in sure.text
    at_work.submit(sure)


def enter(pupil: Browser, code: str) -> Page:
    return pupil.submit(pupil.open(f"/{pupil.lang}/s"), code=code)


def asked_at(world: World) -> list[UUID]:
    world.session.rollback()
    return [*world.session.scalars(select(Administration.school_id))]


@pytest.mark.parametrize("lang", NO_LONGER)
def test_the_methodologist_closes_the_school_reads_why_and_the_pupil_is_not_blamed(
    world: World, browser: NewBrowser, owner: Engine, lang: str
) -> None:
    running, planned = world.schools
    opens(owner, planned.assignments[PHQ], 24)
    author = a_methodologist(world)
    world.session.commit()
    close(world, browser(lang).sign_in(author))

    school = browser(lang).sign_in(planned.psychologist)
    assert "state=withdrawn" in str(school.open(f"/{lang}/school/assignments").html)
    listed = school.open(f"/{lang}/school/assignments?state=withdrawn")
    (link,) = [str(a["href"]) for a in listed.html.select("tbody a")]
    assert link.endswith(str(planned.assignments[PHQ].id))
    one = school.open(link)
    assert one.html.select(".govuk-inset-text")
    assert not one.html.select('a.govuk-button[href$="/codes"], form[action$="/extend"]')
    assert one.html.select('form[action$="/cancel"]')
    # At the other school the window is open: nothing has changed for it.
    other = browser(lang).sign_in(running.psychologist)
    assert "state=withdrawn" not in str(other.open(f"/{lang}/school/assignments").html)

    told = enter(browser(lang), planned.pupil.codes[PHQ])
    assert (told.status, told.h1) == (200, NO_LONGER[lang])
    assert not told.html.select(".govuk-error-summary")
    assert told.html.select('main a[href="tel:111"]')
    assert asked_at(world) == []
    enter(browser(lang), running.pupil.codes[PHQ])
    assert asked_at(world) == [running.id]
