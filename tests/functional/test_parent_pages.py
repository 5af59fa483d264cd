"""A parent's way: consent, questions about an own child, thanks with one lesson."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from html5lib import HTMLParser
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.functional.browser import Page, look_over
from tests.world import PASSWORD, Adult, World, an_adult
from tirek.domain.consent import ConsentState
from tirek.domain.people import Role
from tirek.storage.models import (
    Administration,
    AuditEntry,
    Consent,
    FlagRecord,
    Guardianship,
    Referral,
    ReviewTask,
    Score,
    Signal,
)

HOME = "/en/parent"


@dataclass
class Parent:
    """A parent in front of the site: every page shown is looked over like everybody's."""

    client: FlaskClient
    page: str = ""
    path: str = ""

    def get(self, path: str, status: int = 200) -> str:
        return self._shown(self.client.get(path, follow_redirects=True), status)

    def send(self, path: str, status: int = 200, **fields: str) -> str:
        data = {"csrf_token": token(self.page), **fields}
        return self._shown(self.client.post(path, data=data, follow_redirects=True), status)

    def sign_in(self, adult: Adult) -> "Parent":
        self.get("/en/login")
        self.send("/en/login", email=adult.account.email, password=PASSWORD)
        return self

    def _shown(self, answer: TestResponse, status: int) -> str:
        self.path = answer.request.path
        assert answer.status_code == status, (self.path, answer.status_code)
        if answer.mimetype == "text/html":
            self.page = answer.text
            html = BeautifulSoup(self.page, "html.parser")
            shown = Page(self.path, status, html, dict(answer.headers))
            look_over(shown, self.page, is_private="/parent" in self.path)
        return answer.text


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def parent(app: Flask, world: World) -> Parent:
    return Parent(app.test_client()).sign_in(world.school.guardian)


def consent_path(world: World, child: UUID | None = None) -> str:
    return f"{HOME}/children/{child or world.school.pupil.id}/consent"


def questionnaire(world: World, child: UUID | None = None) -> str:
    assignment = world.school.assignments["psc-17-p"]
    return f"{HOME}/children/{child or world.school.pupil.id}/questionnaires/{assignment.id}"


def page_fields(first: int, last: int, code: str) -> dict[str, str]:
    return {f"q{number}": code for number in range(first, last + 1)}


def fill_in(parent: Parent, world: World, code: str = "0", **other: str) -> str:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/page/1", **{**page_fields(1, 9, code), **other})
    return parent.send(f"{path}/page/2", **{**page_fields(10, 17, code), **other})


def own_runs(world: World) -> list[Administration]:
    world.session.expire_all()
    return list(
        world.session.scalars(select(Administration).where(Administration.respondent == "guardian"))
    )


def test_home_is_a_list_of_what_there_is_to_do(parent: Parent, world: World) -> None:
    assert parent.path == HOME
    page = parent.get(HOME)
    assert "Pupil 8A-01, class 8 “Ә”" in page
    assert "You agree" in page
    assert questionnaire(world) in page
    assert "Today: 15 minutes for the two of you" in page
    # Another child of the class is not this parent's.
    assert "8A-02" not in page


def test_home_of_somebody_without_children_still_has_lessons(app: Flask, world: World) -> None:
    alone = an_adult(world.unit(), Role.GUARDIAN)
    world.session.commit()
    page = Parent(app.test_client()).sign_in(alone).get(HOME)
    assert "No child is linked to your account yet" in page
    assert "All courses" in page


