"""Answers that a class gave elsewhere: looked at first, then entered whole or not at all."""

import csv
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO

import pytest
from bs4 import Tag
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import a_pupil_answers, acting
from tests.functional.browser import Browser, Page
from tests.world import SchoolWorld, World, give_consent
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentState
from tirek.domain.scope import Scope
from tirek.services import (
    answer_checks,
    answer_entry,
    answer_files,
    answer_uploads,
    outcomes,
    promises,
    result_files,
    standing_sheets,
)
from tirek.services.answer_entry import Entered
from tirek.services.runs import AdministrationKey
from tirek.storage.models import (
    Administration,
    AnswerUpload,
    AuditEntry,
    FlagRecord,
    Referral,
    Score,
)
from tirek.storage.session import open_session

NewBrowser = Callable[..., Browser]
YOUTH, CRITICAL = "psc-17-y", "phq-a"


@pytest.fixture
def there(world: World) -> SchoolWorld:
    """The other school, whose class is asked the same and has the same school codes."""
    return world.schools[1]


@pytest.fixture
def at_work(there: SchoolWorld, browser: NewBrowser) -> Browser:
    return browser().sign_in(there.psychologist)


def a_sheet(world: World, instrument: str, *rows: Mapping[str, str], code: str = "0") -> bytes:
    """A table of our own columns; every item that a row does not name holds `code`."""
    items = {item.id: code for item in world.catalog.instruments[instrument].items}
    filled = [{"language": "ru", **items, **row} for row in rows]
    sheet = StringIO()
    writer = csv.DictWriter(
        sheet,
        ["record", *dict.fromkeys(name for row in filled for name in row if name != "record")],
    )
    writer.writeheader()
    writer.writerows(filled)
    return sheet.getvalue().encode()


def address(school: SchoolWorld, instrument: str = YOUTH) -> str:
    return f"/en/school/assignments/{school.assignments[instrument].id}/entry"


def send(
    who: Browser, school: SchoolWorld, content: bytes, instrument: str = YOUTH, status: int = 200
) -> Page:
    page = who.open(address(school, instrument))
    return who.submit(
        page, "/entry", status=status, file=(BytesIO(content), "answers.csv"), told="y"
    )


def press_enter(who: Browser, page: Page) -> None:
    """Ask for it without a form that offers it, or a second time."""
    token = page.form("/refuse").find("input", attrs={"name": "csrf_token"})
    assert isinstance(token, Tag)
    answer = who.client.post(f"{page.url}/enter", data={"csrf_token": token["value"]})
    assert answer.status_code == 303


def rows_of(world: World, model: type) -> int:
    world.session.rollback()
    return world.session.scalars(select(func.count()).select_from(model)).one()


def of(world: World, school: SchoolWorld, number: int = 0) -> Administration:
    world.session.rollback()
    return world.session.scalars(
        select(Administration).where(Administration.student_id == school.pupils[number].id)
    ).one()


def scores(world: World, administration: Administration) -> dict[str, object]:
    rows = world.session.scalars(
        select(Score).where(Score.administration_id == administration.id)
    ).all()
    return {row.scale: (row.state, row.value, row.answered, row.band) for row in rows}


def the_files_of_one_class(engine: Engine, world: World) -> dict[str, bytes]:
    given = {item.id: "1" for item in world.catalog.instruments[YOUTH].items}
    given |= {"q3": "declined", "q4": "skipped"}
    a_pupil_answers(engine, world, given, instrument=YOUTH, to_the_end=True)
    with acting(engine, world, world.school.psychologist) as unit:
        return {
            kind: result_files.write(unit, world.school.assignments[YOUTH], kind)
            for kind in ("csv", "redcap", "sav", "fhir")
        }


