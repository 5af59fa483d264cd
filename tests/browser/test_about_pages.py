"""Pages about oneself and about calls for a person, in two languages, as the walk looks at them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from tests.browser.visit import Weight
from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_about import (
    CALM,
    HOME_DANGER,
    OWN_DANGER,
    a_finished_report,
    a_report,
    answer,
    the_offer,
)
from tests.builders_referral import acting
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.services import help_desk, help_requests, self_reports

# Endpoint and case, whose it is, and the path.
PAGES = [
    ("parent.about_me", "parent", "/parent/about-me"),
    ("parent.about_start", "other", "/parent/about-me/new/{release}"),
    ("parent.about_start begun", "parent", "/parent/about-me/new/{release}"),
    ("parent.about_page", "parent", "/parent/about-me/{open}/page/1"),
    ("parent.about_page hard", "parent", "/parent/about-me/{open}/page/4"),
    ("parent.about_stop", "parent", "/parent/about-me/{open}/stop"),
    ("parent.about_done", "parent", "/parent/about-me/{calm}/done"),
    ("parent.about_done again", "parent", "/parent/about-me/{danger}/done"),
    ("parent.about_done stopped", "other", "/parent/about-me/{stopped}/done"),
    ("parent.about_delete", "parent", "/parent/about-me/{danger}/delete"),
    ("parent.about_next", "parent", "/parent/about-me/{danger}/next"),
    ("parent.about_next home", "other", "/parent/about-me/{stopped}/next"),
    ("parent.call_me", "other", "/parent/about-me/call"),
    ("parent.call", "parent", "/parent/about-me/calls/{call}"),
    ("psc.help_requests", "centre", "/psc/help-requests"),
    ("psc.help_requests closed", "centre", "/psc/help-requests?show=closed"),
    ("psc.help_requests none", "centre", "/psc/help-requests?show=mine"),
    ("psc.help_request", "centre", "/psc/help-requests/{alarm}"),
    ("psc.help_request accepted", "centre", "/psc/help-requests/{call}"),
    ("psc.help_child", "centre", "/psc/help-requests/{alarm}/children/{child}"),
    ("oversight.help_requests", "above", "/oversight/help-requests"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "parent.about_not_for_me_left": "sends back to the picture",
    "psc.help_accept_left": "sends back to the call",
    "psc.help_note_left": "sends back to the call",
    "psc.help_close_left": "sends back to the call",
}
WEIGHTS = {"parent": Weight.MIDDLE, "other": Weight.MIDDLE}
STRONG = {"q1": "4", "q11": "4", "q21": "4", "q6": "0", "q16": "0", "q5": "0", "q15": "1"}


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    parent, other = world.schools[0].guardian, world.schools[1].guardian
    above = an_adult(world.unit(), Role.REGIONAL_COORDINATOR, region_iso=world.home.region.iso)
    world.session.commit()
    with acting(engine, world, parent) as unit:
        release = the_offer(unit).release_id
        calm = a_finished_report(unit, **STRONG)
    with acting(engine, world, parent) as unit:
        danger = a_finished_report(unit, **{**STRONG, OWN_DANGER: "1"})
        (alarm,) = help_requests.of_parent(unit)
        call = help_requests.call_me(unit, "kk", "+7 701 234 56 78", "Кешкі алтыдан кейін")
    with acting(engine, world, parent) as unit:
        begun = a_report(unit)
        answer(unit, begun, **{item: CALM[item] for item in list(CALM)[:12]})
    with acting(engine, world, other) as unit:
        stopped = a_report(unit, student_id=world.schools[1].pupil.id)
        answer(unit, stopped, **{HOME_DANGER: "1"})
        self_reports.stop(unit, self_reports.load(unit, stopped))
    with acting(engine, world, world.home.supervisor) as unit:
        help_desk.accept(unit, call)
        help_desk.write(unit, call, "Алғашқы қоңырау: көтермеді. Кешке қайта шаламын.")
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE help_requests SET due_at = now() - interval '1 hour' WHERE id = :id"),
            {"id": alarm.id},
        )
    ids = {
        "release": release,
        "calm": calm,
        "danger": danger,
        "open": begun,
        "stopped": stopped,
        "alarm": alarm.id,
        "call": call,
        "child": world.school.pupil.id,
    }
    adults = {
        "parent": parent,
        "other": other,
        "centre": world.home.specialist,
        "above": above,
    }
    return Told(world, adults, ids)


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, weights=WEIGHTS, schools=2, pupils=1) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_what_was_missed_and_a_number_that_is_none(lang: str, walk: Walk) -> None:
    page = walk.go("parent", f"/{lang}/parent/about-me/{{open}}/page/3").page
    page.click("button[value=next]")
    page.wait_for_load_state()
    walk.look_again("parent.about_page missing", "parent", lang)
    page = walk.go("parent", f"/{lang}/parent/about-me/{{danger}}/next").page
    page.fill("[name=phone]", "12")
    page.click("main form button[type=submit]")
    page.wait_for_load_state()
    walk.look_again("parent.about_next wrong", "parent", lang)
