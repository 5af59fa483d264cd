"""What a psychologist with five minutes finds on the page of a class, and when a plan is made."""

from collections.abc import Callable

from sqlalchemy import Engine, select

from tests.builders_referral import a_pupil_answers
from tests.functional.browser import Browser
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.storage.models import AuditEntry

NewBrowser = Callable[..., Browser]
NAME = "phq-a"
NEW = "/en/school/assignments/new"


def test_who_has_a_signal_stands_first_and_only_for_whoever_may_know(
    world: World, engine: Engine, browser: NewBrowser
) -> None:
    worried = world.school.pupil
    answers = {f"q{number}": "0" for number in range(1, 14)}
    key = a_pupil_answers(engine, world, answers | {"q9": "1", "q1": "3"}, to_the_end=True)
    pedagogue = an_adult(world.unit(), Role.SOCIAL_PEDAGOGUE, school_id=world.school.id)
    world.session.commit()
    path = f"/en/school/assignments/{world.school.assignments[NAME].id}"
    at_work = browser().sign_in(world.school.psychologist)
    page = at_work.open(path)
    assert page.rows("Signals in this class") == [[worried.student.school_code, "Level: Immediate"]]
    assert page.link(worried.student.school_code).endswith(f"{key.school_year}/{key.id}")
    other = at_work.open(f"/en/school/assignments/{world.school.assignments['who-5'].id}")
    assert "Nobody has finished yet, so there is no signal." in other.text
    assert "Signals" not in browser().sign_in(pedagogue).open(path).text
    world.session.rollback()
    seen = world.session.scalars(
        select(AuditEntry.student_id).where(AuditEntry.action == "flags.view")
    ).all()
    assert seen == [worried.id]


def test_nothing_is_chosen_beforehand_and_what_is_missing_says_why(
    world: World, browser: NewBrowser
) -> None:
    at_work = browser().sign_in(world.school.psychologist)
    page = at_work.open(NEW)
    why = dict(page.rows("What may not be asked now"))
    assert "permission" in next(why[name] for name in why if name.startswith("RCADS-25."))
    unchosen = at_work.submit(page, status=422)
    assert "Choose a class." in unchosen.text
    assert "Choose a questionnaire." in unchosen.text


def test_whoever_goes_back_from_the_plan_finds_what_was_chosen(
    world: World, browser: NewBrowser
) -> None:
    at_work = browser().sign_in(world.school.psychologist)
    room = str(world.school.classroom.id)
    page = at_work.open(NEW)
    plan = at_work.submit(page, classroom=room, instrument="mics-discipline")
    assert "only counted for the whole school" in plan.text
    assert "What to expect" not in plan.text
    back = at_work.open(plan.link("Change it"))
    chosen = [str(one["value"]) for one in back.html.select("option[selected]")]
    assert {room, "mics-discipline"} <= set(chosen)
