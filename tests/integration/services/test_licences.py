"""Nothing is shown without its rights-holder's permission, and what runs is finished."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_about import a_report, given, the_offer
from tests.builders_licences import DAY, a_grant, a_licence, an_administrator
from tests.builders_referral import acting
from tests.world import Adult, World, a_vault, a_world, an_origin, the_catalog
from tirek.config import Keys
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.licensing import LicenceState
from tirek.domain.parents import ReportState
from tirek.services import (
    administrations,
    assignments,
    children,
    licences,
    release_signing,
    runs,
    self_reports,
)
from tirek.services.administrations import WindowClosedError
from tirek.services.licences import GrantError
from tirek.services.self_reports import About
from tirek.storage.models import AuditEntry, InstrumentLicence

CHILD, PARENT, ABOUT_SELF = "rcads-25", "rcads-25-p", "parental-stress"


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), coded=2)
    system.commit()
    return made


@pytest.fixture
def administrator(world: World, system: Session) -> Adult:
    adult = an_administrator(world)
    system.commit()
    return adult


def offered(engine: Engine, world: World) -> set[str]:
    """What may be given to pupils and their parents, and what parents may take up."""
    with acting(engine, world, world.school.psychologist) as unit:
        asked = {one.id for one, _release in assignments.assignable(unit)}
    with acting(engine, world, world.school.guardian) as unit:
        return asked | {one.instrument.id for one in self_reports.offers(unit)}


def entered(engine: Engine, world: World, number: int = 0) -> runs.AdministrationKey:
    with acting(engine, world, world.unit().actor) as unit:
        code = world.school.pupils[number].codes[CHILD]
        return administrations.open_by_code(unit, code, an_origin(), "kk").key


# What is recorded, given today, and whether the instrument may then be used.
RECORDED: dict[str, tuple[Callable[[date], dict[str, object]] | None, bool]] = {
    "nothing": (None, False),
    "from long ago without an end": (lambda _today: {}, True),
    "today only": (lambda today: {"valid_from": today, "valid_to": today}, True),
    "until yesterday": (lambda today: {"valid_to": today - DAY}, False),
    "from tomorrow": (lambda today: {"valid_from": today + DAY}, False),
}


@pytest.mark.parametrize("case", RECORDED)
def test_only_a_permission_in_force_opens_an_instrument(
    engine: Engine, world: World, administrator: Adult, case: str
) -> None:
    dates, is_open = RECORDED[case]
    with acting(engine, world, administrator) as unit:
        for instrument in (CHILD, PARENT, ABOUT_SELF):
            if dates is not None:
                a_licence(unit, instrument, **dates(licences.today(unit)))
    found = offered(engine, world)
    assert (found >= {CHILD, PARENT, ABOUT_SELF}) is is_open
    assert bool(found & {CHILD, PARENT, ABOUT_SELF}) is is_open
    # What needs no permission is there all the same.
    assert found >= {"phq-a", "parent-attitudes"}


def test_one_instruments_permission_opens_no_other(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        a_licence(unit, PARENT)
    assert {CHILD, PARENT, ABOUT_SELF} & offered(engine, world) == {PARENT}


def test_a_permission_that_was_taken_back_opens_nothing(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, CHILD)
    assert CHILD in offered(engine, world)
    with acting(engine, world, administrator) as unit:
        assert licences.revoke(unit, licence, "The author wrote that it is over.") == CHILD
        assert licences.line_of(unit, CHILD).state is LicenceState.REVOKED
    assert CHILD not in offered(engine, world)
    with acting(engine, world, administrator) as unit:
        a_licence(unit, CHILD, evidence="Contract 18")
        assert licences.line_of(unit, CHILD).state is LicenceState.IN_FORCE
    assert CHILD in offered(engine, world)


def test_it_cannot_be_assigned_either(engine: Engine, world: World) -> None:
    planned = world.school.assignments[CHILD]
    wish = assignments.Wish(world.school.classroom.id, CHILD, planned.opens_at, planned.closes_at)
    with (
        acting(engine, world, world.school.psychologist) as unit,
        pytest.raises(assignments.NotAssignableError),
    ):
        assignments.plan(unit, wish)


def test_a_code_opens_nothing_without_it_and_what_runs_is_finished(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with pytest.raises(WindowClosedError):
        entered(engine, world)
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, CHILD)
    key = entered(engine, world)
    with acting(engine, world, administrator) as unit:
        licences.revoke(unit, licence, "over")
    assert entered(engine, world) == key
    with acting(engine, world, world.school.pupil.actor) as unit:
        administrations.start(unit, runs.load(unit, key), "kk")
        answers = given(**{f"q{number}": "0" for number in range(1, 26)})
        administrations.record_responses(unit, runs.load(unit, key), answers)
        administrations.complete(unit, runs.load(unit, key))
        assert not runs.load(unit, key).is_open
    with pytest.raises(WindowClosedError):
        entered(engine, world, 1)


def test_a_parent_is_asked_about_the_child_only_with_it(
    engine: Engine, world: World, administrator: Adult
) -> None:
    assignment = world.school.assignments[PARENT].id
    with acting(engine, world, world.school.guardian) as unit:
        child = children.get_child(unit, world.school.pupil.id)
        with pytest.raises(NotFoundError):
            children.get_asked(unit, child, assignment)
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, PARENT)
    with acting(engine, world, world.school.guardian) as unit:
        run = children.begin(unit, child, children.get_asked(unit, child, assignment), "ru")
    with acting(engine, world, administrator) as unit:
        licences.revoke(unit, licence, "over")
    with acting(engine, world, world.school.guardian) as unit:
        again = children.get_asked(unit, child, assignment)
        assert again.key == run.key
        assert children.begin(unit, child, again, "ru").key == run.key


def test_a_parent_finishes_what_they_began_about_themselves(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, ABOUT_SELF)
    with acting(engine, world, world.school.guardian) as unit:
        report = self_reports.begin(unit, the_offer(unit, ABOUT_SELF), About(9), "kk")
    with acting(engine, world, administrator) as unit:
        licences.revoke(unit, licence, "over")
    with acting(engine, world, world.school.guardian) as unit:
        sheet = given(**{f"q{number}": "3" for number in range(1, 19)})
        self_reports.record_answers(unit, self_reports.load(unit, report), sheet)
        self_reports.complete(unit, self_reports.load(unit, report))
        assert self_reports.load(unit, report).state is ReportState.COMPLETED
        assert a_report(unit) is not None


def test_topics_without_questions_are_shown_to_nobody_whatever_was_granted(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        a_licence(unit, "oro")
        assert licences.line_of(unit, "oro").state is LicenceState.IN_FORCE
    assert "oro" not in offered(engine, world)


def test_the_list_says_how_each_stands_and_until_when(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        today = licences.today(unit)
        a_licence(unit, CHILD, valid_to=today + 30 * DAY)
        a_licence(unit, PARENT, valid_to=today - DAY)
        a_licence(unit, "apq-9", valid_from=today + DAY)
        lines = {one.instrument.id: (one.state, one.until) for one in licences.overview(unit)}
    assert lines[CHILD] == (LicenceState.IN_FORCE, today + 30 * DAY)
    assert lines[PARENT] == (LicenceState.EXPIRED, None)
    assert lines["apq-9"] == (LicenceState.STARTS_LATER, None)
    assert lines[ABOUT_SELF] == (LicenceState.NEEDED, None)
    assert "phq-a" not in lines


@pytest.mark.parametrize("blank", ["granted_by", "granted_to", "scope", "evidence"])
def test_a_permission_that_leaves_something_unsaid_is_none(
    engine: Engine, world: World, administrator: Adult, blank: str
) -> None:
    with acting(engine, world, administrator) as unit, pytest.raises(GrantError):
        a_licence(unit, CHILD, **{blank: "  "})


def test_a_permission_does_not_end_before_it_begins(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        today = licences.today(unit)
        with pytest.raises(GrantError):
            a_licence(unit, CHILD, valid_from=today, valid_to=today - DAY)
        with pytest.raises(NotFoundError):
            a_licence(unit, "phq-a")


def test_taking_back_needs_a_reason_and_happens_once(
    engine: Engine, world: World, administrator: Adult, system: Session
) -> None:
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, CHILD)
        with pytest.raises(GrantError):
            licences.revoke(unit, licence, " ")
        with pytest.raises(NotFoundError):
            licences.revoke(unit, world.school.pupil.id, "no such licence")
    with acting(engine, world, administrator) as unit:
        licences.revoke(unit, licence, "over")
        with pytest.raises(ConflictError) as refused:
            licences.revoke(unit, licence, "over again")
    assert refused.value.winner == administrator.account.display_name
    with acting(engine, world, administrator) as unit:
        (record,) = licences.records(unit, CHILD)
    assert (record.revoked_reason, record.revoked_by) == ("over", refused.value.winner)
    statement = "UPDATE instrument_licences SET revoked_at = NULL, revoked_by = NULL,"
    with pytest.raises(DBAPIError, match="somebody else was first"):
        system.execute(text(f"{statement} revoked_reason = NULL"))


def test_the_same_permission_sent_twice_at_once_is_one_record(
    engine: Engine, world: World, administrator: Adult, system: Session
) -> None:
    both = Barrier(2)

    def send(_number: int) -> object:
        with acting(engine, world, administrator) as unit:
            grant = a_grant(licences.today(unit))
            both.wait()
            return licences.record(unit, CHILD, grant)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(send, range(2))
    assert first == second
    assert system.scalars(select(func.count()).select_from(InstrumentLicence)).one() == 1


def test_recording_and_taking_back_are_written_down(
    engine: Engine, world: World, administrator: Adult, system: Session
) -> None:
    with acting(engine, world, administrator) as unit:
        licence = a_licence(unit, CHILD)
        licences.revoke(unit, licence, "over")
    rows = system.execute(
        select(AuditEntry.action, AuditEntry.account_id)
        .where(AuditEntry.entity == "instrument_licence", AuditEntry.entity_id == str(licence))
        .order_by(AuditEntry.action)
    )
    who = administrator.account.id
    assert [tuple(row) for row in rows] == [("licence.record", who), ("licence.revoke", who)]


def test_a_retired_release_is_begun_by_nobody_and_what_runs_is_finished(
    engine: Engine, world: World, administrator: Adult
) -> None:
    with acting(engine, world, administrator) as unit:
        a_licence(unit, CHILD)
    key = entered(engine, world)
    release_id = world.school.assignments[CHILD].release_id
    with acting(engine, world, world.unit().actor) as unit:
        release_signing.retire(unit, release_id, "A key is wrong.")
    assert entered(engine, world) == key
    with pytest.raises(WindowClosedError):
        entered(engine, world, 1)