def test_what_one_class_gave_has_the_same_scores_in_another(
    world: World, engine: Engine, there: SchoolWorld, at_work: Browser
) -> None:
    files = the_files_of_one_class(engine, world)
    with acting(engine, world, there.psychologist) as unit:
        seen = {
            kind: answer_checks.preview(unit, there.assignments[YOUTH], content, "ru")
            for kind, content in files.items()
        }
    assert all(one.is_ready for one in seen.values()), seen
    first = seen["csv"].rows[0]
    assert all(one.rows[0].given == first.given for one in seen.values())
    assert first.language == "kk"

    page = send(at_work, there, files["csv"])
    assert "8A-01" in page.text
    assert rows_of(world, Administration) == 1
    page = at_work.submit(page, "/enter")
    assert "The answers of 1 pupil are entered." in page.html.get_text()

    own, theirs = of(world, world.school), of(world, there)
    assert scores(world, own) == scores(world, theirs) != {}
    assert theirs.quality == own.quality
    assert theirs.entered_by == there.psychologist.account.id
    assert own.ended_at is not None
    assert theirs.answered_on == own.ended_at.astimezone(KAZAKHSTAN).date()
    assert theirs.started_at is None
    with acting(engine, world, there.psychologist) as unit:
        # Whoever entered the answers is not blind to them.
        assert outcomes.of_result(unit, AdministrationKey(theirs.school_year, theirs.id)).has_seen
    page = at_work.open(f"/en/school/results/{theirs.school_year}/{theirs.id}")
    assert f"From a file, entered by {there.psychologist.account.display_name}" in page.text
    assert "How fast it was answered cannot be said" in page.text
    assert "Seconds for one question" not in page.text
    world.session.rollback()
    written = world.session.scalars(
        select(AuditEntry.action).where(AuditEntry.student_id == there.pupil.id)
    ).all()
    assert {"answers.preview", "answers.enter", "administration.complete"} <= {*written}


def test_two_presses_at_once_write_once_and_nobody_waits_for_what_took_no_time(
    world: World, engine: Engine, there: SchoolWorld
) -> None:
    with acting(engine, world, there.psychologist) as unit:
        content = a_sheet(world, YOUTH, *({"record": f"8A-0{n}"} for n in (1, 2, 3)))
        upload = answer_uploads.keep(unit, there.assignments[YOUTH], content, "kk").id

    def press(_number: int) -> Entered:
        with acting(engine, world, there.psychologist) as unit:
            return answer_entry.enter(unit, upload)

    with ThreadPoolExecutor(2) as presses:
        assert [*presses.map(press, range(2))] == [Entered(3, 0)] * 2
    assert rows_of(world, Administration) == 3
    with open_session(engine, Scope.system()) as session:
        opened = standing_sheets.of_school(world.unit(session=session), there.id)
    sheets = [sheet for pile in opened.piles.values() for sheet in pile.sheets]
    assert [(sheet.seconds, sheet.total_seconds) for sheet in sheets] == [({}, None)] * 3


@pytest.mark.parametrize(("instrument", "by"), [(YOUTH, "guardian"), ("asq", "psychologist")])
def test_the_database_asks_who_enters_what(
    world: World, there: SchoolWorld, instrument: str, by: str
) -> None:
    asked = there.assignments[instrument]
    hashes = world.catalog.instruments[instrument].hashes
    world.session.add(
        Administration(
            school_year=asked.school_year,
            assignment_id=asked.id,
            student_id=there.pupil.id,
            school_id=there.id,
            respondent="student",
            respondent_id=there.pupil.id,
            instrument_id=instrument,
            release_id=asked.release_id,
            structure_hash=hashes.structure,
            wording_hash=hashes.wordings["kk"],
            language="kk",
            age_years=14,
            entered_by=getattr(there, by).account.id,
        )
    )
    with pytest.raises(DBAPIError) as refused:
        world.session.flush()
    assert getattr(refused.value.orig, "sqlstate", None) == "TK002"


def test_one_bad_row_keeps_back_the_whole_file(
    world: World, there: SchoolWorld, at_work: Browser
) -> None:
    give_consent(world.unit(), there.pupils[2].student, there.guardian, ConsentState.WITHDRAWN)
    world.session.commit()
    content = a_sheet(
        world, YOUTH,
        {"record": "8A-01", "age": "9", "ended": "01.01.2020"},
        {"record": "8A-02", "language": "de"},
        {"record": "8A-03"},
        {"record": "no\0body"},
        {"record": "8A-02", "ended": "soon"},
        {"record": ""},
    )  # fmt: skip
    page = send(at_work, there, content)
    for said in (
        "line 2, 8A-01: the day of the answers lies before this round.",
        "The file says age 9, our list 14: is it this pupil?",
        "line 3, 8A-02: the language is neither kk nor ru.",
        "line 3, 8A-02: this code stands in the file more than once.",
        "line 4, 8A-03: the parent has refused or withdrawn the consent.",
        "line 5, no\ufffdbody: no pupil of the school has this code.",
        "line 6, 8A-02: the day of the answers cannot be read",
        "line 7: there is no school code.",
    ):
        assert said in page.text, (said, page.text)
    assert not [one for one in page.html.find_all("form") if "/enter" in str(one.get("action"))]
    # A browser that asks for it nevertheless gets nothing written.
    press_enter(at_work, page)
    assert rows_of(world, Administration) == 0


