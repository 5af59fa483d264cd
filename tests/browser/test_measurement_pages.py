"""Pages about measurement and outcomes, in two languages, as the walk looks at them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_judged import count, judge
from tests.builders_measured import answer_all
from tests.builders_referral import a_pupil_answers, accept, the_leg
from tests.world import World, an_adult
from tirek.domain.people import Role
from tirek.storage.models import MeasurementAlarm, MeasurementDraft

AUTHOR, SCHOOL, CENTRE = "author", "school", "centre"
ONE = "/oversight/measurement/gad-7"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("oversight.measurement", AUTHOR, "/oversight/measurement"),
    ("oversight.measurement none", AUTHOR, "/oversight/measurement?q=zzz"),
    ("oversight.measured_one", AUTHOR, f"{ONE}?scale=total"),
    ("oversight.measured_one few", AUTHOR, f"{ONE}?scale=total&lang=ru"),
    ("oversight.measured_one none", AUTHOR, "/oversight/measurement/smfq"),
    ("oversight.measurement_alarm", AUTHOR, "/oversight/measurement/alarms/{alarm}"),
    ("oversight.measurement_draft", AUTHOR, "/oversight/measurement/drafts/{draft}"),
    ("psc.found", CENTRE, "/psc/referrals/{centre}/found"),
    ("school.case_found", SCHOOL, "/school/cases/{school}/found"),
    ("school.result_found", SCHOOL, "/school/results/{year}/{sheet}/found"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "oversight.measurement_csv": "a table",
    "oversight.measurement_json": "a file",
    "oversight.measurement_code_book": "a table",
    "oversight.measurement_draft_file": "a file",
}
GRAVE = {f"q{number}": "0" for number in range(1, 14)} | {"q9": "1"}
WORRY = {f"q{number}": "2" for number in range(1, 8)}


def _story(engine: Engine, _owner: Engine, world: World) -> Told:
    author = an_adult(world.unit(), Role.METHODOLOGIST)
    first, second = world.school.pupils[:2]
    world.session.commit()
    a_pupil_answers(engine, world, GRAVE, pupil=first, to_the_end=True)
    key = a_pupil_answers(engine, world, WORRY, pupil=second, instrument="gad-7", to_the_end=True)
    leg = the_leg(world.session, first)
    accept(engine, world, world.home.specialist, leg)
    crowd = answer_all(world, world.school, "gad-7", "kk", 160)
    judge(world, crowd)
    alarm = MeasurementAlarm(
        instrument_id="gad-7",
        structure_hash=world.catalog.instruments["gad-7"].hashes.structure,
        scale="total",
        language="kk",
        kind="negative_item_rest",
        item="q3",
        figures={"item_rest": -0.41, "low": -0.52, "high": -0.29, "n": 161},
        first_night=leg.created_at.date(),
        last_night=leg.created_at.date(),
    )
    world.session.add(alarm)
    count(engine, world)
    draft = world.session.scalars(select(MeasurementDraft)).first()
    assert draft is not None
    ids = {
        "alarm": alarm.id,
        "draft": draft.id,
        "centre": leg.id,
        "school": the_leg(world.session, second).id,
        "year": key.school_year,
        "sheet": key.id,
    }
    adults = {
        AUTHOR: author,
        SCHOOL: world.school.psychologist,
        CENTRE: world.home.specialist,
    }
    return Told(world, adults, ids)


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, pupils=2, coded=2) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)
