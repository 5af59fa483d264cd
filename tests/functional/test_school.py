"""A school's people at work, page by page: consents, assignments, codes, results, notices."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.world import World, an_adult, an_origin, give_consent
from tirek.domain.access_code import normalise
from tirek.domain.consent import ConsentState
from tirek.domain.instruments import Answer
from tirek.domain.people import Role
from tirek.services import administrations, runs
from tirek.services.paging import ROWS_A_PAGE
from tirek.services.runs import AdministrationKey
from tirek.storage.models import (
    AuditEntry,
    Campaign,
    InstrumentRelease,
    Notice,
    ReviewTask,
    Signal,
    Student,
)

NewBrowser = Callable[..., Browser]


def answered(
    world: World, instrument: str, given: dict[str, str | None], school: int = 0
) -> AdministrationKey:
    """The first pupil fills an instrument in to the end."""
    code = world.schools[school].pupil.codes[instrument]
    entry = administrations.open_by_code(world.unit(), code, an_origin(), "kk")
    unit = world.unit(entry.actor)
    run = runs.load(unit, entry.key)
    administrations.start(unit, run, "kk")
    every = {item.id: given.get(item.id, "0") for item in run.instrument.items}
    read = {item: Answer.read(code) for item, code in every.items()}
    administrations.record_responses(unit, runs.load(unit, entry.key), read)
    administrations.complete(unit, runs.load(unit, entry.key))
    world.session.commit()
    return entry.key


@pytest.fixture
def at_work(world: World, browser: NewBrowser) -> Browser:
    """The psychologist of the first school, signed in."""
    return browser().sign_in(world.school.psychologist)


def result_url(key: AdministrationKey) -> str:
    return f"/en/school/results/{key.school_year}/{key.id}"


def test_the_first_page_counts_what_waits(world: World, at_work: Browser) -> None:
    assert "Notices to confirm" in at_work.open("/en/school").text
    answered(world, "phq-a", {"q9": "1"})
    page = at_work.open("/en/school")
    task = re.search(r"Notices to confirm .*? name\. (\d)", page.text)
    assert task is not None
    assert task[1] == "1"
    assert "1 referral is open in all." in page.text


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_list_opens_in_every_language(world: World, browser: NewBrowser, lang: str) -> None:
    key = answered(world, "phq-a", {"q9": "2", "q1": "3", "q2": None})
    psychologist = browser(lang).sign_in(world.school.psychologist)
    assignment = world.school.assignments["phq-a"].id
    for path in (
        "", "/cases", "/notices", "/reviews", "/pupils", "/assignments", "/consents",
        f"/consents/{world.school.classroom.id}", f"/pupils/{world.school.pupil.id}",
        f"/pupils/{world.school.pupil.id}/consents", f"/pupils/{world.school.pupil.id}/refer",
        f"/assignments/{assignment}", f"/assignments/{assignment}/codes", "/assignments/new",
        f"/results/{key.school_year}/{key.id}",
    ):  # fmt: skip
        psychologist.open(f"/{lang}/school{path}")


def test_sheets_are_written_down_for_many_pupils_at_once(world: World, at_work: Browser) -> None:
    url = f"/en/school/consents/{world.school.classroom.id}"
    pupils = [str(pupil.id) for pupil in world.school.pupils[:2]]
    # The world's consents came from parents' accounts: a paper may add a withdrawal.
    page = _sheet(at_work, url, pupils, "withdrawn")
    assert "Written down for 2 pupils." in page.text
    rows = page.rows("Consents of class")
    assert [row[2] for row in rows] == ["Withdrawn", "Withdrawn", "Consent given"]
    assert "on paper, at school" in rows[0][3]
    assert "in the parent's own account" in rows[2][3]
    again = _sheet(at_work, url, pupils, "withdrawn")
    assert "nothing was changed" in again.text
    history = at_work.open(f"/en/school/pupils/{pupils[0]}/consents")
    assert len(history.rows("What was said")) == 2


def _sheet(browser: Browser, url: str, pupils: list[str], state: str) -> Page:
    return browser.submit(browser.open(url), "/papers", pupils=pupils, state=state)


def test_a_paper_does_not_overrule_the_parents_no(
    world: World, at_work: Browser, system: Session
) -> None:
    pupil = world.school.pupil
    give_consent(world.unit(), pupil.student, world.school.guardian, ConsentState.WITHDRAWN)
    system.commit()
    url = f"/en/school/consents/{world.school.classroom.id}"
    page = _sheet(at_work, url, [str(pupil.id)], "given")
    assert "A sheet at school does not overrule that" in page.text
    assert page.rows("Consents of class")[0][2] == "Withdrawn"


def test_an_empty_sheet_is_refused_beside_its_field(world: World, at_work: Browser) -> None:
    url = f"/en/school/consents/{world.school.classroom.id}"
    refused = at_work.submit(at_work.open(url), "/papers", status=422)
    assert "Choose at least one pupil." in refused.text
    assert "Choose what the sheets say." in refused.text


def _next_round(world: World, system: Session) -> Campaign:
    """A round after the world's own, so that nothing is assigned in it yet."""
    starts = world.campaign.ends_at + timedelta(days=1)
    campaign = Campaign(
        school_year=world.campaign.school_year,
        round=3,
        starts_at=starts,
        ends_at=starts + timedelta(days=20),
    )
    system.add(campaign)
    system.commit()
    return campaign


