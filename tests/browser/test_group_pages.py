"""Pages of groups, meetings and readers' words, in two languages, as the walk looks at them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text, update

from tests.browser.visit import Weight
from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_group import COURSE, a_group, a_parent, joins
from tests.world import World, an_adult
from tirek.domain.cohorts import AsideReason
from tirek.domain.education import Strand
from tirek.domain.people import Role
from tirek.services import cohort_questions, cohorts, courses, lesson_feedback
from tirek.services.lesson_feedback import Verdict
from tirek.storage.models import Cohort, CohortQuestion, LessonProgress, ParentMeeting

PARENT, SCHOOL, CENTRE, AUTHOR = "parent", "school", "centre", "author"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("parent.groups", PARENT, "/parent/groups"),
    ("parent.group", PARENT, "/parent/groups/{group}"),
    ("parent.group over", PARENT, "/parent/groups/{past}"),
    ("parent.group_join", PARENT, "/parent/groups/join/{code}"),
    ("parent.group_leave", PARENT, "/parent/groups/{group}/leave"),
    *(
        (f"{area}.{page}", who, f"/{area}{path}")
        for area, who in (("school", SCHOOL), ("psc", CENTRE))
        for page, path in (
            ("groups", "/groups"),
            ("groups past", "/groups?show=past"),
            ("group_new", "/groups/new"),
            ("group", f"/groups/{{{area}}}"),
            ("group_invitation", f"/groups/{{{area}}}/invitation"),
            ("group_dates", f"/groups/{{{area}}}/dates"),
            ("group_close", f"/groups/{{{area}}}/close"),
            ("group_question", f"/groups/{{{area}}}/questions/{{{area} waits}}"),
            ("meetings", "/meetings?cancelled=yes"),
            ("meeting_new", "/meetings/new"),
            ("meeting_cancel", f"/meetings/{{{area} meeting}}/cancel"),
        )
    ),
    ("psc.group_new school", CENTRE, "/psc/groups/new?school={house}"),
    ("school.group_question answered", SCHOOL, "/school/groups/{school}/questions/{answered}"),
    ("oversight.feedback", AUTHOR, "/oversight/feedback"),
    ("oversight.feedback none", AUTHOR, "/oversight/feedback?show=read"),
    ("oversight.courses", AUTHOR, "/oversight/courses"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "parent.group_ask_left": "sends back to the group",
    "school.group_picture": "a picture",
    "psc.group_picture": "a picture",
    "school.group_step_left": "sends back to the group",
    "psc.group_step_left": "sends back to the group",
    "school.meetings_file": "a table",
    "psc.meetings_file": "a table",
    "oversight.feedback_file": "a table",
    "oversight.courses_table": "a table",
    "oversight.feedback_counts_file": "a table",
    "oversight.feedback_read_left": "sends back to the list",
}
QUESTION = "Кешке шаршап келемін де, айқайлап қоямын. Кейін қалай татуласамын?"
ANSWER = "Бір сөзден бастаңыз: «Айқайлағаным дұрыс болмады». Содан кейін қасында отырыңыз."


def _story(_engine: Engine, owner: Engine, world: World) -> Told:
    parent, leader = a_parent(world, classmate=True), world.school.psychologist
    group = a_group(world, leader, starts=-15, days=36)
    past = a_group(world, leader, starts=-60)
    open_group = a_group(world, world.home.specialist)
    a_group(world, leader, classroom_id=world.school.classroom.id, starts=4, course="safe-child")
    joins(world, parent, group, "Айгерім")
    world.session.execute(
        text(
            "INSERT INTO cohort_members (cohort_id, account_id, shown_name) VALUES (:g, :a, 'Ая')"
        ),
        {"g": past.id, "a": parent.account.id},
    )
    for number, name in enumerate(("Екі ұлдың анасы", "Ержан", "Мама двоих сыновей")):
        other = a_parent(world)
        joins(world, other, group, name)
        joins(world, other, open_group, name)
        for core in world.catalog.courses[COURSE].core_path[: number * 2 + 1]:
            courses.record_lesson_done(world.session, other.account.id, COURSE, core.lesson_id)
    courses.record_lesson_done(world.session, parent.account.id, COURSE, "boiling-signs")
    world.session.commit()
    ids = {"group": group.id, "school": group.id, "psc": open_group.id, "past": past.id}
    ids["house"] = world.school.id
    ids |= _questions(world, group, open_group) | _meetings(world)
    _voices(world)
    author = an_adult(world.unit(), Role.METHODOLOGIST)
    world.session.commit()
    _age(owner)
    adults = {PARENT: parent, SCHOOL: leader, CENTRE: world.home.specialist, AUTHOR: author}
    return Told(world, adults, {**ids, "code": open_group.join_code})


def _questions(world: World, group: Cohort, open_group: Cohort) -> dict[str, object]:
    today = cohorts.today(world.unit())
    rows = [
        CohortQuestion(cohort_id=one.id, words=QUESTION, asked_on=today)
        for one in (group, group, group, open_group)
    ]
    world.session.add_all(rows)
    world.session.flush()
    unit = world.unit(world.school.psychologist.actor)
    cohort_questions.answer(unit, group.id, rows[0].id, ANSWER)
    cohort_questions.set_aside(unit, group.id, rows[1].id, AsideReason.NAMES_SOMEBODY)
    return {"answered": rows[0].id, "school waits": rows[2].id, "psc waits": rows[3].id}


def _meetings(world: World) -> dict[str, object]:
    made = {}
    leaders = {"school": world.school.psychologist, "psc": world.home.specialist}
    for area, leader in leaders.items():
        account = leader.account
        rows = [
            ParentMeeting(
                school_id=account.school_id,
                support_center_id=account.support_center_id,
                strand=strand.value,
                course_id="safe-child",
                held_on=cohorts.today(world.unit()) - timedelta(days=number),
                invited=60,
                attended=44,
                fathers=9,
                created_by=account.id,
                cancelled_at=world.unit().now() if number else None,
            )
            for number, strand in enumerate((Strand.SAFETY, Strand.RESILIENCE))
        ]
        world.session.add_all(rows)
        world.session.flush()
        made[f"{area} meeting"] = rows[0].id
    return made


def _voices(world: World) -> None:
    lesson = world.catalog.courses[COURSE].lessons[0]
    for lang, verdict, words in (
        ("kk", Verdict.USEFUL, "Қысқа әрі түсінікті, рахмет. Кешке баламен байқап көрдік."),
        ("ru", Verdict.PARTLY, "Хотелось бы больше примеров."),
        ("ru", Verdict.NOT_USEFUL, ""),
    ):
        lesson_feedback.give(world.unit(), COURSE, lesson, lang, verdict, words)


def _age(owner: Engine) -> None:
    """One member has been quiet for a while."""
    with owner.begin() as connection:
        connection.execute(text("UPDATE cohort_members SET joined_at = now() - interval '16 days'"))
        silent = text("now() - interval '12 days'")
        connection.execute(update(LessonProgress).values(seen_at=silent, done_at=silent))


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, weights={PARENT: Weight.MIDDLE}, pupils=2, coded=0) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)
