"""A trial ends in a region: what has not opened is begun by nobody, what runs is finished."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.builders_about import ATTITUDES, a_report, answer
from tests.builders_referral import acting
from tests.builders_talks import a_parent
from tests.builders_trials import approve, end_trial, opens, release_of
from tests.world import (
    Adult,
    SchoolWorld,
    World,
    a_vault,
    a_world,
    an_adult,
    an_origin,
    the_catalog,
)
from tirek.config import Keys
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.parents import ReportState
from tirek.domain.people import Role
from tirek.services import (
    administrations,
    assignment_rows,
    assignments,
    children,
    class_codes,
    pilots,
    runs,
    self_reports,
)
from tirek.services.administrations import NotOpenYetError, WithdrawnError
from tirek.services.assignment_rows import AssignmentState
from tirek.services.pilots import Withdrawal

PHQ, OF_PARENTS = "phq-a", "psc-17-p"


@dataclass(frozen=True)
class Trial:
    """One release in two schools of a region: open at one, planned for tomorrow at the other."""

    world: World
    owner: Engine
    engine: Engine

    @property
    def running(self) -> SchoolWorld:
        return self.world.schools[0]

    @property
    def planned(self) -> SchoolWorld:
        return self.world.schools[1]

    def enter(self, school: SchoolWorld, number: int = 0) -> runs.AdministrationKey:
        with acting(self.engine, self.world, self.world.unit().actor) as unit:
            code = school.pupils[number].codes[PHQ]
            return administrations.open_by_code(unit, code, an_origin(), "kk").key

    def row(self, school: SchoolWorld, instrument: str = PHQ) -> assignment_rows.AssignmentRow:
        with acting(self.engine, self.world, school.psychologist) as unit:
            wanted = school.assignments[instrument].id
            (found,) = (
                row for row in assignment_rows.of_school(unit) if row.assignment.id == wanted
            )
            return found


@pytest.fixture
def trial(system: Session, owner: Engine, engine: Engine, keys: Keys) -> Trial:
    world = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=2, coded=2)
    system.commit()
    for instrument in (PHQ, OF_PARENTS):
        opens(owner, world.schools[1].assignments[instrument], 24)
    return Trial(world, owner, engine)


def test_the_methodologist_is_told_two_numbers(trial: Trial) -> None:
    author = an_adult(trial.world.unit(), Role.METHODOLOGIST)
    trial.world.session.commit()
    release_id = release_of(trial.world, PHQ)
    with acting(trial.engine, trial.world, author) as unit:
        found = {
            pilot.region.iso: pilots.find_closing(unit, release_id, pilot.id)
            for pilot in pilots.of_release(unit, release_id)
        }
    numbers = {iso: (one.planned, one.running) for iso, one in found.items() if one}
    assert numbers.pop(trial.world.home.region.iso) == (1, 1)
    assert set(numbers.values()) == {(0, 0)}


def test_what_is_planned_is_withdrawn_with_its_reason_and_no_row_is_touched(trial: Trial) -> None:
    with pytest.raises(NotOpenYetError):
        trial.enter(trial.planned)
    end_trial(trial.world, PHQ)
    with pytest.raises(WithdrawnError):
        trial.enter(trial.planned)
    row = trial.row(trial.planned)
    assert (row.state, row.withdrawn) == (AssignmentState.WITHDRAWN, Withdrawal.TRIAL_ENDED)
    assert row.assignment.cancelled_at is None
    assert trial.row(trial.planned, OF_PARENTS).state is AssignmentState.PLANNED
    pupil, psychologist = trial.planned.pupil, trial.planned.psychologist
    with pytest.raises(ConflictError), acting(trial.engine, trial.world, psychologist) as unit:
        class_codes.issue(unit, row.assignment.id, [pupil.id], unit.now())
    with pytest.raises(ConflictError), acting(trial.engine, trial.world, psychologist) as unit:
        assignments.extend(unit, row.assignment.id, trial.world.campaign.ends_at)
    # Its day comes, and it stays as it is: no page says "open", no code opens it.
    opens(trial.owner, row.assignment, 0)
    with pytest.raises(WithdrawnError):
        trial.enter(trial.planned)
    assert trial.row(trial.planned).state is AssignmentState.WITHDRAWN


def test_what_runs_is_finished_by_the_whole_class(trial: Trial) -> None:
    begun = trial.enter(trial.running)
    end_trial(trial.world, PHQ)
    assert trial.row(trial.running).state is AssignmentState.OPEN
    assert trial.row(trial.running).withdrawn is None
    assert trial.enter(trial.running) == begun
    assert trial.enter(trial.running, 1) != begun
    with acting(trial.engine, trial.world, trial.running.pupil.actor) as unit:
        administrations.start(unit, runs.load(unit, begun), "kk")
        administrations.complete(unit, runs.load(unit, begun))
        assert not runs.load(unit, begun).is_open


def test_a_region_that_opens_again_gives_everything_back(trial: Trial) -> None:
    end_trial(trial.world, PHQ)
    assert pilots.start(
        trial.world.unit(), release_of(trial.world, PHQ), [trial.world.home.region.iso]
    )
    trial.world.session.commit()
    assert trial.row(trial.planned).state is AssignmentState.PLANNED
    opens(trial.owner, trial.planned.assignments[PHQ], 0)
    assert trial.enter(trial.planned)


def test_what_two_have_signed_is_asked_everywhere_again(trial: Trial) -> None:
    end_trial(trial.world, PHQ)
    approve(trial.world, PHQ)
    opens(trial.owner, trial.planned.assignments[PHQ], 0)
    assert trial.enter(trial.planned)


def test_a_parent_is_not_asked_what_was_withdrawn(trial: Trial) -> None:
    world, assignment = trial.world, trial.planned.assignments[OF_PARENTS]
    end_trial(world, OF_PARENTS)
    opens(trial.owner, assignment, 0)
    with acting(trial.engine, world, trial.planned.guardian) as unit:
        child = children.get_child(unit, trial.planned.pupil.id)
        assert assignment.id not in {one.assignment.id for one in children.asked_about(unit, child)}
        with pytest.raises(NotFoundError):
            children.get_asked(unit, child, assignment.id)
    with acting(trial.engine, world, trial.running.guardian) as unit:
        child = children.get_child(unit, trial.running.pupil.id)
        asked = children.get_asked(unit, child, trial.running.assignments[OF_PARENTS].id)
        assert children.begin(unit, child, asked, "ru")


def offered(trial: Trial, parent: Adult) -> set[str]:
    with acting(trial.engine, trial.world, parent) as unit:
        return {one.instrument.id for one in self_reports.offers(unit)}


def test_a_trial_about_oneself_is_for_parents_of_its_region_only(trial: Trial) -> None:
    world = trial.world
    alone = an_adult(world.unit(), Role.GUARDIAN)
    of_one_who_left = a_parent(
        world.unit(), world.school.pupils[1].student, world.school.psychologist.account
    )
    world.school.pupils[1].student.left_at = world.unit().now()
    world.session.commit()
    assert offered(trial, world.school.guardian) == {ATTITUDES}
    assert offered(trial, alone) == offered(trial, of_one_who_left) == set()
    end_trial(world, ATTITUDES)
    assert offered(trial, world.school.guardian) == set()
    approve(world, ATTITUDES)
    everybody = (world.school.guardian, alone, of_one_who_left)
    assert [offered(trial, one) for one in everybody] == [{ATTITUDES}] * 3


def test_what_a_parent_has_begun_about_themselves_is_finished(trial: Trial) -> None:
    world, parent = trial.world, trial.world.school.guardian
    with acting(trial.engine, world, parent) as unit:
        report_id = a_report(unit)
        answer(unit, report_id, q1="4")
    end_trial(world, ATTITUDES)
    with acting(trial.engine, world, parent) as unit:
        (left,) = self_reports.at_hand(unit)
        assert self_reports.get_offer(unit, left.release_id) == left
        assert self_reports.find_open(unit, left) == report_id
        report = self_reports.load(unit, report_id)
        assert self_reports.find_again(unit, report) is None
        self_reports.complete(unit, report)
        assert self_reports.load(unit, report_id).state is ReportState.COMPLETED
        # Finished, it is not begun once more.
        assert self_reports.at_hand(unit) == []
        with pytest.raises(NotFoundError):
            self_reports.get_offer(unit, left.release_id)
