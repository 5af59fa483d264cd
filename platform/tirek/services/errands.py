"""Links sent to an account's address: each does one thing, once, and not for long."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import func, select, update

from tirek.domain.errors import DomainError
from tirek.domain.parents import Errand
from tirek.domain.passwords import problem_of
from tirek.services import audit, outbox, sessions
from tirek.services.outbox import Message
from tirek.services.parcels import errand_secret
from tirek.services.secrets import hash_secret
from tirek.services.unit import Unit
from tirek.storage.models import Account, AccountErrand

LIFE: Mapping[Errand, timedelta] = MappingProxyType(
    {Errand.CONFIRM_ADDRESS: timedelta(days=3), Errand.RESET_PASSWORD: timedelta(hours=1)}
)


class ErrandOverError(DomainError):
    """The link is wrong, was used, or is too old: nobody is told which."""


class WeakPasswordError(DomainError):
    """The new password is not one that may be kept."""


@dataclass(frozen=True, slots=True)
class OpenErrand:
    """A living link: what it is for, and the address it was sent to, in whose hands it is."""

    id: UUID
    account_id: UUID
    errand: Errand
    email: str


def send(unit: Unit, account_id: UUID, errand: Errand) -> None:
    """Send a link; it leaves at once at any hour, because somebody waits for it."""
    row = AccountErrand(
        account_id=account_id, errand=errand.value, expires_at=unit.now() + LIFE[errand]
    )
    unit.session.add(row)
    unit.session.flush()
    outbox.queue(
        unit, [Message(errand.value, str(row.id), account_id=account_id, errand_id=row.id)]
    )


def find(unit: Unit, errand_id: UUID, secret: str) -> OpenErrand:
    """The living errand of a link; raises `ErrandOverError`."""
    # Compared before anything is looked for, in a time that does not depend on how much fits.
    if not hmac.compare_digest(errand_secret(unit.vault, errand_id).encode(), secret.encode()):
        raise ErrandOverError("wrong link")
    row = unit.session.execute(
        select(AccountErrand, Account.email)
        .join(Account, Account.id == AccountErrand.account_id)
        .where(
            AccountErrand.id == errand_id,
            AccountErrand.used_at.is_(None),
            AccountErrand.expires_at > func.now(),
            Account.is_active,
        )
    ).one_or_none()
    if row is None:
        raise ErrandOverError("used or too old")
    found, email = row
    return OpenErrand(found.id, found.account_id, Errand(found.errand), email)


def confirm_address(unit: Unit, open_errand: OpenErrand) -> None:
    """The address is proved; raises `ErrandOverError` when the link was used meanwhile."""
    _use_up(unit, open_errand, Errand.CONFIRM_ADDRESS)
    _prove(unit, open_errand.account_id)
    audit.record(unit, "address.confirm", "account", open_errand.account_id)


def reset_password(unit: Unit, open_errand: OpenErrand, password: str) -> None:
    """Set a new password and end every session; the link proves the address as well.

    Raises `WeakPasswordError`, or `ErrandOverError` when the link was used meanwhile.
    """
    if problem_of(password, open_errand.email) is not None:
        raise WeakPasswordError("not a password to keep")
    _use_up(unit, open_errand, Errand.RESET_PASSWORD)
    unit.session.execute(
        update(Account)
        .where(Account.id == open_errand.account_id)
        .values(password_hash=hash_secret(password))
    )
    _prove(unit, open_errand.account_id)
    _end_others(unit, open_errand)
    sessions.end_all(unit.session, open_errand.account_id)
    audit.record(unit, "password.reset", "account", open_errand.account_id)


def _use_up(unit: Unit, open_errand: OpenErrand, errand: Errand) -> None:
    """Two presses at once: the row's lock lets the first one through only."""
    used = unit.session.execute(
        update(AccountErrand)
        .where(
            AccountErrand.id == open_errand.id,
            AccountErrand.errand == errand.value,
            AccountErrand.used_at.is_(None),
            AccountErrand.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(AccountErrand.id)
    ).one_or_none()
    if used is None:
        raise ErrandOverError("used meanwhile")


def _end_others(unit: Unit, open_errand: OpenErrand) -> None:
    """Older links for a new password open nothing once there is one."""
    unit.session.execute(
        update(AccountErrand)
        .where(
            AccountErrand.account_id == open_errand.account_id,
            AccountErrand.errand == open_errand.errand.value,
            AccountErrand.used_at.is_(None),
        )
        .values(used_at=func.now())
    )


def _prove(unit: Unit, account_id: UUID) -> None:
    unit.session.execute(
        update(Account)
        .where(Account.id == account_id, Account.verified_at.is_(None))
        .values(verified_at=func.now())
    )
