"""Who holds a post at this moment: whom an alarm or a new referral calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select

from tirek.domain.ladder import Post
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.referral import ReceiverKind
from tirek.services import conflicts
from tirek.services.routing import on_duty
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    District,
    DutyPost,
    School,
    ServiceArea,
    SupportCenter,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alarm belongs: the child, the school, the receiver, and who owns the referral."""

    student_id: UUID
    school_id: UUID
    receiver: ReceiverKind
    support_center_id: UUID | None = None
    owner_id: UUID | None = None


def holders(unit: Unit, post: Post, place: Place) -> list[UUID]:
    """The active accounts on a post, first to be asked first; nobody with a conflict of interest.

    An empty list means that the post is vacant: whoever calls must go on to the next one.
    """
    out = conflicts.of(unit, place.student_id)
    found = unit.session.execute(
        select(Account.id, Account.school_id, Account.support_center_id)
        .where(_WHO[post](place), Account.is_active)
        .order_by(Account.created_at, Account.id)
    ).all()
    return [
        row.id
        for row in found
        if row.id not in out.accounts
        and row.school_id not in out.schools
        and row.support_center_id not in out.centers
    ]


def _duty(place: Place) -> ColumnElement[bool]:
    if place.receiver is ReceiverKind.SUPPORT_CENTER:
        return _on_duty_at(Account.support_center_id == place.support_center_id)
    return _psychologist(place)


def _on_duty_at(is_there: ColumnElement[bool]) -> ColumnElement[bool]:
    keeps_roster = (
        select(SupportCenter.keeps_roster)
        .where(SupportCenter.id == Account.support_center_id)
        .correlate(Account)
        .scalar_subquery()
    )
    return and_(
        is_there,
        Account.role.in_(PSC_ROLES),
        case((keeps_roster, on_duty_here()), else_=True),
    )


def on_duty_here() -> ColumnElement[bool]:
    """Accounts with a shift at their own PSC at this moment."""
    return on_duty(Account.support_center_id)  # type: ignore[arg-type]  # nullable, and then no shift


def _head(place: Place) -> ColumnElement[bool]:
    center = (
        Account.support_center_id == place.support_center_id
        if place.support_center_id
        else _first_center(place)
    )
    return and_(center, Account.role == Role.PSC_SUPERVISOR)


def _psychologist(place: Place) -> ColumnElement[bool]:
    return and_(Account.school_id == place.school_id, Account.role == Role.PSYCHOLOGIST)


def _pedagogue(place: Place) -> ColumnElement[bool]:
    return and_(Account.school_id == place.school_id, Account.role == Role.SOCIAL_PEDAGOGUE)


def _territory(place: Place) -> ColumnElement[bool]:
    return _on_duty_at(_first_center(place))


def _first_center(place: Place) -> ColumnElement[bool]:
    return Account.support_center_id == (
        select(ServiceArea.support_center_id)
        .join(School, School.district_id == ServiceArea.district_id)
        .where(School.id == place.school_id)
        .order_by(ServiceArea.priority)
        .limit(1)
        .scalar_subquery()
    )


def _owner(place: Place) -> ColumnElement[bool]:
    return Account.id == place.owner_id


def _region(place: Place) -> ColumnElement[str]:
    return (
        select(District.region_iso)
        .join(School, School.district_id == District.id)
        .where(School.id == place.school_id)
        .scalar_subquery()
    )


def _coordinator(place: Place) -> ColumnElement[bool]:
    return and_(Account.role == Role.REGIONAL_COORDINATOR, Account.region_iso == _region(place))


def _last_responder(place: Place) -> ColumnElement[bool]:
    return Account.id.in_(
        select(DutyPost.account_id).where(
            DutyPost.post == Post.LAST_RESPONDER, DutyPost.region_iso == _region(place)
        )
    )


def _national(_place: Place) -> ColumnElement[bool]:
    return Account.id.in_(select(DutyPost.account_id).where(DutyPost.post == Post.NATIONAL_DUTY))


_WHO: Mapping[Post, Callable[[Place], ColumnElement[bool]]] = {
    Post.DUTY: _duty,
    Post.PSC_HEAD: _head,
    Post.SCHOOL_PSYCHOLOGIST: _psychologist,
    Post.SOCIAL_PEDAGOGUE: _pedagogue,
    Post.TERRITORY_CENTER: _territory,
    Post.OWNER: _owner,
    Post.REGIONAL_COORDINATOR: _coordinator,
    Post.LAST_RESPONDER: _last_responder,
    Post.NATIONAL_DUTY: _national,
}