def _wish(world: World, campaign: Campaign, instrument: str = "phq-a") -> dict[str, str]:
    opens = campaign.starts_at + timedelta(days=1)
    return {
        "classroom": str(world.school.classroom.id),
        "instrument": instrument,
        "opens": opens.strftime("%Y-%m-%dT08:00"),
        "closes": (opens + timedelta(days=5)).strftime("%Y-%m-%dT08:00"),
    }


def test_an_assignment_is_checked_then_made_once(
    world: World, at_work: Browser, system: Session
) -> None:
    wish = _wish(world, _next_round(world, system))
    silent = world.school.pupils[2].student
    give_consent(world.unit(), silent, world.school.guardian, ConsentState.REFUSED)
    system.commit()
    check = at_work.submit(at_work.open("/en/school/assignments/new"), **wish)
    assert check.h1 == "Check before you assign"
    assert "2 pupils have consent and the right age." in check.text
    assert silent.school_code in check.text
    assert "20 of 100 showed signs of depression" in check.text
    made = at_work.submit(check)
    assert made.h1.startswith("Class 8Ә")
    # The same button pressed twice is one assignment.
    assert at_work.submit(check).url == made.url
    wish["closes"] = wish["closes"].replace("T08", "T09")
    refused = at_work.submit(at_work.open("/en/school/assignments/new"), status=422, **wish)
    assert "This class already has this questionnaire in this round" in refused.text


def test_dates_outside_every_round_are_refused_in_words(world: World, at_work: Browser) -> None:
    wish = _wish(world, world.campaign)
    wish["opens"], wish["closes"] = "2019-09-02T08:00", "2031-09-02T08:00"
    page = at_work.submit(at_work.open("/en/school/assignments/new"), status=422, **wish)
    assert "No round of screening holds these dates" in page.text
    assert page.rows("Planned rounds")


def test_a_retired_release_is_not_offered(world: World, at_work: Browser, system: Session) -> None:
    system.execute(
        update(InstrumentRelease).values(
            status="retired", retired_at=func.now(), retired_reason="A test."
        )
    )
    system.commit()
    assert "No questionnaire may be assigned yet" in at_work.open("/en/school/assignments/new").text


def test_codes_are_shown_once_and_open_the_questionnaire(
    world: World, at_work: Browser, browser: NewBrowser, system: Session
) -> None:
    url = f"/en/school/assignments/{world.school.assignments['who-5'].id}/codes"
    give_consent(
        world.unit(), world.school.pupils[2].student, world.school.guardian, ConsentState.WITHDRAWN
    )
    system.commit()
    page = at_work.open(url)
    assert "Consent refused or withdrawn: gets no code" in page.text
    ticked = [box["value"] for box in page.html.find_all("input", type="checkbox", checked=True)]
    assert ticked == [str(world.school.pupils[1].id)]
    sheet = at_work.submit(page, pupils=ticked)
    slips = sheet.html.select(".code-slip")
    assert len(slips) == 1
    assert {span["lang"] for span in slips[0].select("[lang]")} == {"kk", "ru"}
    code = slips[0].select_one(".code--big").text.strip()
    assert normalise(code)
    assert code not in at_work.open(url).html.get_text()
    pupil = browser()
    opened = pupil.submit(pupil.open("/en/s"), code=code)
    assert "/s/" in opened.url
    # The same page sent again replaces what nobody has seen; only the last slip is alive.
    second = at_work.submit(page, pupils=ticked)
    assert second.html.select_one(".code--big").text.strip() != code


