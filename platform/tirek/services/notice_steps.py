"""Who says under their own name that a notice was given."""

from uuid import UUID

from sqlalchemy import func, select, update

from tirek.domain.errors import NotFoundError
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.protocols import Addressee
from tirek.domain.referral import ReceiverKind
from tirek.services import audit, conflicts
from tirek.services.unit import Unit
from tirek.storage.models import Notice, Referral


def may_confirm(unit: Unit, notice: Notice, *, has_center: bool) -> bool:
    """Whether this person may say that a notice was given.

    The school's own is the school's to confirm, unless somebody of it is named as possibly harming
    the child; what goes to authorities is the PSC's, and the school's where no PSC has the case.
    """
    actor = unit.actor
    at_school = actor.school_id == notice.school_id
    if notice.school_id in conflicts.of(unit, notice.student_id).schools:
        return actor.role in PSC_ROLES
    if notice.addressee == Addressee.SCHOOL or not has_center:
        return at_school and actor.role in {Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE}
    return actor.role in PSC_ROLES


def confirm_notice(unit: Unit, notice_id: UUID) -> UUID:
    """Say under one's own name that a notice was given; returns its case, and counts once."""
    notice = unit.session.scalars(
        select(Notice).where(Notice.id == notice_id).with_for_update()
    ).one_or_none()
    if notice is None:
        raise NotFoundError("notice", notice_id)
    if not may_confirm(unit, notice, has_center=case_has_center(unit, notice.case_id)):
        raise NotFoundError("notice", notice_id)
    confirmed = unit.session.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.confirmed_at.is_(None))
        .values(confirmed_at=func.now(), confirmed_by=unit.actor.account_id)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    if confirmed.one_or_none() is not None:
        audit.record(
            unit,
            "notice.confirm",
            "notice",
            notice_id,
            student_id=notice.student_id,
            school_id=notice.school_id,
        )
    return notice.case_id


def case_has_center(unit: Unit, case_id: UUID) -> bool:
    """Whether any PSC has this case, so that authorities hear of it from there."""
    legs = select(Referral.id).where(
        Referral.case_id == case_id, Referral.receiver == ReceiverKind.SUPPORT_CENTER.value
    )
    return unit.session.scalars(legs.limit(1)).one_or_none() is not None