def test_nobody_else_has_a_parents_page(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(HOME)
    assert answer.status_code == 302
    assert "/en/login" in answer.headers["Location"]


def test_progress_of_a_course_and_the_lesson_to_go_on_with(parent: Parent) -> None:
    parent.get("/en/courses/calm-parent/boiling-signs")
    parent.send("/en/courses/calm-parent/boiling-signs")
    page = parent.get(HOME)
    assert "/en/courses/calm-parent/ten-second-stop" in page


def test_consent_is_taken_back_and_given_again(parent: Parent, world: World) -> None:
    path = consent_path(world)
    parent.get(path)
    page = parent.send(path, decision="no")
    assert parent.path == HOME
    assert "You have taken your consent back" in page
    assert "Waits for your decision" in page
    # The same button pressed twice adds nothing.
    parent.send(path, decision="no")
    assert "took consent back" in parent.get(path)
    parent.send(path, decision="yes")
    said = list(
        world.session.scalars(
            select(Consent).where(Consent.student_id == world.school.pupil.id).order_by(Consent.id)
        )
    )
    assert [one.state for one in said] == ["given", "withdrawn", "given"]
    assert said[-1].source == "account"
    # English pages show the Russian text: that is what was agreed to.
    assert said[-1].language == "ru"
    assert said[-1].account_id == world.school.guardian.account.id
    assert said[-1].text_version


def test_consent_needs_a_choice(parent: Parent, world: World) -> None:
    parent.get(consent_path(world))
    page = parent.send(consent_path(world), status=422)
    assert "Choose yes or no" in page
    assert "<title>Error: " in page


def test_without_consent_no_question_is_shown_or_kept(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(consent_path(world), decision="no")
    for page in (path, f"{path}/page/1"):
        parent.get(page)
        assert parent.path == consent_path(world)
    parent.send(f"{path}/page/1", **page_fields(1, 9, "1"))
    assert parent.path == consent_path(world)
    parent.send(f"{path}/answer", status=422, item="q1", value="1")


def test_a_whole_questionnaire(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    page = parent.get(path)
    assert "You may skip any question" in page
    assert "guardianship or to the police" in page
    assert "When a child" in page
    page = parent.send(path)
    assert parent.path == f"{path}/page/1"
    assert page.count('class="item"') == 9
    page = parent.send(f"{path}/page/1", **page_fields(1, 9, "0"))
    assert "Questions 10 to 17 of 17" in page
    page = parent.send(f"{path}/page/2", **page_fields(10, 17, "0"))
    assert parent.path == f"{path}/done"
    for words in ("Your strengths", "What happens next", "112", "111", "Why this one:"):
        assert words in page
    assert world.school.psychologist.account.display_name in page
    assert "Sent on" in parent.get(HOME)
    assert [run.state for run in own_runs(world)] == ["completed"]
    assert not list(world.session.scalars(select(FlagRecord)))


def test_blanks_are_asked_for_once_and_kindly(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    page = parent.send(f"{path}/page/1", **page_fields(2, 9, "1"))
    assert "1 question has no answer yet" in page
    assert 'name="reminded" value="yes"' in page
    page = parent.send(f"{path}/page/1", reminded="yes", **page_fields(2, 9, "1"))
    assert parent.path == f"{path}/page/2"


def test_a_break_and_going_on(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/page/1", **page_fields(1, 9, "1"))
    parent.send(f"{path}/page/2", step="later", q11="2")
    assert parent.path == HOME
    assert "Started, you can go on" in parent.page
    page = parent.send(path)
    assert parent.path == f"{path}/page/2"
    assert re.search(r'id="q11-2" value="2" checked', page)


def test_autosave_keeps_one_answer(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/answer", item="q3", value="1")
    parent.get(f"{path}/page/1")
    assert re.search(r'id="q3-1" value="1" checked', parent.page)
    parent.send(f"{path}/answer", status=422, item="q3", value="9")
    parent.send(f"{path}/answer", status=422, item="q99", value="1")


def test_the_other_language_keeps_what_was_typed(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    page = parent.send(f"{path}/page/1", switch="kk", q1="2", q2="declined")
    assert parent.path == f"{path}/page/1".replace("/en/", "/kk/")
    assert re.search(r'id="q1-2" value="2" checked', page)
    assert re.search(r'id="q2-declined" value="declined" checked', page)
    # A language that does not exist is no way out of the page.
    parent.send(f"{path}/page/1", switch="xx", **page_fields(1, 9, "0"))
    assert parent.path == f"{path}/page/2"


def test_stopping_for_good(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/page/1", step="stop", q1="2")
    assert parent.path == f"{path}/stop"
    parent.send(f"{path}/stop")
    assert parent.path == f"{path}/done"
    assert [run.state for run in own_runs(world)] == ["stopped"]
    for page in (path, f"{path}/page/1"):
        parent.get(page)
        assert parent.path == f"{path}/done"


def test_finishing_twice_is_harmless(parent: Parent, world: World) -> None:
    fill_in(parent, world, "2")
    again = parent.send(f"{questionnaire(world)}/page/2", **page_fields(10, 17, "2"))
    assert "Thank you" in again
    assert len(list(world.session.scalars(select(Referral)))) == 1


def test_a_page_jumped_over_is_shown_before_the_end(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/page/2", **page_fields(10, 17, "0"))
    assert parent.path == f"{path}/page/1"
    assert [run.state for run in own_runs(world)] == ["open"]


def test_what_a_parent_answers_reaches_the_school_psychologist(
    parent: Parent, world: World
) -> None:
    fill_in(parent, world, "2")
    (run,) = own_runs(world)
    flags = {flag.code: flag for flag in world.session.scalars(select(FlagRecord))}
    assert set(flags) == {"totalMedium", "internalisingLow", "attentionLow", "externalisingLow"}
    assert {flag.administration_id for flag in flags.values()} == {run.id}
    assert {score.scale for score in world.session.scalars(select(Score))} > {"total"}
    (referral,) = world.session.scalars(select(Referral))
    assert referral.receiver == "school"
    assert referral.school_id == world.school.id
    assert referral.student_id == world.school.pupil.id
    assert len(list(world.session.scalars(select(Signal)))) == len(flags)


def test_a_form_with_many_blanks_becomes_a_task_of_the_psychologist(
    parent: Parent, world: World
) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    parent.send(f"{path}/page/1", reminded="yes", q1="0")
    page = parent.send(f"{path}/page/2", reminded="yes", q11="0")
    assert "Thank you" in page
    assert [task.reason for task in world.session.scalars(select(ReviewTask))] == ["notScored"]


def test_thanks_look_alike_whatever_was_answered(app: Flask, parent: Parent, world: World) -> None:
    other = world.schools[1]
    parent_of_other = Parent(app.test_client()).sign_in(other.guardian)
    calm = fill_in(parent, world, "0")
    path = f"{HOME}/children/{other.pupil.id}/questionnaires/{other.assignments['psc-17-p'].id}"
    parent_of_other.get(path)
    parent_of_other.send(path)
    parent_of_other.send(f"{path}/page/1", **page_fields(1, 9, "2"))
    hard = parent_of_other.send(f"{path}/page/2", **page_fields(10, 17, "2"))
    assert skeleton(calm) == skeleton(hard)


def skeleton(page: str) -> list[str]:
    """The tags of the main part with their classes: the layout without its words."""
    tree = HTMLParser(namespaceHTMLElements=False).parse(page)
    main = tree.find(".//main")
    assert main is not None
    return [f"{element.tag}.{element.get('class', '')}" for element in main.iter()]


def test_the_lesson_follows_the_answers_and_may_be_put_aside(parent: Parent, world: World) -> None:
    page = fill_in(parent, world, "0", **dict.fromkeys(("q4", "q5", "q8", "q10"), "2"))
    assert "/en/courses/calm-parent/ten-second-stop" in page
    assert "a pause of ten seconds" in page
    page = parent.send(
        f"{questionnaire(world)}/not-for-me", course="calm-parent", lesson="ten-second-stop"
    )
    assert "we will not suggest this lesson again" in page
    assert "/en/courses/calm-parent/boiling-signs" in page
    parent.send(f"{questionnaire(world)}/not-for-me", status=404, course="calm-parent", lesson="x")


def test_after_the_window_nothing_is_asked(parent: Parent, world: World) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    window = world.school.assignments["psc-17-p"]
    window.closes_at = datetime.now(UTC) - timedelta(minutes=1)
    world.session.commit()
    assert "The time for these questions is over" in parent.get(f"{path}/page/1")
    assert "The time for it is over." in parent.get(HOME)
    # Who had the page open may finish what was typed.
    parent.get(consent_path(world))
    parent.send(f"{path}/answer", item="q3", value="1")


def test_another_familys_child_does_not_exist(app: Flask, parent: Parent, world: World) -> None:
    neighbour, stranger = world.school.pupils[1].id, world.schools[1].pupil.id
    for child in (neighbour, stranger):
        parent.get(consent_path(world, child), status=404)
        for tail in ("", "/page/1", "/stop", "/done"):
            parent.get(questionnaire(world, child) + tail, status=404)
        parent.get(HOME)
        parent.send(consent_path(world, child), status=404, decision="no")
    # An own child with somebody else's questionnaire is not found either.
    foreign = world.schools[1].assignments["psc-17-p"]
    own = world.school.pupil.id
    parent.get(f"{HOME}/children/{own}/questionnaires/{foreign.id}", status=404)
    pupils = world.school.assignments["phq-a"]
    parent.get(f"{HOME}/children/{own}/questionnaires/{pupils.id}", status=404)
    refused = world.session.scalars(select(AuditEntry).where(AuditEntry.outcome == "refused"))
    assert {one.role for one in refused} == {"guardian"}


def test_a_revoked_guardian_sees_the_child_no_more(parent: Parent, world: World) -> None:
    fill_in(parent, world)
    bond = world.session.scalars(
        select(Guardianship).where(Guardianship.student_id == world.school.pupil.id)
    ).one()
    bond.revoked_at = datetime.now(UTC)
    world.session.commit()
    assert "8A-01" not in parent.get(HOME)
    parent.get(f"{questionnaire(world)}/done", status=404)


def test_two_guardians_answer_apart(app: Flask, parent: Parent, world: World) -> None:
    second = an_adult(world.unit(), Role.GUARDIAN)
    world.session.add(
        Guardianship(
            account_id=second.account.id,
            student_id=world.school.pupil.id,
            verified_by=world.school.psychologist.account.id,
        )
    )
    world.session.commit()
    fill_in(parent, world, "2")
    other = Parent(app.test_client()).sign_in(second)
    page = other.get(HOME)
    assert "Not started" in page
    assert "Sent on" not in page
    other.get(f"{questionnaire(world)}/done", status=404)
    other.get(consent_path(world))
    assert "in another parent" in other.page
    assert ConsentState.GIVEN.value not in {run.state for run in own_runs(world)}


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_page_is_sound_in_every_language(parent: Parent, world: World, lang: str) -> None:
    path = questionnaire(world)
    parent.get(path)
    parent.send(path)
    pages = [HOME, consent_path(world), path, f"{path}/page/1", f"{path}/page/2", f"{path}/stop"]
    for page in pages:
        parent.get(page.replace("/en/", f"/{lang}/"))
    fill_in(parent, world)
    parent.get(f"{path}/done".replace("/en/", f"/{lang}/"))
