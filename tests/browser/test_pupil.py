"""A pupil's way from a code to thanks, and what follows from it elsewhere."""

import time

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from tests.browser import people
from tests.browser.conftest import OpenPage, Site
from tirek.domain.scope import Scope
from tirek.storage.session import open_session

# Eight answers of 2 make 16: over the cut-off without touching the critical item.
OVER_THE_CUT = {f"q{number}": "2" for number in range(1, 9)}


def rows(site: Site, query: str) -> list[tuple[object, ...]]:
    """What the database holds now, seen by another connection."""
    with open_session(site.world.session.get_bind(), Scope.system()) as session:  # type: ignore[arg-type]
        return [tuple(row) for row in session.execute(text(query))]


def referrals(site: Site) -> list[tuple[object, ...]]:
    return rows(site, "SELECT level, receiver, support_center_id FROM referrals")


@pytest.fixture
def pupil_page(site: Site, open_page: OpenPage, lang: str, javascript: bool):
    """A pupil's phone after "start", ready for the first page of PHQ-A."""
    page = open_page(site.at(f"/{lang}/s"), javascript=javascript)
    people.enter_code(page, site.world.school.pupils[0].codes["phq-a"])
    people.start(page)
    return page


def test_a_positive_critical_answer_reaches_the_right_centre_although_the_pupil_stops(
    site: Site, open_page: OpenPage, pupil_page, lang: str, javascript: bool
):
    people.answer_all(pupil_page, {}, until="q8")
    assert people.items(pupil_page) == ["q9"]
    people.choose(pupil_page, "q9", "1")
    sent = time.monotonic()
    people.press(pupil_page, "stop")
    pupil_page.wait_for_url("**/s/stop")
    assert referrals(site) == [("immediate", "support_center", site.world.home.id)]
    assert time.monotonic() - sent < 2
    pupil_page.click("main form button[type=submit]")
    pupil_page.wait_for_url("**/s/thanks")
    notices = rows(site, "SELECT kind, due_at > created_at FROM notices ORDER BY due_at")
    assert len(notices) >= 3
    assert all(has_clock for _, has_clock in notices)
    inbox = open_page(site.at(f"/{lang}/login?next=/{lang}/psc"), javascript=javascript)
    people.sign_in(inbox, site.world.home.specialist)
    inbox.goto(site.at(f"/{lang}/psc"))
    assert site.world.school.pupils[0].student.school_code in inbox.inner_text("main")
    elsewhere = open_page(site.at(f"/{lang}/login"), javascript=javascript)
    people.sign_in(elsewhere, site.world.neighbour.specialist)
    elsewhere.goto(site.at(f"/{lang}/psc"))
    assert site.world.school.pupils[0].student.school_code not in elsewhere.inner_text("main")


def test_a_total_over_the_cut_off_becomes_a_referral_at_completion(site: Site, pupil_page):
    people.answer_all(pupil_page, OVER_THE_CUT, until="q12")
    assert referrals(site) == []
    people.answer_all(pupil_page, OVER_THE_CUT)
    assert pupil_page.url.endswith("/s/thanks")
    assert referrals(site) == [("high", "support_center", site.world.home.id)]


def test_a_total_under_every_cut_off_is_nobodys_business(site: Site, pupil_page):
    people.answer_all(pupil_page, {"q1": "1", "q3": "2"})
    assert pupil_page.url.endswith("/s/thanks")
    assert referrals(site) == []
    assert rows(site, "SELECT count(*) FROM flags") == [(0,)]


def test_sending_the_last_page_again_changes_nothing(site: Site, pupil_page):
    people.answer_all(pupil_page, {**OVER_THE_CUT, "q9": "1"}, until="q12")
    last = pupil_page.url
    fields = {
        "csrf_token": pupil_page.input_value("input[name=csrf_token] >> nth=0"),
        "q13": "0",
        "step": "next",
    }
    people.answer_all(pupil_page, {})
    everything = (
        "SELECT (SELECT count(*) FROM referrals), (SELECT count(*) FROM referral_events),"
        " (SELECT count(*) FROM scores), (SELECT count(*) FROM flags),"
        " (SELECT count(*) FROM notices), (SELECT count(*) FROM outbox),"
        " (SELECT sum(changes) FROM responses)"
    )
    before = rows(site, everything)
    for _ in range(3):
        answered = pupil_page.request.post(last, form=fields, max_redirects=0)
        assert answered.status == 303
        assert answered.headers["location"].endswith("/s/thanks")
    assert rows(site, everything) == before


