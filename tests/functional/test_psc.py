"""The support centre's people at work, from sign-in to the closed referral."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    accept,
    acting,
    legs,
    the_leg,
)
from tests.builders_work import lead_on, lead_to
from tests.functional.browser import Browser
from tests.world import World
from tirek.storage.models import AuditEntry, Notice, Referral

NewBrowser = Callable[..., Browser]
INBOX = "Referrals, the most urgent first"
# A step's page of each later state.
LATER = {
    "triaged": "contact",
    "contacted": "assess",
    "assessed": "plan",
    "planned": "support",
    "in_support": "review",
    "review": "outcome",
    "outcome_set": "close",
}


@pytest.fixture
def leg(engine: Engine, system: Session, world: World) -> Referral:
    """An immediate referral that waits at the home PSC."""
    a_pupil_answers(engine, world, SELF_HARM)
    return the_leg(system, world.school.pupil)


@pytest.fixture
def specialist(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.home.specialist)


def page_of(leg: Referral, lang: str = "en") -> str:
    return f"/{lang}/psc/referrals/{leg.id}"


# The inbox


def test_an_empty_inbox_says_so_kindly(specialist: Browser) -> None:
    page = specialist.open("/en/psc")
    assert page.h1 == "Referrals"
    assert "Nobody is waiting for you now" in page.text


def test_signing_in_leads_to_the_inbox(world: World, browser: NewBrowser) -> None:
    supervisor = browser().sign_in(world.home.supervisor)
    assert urlsplit(supervisor.open("/en/login").url).path == "/en/psc"


def test_the_inbox_says_in_words_what_waits_and_how_long(
    specialist: Browser, world: World, leg: Referral
) -> None:
    del leg
    (row,) = specialist.open("/en/psc").rows(INBOX)
    code, level, school, following, state, owner = row
    assert code == f"{world.school.pupil.student.school_code} 14 to 15 years"
    assert level == "Level: Immediate"
    assert school == world.school.school.name_ru
    assert following.startswith("Open it ")
    assert following.endswith(" left")
    assert (state, owner) == ("Arrived, nobody has opened it yet", "nobody yet")


def test_another_centre_sees_an_empty_inbox(
    world: World, browser: NewBrowser, leg: Referral
) -> None:
    del leg
    page = browser().sign_in(world.neighbour.specialist).open("/en/psc")
    assert "Nobody is waiting for you now" in page.text


def test_the_inbox_is_filtered_and_searched(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    accept(engine, world, world.home.supervisor, leg)
    page = specialist.open("/en/psc")
    assert "1 referral." in page.text
    mine = specialist.submit(page, show="mine")
    assert "Nothing fits this choice" in mine.text
    found = specialist.submit(page, code=world.school.pupil.student.school_code.lower())
    assert len(found.rows(INBOX)) == 1
    assert "Nothing fits this choice" in specialist.submit(page, level="low").text
    for nonsense in ("?page=99", "?page=x", "?show=x&level=x", "?page=-1", "?code=%00"):
        specialist.open(f"/en/psc{nonsense}")


def test_the_list_can_be_loaded_again_as_it_is(specialist: Browser, leg: Referral) -> None:
    del leg
    page = specialist.open("/en/psc?level=immediate&show=unowned")
    again = page.link("Load the list again")
    assert "level=immediate" in again
    assert "show=unowned" in again


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_page_speaks_every_language(
    engine: Engine, world: World, browser: NewBrowser, leg: Referral, lang: str
) -> None:
    accept(engine, world, world.home.specialist, leg)
    specialist = browser(lang).sign_in(world.home.specialist)
    specialist.open(f"/{lang}/psc")
    specialist.open(page_of(leg, lang))
    for step in ("triage", "ask", "attempt", "redirect", "error"):
        specialist.open(f"{page_of(leg, lang)}/{step}")
    for state, step in LATER.items():
        lead_on(engine, world, world.home.specialist, leg.id, state)
        specialist.open(page_of(leg, lang))
        specialist.open(f"{page_of(leg, lang)}/{step}")


# One referral


def test_the_page_says_why_here_why_now_who_saw_it_and_what_is_late(
    specialist: Browser, world: World, leg: Referral
) -> None:
    page = specialist.open(page_of(leg))
    assert page.h1 == f"Referral: pupil {world.school.pupil.student.school_code}"
    phq = world.catalog.instruments["phq-a"]
    for words in (
        "The school lies in the territory of this centre",
        world.home.district.name_ru,
        world.home.region.name_ru,
        phq.text("ru", "flag.selfHarm"),
        phq.text("ru", "q9.topic"),
        # The title speaks to the pupil, so it stands as a quotation.
        f"Questionnaire PHQ-A: “ {phq.text('ru', 'title')} ”",
        "Working wording",
        "To be confirmed by a lawyer.",
        world.catalog.protocol.rule(leg.level).next_steps["ru"],  # type: ignore[arg-type]
    ):
        assert words in page.text, words
    deadlines = page.rows("Deadlines of this referral")
    assert [row[0] for row in deadlines][:3] == [
        "Opened by somebody",
        "Accepted by name",
        "Talked with the child",
    ]
    assert len(deadlines) == 3 + 3
    (reader,) = page.rows("Who has opened this referral")
    assert reader[:2] == [
        world.home.specialist.account.display_name,
        "specialist of the support centre",
    ]


def test_a_value_that_signals_round_says_so(
    engine: Engine, system: Session, specialist: Browser, world: World
) -> None:
    thirteen = {f"q{number}": "2" for number in range(1, 6)} | {"q6": "1", "q7": "1", "q8": "1"}
    a_pupil_answers(engine, world, thirteen, to_the_end=True)
    page = specialist.open(page_of(the_leg(system, world.school.pupil)))
    value = page.rows("Scores")[0][1]
    assert "14.62" in value
    assert "Signals look at the rounded value: 15." in value
    assert "Some answers are missing" in value


def test_opening_is_written_down_in_the_same_breath(
    specialist: Browser, system: Session, world: World, leg: Referral
) -> None:
    specialist.open(page_of(leg))
    assert the_leg(system, world.school.pupil).state == "seen"
    opened = select(func.count()).where(AuditEntry.action == "referral.open")
    assert system.scalars(opened).one() == 1


def test_sending_on(
    specialist: Browser, system: Session, world: World, browser: NewBrowser, leg: Referral
) -> None:
    page = specialist.submit(specialist.open(page_of(leg)), "/acknowledge")
    form = specialist.open(page.link("Send on to another centre"))
    no_reason = specialist.submit(form, status=422, center=world.neighbour.id)
    assert "Write why you send it on." in no_reason.text
    no_center = specialist.submit(form, status=422, note="Nearer home.")
    assert "Choose a support centre." in no_center.text
    page = specialist.submit(form, center=world.neighbour.id, note="Nearer home.")
    assert "It stays yours until somebody there accepts it." in page.text
    assert world.neighbour.center.name_ru in page.text
    there = browser().sign_in(world.neighbour.specialist)
    (row,) = there.open("/en/psc").rows(INBOX)
    assert row[1] == "Level: Immediate"
    _old, new = legs(system, world.school.pupil)
    opened = there.open(page_of(new))
    assert "Nearer home." in opened.text
    there.submit(opened, "/acknowledge")
    first = specialist.open(page_of(leg))
    assert "Somebody else has taken over" in first.text


def test_the_second_to_accept_learns_who_was_first(
    specialist: Browser, world: World, browser: NewBrowser, leg: Referral
) -> None:
    supervisor = browser().sign_in(world.home.supervisor)
    pages = [one.open(page_of(leg)) for one in (specialist, supervisor)]
    specialist.submit(pages[0], "/acknowledge")
    late = supervisor.submit(pages[1], "/acknowledge", status=409)
    assert f"Last step by: {world.home.specialist.account.display_name}" in late.text
    assert urlsplit(late.link("Show it as it is now")).path == page_of(leg)


def test_pressing_twice_is_harmless(specialist: Browser, leg: Referral) -> None:
    page = specialist.open(page_of(leg))
    specialist.submit(page, "/acknowledge")
    again = specialist.submit(page, "/acknowledge")
    assert [row for row in again.rows("Deadlines of this referral") if "left" in row[2]] != []


def test_a_form_begun_before_a_new_signal_is_not_taken(
    engine: Engine, specialist: Browser, system: Session, world: World, leg: Referral
) -> None:
    page = specialist.submit(specialist.open(page_of(leg)), "/acknowledge")
    form = specialist.open(page.link("Judge how urgent it is"))
    a_pupil_answers(engine, world, {"q12": "1"})
    lost = specialist.submit(form, level="immediate", note="I judge so.", status=409)
    assert "I judge so." in lost.text
    assert the_leg(system, world.school.pupil).state == "acknowledged"
    # Opening the form from the old page says so before anything is typed.
    specialist.open(page.link("Judge how urgent it is"), status=409)


def test_a_notice_is_confirmed_by_name(
    specialist: Browser, system: Session, world: World, leg: Referral
) -> None:
    system.rollback()
    notice = system.scalars(select(Notice).where(Notice.kind == "guardianship")).one()
    page = specialist.open(page_of(leg))
    page = specialist.submit(page, f"/notices/{notice.id}")
    assert f"confirmed by {world.home.specialist.account.display_name}" in page.text
    # The school's own notice has no button here.
    schools = system.scalars(select(Notice.id).where(Notice.kind == "adult_at_school")).one()
    assert not page.html.find_all("form", action=lambda to: to and str(schools) in to)


def test_a_referral_of_the_school_psychologist_is_not_the_centres(
    engine: Engine, specialist: Browser, system: Session, world: World
) -> None:
    a_pupil_answers(engine, world, SOME_WORRY, instrument="gad-7", to_the_end=True)
    leg = the_leg(system, world.school.pupil)
    specialist.open(page_of(leg), status=404)


def test_a_staff_concern_is_read_in_the_authors_words(
    engine: Engine, specialist: Browser, system: Session, world: World
) -> None:
    from uuid import uuid4  # noqa: PLC0415

    from tirek.domain.levels import Level  # noqa: PLC0415
    from tirek.services.concerns import refer  # noqa: PLC0415

    with acting(engine, world, world.school.psychologist) as unit:
        refer(unit, world.school.pupil.id, Level.HIGH, "He has not come for a week.", uuid4())
    leg = the_leg(system, world.school.pupil)
    page = specialist.open(page_of(leg))
    assert "He has not come for a week." in page.text
    assert world.school.psychologist.account.display_name in page.text
    assert "Level: High" in page.text


def test_a_note_with_markup_is_shown_as_text(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    said = "<script>alert(1)</script> & <b>"
    lead_to(engine, world, world.home.specialist, leg.id, "contacted", said)
    page = specialist.open(page_of(leg))
    assert "<script>alert(1)</script> & <b>" in page.text


def test_the_language_switch_of_a_refused_step_leads_back_to_the_referral(
    engine: Engine, specialist: Browser, world: World, leg: Referral
) -> None:
    page = specialist.open(page_of(leg))
    accept(engine, world, world.home.supervisor, leg)
    refused = specialist.submit(page, "/acknowledge", status=409)
    russian = specialist.open(refused.link("Русский"))
    assert urlsplit(russian.url).path == page_of(leg, "ru")
