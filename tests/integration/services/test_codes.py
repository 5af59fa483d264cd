"""A code opens one administration; guessing is slowed down and nobody is locked out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from tests.world import World, a_vault, a_world, an_origin, give_consent, the_catalog
from tirek.domain.access_code import CodeFormatError, pretty
from tirek.domain.consent import ConsentState
from tirek.domain.scope import Scope, ScopeKind
from tirek.domain.throttle import CODE_BY_DEVICE
from tirek.services import administrations, codes, runs
from tirek.services.administrations import (
    ConsentMissingError,
    NotOpenYetError,
    WindowClosedError,
)
from tirek.services.codes import SlowDownError, UnknownCodeError
from tirek.services.unit import Unit
from tirek.storage.models import AccessCode, Administration, AuditEntry, Consent
from tirek.storage.session import open_session
from tirek.web.transaction import NOBODY


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys))
    system.commit()
    return built


@pytest.fixture
def door(engine, world):
    """A unit of somebody nobody knows yet."""
    with open_session(engine, Scope.none()) as session:
        yield Unit(session, world.catalog, world.vault, NOBODY)


def enter(door: Unit, code: str, device: str = "device"):
    return administrations.open_by_code(door, code, an_origin(device), "kk")


def test_a_code_opens_the_pupils_own_administration(door, world):
    entry = enter(door, pretty(world.school.pupil.codes["phq-a"]).lower())
    assert entry.actor.student_id == world.school.pupil.id
    assert door.session.info["scope"].kind is ScopeKind.STUDENT
    run = runs.load(door, entry.key)
    assert (run.instrument.id, run.is_open, run.is_started) == ("phq-a", True, False)


def test_the_same_code_finds_the_same_administration_again(door, world):
    code = world.school.pupil.codes["who-5"]
    assert enter(door, code).key == enter(door, code, "another device").key
    assert len(door.session.scalars(select(Administration.id)).all()) == 1


def test_nothing_of_the_code_lies_in_the_database(system, world):
    code = world.school.pupil.codes["phq-a"]
    for kept in system.scalars(select(AccessCode)):
        assert code.encode() not in kept.lookup
        assert code not in kept.code_hash


def test_an_unknown_code_and_a_misspelt_one_are_told_apart(door, world):
    known = world.school.pupil.codes["phq-a"]
    with pytest.raises(CodeFormatError):
        enter(door, known[:-1])
    unknown = next(
        code
        for code in ("00000000" + check for check in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        if _reads(code)
    )
    with pytest.raises(UnknownCodeError):
        enter(door, unknown)


def _reads(code: str) -> bool:
    try:
        codes.normalise(code)
    except CodeFormatError:
        return False
    return True


def test_after_many_wrong_tries_one_must_wait_but_not_for_ever(door, world):
    for _ in range(CODE_BY_DEVICE.capacity):
        with pytest.raises(CodeFormatError):
            enter(door, "WRONG")
    with pytest.raises(SlowDownError) as slowed:
        enter(door, world.school.pupil.codes["phq-a"])
    assert 1 <= slowed.value.seconds <= CODE_BY_DEVICE.refill_seconds


def test_another_device_in_the_same_school_is_not_slowed_down(door, world):
    for _ in range(CODE_BY_DEVICE.capacity + 1):
        with pytest.raises((CodeFormatError, SlowDownError)):
            enter(door, "WRONG", "a child who mistypes")
    assert enter(door, world.school.pupil.codes["phq-a"], "a neighbour").key


def test_a_wait_runs_off_by_itself(door, world):
    for _ in range(CODE_BY_DEVICE.capacity):
        with pytest.raises(CodeFormatError):
            enter(door, "WRONG")
    door.session.execute(
        text("UPDATE throttle_buckets SET updated_at = updated_at - interval '11 seconds'")
    )
    assert enter(door, world.school.pupil.codes["phq-a"]).key


def test_no_device_and_no_address_is_stored_in_clear(door):
    with pytest.raises(CodeFormatError):
        enter(door, "WRONG", "my-device")
    stored = b"".join(door.session.scalars(text("SELECT key FROM throttle_buckets")))
    assert b"my-device" not in stored
    assert b"192.0.2.1" not in stored


@pytest.mark.parametrize(
    ("opens", "closes", "error"),
    [
        (timedelta(hours=1), timedelta(days=2), NotOpenYetError),
        (timedelta(days=-2), timedelta(hours=-1), WindowClosedError),
    ],
)
def test_outside_its_window_a_code_opens_nothing(owner, door, world, opens, closes, error):
    now = datetime.now(UTC)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE assignments SET opens_at = :opens, closes_at = :closes"
                " WHERE instrument_id = 'phq-a'"
            ),
            {"opens": now + opens, "closes": now + closes},
        )
    with pytest.raises(error):
        enter(door, world.school.pupil.codes["phq-a"])


@pytest.mark.parametrize("state", [ConsentState.REFUSED, ConsentState.WITHDRAWN])
def test_a_consent_taken_back_closes_the_door(system, door, world, state):
    give_consent(world.unit(), world.school.pupil.student, world.school.guardian, state)
    system.commit()
    with pytest.raises(ConsentMissingError):
        enter(door, world.school.pupil.codes["phq-a"])


def test_a_code_given_anew_makes_the_old_one_worthless(system, door, world):
    unit = world.unit(world.school.psychologist.actor)
    assignment = world.school.assignments["phq-a"]
    (new,) = codes.issue(unit, assignment, [world.school.pupil.id])
    system.commit()
    with pytest.raises(UnknownCodeError):
        enter(door, world.school.pupil.codes["phq-a"])
    assert enter(door, new.code).actor.student_id == world.school.pupil.id


def test_opening_leaves_an_audit_entry(system, door, world):
    enter(door, world.school.pupil.codes["phq-a"])
    door.session.commit()
    entries = system.scalars(
        select(AuditEntry.action).where(AuditEntry.student_id == world.school.pupil.id)
    )
    assert "administration.open" in set(entries)


@pytest.mark.parametrize(("begins", "said"), [(True, "given"), (False, "refused")])
def test_a_pupils_own_yes_or_no_is_written_down_once(system, door, world, begins, said):
    entry = enter(door, world.school.pupil.codes["phq-a"])
    pupil = replace(door, actor=entry.actor)
    run = runs.load(pupil, entry.key)
    if begins:
        administrations.start(pupil, run, "kk")
        administrations.start(pupil, runs.load(pupil, entry.key), "ru")
    else:
        administrations.stop(pupil, run)
        administrations.stop(pupil, runs.load(pupil, entry.key))
    door.session.commit()
    statements = system.execute(
        select(Consent.state, Consent.source, Consent.account_id).where(
            Consent.student_id == world.school.pupil.id, Consent.kind == "assent"
        )
    )
    assert statements.all() == [(said, "screen", None)]
