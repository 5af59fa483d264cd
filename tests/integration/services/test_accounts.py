"""Passwords, second factors, and the people behind them."""

import pyotp
import pytest
from sqlalchemy import select, text

from tests.world import PASSWORD, World, a_vault, a_world, the_catalog
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.domain.throttle import LOGIN_BY_NAME
from tirek.services import accounts
from tirek.services.accounts import WrongLoginError, WrongTotpError
from tirek.services.codes import SlowDownError
from tirek.services.unit import Unit
from tirek.storage.models import Account
from tirek.storage.session import open_session
from tirek.web.transaction import NOBODY

NETWORK = "192.0.2.1"


@pytest.fixture
def world(system, keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return built


@pytest.fixture
def door(engine, world):
    with open_session(engine, Scope.none()) as session:
        yield Unit(session, world.catalog, world.vault, NOBODY)


def test_name_and_password_are_proved_whatever_the_case_of_the_name(door, world):
    email = world.school.psychologist.account.email
    found = accounts.check_password(door, f"  {email.upper()} ", PASSWORD, NETWORK)
    assert found.id == world.school.psychologist.account.id


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(door, world):
    for email in (world.school.psychologist.account.email, "nobody@example.org"):
        with pytest.raises(WrongLoginError):
            accounts.check_password(door, email, "wrong", NETWORK)


def test_an_account_switched_off_is_out(owner, door, world):
    with owner.begin() as connection:
        connection.execute(text("UPDATE accounts SET is_active = false"))
    with pytest.raises(WrongLoginError):
        accounts.check_password(door, world.school.psychologist.account.email, PASSWORD, NETWORK)
    assert accounts.find_active(door, world.school.psychologist.account.id) is None


def test_guessing_a_password_is_slowed_down_for_that_name_only(door, world):
    email = world.school.psychologist.account.email
    for _ in range(LOGIN_BY_NAME.capacity):
        with pytest.raises(WrongLoginError):
            accounts.check_password(door, email, "wrong", NETWORK)
    with pytest.raises(SlowDownError):
        accounts.check_password(door, email, PASSWORD, NETWORK)
    assert accounts.check_password(door, world.school.guardian.account.email, PASSWORD, NETWORK)


def test_a_second_factor_serves_once(door, world):
    adult = world.home.specialist
    account = door.session.get_one(Account, adult.account.id)
    digits = adult.totp()
    accounts.check_totp(door, account, f" {digits[:3]} {digits[3:]} ", NETWORK)
    with pytest.raises(WrongTotpError):
        accounts.check_totp(door, account, digits, NETWORK)


def test_a_second_factor_of_two_minutes_ago_is_refused(door, world):
    adult = world.home.specialist
    account = door.session.get_one(Account, adult.account.id)
    totp = pyotp.TOTP(adult.totp_secret)
    old = totp.at(int(door.now().timestamp()) - 120)
    with pytest.raises(WrongTotpError):
        accounts.check_totp(door, account, old, NETWORK)


def test_the_secret_of_the_second_factor_does_not_lie_in_clear(system, world):
    sealed = system.scalars(
        select(Account.totp_sealed).where(Account.id == world.home.specialist.account.id)
    ).one()
    assert world.home.specialist.totp_secret.encode() not in sealed


@pytest.mark.parametrize("role", sorted(Role))
def test_everybody_but_pupils_and_parents_needs_a_second_factor(role):
    needs = accounts.needs_totp(Account(email="e", password_hash="h", role=role, display_name="n"))
    assert needs is (role not in {Role.STUDENT, Role.GUARDIAN})