def test_a_pupil_without_consent_cannot_be_given_a_code(
    world: World, at_work: Browser, system: Session
) -> None:
    pupil = world.school.pupils[1]
    give_consent(world.unit(), pupil.student, world.school.guardian, ConsentState.REFUSED)
    system.commit()
    url = f"/en/school/assignments/{world.school.assignments['who-5'].id}/codes"
    at_work.submit(at_work.open(url), pupils=[str(pupil.id)], status=422)


def test_guardians_questionnaires_have_no_codes(world: World, at_work: Browser) -> None:
    found = world.school.assignments["psc-17-p"].id
    assert "Parents fill this in" in at_work.open(f"/en/school/assignments/{found}").text
    at_work.open(f"/en/school/assignments/{found}/codes", status=404)


def test_progress_says_who_has_finished_and_never_what(world: World, at_work: Browser) -> None:
    answered(world, "gad-7", {})
    url = f"/en/school/assignments/{world.school.assignments['gad-7'].id}"
    page = at_work.open(url)
    assert [row[1] for row in page.rows("Pupils of the class")] == [
        "Finished", "Not started", "Not started",
    ]  # fmt: skip
    assert len(at_work.open(f"{url}?state=finished").rows("Pupils of the class")) == 1
    assert "No pupil fits" in at_work.open(f"{url}?q=nobody").text
    assert page.link("Result")


def test_a_window_is_extended_and_an_assignment_cancelled(
    world: World, at_work: Browser, browser: NewBrowser
) -> None:
    found = world.school.assignments["who-5"]
    url = f"/en/school/assignments/{found.id}"
    early = (found.closes_at - timedelta(days=2)).strftime("%Y-%m-%dT08:00")
    refused = at_work.submit(at_work.open(url), "/extend", status=422, closes=early)
    assert "The window must end later" in refused.text
    page = at_work.submit(at_work.open(url), "/cancel")
    assert "Cancelled" in page.text
    pupil = browser()
    page = pupil.client.post("/en/s", data={}).status_code
    assert page in {400, 422}


def test_a_result_shows_raw_scores_topics_and_states_only(
    world: World, at_work: Browser, system: Session
) -> None:
    key = answered(world, "phq-a", {"q1": "3", "q2": "declined", "q3": None, "q9": "1"})
    page = at_work.open(result_url(key))
    assert "The wording of this questionnaire is a working one" in page.text
    assert "Band" not in [cell for row in page.html.find_all("th") for cell in [row.get_text()]]
    for band in ("minimal", "mild", "moderate", "severe"):
        assert band not in page.text
    answers = page.rows("Answers by topic")
    assert len(answers) == 13
    assert answers[1][1] == "Did not want to answer"
    assert answers[2][1] == "Left blank"
    assert "How sure is this score?" in page.text
    assert "The flag follows the published cut-off" in page.text
    assert page.rows("Flags")[0][0] == "Level: Immediate"
    assert "What happens next" in page.text
    assert "Who has it" in page.text
    seen = system.scalars(select(AuditEntry).where(AuditEntry.action == "result.view")).all()
    assert [entry.student_id for entry in seen] == [world.school.pupil.id]


def test_what_cannot_be_computed_says_why_and_asks_a_person(world: World, at_work: Browser) -> None:
    blanks: dict[str, str | None] = {f"q{number}": None for number in range(1, 10)}
    key = answered(world, "phq-a", blanks)
    page = at_work.open(result_url(key))
    assert "Not computable: too many answers are missing." in page.text
    listed = at_work.open("/en/school/reviews").rows("Review tasks")
    assert len(listed) == 2
    task = at_work.open(at_work.open("/en/school/reviews").html.select("td a, th a")[0]["href"])
    missing = at_work.submit(task, status=422, note="")
    assert "Write what you found" in missing.text
    closed = at_work.submit(task, note="Talked with the pupil: was tired.")
    assert "Talked with the pupil: was tired." in closed.text
    assert len(at_work.open("/en/school/reviews").rows("Review tasks")) == 1


def test_a_review_closed_by_a_colleague_names_the_colleague(
    world: World, at_work: Browser, browser: NewBrowser, system: Session
) -> None:
    answered(world, "phq-a", {"q9": None})
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    system.commit()
    task = system.scalars(select(ReviewTask.id)).one()
    mine = at_work.open(f"/en/school/reviews/{task}")
    other = browser().sign_in(colleague)
    other.submit(other.open(f"/en/school/reviews/{task}"), note="Seen.")
    lost = at_work.submit(mine, status=409, note="Seen too.")
    assert colleague.account.display_name in lost.text


