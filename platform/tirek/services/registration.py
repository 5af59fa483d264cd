"""A parent opens an account of their own, or gets back into it; nobody learns who has one."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.errors import DomainError
from tirek.domain.parents import Errand
from tirek.domain.passwords import problem_of
from tirek.domain.people import Actor, Role
from tirek.domain.throttle import (
    ERRAND_BY_NAME,
    REGISTER_BY_NAME,
    REGISTER_BY_NETWORK,
    REGISTER_BY_SITE,
)
from tirek.services import audit, errands, outbox, throttle
from tirek.services.codes import SlowDownError
from tirek.services.errands import WeakPasswordError
from tirek.services.outbox import Message
from tirek.services.secrets import hash_secret
from tirek.services.throttle import Bucket
from tirek.services.unit import Unit
from tirek.storage.models import Account

LANGUAGES = ("kk", "ru", "en")


class AddressConfirmedError(DomainError):
    """There is nothing left to confirm."""


@dataclass(frozen=True, slots=True)
class NewParent:
    """What a parent types to open an account; a name is theirs to give or to leave out."""

    email: str
    password: str = field(repr=False)
    language: str
    region_iso: str | None = None
    display_name: str = ""


def register(unit: Unit, wanted: NewParent, network: str) -> None:
    """Open an account and send a link to its address.

    When the address has an account already, its owner is told so by mail and nothing changes;
    the caller cannot tell one from the other. Raises `WeakPasswordError` or `SlowDownError`.
    """
    email = wanted.email.strip().lower()
    if problem_of(wanted.password, email) is not None:
        raise WeakPasswordError("not a password to keep")
    _count(unit, _buckets(email, network))
    # Hashed in either case, so that time does not tell who has an account.
    hashed = hash_secret(wanted.password)
    account_id = _insert(unit, wanted, email, hashed)
    if account_id is None:
        _tell_owner(unit, email)
        return
    errands.send(unit, account_id, Errand.CONFIRM_ADDRESS)
    themselves = Actor(Role.GUARDIAN, account_id=account_id)
    own = Unit(unit.session, unit.catalog, unit.vault, themselves)
    audit.record(own, "account.register", "account", account_id)


def ask_for_new_password(unit: Unit, typed: str, network: str) -> None:
    """Send a link for a new password to a parent's address; to any other address, nothing.

    Raises `SlowDownError`. Staff have a second factor, so an administrator sees to theirs.
    """
    email = typed.strip().lower()
    _count(
        unit,
        (
            Bucket("errand name", email, ERRAND_BY_NAME),
            Bucket("register network", network, REGISTER_BY_NETWORK),
            Bucket("register site", "", REGISTER_BY_SITE),
        ),
    )
    account = _active(unit, email)
    if account is not None and account.role == Role.GUARDIAN:
        errands.send(unit, account.id, Errand.RESET_PASSWORD)


def send_confirmation_again(unit: Unit) -> None:
    """Send the link once more to the address of whoever acts.

    Raises `AddressConfirmedError` when it has been used, or `SlowDownError`.
    """
    account = unit.session.get_one(Account, unit.actor.account_id)
    if account.verified_at is not None:
        raise AddressConfirmedError("confirmed already")
    _count(unit, (Bucket("errand name", account.email, ERRAND_BY_NAME),))
    errands.send(unit, account.id, Errand.CONFIRM_ADDRESS)


def has_confirmed_address(unit: Unit) -> bool:
    """Whether mail that somebody relies on may go to whoever acts: reminders, talks."""
    found = unit.session.scalars(
        select(Account.verified_at).where(Account.id == unit.actor.account_id)
    ).one_or_none()
    return found is not None


def _insert(unit: Unit, wanted: NewParent, email: str, hashed: str) -> UUID | None:
    """Add the account; None when the address has one, also when both came at the same moment."""
    return unit.session.scalars(
        insert(Account)
        .values(
            id=uuid4(),
            email=email,
            password_hash=hashed,
            role=Role.GUARDIAN.value,
            display_name=wanted.display_name.strip(),
            language=wanted.language if wanted.language in LANGUAGES else LANGUAGES[0],
            region_iso=wanted.region_iso,
            totp_last_step=0,
            is_active=True,
        )
        .on_conflict_do_nothing()
        .returning(Account.id)
    ).one_or_none()


def _tell_owner(unit: Unit, email: str) -> None:
    account = _active(unit, email)
    if account is not None:
        # An occasion of its own each time: the limiter, not the outbox, keeps mail from piling up.
        outbox.queue(unit, [Message("already_registered", str(uuid4()), account_id=account.id)])


def _active(unit: Unit, email: str) -> Account | None:
    return unit.session.scalars(
        select(Account).where(func.lower(Account.email) == email, Account.is_active)
    ).one_or_none()


def _buckets(email: str, network: str) -> tuple[Bucket, ...]:
    return (
        Bucket("register name", email, REGISTER_BY_NAME),
        Bucket("register network", network, REGISTER_BY_NETWORK),
        Bucket("register site", "", REGISTER_BY_SITE),
    )


def _count(unit: Unit, buckets: tuple[Bucket, ...]) -> None:
    """Every try counts, not only wrong ones: each costs a slow hash or a letter."""
    wait = throttle.wait_seconds(unit, buckets)
    if wait:
        raise SlowDownError(wait)
    throttle.count_failure(unit, buckets)
