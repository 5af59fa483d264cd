"""The ASQ in a pupil's browser without JavaScript: what is asked, what acts, when it is closed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.world import World
from tirek.domain.instruments import Answer, AnswerState
from tirek.services import runs
from tirek.services.runs import AdministrationKey
from tirek.storage.models import (
    Account,
    Administration,
    FlagRecord,
    Referral,
    ReviewTask,
    Score,
)

NewBrowser = Callable[..., Browser]


@pytest.fixture
def pupil(world: World, browser: NewBrowser) -> Browser:
    """A pupil who has begun the ASQ, at its first question."""
    return browser()


def begin(world: World, pupil: Browser, instrument: str = "asq") -> Page:
    page = pupil.submit(pupil.open(f"/{pupil.lang}/s"), code=world.school.pupil.codes[instrument])
    return pupil.submit(page)


def answer(pupil: Browser, page: Page, code: str | None, step: str = "next") -> Page:
    """Answer the one question of a page; None leaves it blank and presses on twice."""
    (item,) = [one["id"].removesuffix("-item") for one in page.html.select("fieldset.item")]
    given = {} if code is None else {item: code}
    page = pupil.submit(page, step=step, **given)
    return pupil.submit(page, step=step) if code is None and step == "next" else page


def through(world: World, pupil: Browser, codes: list[str | None]) -> Page:
    page = begin(world, pupil)
    for code in codes:
        page = answer(pupil, page, code)
    return page


def flags(system: Session, world: World) -> dict[str, str]:
    system.rollback()
    rows = system.execute(
        select(FlagRecord.code, FlagRecord.level).where(
            FlagRecord.student_id == world.school.pupil.id
        )
    )
    return {row.code: row.level for row in rows}


def the_key(system: Session, instrument: str = "asq") -> AdministrationKey:
    system.rollback()
    row = system.execute(
        select(Administration.school_year, Administration.id).where(
            Administration.instrument_id == instrument
        )
    ).one()
    return AdministrationKey(row.school_year, row.id)


def test_four_times_no_ends_it_without_the_fifth(
    world: World, pupil: Browser, system: Session
) -> None:
    page = begin(world, pupil)
    assert page.h1 == "Page 1 of 4"
    for number in range(4):
        assert page.h1 == f"Page {number + 1} of 4"
        page = answer(pupil, page, "0")
    assert page.url.endswith("/s/thanks")
    assert flags(system, world) == {}
    assert system.scalars(select(Referral)).all() == []
    (score,) = system.scalars(select(Score)).all()
    assert (score.scale, score.value) == ("positives", 0)


@pytest.mark.parametrize("code", ["1", "declined", None])
@pytest.mark.parametrize("number", [0, 3])
def test_a_yes_or_a_refusal_asks_the_fifth_and_acts_at_once(
    world: World, pupil: Browser, system: Session, number: int, code: str | None
) -> None:
    codes: list[str | None] = ["0"] * 4
    page = through(world, pupil, codes[:number])
    page = answer(pupil, page, code)
    assert flags(system, world) == {"positive": "high"}
    assert page.h1 == f"Page {number + 2} of 5"
    for _ in codes[number + 1 :]:
        page = answer(pupil, page, "0")
    assert page.h1 == "Page 5 of 5"
    page = answer(pupil, page, "0")
    assert page.url.endswith("/s/thanks")
    # A refusal leaves the number open, and an open number is looked at.
    open_number = {} if code == "1" else {"notScored": "review"}
    assert flags(system, world) == {"positive": "high", **open_number}
    assert [task.reason for task in system.scalars(select(ReviewTask))] == [*open_number]


def test_yes_to_the_fifth_is_immediate_although_the_pupil_stops_there(
    world: World, pupil: Browser, system: Session
) -> None:
    page = through(world, pupil, ["0", "0", "1", "0"])
    page = answer(pupil, page, "1", step="stop")
    assert page.h1 == "Stop here?"
    assert flags(system, world) == {"positive": "high", "acute": "immediate"}
    page = pupil.submit(page)
    assert page.url.endswith("/s/thanks")
    (referral,) = system.scalars(
        select(Referral).where(Referral.student_id == world.school.pupil.id)
    ).all()
    assert referral.level == "immediate"


def test_stopping_at_a_question_refuses_it(world: World, pupil: Browser, system: Session) -> None:
    page = through(world, pupil, ["0", "0"])
    page = pupil.submit(page, step="stop")
    assert flags(system, world) == {}
    page = pupil.submit(page)
    assert page.url.endswith("/s/thanks")
    assert flags(system, world) == {"positive": "high"}
    run = runs.load(world.unit(), the_key(system))
    assert {item: one.state for item, one in run.answers.items()} == {
        "q1": AnswerState.ANSWERED,
        "q2": AnswerState.ANSWERED,
        "q3": AnswerState.SKIPPED,
    }


def test_stopping_before_the_fifth_is_treated_as_acute(
    world: World, pupil: Browser, system: Session
) -> None:
    page = through(world, pupil, ["1", "0", "0", "0"])
    pupil.submit(pupil.submit(page, step="stop"))
    assert flags(system, world) == {"positive": "high", "acuteUnknown": "immediate"}


def test_who_never_began_has_refused_nothing(world: World, pupil: Browser, system: Session) -> None:
    about = pupil.submit(pupil.open("/en/s"), code=world.school.pupil.codes["asq"])
    # It says beforehand that there are four or five questions, and what follows a refusal.
    assert world.catalog.instruments["asq"].text("ru", "intro") in about.text
    page = pupil.submit(pupil.open("/en/s/stop"))
    assert page.url.endswith("/s/thanks")
    assert flags(system, world) == {}


def test_going_back_hides_the_fifth_and_keeps_what_was_raised(
    world: World, pupil: Browser, system: Session
) -> None:
    page = through(world, pupil, ["0", "0", "0", "1"])
    page = answer(pupil, page, "1", step="back")
    assert page.h1 == "Page 4 of 5"
    page = answer(pupil, page, "0")
    # The fifth is hidden again, so this was the last page.
    assert page.url.endswith("/s/thanks")
    assert flags(system, world) == {"positive": "high", "acute": "immediate"}
    run = runs.load(world.unit(), the_key(system))
    assert run.answers["q5"] == Answer(AnswerState.ANSWERED, "1")
    (score,) = system.scalars(select(Score)).all()
    assert score.value == 0
    quality = system.scalars(select(Administration.quality)).one()
    assert (quality["answered"], quality["unseen"]) == (4, 1)


def test_a_hidden_page_leads_on_and_what_its_old_tab_sends_still_acts(
    world: World, pupil: Browser, system: Session
) -> None:
    page = through(world, pupil, ["0", "1", "0"])
    old_tab = answer(pupil, page, "0")
    assert old_tab.h1 == "Page 5 of 5"
    second = pupil.open("/en/s/page/2")
    page = answer(pupil, second, "0")
    assert page.h1 == "Page 3 of 4"
    # By its address the fifth page asks nothing any more.
    assert pupil.open("/en/s/page/5").h1 == "Page 4 of 4"
    assert answer(pupil, old_tab, "1").url.endswith("/s/thanks")
    assert flags(system, world) == {"positive": "high", "acute": "immediate"}


def test_the_page_s_script_saves_and_acts_on_one_answer(
    world: World, pupil: Browser, system: Session
) -> None:
    page = begin(world, pupil)
    token = page.html.select_one("input[name=csrf_token]")["value"]
    sent = pupil.client.post(
        "/en/s/answer", data={"csrf_token": token, "item": "q1", "value": "declined"}
    )
    assert sent.json == {"saved": True}
    assert flags(system, world) == {"positive": "high"}
    assert pupil.open("/en/s/page/1").h1 == "Page 1 of 5"


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_it_speaks_both_languages(world: World, browser: NewBrowser, lang: str) -> None:
    page = begin(world, browser(lang))
    wording = world.catalog.instruments["asq"].wording(lang).strings
    assert wording["q1.text"] in page.text
    assert wording["yesno.1"] in page.text


def shift(owner: Engine, world: World, hours: int) -> None:
    """Move the window of the ASQ; the guard of assignments looks at its length only."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE assignments SET opens_at = opens_at + :by, closes_at = closes_at + :by"
                " WHERE id = :id"
            ),
            {"by": timedelta(hours=hours), "id": world.school.assignments["asq"].id},
        )


