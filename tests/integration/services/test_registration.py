"""Opening an account and getting back into it: nobody learns who has one, no link serves twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tests.builders_families import (
    NETWORK,
    NEW_PASSWORD,
    a_new_parent,
    as_adult,
    as_nobody,
    errands_of,
)
from tests.world import PASSWORD, World, a_vault, a_world, the_catalog
from tirek.domain.parents import Errand
from tirek.domain.throttle import REGISTER_BY_NAME
from tirek.services import accounts, errands, outbox, own_accounts, registration
from tirek.services.accounts import WrongLoginError
from tirek.services.codes import SlowDownError
from tirek.services.errands import ErrandOverError, WeakPasswordError
from tirek.services.outbox import Message
from tirek.services.parcels import errand_secret, is_needless
from tirek.services.registration import AddressConfirmedError
from tirek.storage.models import Account, OutboxMessage, WebSession

EMAIL = "new.parent@example.kz"


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return built


@pytest.fixture
def door(engine, world):
    unit = as_nobody(world, engine)
    yield unit
    unit.session.rollback()
    unit.session.close()


def mail_to(session, email: str) -> list[str]:
    return list(
        session.scalars(
            select(OutboxMessage.kind)
            .join(Account, Account.id == OutboxMessage.account_id)
            .where(Account.email == email)
            .order_by(OutboxMessage.id)
        )
    )


def the_link(door, email: str) -> tuple:
    errand = errands_of(door.session, email)[-1]
    return errand.id, errand_secret(door.vault, errand.id)


def test_an_account_is_usable_at_once_and_its_address_is_not_proved(door):
    registration.register(door, a_new_parent("  New.Parent@Example.KZ "), NETWORK)
    account = accounts.check_password(door, EMAIL, NEW_PASSWORD, NETWORK)
    assert (account.role, account.language, account.region_iso) == ("guardian", "kk", "KZ-71")
    assert account.verified_at is None
    assert mail_to(door.session, EMAIL) == ["confirm_address"]


def test_an_address_that_has_an_account_gets_a_letter_and_nothing_changes(door, world):
    email = world.school.guardian.account.email
    registration.register(door, a_new_parent(email, display_name="Somebody else"), NETWORK)
    assert accounts.check_password(door, email, PASSWORD, NETWORK).display_name != "Somebody else"
    with pytest.raises(WrongLoginError):
        accounts.check_password(door, email, NEW_PASSWORD, NETWORK)
    assert mail_to(door.session, email) == ["already_registered"]
    assert door.session.scalars(select(func.count()).where(Account.email == email)).one() == 1


def test_staff_keep_their_account_too(door, world):
    email = world.school.psychologist.account.email
    registration.register(door, a_new_parent(email), NETWORK)
    registration.ask_for_new_password(door, email, NETWORK)
    # A link would get round the second factor.
    assert mail_to(door.session, email) == ["already_registered"]


def test_a_weak_password_opens_nothing(door):
    with pytest.raises(WeakPasswordError):
        registration.register(door, a_new_parent(password="1234567890"), NETWORK)
    assert door.session.scalars(select(Account).where(Account.email == EMAIL)).all() == []


def test_one_address_is_not_flooded_with_letters(door, world):
    email = world.school.guardian.account.email
    for _ in range(REGISTER_BY_NAME.capacity):
        registration.register(door, a_new_parent(email), NETWORK)
    with pytest.raises(SlowDownError):
        registration.register(door, a_new_parent(email), NETWORK)
    # The neighbour behind the same network address is not kept waiting.
    registration.register(door, a_new_parent(), NETWORK)


def test_a_link_confirms_the_address_once(door):
    registration.register(door, a_new_parent(), NETWORK)
    link = the_link(door, EMAIL)
    found = errands.find(door, *link)
    assert found.errand is Errand.CONFIRM_ADDRESS
    errands.confirm_address(door, found)
    account = accounts.check_password(door, EMAIL, NEW_PASSWORD, NETWORK)
    door.session.refresh(account)
    assert account.verified_at is not None
    with pytest.raises(ErrandOverError):
        errands.find(door, *link)
    with pytest.raises(ErrandOverError):
        errands.confirm_address(door, found)


def test_a_link_of_another_errand_or_with_a_wrong_secret_opens_nothing(door):
    registration.register(door, a_new_parent(), NETWORK)
    errand_id, secret = the_link(door, EMAIL)
    wrong = ("0" if secret[0] != "0" else "1") + secret[1:]
    for tried in (wrong, secret[:-1], secret.upper(), "", "ключ"):
        with pytest.raises(ErrandOverError):
            errands.find(door, errand_id, tried)


@pytest.mark.parametrize(
    ("errand", "life"),
    [(Errand.CONFIRM_ADDRESS, timedelta(days=3)), (Errand.RESET_PASSWORD, timedelta(hours=1))],
)
def test_links_are_too_old_after_their_time(door, world, owner, errand, life):
    account = world.school.guardian.account
    errands.send(door, account.id, errand)
    row = errands_of(door.session, account.email)[-1]
    assert row.expires_at - row.created_at == life
    link = the_link(door, account.email)
    door.session.commit()
    with owner.begin() as connection:
        connection.execute(text("UPDATE account_errands SET expires_at = now()"))
    with pytest.raises(ErrandOverError):
        errands.find(door, *link)


def test_a_new_password_ends_every_session_and_proves_the_address(door, world, system):
    guardian = world.school.guardian
    system.add(
        WebSession(token_hash=b"t", account_id=guardian.account.id, data={}, expires_at=door.now())
    )
    system.commit()
    registration.ask_for_new_password(door, guardian.account.email.upper(), NETWORK)
    registration.ask_for_new_password(door, guardian.account.email, NETWORK)
    first, second = errands_of(door.session, guardian.account.email)
    found = errands.find(door, second.id, errand_secret(door.vault, second.id))
    with pytest.raises(WeakPasswordError):
        errands.reset_password(door, found, "short")
    errands.reset_password(door, found, NEW_PASSWORD)
    account = accounts.check_password(door, guardian.account.email, NEW_PASSWORD, NETWORK)
    door.session.refresh(account)
    assert account.verified_at is not None
    assert door.session.scalars(select(WebSession)).all() == []
    # The older link would set a password that its owner does not know of.
    with pytest.raises(ErrandOverError):
        errands.find(door, first.id, errand_secret(door.vault, first.id))


def test_an_address_that_nobody_has_gets_no_letter(door):
    registration.ask_for_new_password(door, "nobody@example.kz", NETWORK)
    assert door.session.scalars(select(OutboxMessage)).all() == []


def test_the_letter_comes_again_until_the_address_is_confirmed(door, world, engine):
    guardian = world.school.guardian
    unit = as_adult(world, engine, guardian)
    assert not registration.has_confirmed_address(unit)
    registration.send_confirmation_again(unit)
    link = the_link(unit, guardian.account.email)
    errands.confirm_address(unit, errands.find(unit, *link))
    assert registration.has_confirmed_address(unit)
    with pytest.raises(AddressConfirmedError):
        registration.send_confirmation_again(unit)
    unit.session.close()


def test_only_what_proves_an_address_goes_to_one_that_is_not_proved(door, world, system):
    account = world.school.guardian.account
    kinds = ["confirm_address", "reset_password", "already_registered", "group_news"]
    errands.send(door, account.id, Errand.CONFIRM_ADDRESS)
    errands.send(door, account.id, Errand.RESET_PASSWORD)
    outbox.queue(door, [Message(kind, "x", account_id=account.id) for kind in kinds[2:]])
    door.session.flush()
    letters = door.session.scalars(select(OutboxMessage)).all()
    held = [letter.kind for letter in letters if is_needless(door.session, letter)]
    assert held == ["group_news"]
    errands.confirm_address(door, errands.find(door, *first_link(door, account.email)))
    assert not any(is_needless(door.session, letter) for letter in letters)


def first_link(door, email: str) -> tuple:
    errand = errands_of(door.session, email)[0]
    return errand.id, errand_secret(door.vault, errand.id)


def test_changing_the_password_asks_for_the_old_one_and_ends_all_sessions(world, engine, system):
    guardian = world.school.guardian
    unit = as_adult(world, engine, guardian)
    system.add(
        WebSession(token_hash=b"t", account_id=guardian.account.id, data={}, expires_at=unit.now())
    )
    system.commit()
    with pytest.raises(WrongLoginError):
        own_accounts.change_password(unit, "wrong", NEW_PASSWORD, NETWORK)
    own_accounts.change_password(unit, PASSWORD, NEW_PASSWORD, NETWORK)
    assert accounts.check_password(unit, guardian.account.email, NEW_PASSWORD, NETWORK)
    assert unit.session.scalars(select(WebSession)).all() == []
    unit.session.close()


def test_a_telephone_lies_sealed_and_is_shown_in_part(world, engine):
    unit = as_adult(world, engine, world.school.guardian)
    own_accounts.set_phone(unit, "8 701 234 56 78")
    assert own_accounts.own(unit).phone == "+7701 ••• •• 78"
    sealed = unit.session.scalars(
        select(Account.phone_sealed).where(Account.id == unit.actor.account_id)
    ).one()
    assert b"7012345678" not in sealed
    with pytest.raises(own_accounts.NoPhoneError):
        own_accounts.set_phone(unit, "12")
    own_accounts.set_phone(unit, " ")
    assert own_accounts.own(unit).phone is None
    unit.session.close()