def test_a_worry_becomes_one_referral_however_often_it_is_sent(
    world: World, at_work: Browser, system: Session
) -> None:
    url = f"/en/school/pupils/{world.school.pupil.id}/refer"
    page = at_work.open(url)
    empty = at_work.submit(page, status=422, level="medium", reason=" ")
    assert "Write what makes you worried." in empty.text
    sent = at_work.submit(page, about="nobody", level="medium", reason="Cried in two lessons.")
    assert sent.h1.startswith("Referral: pupil")
    assert "Cried in two lessons." in sent.text
    assert (
        at_work.submit(page, about="nobody", level="medium", reason="Cried in two lessons.").url
        == sent.url
    )
    signal = system.scalars(select(Signal)).one()
    assert signal.note_sealed is not None
    assert b"Cried" not in signal.note_sealed


def test_an_immediate_worry_goes_to_the_centre_and_the_school_follows_it(
    world: World, at_work: Browser
) -> None:
    page = at_work.open(f"/en/school/pupils/{world.school.pupil.id}/refer")
    sent = at_work.submit(
        page, about="nobody", level="immediate", reason="Said goodbye to friends."
    )
    assert "to the support centre" in sent.h1
    assert world.home.center.name_ru in sent.text
    assert "Said goodbye" not in sent.text
    notices = at_work.open("/en/school/notices")
    assert "to be confirmed by a lawyer" in notices.text
    done = at_work.submit(notices, "/confirm")
    assert "Confirmed with your name" in done.text
    listed = at_work.open("/en/school/notices?show=done")
    assert world.school.psychologist.account.display_name in listed.text


def test_a_referral_at_school_is_accepted_by_one(
    world: World, at_work: Browser, browser: NewBrowser, system: Session
) -> None:
    answered(world, "gad-7", {f"q{number}": "2" for number in range(1, 8)})
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    system.commit()
    case = at_work.open(at_work.open("/en/school/cases").link("Medium"))
    other = browser().sign_in(colleague)
    theirs = other.open(case.url)
    accepted = at_work.submit(at_work.open(case.url), "/accept")
    assert "Accepted by name" in accepted.text
    lost = other.submit(theirs, "/accept", status=409)
    assert world.school.psychologist.account.display_name in lost.text
    assert "What to do now Judge how urgent it is" in accepted.text


def test_a_referral_at_school_is_sent_on_to_a_centre(world: World, at_work: Browser) -> None:
    answered(world, "gad-7", {f"q{number}": "2" for number in range(1, 8)})
    case = at_work.open(at_work.open("/en/school/cases").link("Medium"))
    accepted = at_work.submit(case, "/accept")
    sent = at_work.submit(
        at_work.open(accepted.link("Send on to another centre")),
        center=str(world.home.id), note="Needs more than talks.",
    )  # fmt: skip
    assert "Where it was sent on" in sent.text
    assert world.home.center.name_ru in sent.text


def _theirs(world: World) -> list[str]:
    """Addresses of the second school's things."""
    key = answered(world, "phq-a", {"q9": None, "q1": "3"}, school=1)
    other = world.schools[1]
    task = world.session.scalars(select(ReviewTask.id)).one()
    assignment = other.assignments["phq-a"].id
    return [
        f"/en/school/consents/{other.classroom.id}",
        f"/en/school/pupils/{other.pupil.id}",
        f"/en/school/pupils/{other.pupil.id}/consents",
        f"/en/school/pupils/{other.pupil.id}/refer",
        f"/en/school/assignments/{assignment}",
        f"/en/school/assignments/{assignment}/codes",
        f"/en/school/results/{key.school_year}/{key.id}",
        f"/en/school/reviews/{task}",
        f"/en/school/cases/{uuid4()}",
    ]


def test_another_schools_things_are_not_there_and_the_try_is_kept(
    world: World, at_work: Browser, system: Session
) -> None:
    urls = _theirs(world)
    for url in urls:
        at_work.open(url, status=404)
    refused = system.scalars(select(AuditEntry).where(AuditEntry.outcome == "refused")).all()
    assert len(refused) == len(urls)
    assert {entry.account_id for entry in refused} == {world.school.psychologist.account.id}


