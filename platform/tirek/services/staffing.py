"""Accounts made by an operator: a role, a place that fits it, and a password shown once."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from tirek.domain.access_code import ALPHABET
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES, Role
from tirek.services import accounts
from tirek.services.unit import Unit
from tirek.storage.models import Account, Region, School, SupportCenter

PASSWORD_GROUPS, PASSWORD_GROUP = 3, 4


class PlaceMissingError(DomainError):
    """The role works somewhere, and it was not said where; or nowhere, and it was."""


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody works, in an operator's words: codes or ids."""

    school: str | None = None
    center: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """What the new person is given, once."""

    account: Account
    password: str
    totp_secret: str | None


def new_password() -> str:
    """A password that can be typed from paper: 60 bits in three groups."""
    letters = ALPHABET.lower()
    groups = (
        "".join(secrets.choice(letters) for _ in range(PASSWORD_GROUP))
        for _ in range(PASSWORD_GROUPS)
    )
    return "-".join(groups)


def hire(unit: Unit, email: str, role: Role, name: str, post: Post) -> Handover:
    """Add an account.

    Raises `ConflictError` when the address is taken, `PlaceMissingError` when role and post do
    not fit, `NotFoundError` for a place that is not there.
    """
    taken = select(Account.id).where(func.lower(Account.email) == email.strip().lower())
    if unit.session.scalars(taken).one_or_none() is not None:
        raise ConflictError(f"{email} has an account already")
    place = _place(unit, role, post)
    password = new_password()
    account, secret = accounts.new_account(unit, email, password, role, name, **place)
    unit.session.flush()
    return Handover(account, password, secret)


def _place(unit: Unit, role: Role, post: Post) -> dict[str, object]:
    """The columns that say where this role works."""
    wanted = "school" if role in SCHOOL_ROLES else "center" if role in PSC_ROLES else None
    wanted = "region" if role is Role.REGIONAL_COORDINATOR else wanted
    said = {key for key in ("school", "center", "region") if getattr(post, key)}
    if said != ({wanted} if wanted else set()):
        raise PlaceMissingError(f"a {role.value} works at {_article(wanted)}")
    if wanted == "school":
        return {"school_id": _school(unit, post.school or "")}
    if wanted == "center":
        return {"support_center_id": _center(unit, post.center or "")}
    return {"region_iso": _region(unit, post.region or "")} if wanted else {}


def _article(place: str | None) -> str:
    words = {"school": "one school", "center": "one PSC", "region": "one region"}
    return words[place] if place else "no school, PSC or region"


def _school(unit: Unit, said: str) -> UUID:
    matches: ColumnElement[bool] = School.public_code == said
    if _is_id(said):
        matches = or_(matches, School.id == UUID(said))
    found = unit.session.scalars(select(School.id).where(matches)).one_or_none()
    if found is None:
        raise NotFoundError("school", said)
    return found


def _center(unit: Unit, said: str) -> UUID:
    """A PSC by its id, or by its region where that has only one."""
    matches = SupportCenter.id == UUID(said) if _is_id(said) else SupportCenter.region_iso == said
    found = unit.session.scalars(select(SupportCenter.id).where(matches)).all()
    if len(found) != 1:
        raise NotFoundError("PSC", said)
    return found[0]


def _region(unit: Unit, said: str) -> str:
    if unit.session.get(Region, said) is None:
        raise NotFoundError("region", said)
    return said


def _is_id(said: str) -> bool:
    try:
        UUID(said)
    except ValueError:
        return False
    return True
