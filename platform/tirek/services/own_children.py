"""Children as a parent tells of them, so that lessons fit their ages; no pupil's record."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, func, select, update

from tirek.domain.administration import age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import DomainError, NotFoundError
from tirek.services.unit import Unit
from tirek.storage.models import Guardianship, OwnChild, Student
from tirek.storage.vault import SealError

MOST_CHILDREN = 12
OLDEST = 18
LONGEST_LABEL = 40
LABEL = ("own_children", "label_sealed")


class TooManyChildrenError(DomainError):
    """More children than anybody needs to tell of."""


class NoBirthMonthError(DomainError):
    """A month that lies ahead, or of somebody who has grown up."""


@dataclass(frozen=True, slots=True)
class ToldChild:
    """One child in the parent's own words."""

    id: UUID
    birth_month: date
    age: int
    label: str
    has_special_needs: bool


@dataclass(frozen=True, slots=True)
class Telling:
    """What a parent says of a child; an empty label is none."""

    birth_month: date
    label: str = ""
    has_special_needs: bool = False


@dataclass(frozen=True, slots=True)
class Ages:
    """How old a parent's children are, and whether one needs more than others."""

    years: tuple[int, ...]
    has_special_needs: bool


def of_parent(unit: Unit) -> list[ToldChild]:
    """The children of whoever acts, the oldest first."""
    today = _today(unit)
    rows = unit.session.scalars(
        select(OwnChild)
        .where(OwnChild.account_id == unit.actor.account_id)
        .order_by(OwnChild.birth_month, OwnChild.created_at, OwnChild.id)
        .execution_options(populate_existing=True)
    )
    return [_told(unit, row, today) for row in rows]


def get(unit: Unit, child_id: UUID) -> ToldChild:
    """One of them; raises `NotFoundError`, for anybody else's too."""
    found = next((one for one in of_parent(unit) if one.id == child_id), None)
    if found is None:
        raise NotFoundError("own_child", child_id)
    return found


def ages(unit: Unit) -> Ages:
    """How old all the children are: those told of, and those joined by a school's code."""
    today = _today(unit)
    me = unit.actor.account_id
    told = unit.session.execute(
        select(OwnChild.birth_month, OwnChild.has_special_needs).where(OwnChild.account_id == me)
    ).all()
    joined = unit.session.scalars(
        select(Student.birth_month)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(Guardianship.account_id == me, Guardianship.revoked_at.is_(None))
    ).all()
    born = {*joined, *(row.birth_month for row in told)}
    years = sorted({_age(month, today) for month in born})
    return Ages(tuple(years), any(row.has_special_needs for row in told))


def add(unit: Unit, said: Telling) -> None:
    """Tell of one more child. Raises `NoBirthMonthError` or `TooManyChildrenError`."""
    _check(unit, said.birth_month)
    if unit.actor.account_id is None:
        raise NotFoundError("account", None)
    known = unit.session.scalars(
        select(func.count())
        .select_from(OwnChild)
        .where(OwnChild.account_id == unit.actor.account_id)
    ).one()
    if known >= MOST_CHILDREN:
        raise TooManyChildrenError("enough children")
    child = OwnChild(
        account_id=unit.actor.account_id,
        birth_month=said.birth_month,
        has_special_needs=said.has_special_needs,
    )
    child.label_sealed = _sealed(unit, child.id, said.label)
    unit.session.add(child)
    unit.session.flush()


def change(unit: Unit, child_id: UUID, said: Telling) -> None:
    """Tell something else of a child. Raises `NotFoundError` or `NoBirthMonthError`."""
    _check(unit, said.birth_month)
    changed = unit.session.execute(
        update(OwnChild)
        .where(OwnChild.id == child_id, OwnChild.account_id == unit.actor.account_id)
        .values(
            birth_month=said.birth_month,
            label_sealed=_sealed(unit, child_id, said.label),
            has_special_needs=said.has_special_needs,
        )
        .returning(OwnChild.id)
    ).one_or_none()
    if changed is None:
        raise NotFoundError("own_child", child_id)


def remove(unit: Unit, child_id: UUID) -> None:
    """Take a child off the list; its row is gone. Raises `NotFoundError`."""
    gone = unit.session.execute(
        delete(OwnChild)
        .where(OwnChild.id == child_id, OwnChild.account_id == unit.actor.account_id)
        .returning(OwnChild.id)
    ).one_or_none()
    if gone is None:
        raise NotFoundError("own_child", child_id)


def _check(unit: Unit, birth_month: date) -> None:
    today = _today(unit)
    if birth_month.day != 1 or birth_month > today or _age(birth_month, today) > OLDEST:
        raise NoBirthMonthError("not a month of a child's birth")


def _told(unit: Unit, row: OwnChild, today: date) -> ToldChild:
    return ToldChild(
        row.id,
        row.birth_month,
        _age(row.birth_month, today),
        _opened(unit, row),
        row.has_special_needs,
    )


def _sealed(unit: Unit, child_id: UUID, label: str) -> bytes | None:
    words = label.strip()[:LONGEST_LABEL]
    return unit.vault.seal_secret(words, *LABEL, str(child_id)) if words else None


def _opened(unit: Unit, row: OwnChild) -> str:
    if row.label_sealed is None:
        return ""
    try:
        return unit.vault.open_secret(bytes(row.label_sealed), *LABEL, str(row.id))
    except SealError:
        # A key that is gone: the child is still there, by its month.
        return ""


def _age(born: date, today: date) -> int:
    return age_in_years(born.year, born.month, today.year, today.month)


def _today(unit: Unit) -> date:
    return unit.now().astimezone(KAZAKHSTAN).date()
