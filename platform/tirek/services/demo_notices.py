"""What the demo's people do beside referrals: they confirm notices and close reviews."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from tirek.domain.people import Actor
from tirek.domain.protocols import Addressee
from tirek.services import conflicts, notice_steps, review
from tirek.services.demo_desk import Desk, at_work
from tirek.services.unit import Unit
from tirek.storage.models import Notice, Referral, ReviewTask, Student

BY_CENTER = (Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS, Addressee.SUPPORT_CENTER)


def confirm(desk: Desk, share: float, part: str) -> None:
    """The school confirms within a quarter of an hour, the PSC what goes to authorities."""
    chance = desk.chance(f"{part} notices")
    for addressees in ((Addressee.SCHOOL,), BY_CENTER):
        with desk.workshop.begin() as unit:
            stamp = unit.now()
            for notice in _unconfirmed(desk, unit, addressees):
                wait = timedelta(minutes=chance.randrange(3, 14))
                if chance.random() < share:
                    since = desk.since(notice.student_id, notice.created_at)
                    desk.diary.note(notice.student_id, stamp, since + wait)
                    acting = replace(unit, actor=_reader(desk, unit, notice))
                    notice_steps.confirm_notice(acting, notice.id)


def review_tasks(desk: Desk, share: float, part: str) -> None:
    """Psychologists look at what the machine could not decide, within some days."""
    chance = desk.chance(part)
    with desk.workshop.begin() as unit:
        stamp = unit.now()
        tasks = unit.session.scalars(
            select(ReviewTask)
            .join(Student, Student.id == ReviewTask.student_id)
            .where(ReviewTask.done_at.is_(None), ReviewTask.school_id.in_(desk.schools))
            .order_by(Student.school_code, ReviewTask.reason)
        ).all()
        for task in tasks:
            if chance.random() < share:
                since = desk.since(task.student_id, task.created_at)
                moment = at_work(since + timedelta(hours=chance.randrange(4, 96)))
                if moment < desk.workshop.now and not _school_is_out(unit, task):
                    desk.diary.note(task.student_id, stamp, moment)
                    acting = replace(unit, actor=desk.staff.psychologists[task.school_id])
                    review.close(acting, task.id, desk.note(acting, "review", chance))


def _school_is_out(unit: Unit, about: ReviewTask | Notice) -> bool:
    return about.school_id in conflicts.of(unit, about.student_id).schools


def _unconfirmed(desk: Desk, unit: Unit, addressees: Sequence[Addressee]) -> list[Notice]:
    return list(
        unit.session.scalars(
            select(Notice)
            .join(Student, Student.id == Notice.student_id)
            .where(
                Notice.school_id.in_(desk.schools),
                Notice.confirmed_at.is_(None),
                Notice.addressee.in_([addressee.value for addressee in addressees]),
            )
            .order_by(Student.school_code, Notice.kind)
        )
    )


def _reader(desk: Desk, unit: Unit, notice: Notice) -> Actor:
    """The school's psychologist, or somebody of the PSC that has the case."""
    center_id = _center(unit, notice)
    is_schools = notice.addressee == Addressee.SCHOOL and not _school_is_out(unit, notice)
    if is_schools or center_id is None:
        return desk.staff.psychologists[notice.school_id]
    return desk.staff.specialists[center_id]


def _center(unit: Unit, notice: Notice) -> UUID | None:
    """The PSC that has the case now."""
    return unit.session.scalars(
        select(Referral.support_center_id)
        .where(Referral.case_id == notice.case_id, Referral.support_center_id.is_not(None))
        .order_by(Referral.created_at.desc())
        .limit(1)
    ).one_or_none()
