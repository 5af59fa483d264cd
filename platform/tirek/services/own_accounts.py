"""What a parent keeps of themselves: language, region, telephone, password."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.passwords import problem_of
from tirek.domain.roster import masked, phone_of
from tirek.services import accounts, audit, sessions
from tirek.services.errands import WeakPasswordError
from tirek.services.registration import LANGUAGES
from tirek.services.secrets import hash_secret
from tirek.services.unit import Unit
from tirek.storage.models import Account, Region
from tirek.storage.vault import SealError

PHONE = ("accounts", "phone_sealed")


class NoPhoneError(DomainError):
    """What was typed is no telephone of Kazakhstan."""


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account as its owner sees it; of the telephone only as much as lets them know it."""

    email: str
    display_name: str
    language: str
    verified_at: datetime | None
    region: Region | None
    phone: str | None


def own(unit: Unit) -> OwnAccount:
    """The account of whoever acts."""
    account = _account(unit)
    region = unit.session.get(Region, account.region_iso) if account.region_iso else None
    return OwnAccount(
        account.email,
        account.display_name,
        account.language,
        account.verified_at,
        region,
        _shown(unit, account),
    )


def regions(unit: Unit) -> list[Region]:
    """The 20 regions to choose from."""
    return list(unit.session.scalars(select(Region).order_by(Region.iso)))


def change_about(unit: Unit, *, language: str, region_iso: str | None, display_name: str) -> None:
    """Keep language, region and the name to be called by; an empty name is none."""
    if language not in LANGUAGES:
        raise NotFoundError("language", language)
    if region_iso is not None and unit.session.get(Region, region_iso) is None:
        raise NotFoundError("region", region_iso)
    _set(unit, language=language, region_iso=region_iso, display_name=display_name.strip())
    audit.record(unit, "account.change", "account", unit.actor.account_id)


def set_phone(unit: Unit, typed: str) -> None:
    """Keep the telephone, sealed; nothing typed takes it away. Raises `NoPhoneError`."""
    phone = phone_of(typed) if typed.strip() else None
    if typed.strip() and phone is None:
        raise NoPhoneError("no phone of Kazakhstan")
    account_id = str(_account(unit).id)
    _set(unit, phone_sealed=unit.vault.seal_secret(phone, *PHONE, account_id) if phone else None)
    audit.record(unit, "phone.set" if phone else "phone.remove", "account", account_id)


def change_password(unit: Unit, old: str, new: str, network: str) -> None:
    """Set a new password and end every session, this one too: the caller begins a new one.

    Raises `WrongLoginError` (count it: commit), `SlowDownError` or `WeakPasswordError`.
    """
    account = _account(unit)
    accounts.check_password(unit, account.email, old, network)
    if problem_of(new, account.email) is not None:
        raise WeakPasswordError("not a password to keep")
    _set(unit, password_hash=hash_secret(new))
    sessions.end_all(unit.session, account.id)
    audit.record(unit, "password.change", "account", account.id)


def _account(unit: Unit) -> Account:
    found = unit.session.get(Account, unit.actor.account_id) if unit.actor.account_id else None
    if found is None:
        raise NotFoundError("account", unit.actor.account_id)
    return found


def _set(unit: Unit, **values: object) -> None:
    unit.session.execute(
        update(Account).where(Account.id == unit.actor.account_id).values(**values)
    )


def _shown(unit: Unit, account: Account) -> str | None:
    if account.phone_sealed is None:
        return None
    try:
        return masked(unit.vault.open_secret(bytes(account.phone_sealed), *PHONE, str(account.id)))
    except SealError:
        # A key that is gone: its owner types it anew.
        return None