def test_a_cell_that_cannot_be_read_hides_nobody_who_needs_help(
    world: World, there: SchoolWorld, at_work: Browser
) -> None:
    bad, urgent = {"record": "8A-01", "q1": "7"}, {"record": "8A-02", "q9": "1"}
    page = send(at_work, there, a_sheet(world, CRITICAL, bad, urgent), CRITICAL)
    # Sent twice, it waits once.
    assert send(at_work, there, a_sheet(world, CRITICAL, bad, urgent), CRITICAL).url == page.url
    assert "line 2, column q1: q1 has no answer “7”; it has 0, 1, 2, 3." in page.text
    assert "1 pupil needs a conversation today." in page.text
    assert page.link("Refer this pupil").endswith(f"{there.pupils[1].id}/refer")
    # The corrected file takes its place once it holds that pupil's answers.
    page = send(at_work, there, a_sheet(world, CRITICAL, {"record": "8A-01"}), CRITICAL)
    at_work.submit(page, "/enter")
    assert "1 pupil needs a conversation today." in at_work.open("/en/school/reviews").text
    page = send(at_work, there, a_sheet(world, CRITICAL, {"record": "8A-02", "q9": "1"}), CRITICAL)
    at_work.submit(page, "/enter")
    assert "needs a conversation" not in at_work.open("/en/school/reviews").text
    world.session.rollback()
    outcomes = world.session.scalars(select(AnswerUpload.outcome)).all()
    assert sorted(map(str, outcomes)) == ["entered", "entered", "replaced"]


def test_answers_that_call_for_somebody_wait_in_sight_until_somebody_decides(
    world: World, there: SchoolWorld, at_work: Browser, browser: NewBrowser
) -> None:
    content = a_sheet(world, CRITICAL, {"record": "8A-01", "q9": "1"}, {"record": "8A-02"})
    page = send(at_work, there, content, CRITICAL)
    assert "1 pupil needs a conversation today." in page.text
    assert "q9" not in page.text
    assert rows_of(world, FlagRecord) == 0
    assert "Files of answers that nobody has decided about" in at_work.open("/en/school").text
    assert at_work.open("/en/school/reviews").link("PHQ-A").endswith(page.url.rpartition("/")[2])
    # Turned down without a word it is not.
    refused = at_work.submit(page, "/refuse", status=422)
    assert "Write why, and what was done for these pupils." in refused.text

    done = at_work.submit(page, "/enter")
    assert "1 pupil needs a conversation today: the referral is on its way." in (
        done.html.get_text()
    )
    world.session.rollback()
    [leg] = world.session.scalars(select(Referral)).all()
    assert (leg.student_id, leg.support_center_id) == (there.pupil.id, world.home.id)
    centre = browser().sign_in(world.home.specialist)
    assert str(leg.id) in str(centre.open("/en/psc").html)
    before = [rows_of(world, one) for one in (Administration, FlagRecord, Referral, Score)]
    # The same press once more, as a browser repeats it.
    press_enter(at_work, page)
    assert before == [rows_of(world, one) for one in (Administration, FlagRecord, Referral, Score)]
    assert "already begun or answered" in send(at_work, there, content, CRITICAL).text


def test_a_reason_is_kept_and_the_content_is_not(
    world: World, there: SchoolWorld, at_work: Browser
) -> None:
    page = send(at_work, there, a_sheet(world, CRITICAL, {"record": "8A-01", "q9": "1"}), CRITICAL)
    at_work.submit(page, "/refuse", reason="The wrong class; I have spoken with the child.")
    world.session.rollback()
    [upload] = world.session.scalars(select(AnswerUpload)).all()
    assert (upload.outcome, upload.content_sealed) == ("refused", None)
    assert "I have spoken with the child." in at_work.open(page.url).text
    assert rows_of(world, Administration) == 0


