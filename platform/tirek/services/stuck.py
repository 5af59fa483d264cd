"""Who has to deal with a message that does not get through."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from tirek.domain.people import Role
from tirek.storage.models import (
    Account,
    AnswerUpload,
    District,
    Drill,
    Notice,
    OutboxMessage,
    Referral,
    School,
    SupportCenter,
)


def owner_for(session: Session, message_id: int) -> UUID | None:
    """The coordinator of the region that a message is about, else an administrator.

    Where there are several, the one with the fewest stuck messages; nobody where there is none.
    Needs the system's view.
    """
    region = session.scalars(
        select(region_of_message()).where(OutboxMessage.id == message_id)
    ).one_or_none()
    found = None
    if region is not None:
        coordinator = Account.role == Role.REGIONAL_COORDINATOR, Account.region_iso == region
        found = _least_burdened(session, *coordinator)
    return found or _least_burdened(session, Account.role == Role.ADMINISTRATOR)


def region_of_message() -> ColumnElement[str]:
    """The region of what a message is about: of a school, or of the drilled centre."""
    referral, notice, upload = aliased(Referral), aliased(Notice), aliased(AnswerUpload)
    of_school = select(District.region_iso).join(School, School.district_id == District.id)
    return func.coalesce(
        of_school.join(referral, referral.school_id == School.id)
        .where(referral.id == OutboxMessage.referral_id)
        .correlate(OutboxMessage)
        .scalar_subquery(),
        of_school.join(notice, notice.school_id == School.id)
        .where(notice.id == OutboxMessage.notice_id)
        .correlate(OutboxMessage)
        .scalar_subquery(),
        of_school.join(upload, upload.school_id == School.id)
        .where(upload.id == OutboxMessage.answer_upload_id)
        .correlate(OutboxMessage)
        .scalar_subquery(),
        select(SupportCenter.region_iso)
        .join(Drill, Drill.support_center_id == SupportCenter.id)
        .where(Drill.id == OutboxMessage.drill_id)
        .correlate(OutboxMessage)
        .scalar_subquery(),
    )


def _least_burdened(session: Session, *who: ColumnElement[bool]) -> UUID | None:
    burden = (
        select(func.count())
        .where(OutboxMessage.stuck_owner_id == Account.id, OutboxMessage.stuck_at.is_not(None))
        .correlate(Account)
        .scalar_subquery()
    )
    return session.scalars(
        select(Account.id)
        .where(*who, Account.is_active)
        .order_by(burden, Account.created_at, Account.id)
        .limit(1)
    ).one_or_none()
