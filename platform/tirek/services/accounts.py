"""Adults' logins: password, second factor, and what a signed-in person is."""

import secrets
from typing import TypeAlias
from uuid import UUID

import pyotp
from sqlalchemy import func, select, update

from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.people import TOTP_ROLES, Actor, Role
from tirek.domain.throttle import LOGIN_BY_NAME, LOGIN_BY_NETWORK
from tirek.services import audit, throttle
from tirek.services.codes import SlowDownError
from tirek.services.secrets import hash_secret, verify_secret
from tirek.services.unit import Unit
from tirek.storage.models import Account

# What views pass about without knowing of tables.
Login: TypeAlias = Account

TOTP_PERIOD = 30
# One step before and after: clocks of phones differ.
TOTP_STEPS = (-1, 0, 1)


class WrongLoginError(DomainError):
    """Name and password do not belong together, or the account is switched off."""


class WrongTotpError(DomainError):
    """The second factor is wrong, too old, or was used before."""


def check_password(unit: Unit, email: str, password: str, network: str) -> Account:
    """Prove name and password; raise `WrongLoginError` or `SlowDownError`.

    A wrong try is counted, so the caller must commit after `WrongLoginError`.
    """
    buckets = _buckets(email.strip().lower(), network)
    _slow_down(unit, buckets)
    account = _by_email(unit, email)
    if not verify_secret(account.password_hash if account else None, password):
        throttle.count_failure(unit, buckets)
        audit.refuse(unit, "login.password", "account", account.id if account else None)
        raise WrongLoginError("wrong name or password")
    if account is None or not account.is_active:
        raise WrongLoginError("switched off")
    return account


def needs_totp(account: Account) -> bool:
    """Whether this account must give a second factor: every role that opens others' records."""
    return Role(account.role) in TOTP_ROLES


def check_totp(unit: Unit, account: Account, typed: str, network: str) -> None:
    """Prove the second factor; each step of time serves once. Raises `WrongTotpError`."""
    buckets = _buckets(f"totp {account.id}", network)
    _slow_down(unit, buckets)
    step = _matching_step(unit, account, typed)
    taken = step is not None and _take_step(unit, account.id, step)
    if not taken:
        throttle.count_failure(unit, buckets)
        audit.refuse(unit, "login.totp", "account", account.id)
        raise WrongTotpError("wrong or used code")


def find_active(unit: Unit, account_id: UUID) -> Account | None:
    """The account of a signed-in person, None once it has been switched off."""
    account = unit.session.get(Account, account_id)
    return account if account is not None and account.is_active else None


def actor_of(account: Account) -> Actor:
    """The person behind an account."""
    return Actor(
        Role(account.role),
        account_id=account.id,
        name=account.display_name,
        school_id=account.school_id,
        support_center_id=account.support_center_id,
        region_iso=account.region_iso,
    )


def id_of(unit: Unit, email: str) -> UUID:
    """The account of an address; raises `NotFoundError`."""
    account = _by_email(unit, email)
    if account is None:
        raise NotFoundError("account", email)
    return account.id


def new_account(
    unit: Unit, email: str, password: str, role: Role, display_name: str, **place: object
) -> tuple[Account, str | None]:
    """Add an account; returns it with its TOTP secret, shown once, where the role needs one."""
    account = Account(
        email=email.strip().lower(),
        password_hash=hash_secret(password),
        role=role.value,
        display_name=display_name,
        **place,  # type: ignore[arg-type]
    )
    secret = pyotp.random_base32() if role in TOTP_ROLES else None
    if secret is not None:
        account.totp_sealed = unit.vault.seal_secret(
            secret, "accounts", "totp_sealed", str(account.id)
        )
    unit.session.add(account)
    audit.record(unit, "account.create", "account", account.id, school_id=account.school_id)
    return account, secret


def _by_email(unit: Unit, email: str) -> Account | None:
    return unit.session.scalars(
        select(Account).where(func.lower(Account.email) == email.strip().lower())
    ).one_or_none()


def _buckets(name: str, network: str) -> tuple[throttle.Bucket, throttle.Bucket]:
    return (
        throttle.Bucket("login name", name, LOGIN_BY_NAME),
        throttle.Bucket("login network", network, LOGIN_BY_NETWORK),
    )


def _slow_down(unit: Unit, buckets: tuple[throttle.Bucket, ...]) -> None:
    wait = throttle.wait_seconds(unit, buckets)
    if wait:
        raise SlowDownError(wait)


def _matching_step(unit: Unit, account: Account, typed: str) -> int | None:
    if account.totp_sealed is None:
        return None
    secret = unit.vault.open_secret(account.totp_sealed, "accounts", "totp_sealed", str(account.id))
    digits = "".join(letter for letter in typed if letter.isascii() and letter.isdigit())
    now_step = int(unit.now().timestamp()) // TOTP_PERIOD
    totp = pyotp.TOTP(secret, interval=TOTP_PERIOD)
    for step in (now_step + offset for offset in TOTP_STEPS):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def _take_step(unit: Unit, account_id: UUID, step: int) -> bool:
    """Use a step up; False when it, or a later one, was used before (replay)."""
    taken = unit.session.execute(
        update(Account)
        .where(Account.id == account_id, Account.totp_last_step < step)
        .values(totp_last_step=step)
        .returning(Account.id)
    )
    return taken.one_or_none() is not None
