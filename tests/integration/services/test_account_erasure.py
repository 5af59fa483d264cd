"""Deleting one's account: no letter of what named a parent is left anywhere in the database."""

import pytest
from sqlalchemy import inspect, select, text

from tests.builders_families import NETWORK, a_full_account, a_second_guardian, as_adult
from tests.world import PASSWORD, World, a_vault, a_world, the_catalog
from tirek.domain.consent import ConsentState
from tirek.domain.errors import NotFoundError
from tirek.domain.parents import Errand, HelpKind
from tirek.services import account_erasure, accounts, children, errands, outbox
from tirek.services.accounts import WrongLoginError
from tirek.services.outbox import Message
from tirek.services.parcels import is_needless
from tirek.storage.models import (
    Account,
    Booking,
    Bookmark,
    Certificate,
    Consent,
    Guardianship,
    HelpRequest,
    LessonProgress,
    OutboxMessage,
    OwnChild,
    SelfAnswer,
    SelfReport,
    SelfScore,
    WaitingParent,
    WebSession,
)

WORDS, PHONE = "Дарын, my eldest", "+77015551234"
EMAIL = "zhibek.qaldybek@example.kz"


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    built.school.guardian.account.email = EMAIL
    built.school.guardian.account.display_name = "Zhibek Qaldybek"
    a_full_account(built, built.school.guardian, WORDS, PHONE)
    system.commit()
    return built


@pytest.fixture
def parent(world, engine):
    unit = as_adult(world, engine, world.school.guardian)
    yield unit
    unit.session.rollback()
    unit.session.close()


def the_whole_database(owner) -> str:
    """Every row of every table, as text; what is sealed stands there as hex digits."""
    with owner.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = [
            str(row)
            for table in tables
            for row in connection.scalars(text(f'SELECT t::text FROM "{table}" t'))  # noqa: S608 - names of our own tables
        ]
    return "\n".join(rows).lower()


def written(words: str) -> set[str]:
    """How words may stand in a dump: in clear, and as the bytes of a column of bytes."""
    return {words.lower(), words.encode().hex(), words.lower().encode().hex()}


def test_the_dump_of_the_whole_database_holds_the_address_no_more(world, parent, system, owner):
    errands.send(parent, world.school.guardian.account.id, Errand.CONFIRM_ADDRESS)
    parent.session.commit()
    assert EMAIL in the_whole_database(owner)
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    dump = the_whole_database(owner)
    for told in (EMAIL, EMAIL.partition("@")[0], "Zhibek", "Qaldybek", WORDS, "Дарын", PHONE,
                 PHONE[2:]):  # fmt: skip
        for shape in written(told):
            assert shape not in dump, told


def test_what_is_the_parents_own_goes_and_what_is_the_childs_stays(world, parent, system):
    me = world.school.guardian.account.id
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    for table in (LessonProgress, Bookmark, OwnChild, SelfReport):
        assert system.scalars(select(table).where(table.account_id == me)).all() == []
    assert system.scalars(select(SelfAnswer)).all() == []
    assert system.scalars(select(SelfScore)).all() == []
    assert system.scalars(select(Certificate)).one().revoked_at is not None
    assert system.scalars(select(Guardianship)).one().revoked_at is not None
    said = system.scalars(select(Consent).where(Consent.account_id == me)).all()
    assert [row.state for row in said] == [ConsentState.GIVEN]
    row = system.get_one(Account, me, populate_existing=True)
    assert (row.is_active, row.display_name, row.phone_sealed) == (False, "", None)
    assert row.erased_at is not None


def test_a_talk_to_come_is_given_up_and_its_host_is_told(world, parent, system):
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    talk = system.scalars(select(Booking)).one()
    assert (talk.state, talk.words_sealed, talk.phone_sealed) == ("cancelled", None, None)
    assert system.scalars(select(WaitingParent)).one().ended_at is not None
    told = system.scalars(
        select(OutboxMessage.kind).where(
            OutboxMessage.account_id == world.school.psychologist.account.id
        )
    ).all()
    assert told == ["talk_news"]


def test_a_call_that_somebody_still_answers_keeps_its_number_until_it_is_closed(
    world, parent, system
):
    me, specialist = world.school.guardian.account.id, world.home.specialist.account.id
    call = HelpRequest(
        account_id=me,
        support_center_id=world.home.id,
        kind=HelpKind.CALL_ME.value,
        language="kk",
        due_at=parent.now(),
    )
    call.phone_sealed = world.vault.seal_secret(PHONE, "help_requests", "phone", str(call.id))
    system.add(call)
    system.commit()
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    system.refresh(call)
    assert call.phone_sealed is not None
    call.acknowledged_at, call.acknowledged_by = parent.now(), specialist
    call.closed_at, call.closed_by, call.outcome = parent.now(), specialist, "spoken"
    system.commit()
    system.refresh(call)
    assert call.phone_sealed is None


def test_mail_that_waits_for_a_deleted_account_is_dropped(world, parent, system):
    outbox.queue(
        parent,
        [Message("reading_reminder", "x", account_id=world.school.guardian.account.id)],
    )
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    waiting = system.scalars(
        select(OutboxMessage).where(OutboxMessage.account_id == world.school.guardian.account.id)
    ).all()
    assert waiting
    assert all(is_needless(system, message) for message in waiting)


def test_nobody_signs_in_to_it_and_its_address_is_free_again(world, parent, system):
    me = world.school.guardian.account.id
    system.add(WebSession(token_hash=b"t", account_id=me, data={}, expires_at=parent.now()))
    system.commit()
    account_erasure.erase(parent, PASSWORD, NETWORK)
    parent.session.commit()
    assert system.scalars(select(WebSession).where(WebSession.account_id == me)).all() == []
    for name, password in ((EMAIL, PASSWORD), (f"{me}@erased.invalid", "nobody has this password")):
        with pytest.raises(WrongLoginError):
            accounts.check_password(parent, name, password, NETWORK)
    assert accounts.find_active(parent, me) is None
    assert children.of_guardian(parent) == []
    with pytest.raises(NotFoundError):
        account_erasure.erase(parent, PASSWORD, NETWORK)


def test_a_wrong_password_deletes_nothing(world, parent, system):
    with pytest.raises(WrongLoginError):
        account_erasure.erase(parent, "wrong", NETWORK)
    parent.session.commit()
    account = system.get_one(Account, world.school.guardian.account.id, populate_existing=True)
    assert account.erased_at is None
    assert system.scalars(select(LessonProgress)).all() != []


def test_the_other_parent_keeps_everything(world, system, engine):
    other = a_second_guardian(world)
    a_full_account(world, other, "Айша", "+77770001122")
    system.commit()
    before = {table: count_of(system, table, other) for table in KEPT}
    unit = as_adult(world, engine, world.school.guardian)
    account_erasure.erase(unit, PASSWORD, NETWORK)
    unit.session.commit()
    unit.session.close()
    assert {table: count_of(system, table, other) for table in KEPT} == before
    talks = system.scalars(select(Booking).where(Booking.account_id == other.account.id)).all()
    # Theirs stays; and as they waited for a time, they are offered the one that was freed.
    assert sorted(talk.state for talk in talks) == ["booked", "held"]
    theirs = as_adult(world, engine, other)
    assert [child.id for child in children.of_guardian(theirs)] == [world.school.pupil.id]
    theirs.session.close()


KEPT = (LessonProgress, Bookmark, OwnChild, SelfReport, Certificate, Guardianship)


def count_of(system, table, adult) -> int:
    return len(system.scalars(select(table).where(table.account_id == adult.account.id)).all())
