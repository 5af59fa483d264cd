"""A parent's yes and no to each purpose, and what a parent learns of who has looked."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from tests.builders_referral import SELF_HARM, SOME_WORRY, a_pupil_answers, accept, acting, the_leg
from tests.functional.browser import Browser
from tests.functional.test_parent_pages import HOME, Parent, consent_path
from tests.world import World, an_adult, give_consent
from tirek.domain.consent import ConsentTexts, Purpose
from tirek.domain.people import Role
from tirek.domain.referral import ConflictKind
from tirek.services import access_log, children, harm, pupils, referral_page
from tirek.services.harm import Named
from tirek.storage.models import AuditEntry, Consent, Guardianship
from tirek.web.transaction import EXTENSION, Plant

HIDDEN = "Some entries that protect a child are not shown here."


@pytest.fixture
def parent(app: Flask, world: World) -> Parent:
    return Parent(app.test_client()).sign_in(world.school.guardian)


def record_path(world: World) -> str:
    return f"{HOME}/children/{world.school.pupil.id}/record"


def said(world: World) -> list[tuple[str, str]]:
    world.session.rollback()
    rows = world.session.scalars(
        select(Consent).where(Consent.student_id == world.school.pupil.id).order_by(Consent.id)
    )
    return [(one.purpose, one.state) for one in rows]


def rows_of(page: str, caption: str) -> list[list[str]]:
    html = BeautifulSoup(page, "html.parser")
    table = next(one for one in html.find_all("table") if one.caption.text.strip() == caption)
    return [
        [cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])]
        for row in table.tbody.find_all("tr")
    ]


def test_each_purpose_is_answered_by_itself(parent: Parent, world: World) -> None:
    path = consent_path(world)
    parent.get(path)
    answer = {"purpose": "center_help", "center_help-decision": "yes"}
    parent.send(path, **answer)
    parent.send(path, **answer)
    assert said(world) == [("screening", "given"), ("center_help", "given")]
    page = parent.send(path, purpose="center_help", **{"center_help-decision": "no"})
    assert "Outside danger your child is not handed on" in page
    # The questions about the child stay open: that consent was not touched.
    assert "Waits for your decision" not in page
    assert said(world)[-1] == ("center_help", "withdrawn")
    html = BeautifulSoup(parent.get(path), "html.parser")
    tables = [section.find("table") for section in html.select("main section.section")]
    assert [len(one.tbody.find_all("tr")) for one in tables if one] == [1, 2]


def test_a_purpose_without_a_choice_is_asked_again_beside_its_own_field(
    parent: Parent, world: World
) -> None:
    parent.get(consent_path(world))
    page = parent.send(consent_path(world), status=422, purpose="center_help")
    html = BeautifulSoup(page, "html.parser")
    assert html.select_one(".govuk-error-summary a")["href"].startswith("#center_help-decision")
    assert len(html.select(".govuk-error-message")) == 1
    parent.send(consent_path(world), status=404, purpose="research", decision="yes")
    assert said(world) == [("screening", "given")]


def test_a_wrong_choice_stays_in_sight(parent: Parent, world: World) -> None:
    parent.get(consent_path(world))
    parent.send(
        consent_path(world), status=422, purpose="center_help", **{"center_help-decision": "maybe"}
    )
    assert said(world) == [("screening", "given")]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("kk", ["Мектептің сұрақтары", "Психологиялық қолдау орталығының көмегі", "заңгер"]),
        ("ru", ["Вопросы школы", "Помощь Центра психологической поддержки", "юрист"]),
    ],
)
def test_both_texts_stand_in_the_language_of_the_page(
    parent: Parent, world: World, lang: str, words: list[str]
) -> None:
    page = parent.get(consent_path(world).replace("/en/", f"/{lang}/"))
    for word in words:
        assert word.lower() in page.lower()
    for text in world.catalog.consents.values():
        for sentence in text.current.words[lang].withdrawing:
            assert sentence in page
    record = parent.get(record_path(world).replace("/en/", f"/{lang}/"))
    assert "Some entries" not in record


def test_who_looked_by_day_role_and_school(
    parent: Parent, world: World, browser: Callable[..., Browser]
) -> None:
    psychologist = browser().sign_in(world.school.psychologist)
    for _ in range(3):
        psychologist.open(f"/en/school/pupils/{world.school.pupil.id}")
    page = parent.get(record_path(world))
    assert HIDDEN in page
    rows = [row[1:] for row in rows_of(page, "Day by day")]
    school = world.session.get_one(type(world.school.school), world.school.id).name_ru
    assert ["School psychologist", school, "looked at the page or the answers"] in rows
    assert ["You", "–", "looked at the page or the answers"] in rows
    # Three looks of one day are one line, and no name stands there.
    assert len([row for row in rows if row[0] == "School psychologist"]) == 1
    assert world.school.psychologist.account.display_name not in page
    shared = rows_of(page, "What is shared with whom")
    assert [row[0] for row in shared][:2] == ["School psychologist", "Support centre"]
    assert record_path(world) in parent.get(HOME)
    assert record_path(world) in parent.get(consent_path(world))


def test_another_familys_record_does_not_exist(parent: Parent, world: World) -> None:
    for child in (world.school.pupils[1].id, world.schools[1].pupil.id):
        parent.get(f"{HOME}/children/{child}/record", status=404)


def test_neither_the_child_nor_another_parent_nor_the_centre_is_on_the_list(
    app: Flask, engine: Engine, parent: Parent, world: World
) -> None:
    second = an_adult(world.unit(), Role.GUARDIAN)
    world.session.add(
        Guardianship(
            account_id=second.account.id,
            student_id=world.school.pupil.id,
            verified_by=world.school.psychologist.account.id,
        )
    )
    world.session.commit()
    parent.get(record_path(world))
    before = rows_of(parent.get(record_path(world)), "Day by day")
    Parent(app.test_client()).sign_in(second).get(consent_path(world))
    a_pupil_answers(engine, world, SELF_HARM, pupil=world.school.pupil)
    leg = the_leg(world.session, world.school.pupil)
    accept(engine, world, world.home.specialist, leg)
    with acting(engine, world, world.home.specialist) as unit:
        referral_page.open_page(unit, leg.id, "kk")
    assert rows_of(parent.get(record_path(world)), "Day by day") == before
    done = set(world.session.scalars(select(AuditEntry.action)))
    assert {"referral.open", "responses.read", "consent.read"} <= done


def plain(page: str) -> str:
    """The page without ids, tokens and the name of who reads it."""
    page = re.sub(r'(name="csrf_token" value|data-csrf)="[^"]+"', "", page)
    page = re.sub(r"Guardian \d+", "", page)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", page)


def test_a_named_guardian_and_another_one_see_the_same_page(
    app: Flask, engine: Engine, system: Session, parent: Parent, world: World
) -> None:
    second = an_adult(world.unit(), Role.GUARDIAN)
    world.session.add(
        Guardianship(
            account_id=second.account.id,
            student_id=world.school.pupil.id,
            verified_by=world.school.psychologist.account.id,
        )
    )
    give_consent(world.unit(), world.school.pupil.student, second)
    world.session.commit()
    other = Parent(app.test_client()).sign_in(second)
    for one in (parent, other):
        one.get(record_path(world))
    before = plain(parent.get(record_path(world)))
    a_pupil_answers(engine, world, SELF_HARM, pupil=world.school.pupil)
    with acting(engine, world, world.home.specialist) as unit:
        named = Named(ConflictKind.GUARDIAN, "Afraid.", world.school.guardian.account.id)
        harm.name_conflict(unit, world.school.pupil.id, named)
    system.rollback()
    after = plain(parent.get(record_path(world)))
    assert after == before
    assert plain(other.get(record_path(world))) == after


def test_a_list_of_a_long_time_comes_in_pages(
    parent: Parent, world: World, system: Session
) -> None:
    pupil = world.school.pupil.student
    entry = {
        "action": "student.view",
        "entity": "student",
        "entity_id": str(pupil.id),
        "account_id": world.school.psychologist.account.id,
        "role": "psychologist",
        "student_id": pupil.id,
        "school_id": pupil.school_id,
        "school_year": world.campaign.school_year,
    }
    now = datetime.now(UTC)
    days = [now - timedelta(days=number) for number in range(1, 41)]
    system.execute(insert(AuditEntry), [entry | {"created_at": day} for day in days])
    system.commit()
    assert len(rows_of(parent.get(record_path(world)), "Day by day")) == 25
    assert len(rows_of(parent.get(f"{record_path(world)}?page=2"), "Day by day")) >= 15


def test_the_closed_list_holds_nothing_that_tells(world: World, engine: Engine) -> None:
    """What may be shown is written out; no word of it speaks of help, flags or other people."""
    shown = {*access_log.OWN_DEEDS, *access_log.SCHOOL_DEEDS}
    telling = ("referral", "concern", "conflict", "review", "notice", "alarm", "center", "move")
    assert not [action for action in shown if action.startswith(telling)]
    assert "responses.read" not in shown
    with acting(engine, world, world.school.psychologist) as unit:
        pupils.open_pupil(unit, world.school.pupil.id)
    with acting(engine, world, world.school.guardian) as unit:
        child = children.get_child(unit, world.school.pupil.id)
        kinds = {one.deed for one in access_log.of_child(unit, child, 1).rows}
    assert access_log.Deed.LOOKED in kinds


def test_a_text_that_has_changed_is_asked_about_anew(
    app: Flask, parent: Parent, world: World
) -> None:
    plant: Plant = app.extensions[EXTENSION]
    texts = plant.catalog.consents[Purpose.SCREENING]
    newer = replace(texts.current, version="2027-02-01", meaning_changed=True)
    changed = {**plant.catalog.consents, Purpose.SCREENING: ConsentTexts((*texts.versions, newer))}
    app.extensions[EXTENSION] = replace(plant, catalog=replace(plant.catalog, consents=changed))
    page = parent.get(consent_path(world))
    assert "this is version 2027-02-01" in page
    assert f"you answered about version {texts.current.version}" in page
    parent.send(consent_path(world), decision="yes")
    page = parent.get(consent_path(world))
    assert "Please read it and answer anew" not in page
    assert rows_of(page, "What was said before")[0][-1] == "2027-02-01"


def test_a_sheet_about_the_centre_is_written_down_at_school(
    parent: Parent, world: World, browser: Callable[..., Browser]
) -> None:
    at_work = browser().sign_in(world.school.psychologist)
    url = f"/en/school/consents/{world.school.classroom.id}?purpose=center_help"
    pupil = str(world.school.pupil.id)
    page = at_work.open(url)
    assert [row[2] for row in page.rows("Consents of class")] == ["No word yet"] * 3
    empty = at_work.submit(page, "/papers", status=422)
    assert "Choose what the sheets say." in empty.text
    assert "No word yet" in empty.text
    page = at_work.submit(at_work.open(url), "/papers", pupils=[pupil], state="refused")
    assert page.rows("Consents of class")[0][2] == "Refused"
    assert said(world) == [("screening", "given"), ("center_help", "refused")]
    history = at_work.open(f"/en/school/pupils/{pupil}/consents").rows("What was said")
    assert [row[1] for row in history] == ["Help of the support centre", "Questions of the school"]
    # The pupil's page goes on saying what was said about the questions.
    assert "Consent given" in at_work.open(f"/en/school/pupils/{pupil}").text
    assert "on paper, entered by the school" in parent.get(consent_path(world))


def test_the_psychologist_reads_why_the_child_stays_at_school(
    engine: Engine, world: World, browser: Callable[..., Browser]
) -> None:
    pupil = world.school.pupil
    a_pupil_answers(engine, world, SOME_WORRY, pupil=pupil, instrument="gad-7", to_the_end=True)
    leg = the_leg(world.session, pupil)
    accept(engine, world, world.school.psychologist, leg)
    with acting(engine, world, world.school.guardian) as unit:
        child = children.get_child(unit, pupil.id)
        children.decide(unit, child, agrees=False, language="ru", purpose=Purpose.CENTER_HELP)
    at_work = browser().sign_in(world.school.psychologist)
    page = at_work.open(f"/en/school/cases/{leg.id}/redirect")
    assert "A parent does not want this child to be handed on" in page.text
    assert "help waits for nobody's consent" in page.text
