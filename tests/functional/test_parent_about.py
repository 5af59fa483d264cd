"""A parent answers about themselves without JavaScript, and a person is called where it matters."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tests.builders_about import ATTITUDES, HOME_DANGER, OWN_DANGER
from tests.builders_trials import approve, end_trial
from tests.functional.browser import Browser, Page
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.storage.models import Account, Case, HelpRequest, SelfReport, SelfScore

Browsers = Callable[..., Browser]
HARD = re.compile(r"own_danger|home_danger|attitudes|stress|apq", re.IGNORECASE)


@pytest.fixture(params=["kk", "ru", "en"])
def parent(request: pytest.FixtureRequest, browser: Browsers, world: World) -> Browser:
    return browser(request.param).sign_in(world.school.guardian)


def begin(parent: Browser, **given: str) -> Page:
    """From the first page to the first items."""
    home = parent.open(f"/{parent.lang}/parent/about-me")
    (link,) = {
        str(a["href"]) for a in home.html.find_all("a", href=True) if "/about-me/new/" in a["href"]
    }
    return parent.submit(parent.open(link), **given)


def answers(page: Page, code: str = "2") -> dict[str, str]:
    return {str(one["name"]): code for one in page.html.select("input[type=radio]")}


def go_on(parent: Browser, page: Page, code: str = "2", **other: str) -> Page:
    return parent.submit(page, step="next", **{**answers(page, code), **other})


def to_the_hard_items(parent: Browser, page: Page) -> Page:
    for _ in range(3):
        page = go_on(parent, page)
    return page


def report(world: World) -> SelfReport:
    world.session.rollback()
    return world.session.scalars(select(SelfReport)).one()


def test_the_whole_way_to_a_picture_in_words(parent: Browser, world: World) -> None:
    page = begin(parent)
    assert "/page/1" in page.url
    page = to_the_hard_items(parent, page)
    page = go_on(parent, page, "0")
    page = go_on(parent, page, "0")
    assert page.url.endswith("/done")
    # Words only: no number of a score, no label, no comparison.
    words = page.html.find("main").get_text(" ")  # type: ignore[union-attr]
    assert not re.search(r"\b(10|20|50)\b|%|needs_support|\bsome\b:", words)
    assert len(page.html.select("h3.card__title")) == 3
    assert len({str(form["action"]) for form in page.html.select("div.card form")}) == 1
    assert not HARD.search(page.url)
    assert world.session.scalars(select(SelfScore.value)).all() == [10] * 5
    assert not world.session.scalars(select(HelpRequest)).all()


def test_what_was_missed_is_asked_once_more_and_kept(parent: Browser) -> None:
    page = begin(parent)
    page = parent.submit(page, step="next", q1="4", q2="3")
    assert "/page/1" in page.url
    assert len(page.html.select(".govuk-error-summary__list li")) == 7
    assert page.html.select_one("#q1-4[checked]")
    page = parent.submit(page, step="next")
    assert "/page/2" in page.url


def test_the_language_is_switched_in_the_middle_and_nothing_is_lost(
    browser: Browsers, world: World
) -> None:
    parent = browser("kk").sign_in(world.school.guardian)
    page = begin(parent)
    page = parent.submit(page, switch="ru", q1="4")
    assert page.url.startswith("/ru/")
    assert page.html.select_one("#q1-4[checked]")
    assert report(world).language == "ru"


def test_a_break_and_going_on_from_there(parent: Browser) -> None:
    page = go_on(parent, begin(parent))
    page = parent.submit(page, step="later", q10="1")
    assert page.url.endswith("/about-me")
    page = begin(parent)
    assert "/page/2" in page.url
    assert page.html.select_one("#q10-1[checked]")


def test_a_danger_leads_past_the_page_that_says_who_calls(parent: Browser, world: World) -> None:
    page = to_the_hard_items(parent, begin(parent))
    page = parent.submit(page, step="next", **{OWN_DANGER: "1"})
    assert page.url.endswith("/next")
    assert "112" in page.text
    assert "111" in page.text
    call = world.session.scalars(select(HelpRequest)).one()
    assert call.support_center_id == world.home.id
    # No number of a parent is known: it can be left here, and a wrong one takes nothing back.
    page = parent.submit(page, "/next", phone="12", status=422)
    page = parent.submit(page, "/next", phone="+7 701 234 56 78", words="after six")
    assert "+7701 ••• •• 78" in page.text
    onward = [a for a in page.html.select("a.govuk-button") if "/page/" in str(a["href"])]
    page = parent.open(str(onward[0]["href"]))
    page = go_on(parent, page, "0")
    assert page.url.endswith("/done")
    assert any(str(a["href"]).endswith("/next") for a in page.html.select(".govuk-inset-text a"))
    assert not world.session.scalars(select(Case)).all()


def test_stopping_with_a_danger_still_shows_who_calls(parent: Browser, world: World) -> None:
    page = to_the_hard_items(parent, begin(parent))
    page = parent.submit(page, step="stop", **{OWN_DANGER: "1"})
    assert page.url.endswith("/next")
    stop = next(str(a["href"]) for a in page.html.select("a") if str(a["href"]).endswith("/stop"))
    page = parent.submit(parent.open(stop))
    assert page.url.endswith("/done")
    world.session.rollback()
    assert world.session.scalars(select(HelpRequest.kind)).all() == ["own_danger"]


def test_one_saved_answer_of_the_script_calls_too(parent: Browser, world: World) -> None:
    page = to_the_hard_items(parent, begin(parent))
    form = page.form()
    token = form.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index,call-overload]
    sent = {"csrf_token": token, "item": HOME_DANGER, "value": "1"}
    answer = parent.client.post(str(form["data-autosave"]), data=sent)
    assert answer.status_code == 200
    assert world.session.scalars(select(HelpRequest.kind)).all() == ["home_danger"]


def test_a_parent_without_school_and_region_is_asked_where_they_live(
    browser: Browsers, world: World
) -> None:
    alone = an_adult(world.unit(), Role.GUARDIAN)
    world.session.commit()
    parent = browser("ru").sign_in(alone)
    # What is only on trial is for parents of some schools: this one reads why nothing is here yet.
    assert "/about-me/new/" not in str(parent.open("/ru/parent/about-me").html)
    approve(world, ATTITUDES)
    page = begin_refused(parent)
    page = parent.submit(page, age="8", region=world.neighbour.region.iso)
    assert "/page/1" in page.url
    world.session.rollback()
    account = world.session.get_one(Account, alone.account.id, populate_existing=True)
    assert account.region_iso == world.neighbour.region.iso


def begin_refused(parent: Browser) -> Page:
    home = parent.open(f"/{parent.lang}/parent/about-me")
    link = next(
        str(a["href"]) for a in home.html.find_all("a", href=True) if "/about-me/new/" in a["href"]
    )
    page = parent.submit(parent.open(link), status=422)
    assert len(page.html.select(".govuk-error-summary__list li")) == 2
    # A baby is too young for these questions, and the page says from which age on.
    page = parent.submit(page, age="1", region="KZ-11", status=422)
    assert "17" in page.text
    return page


def test_call_me(parent: Browser, browser: Browsers, world: World) -> None:
    path = f"/{parent.lang}/parent/about-me/call"
    page = parent.submit(parent.open(path), status=422)
    page = parent.submit(page, phone="87012345678", words="")
    assert "/about-me/calls/" in page.url
    desk = browser("ru").sign_in(world.home.specialist)
    page = desk.open("/ru/psc/help-requests")
    link = next(
        str(a["href"]) for a in page.html.select("table a") if "/help-requests/" in a["href"]
    )
    page = desk.open(link)
    assert "+77012345678" in page.text


def test_a_number_that_is_known_is_not_asked_for_again(browser: Browsers, world: World) -> None:
    account = world.school.guardian.account
    sealed = world.vault.seal_secret("+77012345678", "accounts", "phone_sealed", str(account.id))
    world.session.execute(
        update(Account).where(Account.id == account.id).values(phone_sealed=sealed)
    )
    world.session.commit()
    parent = browser("ru").sign_in(world.school.guardian)
    page = parent.open("/ru/parent/about-me/call")
    assert "+7701 ••• •• 78" in page.text
    page = parent.submit(page)
    assert "/about-me/calls/" in page.url
    assert "+7701 ••• •• 78" in page.text


def test_not_for_me_puts_a_lesson_aside(parent: Browser) -> None:
    page = to_the_hard_items(parent, begin(parent))
    page = go_on(parent, go_on(parent, page, "0"), "0")
    first = str(page.html.select("h3.card__title a")[0]["href"])
    form = page.html.select("div.card form")[0]
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    parent.client.post(str(form["action"]), data=sent)
    page = parent.open(page.url)
    assert first not in {str(a["href"]) for a in page.html.select("h3.card__title a")}


def test_answers_are_deleted_by_their_author_and_by_nobody_else(
    parent: Browser, browser: Browsers, world: World
) -> None:
    page = go_on(parent, begin(parent))
    other = browser("kk").sign_in(world.schools[1].guardian)
    path = f"/about-me/{report(world).id}"
    other.open(f"/kk/parent{path}/page/1", status=404)
    other.open(f"/kk/parent{path}/done", status=404)
    assert page
    page = parent.submit(parent.open(f"/{parent.lang}/parent{path}/delete"))
    assert page.url.endswith("/about-me")
    world.session.rollback()
    assert not world.session.scalars(select(SelfReport)).all()


def test_a_second_time_says_honestly_that_change_cannot_be_told(parent: Browser) -> None:
    for _ in range(2):
        page = to_the_hard_items(parent, begin(parent))
        page = go_on(parent, go_on(parent, page, "0"), "0")
    if parent.lang == "en":
        assert "Whether anything has really changed we cannot say" in page.text


def test_the_desk_takes_a_call_closes_it_and_raises_a_concern(
    parent: Browser, browser: Browsers, world: World
) -> None:
    page = to_the_hard_items(parent, begin(parent, child=f"pupil-{world.school.pupil.id}"))
    parent.submit(page, step="next", **{OWN_DANGER: "1"})
    call = world.session.scalars(select(HelpRequest.id)).one()
    lang, path = parent.lang, f"/{parent.lang}/psc/help-requests/{call}"
    desk = browser(lang).sign_in(world.home.specialist)
    late = browser(lang).sign_in(world.home.supervisor)
    seen_by_both = late.open(path)
    page = desk.submit(desk.open(path), "/accept")
    page = late.submit(seen_by_both, "/accept", status=409)
    assert world.home.specialist.account.display_name in page.text
    page = desk.submit(desk.open(path), "/note", note="rang twice")
    page = desk.submit(page, "/close", status=422)
    page = desk.submit(page, "/close", outcome="not_reached", closing="no", status=422)
    child = next(str(a["href"]) for a in page.html.select("a") if "/children/" in str(a["href"]))
    page = desk.submit(desk.open(child), status=422)
    page = desk.submit(page, level="high", reason="needs help")
    assert world.session.scalars(select(Case)).all()
    page = desk.submit(desk.open(path), "/close", outcome="spoken", closing="we agreed on Friday")
    assert page.url.endswith("/help-requests")
    assert not late.open(f"/{lang}/psc/help-requests").html.select("tbody")
    late.open(f"/{lang}/psc/help-requests?show=closed")


def test_no_other_person_has_these_pages(browser: Browsers, world: World) -> None:
    psychologist = browser("ru").sign_in(world.school.psychologist)
    psychologist.open("/ru/parent/about-me", status=403)
    psychologist.open("/ru/psc/help-requests", status=403)
    browser("ru").sign_in(world.home.specialist).open("/ru/parent/about-me", status=403)


def test_those_above_see_where_a_call_is_late_and_nothing_of_the_parent(
    browser: Browsers, world: World
) -> None:
    above = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    world.session.commit()
    page = browser("kk").sign_in(above).open("/kk/oversight/help-requests")
    assert page.html.select(".govuk-inset-text")


def test_what_was_begun_is_finished_after_its_trial_and_not_begun_again(
    browser: Browsers, world: World
) -> None:
    parent = browser().sign_in(world.school.guardian)
    page = parent.submit(go_on(parent, begin(parent)), step="later")
    end_trial(world, ATTITUDES)
    assert "You have begun; your answers are kept." in parent.open(page.url).text
    page = begin(parent)
    assert "/page/2" in page.url
    while "/page/" in page.url:
        page = go_on(parent, page, "0")
    assert page.url.endswith("/done")
    assert "Answer again" not in page.text
    home = parent.open("/en/parent/about-me")
    assert "There are no questions here yet" in home.text
    parent.open(f"/en/parent/about-me/new/{report(world).release_id}", status=404)
