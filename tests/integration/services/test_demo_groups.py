"""The demo's groups show each thing: progress, silence, a question that waits, an invitation."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.conftest import Server
from tests.integration.services.test_demo import Built, a_build
from tirek.config import Keys
from tirek.domain.cohorts import Standing
from tirek.services import cohort_members, cohort_questions, cohorts, feedback_desk, meetings
from tirek.services.cohorts import CohortQuery
from tirek.services.feedback_desk import FeedbackQuery
from tirek.services.unit import Unit


@pytest.fixture(scope="module")
def built(server: Server, template: str, keys: Keys) -> Iterator[Built]:
    with a_build(server, template, keys, datetime.now(UTC)) as one:
        yield one


def test_a_group_at_each_school_of_the_families(built: Built) -> None:
    with built.workshop.begin() as system:
        families = built.demo.families
        schools = {family.pupils[0].place.school.id for family in families}
        leaders = [one.actor for one in built.demo.staff if one.actor.school_id in schools]
        seen: set[Standing] = set()
        for leader in leaders:
            unit = Unit(system.session, system.catalog, system.vault, leader)
            (row,) = cohorts.of_house(unit, CohortQuery()).rows
            assert row.waiting == 1
            group = cohorts.get(unit, row.id)
            seen |= {one.pace.standing for one in cohorts.progress(unit, group)}
            assert len(cohort_questions.answered(unit, row.id)) == 1
            assert meetings.sums(unit, meetings.years(unit)[0])
        assert seen >= {Standing.UNDER_WAY, Standing.QUIET}
        invited = 0
        for family in families:
            unit = Unit(system.session, system.catalog, system.vault, family.login.actor)
            invited += len(cohort_members.of_parent(unit)) == 0
        assert invited == len(schools)
        assert feedback_desk.voices(system, FeedbackQuery()).total > 0


def test_nobody_is_written_to_about_them(built: Built) -> None:
    assert built.ask("SELECT count(*) FROM outbox WHERE kind = 'group_news'") == [(0,)]
