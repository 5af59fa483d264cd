"""Two parents of one child: each sees an own account only, by the database's own rule."""

import pytest
from sqlalchemy import delete, select, update

from tests.builders_families import a_full_account, a_second_guardian, as_adult
from tests.world import World, a_vault, a_world, the_catalog
from tirek.domain.errors import NotFoundError
from tirek.services import children, own_accounts, own_children
from tirek.services.own_children import Telling
from tirek.storage.models import (
    Booking,
    Bookmark,
    Certificate,
    CohortMember,
    LessonHistory,
    LessonProgress,
    OwnChild,
    ReminderWish,
    SelfAnswer,
    SelfReport,
    SelfScore,
    WaitingParent,
)

OWN_TABLES = (
    Booking,
    Bookmark,
    Certificate,
    CohortMember,
    LessonHistory,
    LessonProgress,
    OwnChild,
    ReminderWish,
    SelfReport,
    WaitingParent,
)


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    other = a_second_guardian(built)
    a_full_account(built, built.school.guardian, "mother's word", "+77015551234")
    a_full_account(built, other, "father's word", "+77770001122")
    system.commit()
    built.session.info["other"] = other
    return built


@pytest.fixture
def mother(world, engine):
    unit = as_adult(world, engine, world.school.guardian)
    yield unit
    unit.session.rollback()
    unit.session.close()


@pytest.fixture
def father(world, engine):
    unit = as_adult(world, engine, world.session.info["other"])
    yield unit
    unit.session.rollback()
    unit.session.close()


@pytest.mark.parametrize("table", OWN_TABLES, ids=lambda table: table.__tablename__)
def test_neither_sees_a_row_of_the_other(mother, father, table):
    for unit in (mother, father):
        owners = unit.session.scalars(select(table.account_id)).all()
        assert set(owners) == {unit.actor.account_id}, table


@pytest.mark.parametrize("table", [SelfAnswer, SelfScore], ids=lambda one: one.__tablename__)
def test_neither_sees_an_answer_of_the_other(mother, father, table):
    for unit in (mother, father):
        own = unit.session.scalars(select(SelfReport.id)).one()
        assert unit.session.scalars(select(table.report_id)).all() == [own]


def test_both_see_the_child(world, mother, father):
    for unit in (mother, father):
        assert [child.id for child in children.of_guardian(unit)] == [world.school.pupil.id]


def test_neither_changes_nor_deletes_what_is_the_others(mother, father):
    theirs = father.session.scalars(select(OwnChild.id)).one()
    changed = mother.session.execute(
        update(OwnChild).where(OwnChild.id == theirs).values(has_special_needs=False)
    )
    gone = mother.session.execute(delete(Bookmark))
    assert changed.rowcount == 0
    assert gone.rowcount == 1
    assert father.session.scalars(select(Bookmark)).one()


def test_the_services_know_the_own_children_only(mother, father):
    (hers,), (his,) = own_children.of_parent(mother), own_children.of_parent(father)
    assert (hers.label, his.label) == ("mother's word", "father's word")
    said = Telling(hers.birth_month)
    for step in (own_children.get, own_children.remove):
        with pytest.raises(NotFoundError):
            step(mother, his.id)
    with pytest.raises(NotFoundError):
        own_children.change(mother, his.id, said)


def test_the_ages_are_those_of_told_and_of_joined_children(world, mother):
    ages = own_children.ages(mother)
    # Born in May 2018, and a pupil of fourteen.
    assert ages.years[-1] in {13, 14}
    assert len(ages.years) == 2
    assert ages.has_special_needs


def test_an_account_shows_its_own_telephone_only(mother, father):
    assert own_accounts.own(mother).phone == "+7701 ••• •• 34"
    assert own_accounts.own(father).phone == "+7777 ••• •• 22"