def shape(page) -> list[str]:
    """A page's elements and classes in order: what somebody sees over a shoulder."""
    return page.eval_on_selector_all(
        "main *", "all => all.map(one => one.tagName + '.' + one.className)"
    )


def test_the_last_page_looks_the_same_whatever_was_answered(
    site: Site, open_page: OpenPage, lang: str
):
    shapes, lengths = [], []
    for pupil, answers in zip(
        site.world.school.pupils, ({}, {"q9": "3"}, OVER_THE_CUT, {"q13": "1"}), strict=False
    ):
        page = open_page(site.at(f"/{lang}/s"))
        people.enter_code(page, pupil.codes["phq-a"])
        people.start(page)
        people.answer_all(page, answers)
        shapes.append(shape(page))
        lengths.append(page.evaluate("document.documentElement.scrollHeight"))
        words = page.inner_text("main").lower()
        for forbidden in ("балл", "ұпай", "риск", "тәуекел", "диагноз", "норма", "risk", "score"):
            assert forbidden not in words
    assert all(one == shapes[0] for one in shapes)
    assert max(lengths) - min(lengths) <= 60


def test_switching_the_language_in_the_middle_keeps_the_answers(site: Site, pupil_page, lang: str):
    other = "ru" if lang == "kk" else "kk"
    people.choose(pupil_page, "q1", "2")
    people.choose(pupil_page, "q4", "3")
    pupil_page.click(f"button[name=switch][value={other}]")
    pupil_page.wait_for_url(f"**/{other}/s/page/1")
    assert pupil_page.is_checked("#q1-2")
    assert pupil_page.is_checked("#q4-3")


def test_answers_survive_a_dead_tab_and_another_device(
    site: Site, open_page: OpenPage, pupil_page, lang: str, javascript: bool
):
    people.choose(pupil_page, "q1", "3")
    if javascript:
        saved = pupil_page.get_attribute("form[data-autosave]", "data-saved")
        expect(pupil_page.locator("[data-save-state]")).to_have_text(str(saved))
    else:
        people.press(pupil_page, "next")
    pupil_page.close()
    again = open_page(site.at(f"/{lang}/s"), javascript=javascript)
    again.fill("#code", site.world.school.pupils[0].codes["phq-a"].lower())
    again.click("main form button[type=submit]")
    again.wait_for_url("**/s/page/1")
    assert again.is_checked("#q1-3")


def test_blanks_are_asked_about_once_and_then_left_in_peace(site: Site, pupil_page):
    people.choose(pupil_page, "q1", "1")
    people.press(pupil_page, "next")
    assert pupil_page.locator("[data-error-summary]").count() == 1
    assert pupil_page.is_checked("#q1-1")
    people.press(pupil_page, "next")
    pupil_page.wait_for_url("**/s/page/2")


def test_going_back_and_forward_loses_nothing(site: Site, pupil_page):
    people.answer_all(pupil_page, {"q2": "1"}, until="q8")
    pupil_page.go_back()
    assert pupil_page.is_checked("#q2-1")
    people.press(pupil_page, "next")
    pupil_page.wait_for_url("**/s/page/2")


def test_a_code_with_cyrillic_letters_and_dashes_opens(site: Site, open_page: OpenPage, lang: str):
    code = site.world.school.pupils[1].codes["who-5"]
    typed = "-".join((code[:3], code[3:6], code[6:])).translate(
        str.maketrans("ABCEHKMTXY", "АВСЕНКМТХУ")
    )
    page = open_page(site.at(f"/{lang}/s"))
    people.enter_code(page, f" {typed.lower()} ")


def test_a_wrong_code_is_told_kindly_and_kept_in_the_box(
    site: Site, open_page: OpenPage, lang: str
):
    page = open_page(site.at(f"/{lang}/s"))
    page.fill("#code", "ABC-DEF-GH")
    page.click("main form button[type=submit]")
    assert page.locator("[data-error-summary]").count() == 1
    assert page.input_value("#code") == "ABC-DEF-GH"


def test_jumping_to_the_last_page_does_not_skip_the_ones_between(site: Site, pupil_page, lang: str):
    pupil_page.goto(site.at(f"/{lang}/s/page/5"))
    people.choose(pupil_page, "q13", "0")
    people.press(pupil_page, "next")
    pupil_page.wait_for_url("**/s/page/1")
