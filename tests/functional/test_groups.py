"""Groups of parents through the pages, JavaScript off, in Kazakh and Russian."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_group import COURSE, a_group, a_parent, joins
from tests.functional.browser import Browser, Page
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.services import cohort_questions, cohorts
from tirek.storage.models import (
    AuditEntry,
    Cohort,
    CohortMember,
    CohortQuestion,
    LessonProgress,
    OutboxMessage,
)

NewBrowser = Callable[..., Browser]


@pytest.fixture
def leader(world: World, browser: NewBrowser) -> Browser:
    return browser().sign_in(world.school.psychologist)


def days(world: World, first: int = 0, last: int = 34) -> dict[str, str]:
    today = cohorts.today(world.unit())
    return {
        "starts": (today + timedelta(days=first)).isoformat(),
        "ends": (today + timedelta(days=last)).isoformat(),
    }


def start(
    who: Browser, world: World, area: str = "school", query: str = "", **given: object
) -> int:
    """Send the form of a new group; at a centre the page has a second one, for the school."""
    page = who.open(f"/{who.lang}/{area}/groups/new{query}")
    form = page.html.select_one("main form[method=post]")
    assert form is not None
    kept = {str(one["name"]): one.get("value", "") for one in form.select("input[type=hidden]")}
    sent = {**kept, "course": COURSE, **days(world), **given}
    return who.client.post(page.url, data=sent).status_code


def made(system: Session) -> Cohort:
    system.rollback()
    return system.scalars(select(Cohort).execution_options(populate_existing=True)).one()


def token_of(page: Page) -> str:
    found = page.html.select_one("main input[name=csrf_token]")
    assert found is not None
    return str(found["value"])


def titles(page: Page) -> str:
    return str(page.html.title)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_class_takes_a_course_together(
    system: Session, world: World, browser: NewBrowser, lang: str
) -> None:
    psychologist = browser(lang).sign_in(world.school.psychologist)
    assert start(psychologist, world, classroom=str(world.school.classroom.id)) == 303
    group = made(system)
    page = psychologist.open(f"/{lang}/school/groups/{group.id}")
    assert "-".join((group.join_code[:3], group.join_code[3:6], group.join_code[6:])) in page.text

    parent = browser(lang).sign_in(world.school.guardian)
    invited = parent.open(f"/{lang}/parent")
    address = f"/{lang}/parent/groups/join/{group.join_code}"
    assert invited.html.select(f'a[href="{address}"]')
    door = parent.open(address)
    assert world.school.psychologist.account.display_name in door.text
    parent.submit(door, status=422)
    inside = parent.submit(door, shown_name="Ая")
    assert inside.url == f"/{lang}/parent/groups/{group.id}"
    assert world.catalog.courses[COURSE].text(lang).title not in titles(inside)
    for core in world.catalog.courses[COURSE].core_path:
        assert f"/{lang}/courses/{COURSE}/{core.lesson_id}" in str(inside.html)
    other = "ru" if lang == "kk" else "kk"
    parent.open(inside.url.replace(f"/{lang}/", f"/{other}/"))


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_question_is_answered_for_all(
    system: Session, world: World, browser: NewBrowser, lang: str
) -> None:
    group = a_group(world)
    joins(world, world.school.guardian, group)
    parent = browser(lang).sign_in(world.school.guardian)
    inside = parent.open(f"/{lang}/parent/groups/{group.id}")
    asked = parent.submit(inside, "/questions", words="Как быть, если сын молчит?")
    assert "Как быть" not in asked.text

    psychologist = browser(lang).sign_in(world.school.psychologist)
    seen = psychologist.open(f"/{lang}/school/groups/{group.id}")
    assert "Как быть" in seen.text
    question = system.scalars(select(CohortQuestion)).one()
    one = psychologist.open(f"/{lang}/school/groups/{group.id}/questions/{question.id}")
    sent = {"csrf_token": token_of(one), "do": "answer", "words": "Побудьте рядом."}
    assert psychologist.client.post(one.url, data=sent).status_code == 303
    assert "Побудьте рядом." in parent.open(inside.url).text
    system.rollback()
    mail = system.scalars(select(OutboxMessage).where(OutboxMessage.kind == "group_news")).one()
    assert mail.account_id == world.school.guardian.account.id


def test_the_invitation_names_no_topic_and_speaks_both_languages(
    world: World, leader: Browser
) -> None:
    group = a_group(world)
    sheet = leader.open(f"/en/school/groups/{group.id}/invitation")
    assert "Ата-аналар тобы" in sheet.text
    assert "Группа для родителей" in sheet.text
    for lang in ("kk", "ru"):
        title = world.catalog.courses[COURSE].text(lang).title
        assert title not in sheet.text
        assert title not in titles(sheet)
    picture = leader.client.get(f"/en/school/groups/{group.id}/invitation.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.get_data(as_text=True).count("<svg") == 1


def test_pressing_twice_and_two_tabs_start_one_group_and_two(
    system: Session, world: World, leader: Browser
) -> None:
    tab, other = (leader.open("/en/school/groups/new") for _ in range(2))
    for page in (tab, tab, other):
        leader.submit(page, course=COURSE, **days(world))
    system.rollback()
    assert system.scalars(select(func.count()).select_from(Cohort)).one() == 2


def test_a_form_with_mistakes_keeps_what_was_typed(world: World, leader: Browser) -> None:
    page = leader.open("/en/school/groups/new")
    page = leader.submit(page, status=422)
    assert "Choose a course." in page.text
    page = leader.submit(page, status=422, course=COURSE, **days(world, 0, 3))
    assert "at least one day for each lesson" in page.text
    assert page.html.select_one(f'option[value="{COURSE}"][selected]')
    page = leader.submit(page, status=422, starts="yesterday", ends=days(world)["ends"])
    assert "Write the day like this" in page.text


def test_a_centre_leads_an_open_group(system: Session, world: World, browser: NewBrowser) -> None:
    specialist = browser("ru").sign_in(world.home.specialist)
    assert start(specialist, world, "psc") == 303
    group = made(system)
    specialist.open(f"/ru/psc/groups/{group.id}")
    assert (group.support_center_id, group.classroom_id) == (world.home.id, None)
    parent = browser("ru").sign_in(a_parent(world))
    page = parent.open("/ru/parent/groups")
    page = parent.submit(page, "/parent/groups", status=422, code="222-222-222")
    page = parent.submit(page, "/parent/groups", code=f" {group.join_code} ")
    page = parent.submit(page, shown_name="Дос")
    assert world.home.center.name_ru in page.text
    parent.submit(parent.open(page.url + "/leave"))
    parent.open(page.url, status=404)


def test_a_centre_invites_a_class_of_its_territory(
    system: Session, world: World, browser: NewBrowser
) -> None:
    specialist = browser("ru").sign_in(world.home.specialist)
    room, school = str(world.school.classroom.id), world.school
    # Only the classes of the school that is chosen, and only schools of the own territory.
    assert start(specialist, world, "psc", classroom=room) == 422
    other = f"?school={world.schools[1].id}"
    assert start(specialist, world, "psc", other, classroom=room) == 422
    assert start(specialist, world, "psc", f"?school={school.id}", classroom=room) == 303
    group = made(system)
    page = specialist.open(f"/ru/psc/groups/{group.id}")
    assert school.school.name_ru in page.text
    assert "8Ә" in page.text
    address = f"/ru/parent/groups/join/{group.join_code}"
    home = browser("ru").sign_in(school.guardian).open("/ru/parent")
    assert home.html.select(f'a[href="{address}"]')
    # The school itself has no part in it.
    psychologist = browser("ru").sign_in(school.psychologist)
    assert psychologist.client.get(f"/ru/school/groups/{group.id}").status_code == 404


def test_a_wrong_code_is_said_to_be_wrong_and_counted(world: World, browser: NewBrowser) -> None:
    parent = browser().sign_in(a_parent(world))
    page = parent.open("/en/parent/groups/join/222222222", status=404)
    assert "No open group has this code." in page.text
    for _try in range(62):
        answer = parent.client.get("/en/parent/groups/join/222222222")
    assert answer.status_code == 429


def test_whoever_is_not_signed_in_comes_back_to_the_invitation(
    world: World, browser: NewBrowser
) -> None:
    group = a_group(world)
    address = f"/en/parent/groups/join/{group.join_code}"
    visitor = browser()
    page = visitor.open(address)
    assert "/login" in page.url
    parent = a_parent(world)
    page = visitor.submit(page, email=parent.account.email, password=parent.password)
    assert page.url == address


def test_another_house_and_another_parent_get_404_and_an_entry(
    system: Session, world: World, browser: NewBrowser
) -> None:
    group, member, stranger = a_group(world), a_parent(world), a_parent(world)
    joins(world, member, group)
    question = CohortQuestion(
        cohort_id=group.id, words="Как?", asked_on=cohorts.today(world.unit())
    )
    system.add(question)
    system.commit()
    own = f"/groups/{group.id}"
    for who, area in ((world.schools[1].psychologist, "school"), (world.home.specialist, "psc")):
        other = browser().sign_in(who)
        for tail in ("", "/invitation", "/invitation.svg", "/dates", "/close"):
            assert other.client.get(f"/en/{area}{own}{tail}").status_code == 404, tail
        address = f"/en/{area}{own}/questions/{question.id}"
        assert other.client.get(address).status_code == 404
    outsider = browser().sign_in(stranger)
    for tail in ("", "/leave"):
        assert outsider.client.get(f"/en/parent{own}{tail}").status_code == 404
    system.rollback()
    refused = system.scalars(
        select(AuditEntry.account_id).where(AuditEntry.outcome == "refused")
    ).all()
    assert refused.count(stranger.account.id) == 2
    assert refused.count(world.schools[1].psychologist.account.id) == 6


def test_a_parent_asks_three_a_day_from_one_browser_and_each_page_once(
    system: Session, world: World, browser: NewBrowser
) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    asker = browser().sign_in(parent)
    address = f"/en/parent/groups/{group.id}"
    page = asker.open(address)
    for _press in range(2):
        asker.submit(page, "/questions", words="Один раз?")
    asker.submit(asker.open(address), "/questions", words="Ещё?")
    page = asker.open(address)
    assert "Three questions a day" in page.text
    assert not page.html.find("textarea")
    system.rollback()
    assert system.scalars(select(func.count()).select_from(CohortQuestion)).one() == 2
    cookie = asker.client.get_cookie("asked")
    assert cookie is not None
    assert str(parent.account.id) not in cookie.value
    # A cookie of one's own making counts for nothing.
    asker.client.set_cookie("asked", cookie.value + "x")
    assert asker.open(address).html.find("textarea")
    # Another parent at another telephone is not kept from asking.
    other = a_parent(world)
    joins(world, other, group)
    assert browser().sign_in(other).open(address).html.find("textarea")


def test_a_question_that_is_too_long_stays_in_the_box(world: World, browser: NewBrowser) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    asker = browser().sign_in(parent)
    page = asker.open(f"/en/parent/groups/{group.id}")
    page = asker.submit(page, "/questions", status=422, words="а" * 501)
    assert "At most 500 characters." in page.text
    assert "а" * 501 in str(page.html.find("textarea"))
    # The language switch of this page asks for its address.
    assert "/questions" in page.url
    asker.open(f"/ru/parent/groups/{group.id}/questions")


def test_help_stands_beside_every_question(world: World, browser: NewBrowser) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    page = browser().sign_in(parent).open(f"/en/parent/groups/{group.id}")
    assert {"tel:111", "tel:112", "tel:150"} <= {str(a["href"]) for a in page.html.select("a")}
    question = CohortQuestion(
        cohort_id=group.id, words="Страшно.", asked_on=cohorts.today(world.unit())
    )
    world.session.add(question)
    world.session.commit()
    staff = browser().sign_in(world.school.psychologist)
    page = staff.open(f"/en/school/groups/{group.id}/questions/{question.id}")
    assert "You cannot learn who asked, so speak to all" in page.text


def test_a_colleague_was_first_and_the_words_stay(
    system: Session, world: World, browser: NewBrowser
) -> None:
    group = a_group(world)
    question = CohortQuestion(
        cohort_id=group.id, words="Как?", asked_on=cohorts.today(world.unit())
    )
    system.add(question)
    system.commit()
    colleague = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    slow = browser().sign_in(colleague)
    address = f"/en/school/groups/{group.id}/questions/{question.id}"
    page = slow.open(address)
    cohort_questions.answer(
        world.unit(world.school.psychologist.actor), group.id, question.id, "Первый ответ."
    )
    system.commit()
    sent = {"csrf_token": token_of(page), "do": "answer", "words": "Второй ответ."}
    answer = slow.client.post(address, data=sent)
    assert answer.status_code == 409
    told = answer.get_data(as_text=True)
    assert "A colleague was first" in told
    assert "Первый ответ." in told
    assert "Второй ответ." in told
    again = {**sent, "do": "aside"}
    assert slow.client.post(address, data=again).status_code == 422


def test_the_progress_page_names_nobody_and_no_lesson(
    world: World, engine: Engine, leader: Browser
) -> None:
    group, parent = a_group(world, starts=-14), a_parent(world)
    joins(world, parent, group, "Ая")
    world.session.add(
        LessonProgress(
            account_id=parent.account.id,
            course_id=COURSE,
            lesson_id="repair",
            done_at=world.unit().now(),
        )
    )
    world.session.commit()
    page = leader.open(f"/en/school/groups/{group.id}")
    (row,) = page.rows("Members")
    assert row[:3] == ["Ая", "Reading", "1"]
    assert page.rows("Lessons finished, of the short path") == [["Ая", "1 of 5"]]
    assert parent.account.display_name not in page.text
    assert parent.account.email not in str(page.html)
    assert str(parent.account.id) not in str(page.html)


def test_a_large_group_comes_in_pages_and_orders(world: World, leader: Browser) -> None:
    group = a_group(world, starts=-20)
    for number in range(26):
        joins(world, a_parent(world), group, f"{'ӘБ'[number % 2]}{number:02}")
    own = f"/en/school/groups/{group.id}"
    page = leader.open(own)
    assert [row[0] for row in page.rows("Members")][:2] == ["Ә00", "Б01"]
    assert len(page.rows("Members")) == 25
    page = leader.open(f"{own}?order=name&page=2")
    assert [row[0] for row in page.rows("Members")] == ["Б25"]
    page = leader.open(f"{own}?order=quiet&page=9")
    assert len(page.rows("Members")) == 1
    assert "26" in page.html.select_one(".stat__value").get_text()  # type: ignore[union-attr]


def test_days_move_the_group_closes_and_stays_in_the_list(
    system: Session, world: World, leader: Browser, browser: NewBrowser
) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    own = f"/en/school/groups/{group.id}"
    page = leader.submit(leader.open(own + "/dates"), **days(world, 1, 40))
    assert "The days are changed" in page.text
    leader.submit(leader.open(own + "/dates"), status=422, **days(world, 5, 4))
    dates = leader.open(own + "/dates")
    leader.submit(leader.open(own + "/close"))
    assert "This group is closed" in leader.submit(dates, status=409, **days(world)).text
    page = leader.open("/en/school/groups?show=past")
    assert page.rows("Groups")[0][-1] == "Closed"
    assert "No group goes on" in leader.open("/en/school/groups").text
    page = browser().sign_in(parent).open(f"/en/parent/groups/{group.id}")
    assert "This group is over" in page.text
    assert not page.html.find("textarea")


def test_a_colleague_takes_the_group_over(
    system: Session, world: World, browser: NewBrowser
) -> None:
    group = a_group(world)
    colleague = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    system.commit()
    somebody = browser().sign_in(colleague)
    page = somebody.submit(somebody.open(f"/en/school/groups/{group.id}"), "/take-over")
    assert "You lead this group now." in page.text
    assert made(system).facilitator_id == colleague.account.id


def test_a_child_or_a_deputy_has_no_groups(world: World, browser: NewBrowser) -> None:
    deputy = an_adult(world.unit(), Role.DEPUTY_DIRECTOR, school_id=world.school.id)
    world.session.commit()
    assert browser().sign_in(deputy).client.get("/en/school/groups").status_code == 403


def test_leaving_a_group_one_was_never_in(world: World, browser: NewBrowser) -> None:
    parent = browser().sign_in(a_parent(world))
    page = parent.open("/en/parent/groups")
    address = f"/en/parent/groups/{uuid4()}/leave"
    answer = parent.client.post(address, data={"csrf_token": token_of(page)})
    assert answer.status_code == 404
    world.session.rollback()
    assert world.session.scalars(select(CohortMember)).all() == []