def test_only_what_calls_for_nobody_runs_out(
    world: World, owner: Engine, system: Session, there: SchoolWorld, at_work: Browser
) -> None:
    send(at_work, there, a_sheet(world, CRITICAL, {"record": "8A-01", "q9": "1"}), CRITICAL)
    calm = send(at_work, there, a_sheet(world, YOUTH, {"record": "8A-01"}))
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE answer_uploads SET uploaded_at = uploaded_at - interval '2 hours'")
        )
    system.rollback()
    assert answer_uploads.expire(world.unit(session=system)) == 1
    system.commit()
    assert "thrown away" in at_work.open(calm.url).text
    assert answer_uploads.expire(world.unit(session=system)) == 0


def test_a_total_that_lies_is_named_and_ours_counts(
    world: World, there: SchoolWorld, at_work: Browser
) -> None:
    content = a_sheet(world, YOUTH, {"record": "8A-01", "total": "30"}, code="1")
    page = send(at_work, there, content)
    assert "the file says 30, the answers give 17. Ours counts." in page.text
    at_work.submit(page, "/enter")
    assert scores(world, of(world, there))["total"][1] == 17  # type: ignore[index]


def test_another_school_finds_neither_the_class_nor_the_file(
    world: World, there: SchoolWorld, at_work: Browser, browser: NewBrowser
) -> None:
    page = send(at_work, there, a_sheet(world, YOUTH, {"record": "8A-01"}))
    stranger = browser().sign_in(world.school.psychologist)
    stranger.open(address(there), status=404)
    stranger.open(page.url, status=404)
    guardian = browser().sign_in(there.guardian)
    assert guardian.client.get(address(there)).status_code == 403


@pytest.mark.parametrize(
    ("instrument", "said"),
    [
        ("asq", "an answer from another day has nobody there"),
        ("psc-17-p", "Parents answer from their own accounts"),
    ],
)
def test_some_questions_are_never_entered(
    there: SchoolWorld, at_work: Browser, instrument: str, said: str
) -> None:
    assert said in at_work.open(address(there, instrument)).text


def test_a_file_that_came_too_late_can_only_be_left_out(
    world: World, owner: Engine, system: Session, there: SchoolWorld, at_work: Browser
) -> None:
    page = send(at_work, there, a_sheet(world, CRITICAL, {"record": "8A-01", "q9": "1"}), CRITICAL)
    for change, said in (
        ("is_short = true", "This assignment asks fewer questions"),
        (
            "is_short = false, closes_at = now() - interval '1 minute'",
            "while the window of the assignment is open",
        ),
    ):
        with owner.begin() as connection:
            connection.execute(text(f"UPDATE assignments SET {change}"))  # noqa: S608
        late = at_work.open(page.url)
        assert said in late.text
        assert "refer these pupils by hand" in late.text
        press_enter(at_work, late)
    assert rows_of(world, Administration) == 0
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE answer_uploads SET uploaded_at = uploaded_at - interval '2 hours'")
        )
    system.rollback()
    [named] = promises.findings(system).items()
    assert named == ("files of answers that call for somebody and that nobody decides about", 1)


def test_a_file_that_cannot_be_read_is_said_in_a_sentence_and_not_kept(
    world: World, there: SchoolWorld, at_work: Browser
) -> None:
    sheet = a_sheet(world, YOUTH, {"record": "8A-01"})
    for content, said in (
        (b"", "the file: is empty."),
        (b"PK\x03\x04" + bytes(100), "save the sheet as “CSV UTF-8” first"),
        (sheet.decode().encode("utf-16"), "line 1: is not UTF-8"),
        (b"$FL2" + bytes(300), "the file: cannot be read as a file of SPSS."),
        (b"{", "cannot be read as JSON."),
        (b"record,a\n1,2\n", "the header: names no question of this questionnaire."),
    ):
        page = send(at_work, there, content, status=422)
        assert said in page.text, (said, page.text)
    assert rows_of(world, AnswerUpload) == 0
    large = answer_files.read(world.catalog.instruments[YOUTH], sheet + bytes(2 * 1024 * 1024))
    assert [str(one) for one in large.faults] == ["the file: is larger than 2 MB"]