def test_another_schools_things_cannot_be_changed(
    world: World, at_work: Browser, system: Session
) -> None:
    answered(world, "phq-a", {"q9": "1"}, school=1)
    other = world.schools[1]
    notice = system.scalars(select(Notice.id).where(Notice.addressee == "school")).one()
    assignment = other.assignments["phq-a"].id
    page = at_work.open("/en/school/pupils")
    token = page.html.find("input", attrs={"name": "csrf_token"})["value"]
    closes = (datetime.now(UTC) + timedelta(days=20)).strftime("%Y-%m-%dT08:00")
    own = f"/en/school/consents/{world.school.classroom.id}"
    sheet = {"pupils": str(other.pupil.id), "state": "given"}
    worry = {"level": "low", "reason": "x", "about": "nobody", "mark": str(uuid4())}
    for url, data, status in (
        (f"/en/school/assignments/{assignment}/cancel", {}, 404),
        (f"/en/school/assignments/{assignment}/extend", {"closes": closes}, 404),
        (f"/en/school/notices/{notice}/confirm", {}, 404),
        (f"/en/school/consents/{other.classroom.id}/papers", sheet, 404),
        (f"{own}/papers", sheet, 422),
        (f"/en/school/pupils/{other.pupil.id}/refer", worry, 404),
    ):
        sent = at_work.client.post(url, data={"csrf_token": token, **data})
        assert sent.status_code == status, url
    assert system.scalars(select(Signal).where(Signal.kind == "staff_concern")).all() == []


def test_a_social_pedagogue_follows_and_reports_but_reads_no_answers(
    world: World, browser: NewBrowser, system: Session
) -> None:
    key = answered(world, "phq-a", {"q9": "1"})
    pedagogue = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    person = browser().sign_in(pedagogue)
    home = person.open("/en/school")
    assert "Notices to confirm" in home.text
    assert "Referrals whose time has run out" not in home.text
    pupil = person.open(f"/en/school/pupils/{world.school.pupil.id}")
    assert "Questionnaires" not in pupil.text
    progress = person.open(f"/en/school/assignments/{world.school.assignments['phq-a'].id}")
    assert not [a for a in progress.html.find_all("a") if "/results/" in str(a.get("href"))]
    for path in (f"/results/{key.school_year}/{key.id}", "/cases", "/reviews", "/assignments/new"):
        person.open(f"/en/school{path}", status=403)
    sent = person.submit(
        person.open(f"/en/school/pupils/{world.school.pupil.id}/refer"),
        about="nobody", level="low", reason="Comes late and alone.",
    )  # fmt: skip
    assert "Somebody has it now" in sent.text


def test_a_deputy_director_reads_no_childs_page(
    world: World, browser: NewBrowser, system: Session
) -> None:
    deputy = an_adult(world.unit(), Role.DEPUTY_DIRECTOR, school_id=world.school.id)
    system.commit()
    person = browser()
    person.client.get("/en/login")
    page = person.submit(
        person.open("/en/login"), email=deputy.account.email, password=deputy.password
    )
    answer = person.client.post(
        "/en/login/code",
        data={
            "csrf_token": page.html.find("input", attrs={"name": "csrf_token"})["value"],
            "code": deputy.totp(),
        },
    )
    assert answer.status_code == 302
    for path in ("", "/pupils", "/cases", f"/pupils/{world.school.pupil.id}"):
        assert person.client.get(f"/en/school{path}").status_code == 403


def test_long_lists_have_pages(world: World, at_work: Browser, system: Session) -> None:
    first = world.school.pupil.student
    system.add_all(
        Student(
            school_id=first.school_id,
            classroom_id=first.classroom_id,
            school_code=f"9Z-{number:03d}",
            birth_month=first.birth_month,
        )
        for number in range(30)
    )
    system.commit()
    page = at_work.open("/en/school/pupils?sort=code")
    assert len(page.rows("Pupils of the school")) == 25
    assert "33 rows" in page.text
    last = at_work.open("/en/school/pupils?page=99")
    assert len(last.rows("Pupils of the school")) == 8
    assert len(at_work.open("/en/school/pupils?q=9z-0").rows("Pupils of the school")) == 25


def test_assignments_are_found_by_name_class_and_state(world: World, at_work: Browser) -> None:
    everything = at_work.open("/en/school/assignments").rows("Assignments of the school")
    # One page of the list.
    assert len(everything) == min(len(world.school.assignments), ROWS_A_PAGE)
    url = "/en/school/assignments?q=gad&state=open&sort=class"
    found = at_work.open(url).rows("Assignments of the school")
    assert [row[0].startswith("8Ә: GAD-7") for row in found] == [True]
    assert "No assignment fits" in at_work.open("/en/school/assignments?state=over").text
    other = world.schools[1].classroom.id
    assert "No assignment fits" in at_work.open(f"/en/school/assignments?classroom={other}").text