@pytest.mark.parametrize(("hours", "words"), [(-24, "is over"), (24, "It is early")])
def test_a_code_opens_it_only_in_its_window(
    world: World, pupil: Browser, owner: Engine, hours: int, words: str
) -> None:
    shift(owner, world, hours)
    page = pupil.submit(pupil.open("/en/s"), code=world.school.pupil.codes["asq"], status=422)
    assert words in page.text


def test_a_code_opens_nothing_when_whoever_should_be_there_has_left(
    world: World, pupil: Browser, system: Session
) -> None:
    system.get_one(Account, world.school.psychologist.account.id).is_active = False
    system.commit()
    page = pupil.submit(pupil.open("/en/s"), code=world.school.pupil.codes["asq"], status=422)
    assert "not open for you now" in page.text


def test_after_the_window_nothing_is_asked_but_what_is_sent_still_acts(
    world: World, pupil: Browser, owner: Engine, system: Session
) -> None:
    page = begin(world, pupil)
    shift(owner, world, -24)
    page = answer(pupil, page, "1")
    assert page.h1 == "No more questions now"
    assert world.school.psychologist.account.display_name in page.text
    assert flags(system, world) == {"positive": "high"}
    assert pupil.open("/en/s/page/1").h1 == "No more questions now"
    assert pupil.open("/en/s/go-on").h1 == "No more questions now"


def test_the_staff_read_what_it_means(world: World, browser: NewBrowser, system: Session) -> None:
    through(world, browser(), ["0", "declined", "0", "0", "0"])
    key = the_key(system)
    page = (
        browser()
        .sign_in(world.school.psychologist)
        .open(f"/en/school/results/{key.school_year}/{key.id}")
    )
    assert world.catalog.instruments["asq"].text("ru", "flag.positive") in page.text
