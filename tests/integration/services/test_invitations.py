"""A school's invitation codes: one adult each, once, for sixty days, and only for that child."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.builders_families import a_letter, as_adult, as_nobody
from tests.world import World, a_vault, a_world, an_adult, an_origin, the_catalog
from tirek.domain.access_code import CodeFormatError, new_code, pretty
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.domain.throttle import CODE_BY_DEVICE
from tirek.services import children, codes, invitations, joining
from tirek.services.codes import SlowDownError, UnknownCodeError
from tirek.services.invitations import InvitationState, PupilState
from tirek.services.joining import InvitationOverError, WhyNot
from tirek.storage.models import AuditEntry, Guardianship, Invitation


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), schools=2, pupils=3, coded=1)
    system.commit()
    return built


@pytest.fixture
def office(world, engine):
    unit = as_adult(world, engine, world.school.psychologist)
    yield unit
    unit.session.rollback()
    unit.session.close()


@pytest.fixture
def parent(world, engine, system):
    """A parent who has no child here yet."""
    adult = an_adult(world.unit(), Role.GUARDIAN)
    system.commit()
    unit = as_adult(world, engine, adult)
    yield unit
    unit.session.rollback()
    unit.session.close()


def issue(unit, world, *pupils, each=1):
    ids = [pupil.id for pupil in pupils or (world.school.pupil,)]
    return invitations.issue(
        unit, world.school.classroom.id, ids, each=each, as_of=unit.now() + timedelta(seconds=1)
    )


def states(unit, world) -> dict[str, list[InvitationState]]:
    return {
        row.student.school_code: [one.state for one in row.invitations]
        for row in invitations.of_class(unit, world.school.classroom.id)
    }


def test_two_guardians_get_two_codes_and_each_joins_once(world, engine, system, parent):
    office = as_adult(world, engine, world.school.psychologist)
    first, second = issue(office, world, world.school.pupils[1], each=2)
    office.session.commit()
    other_adult = an_adult(world.unit(), Role.GUARDIAN)
    system.commit()
    other = as_adult(world, engine, other_adult)
    for unit, letter in ((parent, first), (other, second)):
        joining.join(unit, joining.prove(unit, pretty(letter.code), an_origin()))
        unit.session.commit()
        assert [child.id for child in children.of_guardian(unit)] == [world.school.pupils[1].id]
    rows = {row.student.id: row for row in invitations.of_class(office, world.school.classroom.id)}
    row = rows[world.school.pupils[1].id]
    assert (row.guardians, row.state, row.living) == (2, PupilState.LINKED, 0)
    for unit in (office, other):
        unit.session.close()


def test_the_code_lies_nowhere_in_clear(office, world):
    (letter,) = issue(office, world)
    office.session.flush()
    row = office.session.scalars(select(Invitation)).one()
    assert letter.code not in row.code_hash
    assert letter.code.encode() not in row.lookup
    assert row.expires_at - row.created_at >= timedelta(days=60) - timedelta(minutes=1)


def test_an_invitation_is_no_pupils_code_and_the_other_way_round(world, engine, parent):
    letter = a_letter(world, engine)
    with pytest.raises(UnknownCodeError):
        codes.find(parent, letter.code, an_origin())
    with pytest.raises(UnknownCodeError):
        joining.prove(parent, next(iter(world.school.pupil.codes.values())), an_origin())


def test_a_code_says_why_it_opens_nothing(world, engine, parent, system, owner):
    used = a_letter(world, engine)
    found = joining.prove(parent, used.code, an_origin())
    joining.join(parent, found)
    parent.session.commit()
    assert why(parent, used.code) is WhyNot.OWN
    stranger = as_adult(world, engine, world.schools[1].guardian)
    assert why(stranger, used.code) is WhyNot.USED
    stranger.session.close()
    # The same code does not join a second time, whoever remembers it.
    with pytest.raises(InvitationOverError):
        joining.join(parent, found)

    old, taken_back = a_letter(world, engine), a_letter(world, engine)
    rows = system.scalars(select(Invitation).where(Invitation.used_at.is_(None))).all()
    by_lookup = {row.lookup: row.id for row in rows}
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE invitations SET expires_at = now() WHERE id = :id"),
            {"id": by_lookup[invitations.lookup_of(parent, old.code)]},
        )
    office = as_adult(world, engine, world.school.psychologist)
    invitations.revoke(office, by_lookup[invitations.lookup_of(office, taken_back.code)])
    office.session.commit()
    office.session.close()
    assert why(parent, old.code) is WhyNot.EXPIRED
    assert why(parent, taken_back.code) is WhyNot.REVOKED


def why(unit, code: str) -> WhyNot:
    # A transaction sees the time of its own beginning.
    unit.session.rollback()
    with pytest.raises(InvitationOverError) as caught:
        joining.prove(unit, code, an_origin())
    return caught.value.reason


def test_guessing_is_slowed_down_for_that_browser_only(world, engine, parent):
    letter = a_letter(world, engine)
    for _ in range(CODE_BY_DEVICE.capacity):
        with pytest.raises((UnknownCodeError, CodeFormatError)):
            joining.prove(parent, new_code(lambda letters: letters[7]), an_origin())
    with pytest.raises(SlowDownError):
        joining.prove(parent, letter.code, an_origin())
    assert joining.prove(parent, letter.code, an_origin("another browser"))


def test_before_joining_a_code_says_the_class_and_never_the_child(world, engine):
    letter = a_letter(world, engine)
    nobody = as_nobody(world, engine)
    found = joining.invited(nobody, joining.prove(nobody, letter.code, an_origin()))
    assert found is not None
    assert (found.school.id, found.classroom.id) == (world.school.id, world.school.classroom.id)
    assert children.of_guardian(nobody) == []
    assert nobody.session.scalars(select(Guardianship)).all() == []
    nobody.session.close()


def test_of_twenty_who_type_one_code_at_once_one_joins(world, engine, system):
    letter = a_letter(world, engine)
    adults = [an_adult(world.unit(), Role.GUARDIAN) for _ in range(8)]
    system.commit()

    def attempt(adult) -> bool:
        unit = as_adult(world, engine, adult)
        try:
            joining.join(unit, joining.prove(unit, letter.code, an_origin(adult.account.email)))
            unit.session.commit()
        except InvitationOverError:
            return False
        finally:
            unit.session.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, adults)) == [False] * 7 + [True]


def test_nobody_makes_themselves_a_guardian_without_a_code(world, parent):
    parent.session.add(
        Guardianship(account_id=parent.actor.account_id, student_id=world.school.pupil.id)
    )
    with pytest.raises(DBAPIError):
        parent.session.flush()


def test_staff_cannot_use_a_code(world, engine, office):
    letter = a_letter(world, engine)
    with pytest.raises(DBAPIError):
        joining.join(office, joining.prove(office, letter.code, an_origin()))


def test_another_school_neither_sees_nor_takes_back_nor_issues(world, engine):
    a_letter(world, engine)
    foreign = as_adult(world, engine, world.schools[1].psychologist)
    assert foreign.session.scalars(select(Invitation)).all() == []
    with pytest.raises(NotFoundError):
        issue(foreign, world)
    mine = as_adult(world, engine, world.school.psychologist)
    known = mine.session.scalars(select(Invitation.id)).one()
    with pytest.raises(NotFoundError):
        invitations.revoke(foreign, known)
    for unit in (foreign, mine):
        unit.session.close()


def test_a_pupil_of_another_class_gets_no_letter(office, world):
    with pytest.raises(NotFoundError):
        invitations.issue(
            office, world.school.classroom.id, [world.schools[1].pupil.id], each=1,
            as_of=office.now(),
        )  # fmt: skip


def test_pressing_twice_leaves_the_codes_of_the_second_sheet_only(office, world):
    before = office.now() - timedelta(seconds=1)
    for _ in range(2):
        invitations.issue(
            office, world.school.classroom.id, [world.school.pupil.id], each=2, as_of=before
        )
    of_pupil = states(office, world)[world.school.pupil.student.school_code]
    assert sorted(of_pupil) == ["issued", "issued", "revoked", "revoked"]


def test_codes_made_meanwhile_in_another_window_stay(world, office, system, owner):
    before = office.now() - timedelta(minutes=10)
    issue(office, world)
    office.session.commit()
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE invitations SET created_at = created_at - interval '5 minutes'")
        )
    again = invitations.issue(
        office, world.school.classroom.id, [world.school.pupil.id], each=1, as_of=before
    )
    assert again == []


def test_every_code_leaves_a_trace_in_the_childs_record(office, world):
    issue(office, world, each=2)
    rows = office.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "invitation.issue")
    ).all()
    assert [row.student_id for row in rows] == [world.school.pupil.id] * 2
