"""The ladder: clocks that have run out call people, one rung after the other, until one answers.

Run by `tirek relay` and by Celery beat; any number of them may run at once. No sweep ever ends a
referral: it can only call somebody and, at the last rung, leave a record.
"""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import OperationalError

from tirek.domain.delivery import Channel
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.domain.referral import ReceiverKind
from tirek.services import notices, outbox, posts, referral_legs
from tirek.services.outbox import Message
from tirek.services.posts import Place
from tirek.services.unit import Unit
from tirek.storage.models import (
    Authority,
    Breach,
    Deadline,
    District,
    Notice,
    Referral,
    School,
)

log = structlog.get_logger()

ALARM, STATUTORY = "alarm", "statutory_notice"
# Somebody above must hear of a last rung even where the ladder names nobody for it.
WHO_HEARS_OF_A_BREACH = (Post.PSC_HEAD, Post.REGIONAL_COORDINATOR, Post.NATIONAL_DUTY)
# Levels at which an alarm goes by every channel at once.
BY_EVERY_CHANNEL = frozenset({Level.IMMEDIATE})


def fire_due(unit: Unit, limit: int, failed: set[UUID] | None = None) -> int:
    """Ring every clock that has run out, oldest first; returns how many were looked at.

    `SKIP LOCKED`: what another sweep is ringing is left to it. One that cannot be rung holds up no
    other: it is taken back alone, goes into `failed`, and is tried again by the next sweep.
    """
    broken = failed if failed is not None else set()
    due = unit.session.scalars(
        select(Deadline)
        .where(
            Deadline.fired_at.is_(None),
            Deadline.met_at.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.due_at <= func.now(),
            Deadline.id.not_in(broken),
        )
        .order_by(Deadline.due_at, Deadline.rung)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for one in due:
        try:
            with unit.session.begin_nested():
                _fire(unit, one)
        except OperationalError:
            # The database itself is away: nothing of this batch was done.
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the others ring
            broken.add(one.id)
            log.error("a clock cannot be rung", deadline=str(one.id), error=type(error).__name__)  # noqa: TRY400 - a trace could name somebody
    return len(due)


def _fire(unit: Unit, alarm: Deadline) -> None:
    unit.session.execute(
        update(Deadline)
        .where(Deadline.id == alarm.id)
        .values(fired_at=func.now())
        .execution_options(synchronize_session=False)
    )
    _ring(unit, alarm)


def _ring(unit: Unit, alarm: Deadline) -> None:
    leg, notice = _of(unit, alarm)
    if leg is None:
        return
    place = referral_legs.place_of(leg)
    called = _call(unit, alarm, place, Level(leg.level))
    if notice is not None and alarm.rung == 0:
        _send_by_itself(unit, notice)
    if alarm.is_breach:
        _record_breach(unit, alarm, leg)
    elif alarm.posts and not called:
        _hasten_next(unit, alarm)


def _of(unit: Unit, alarm: Deadline) -> tuple[Referral | None, Notice | None]:
    """The leg that an alarm is about; a notice's is the case's first open one, else its last."""
    if alarm.referral_id is not None:
        return unit.session.get(Referral, alarm.referral_id, populate_existing=True), None
    notice = unit.session.get_one(Notice, alarm.notice_id)
    leg = unit.session.scalars(
        select(Referral)
        .where(Referral.case_id == notice.case_id)
        .order_by(Referral.closed_at.desc().nulls_first(), Referral.created_at.desc())
        .limit(1)
    ).one_or_none()
    return leg, notice


def _call(unit: Unit, alarm: Deadline, place: Place, level: Level) -> bool:
    """Queue a message to whoever holds the posts of a rung; False when all of them are vacant."""
    names = [Post(post) for post in alarm.posts]
    if alarm.is_breach:
        names = [*names, *(post for post in WHO_HEARS_OF_A_BREACH if post not in names)]
    told = _holders(unit, names, place)
    by_phone = notices.with_phone(unit, told) if level in BY_EVERY_CHANNEL else []
    about = Message(
        ALARM,
        str(alarm.id),
        referral_id=alarm.referral_id,
        notice_id=alarm.notice_id,
        deadline_id=alarm.id,
    )
    outbox.queue(
        unit,
        [
            *(replace(about, account_id=one) for one in told),
            *(replace(about, account_id=one, channel=Channel.SMS) for one in by_phone),
        ],
    )
    return bool(told)


def _holders(unit: Unit, names: Iterable[Post], place: Place) -> list[UUID]:
    found = (one for post in names for one in _holders_of(unit, post, place))
    return list(dict.fromkeys(found))


def _holders_of(unit: Unit, post: Post, place: Place) -> list[UUID]:
    told = posts.holders(unit, post, place)
    # An owner who has left is followed by whoever is on duty.
    return told or (posts.holders(unit, Post.DUTY, place) if post is Post.OWNER else [])


def _hasten_next(unit: Unit, alarm: Deadline) -> None:
    """Nobody holds these posts: the next rung rings at once instead of at its hour."""
    later = (
        select(Deadline.id)
        .where(
            Deadline.referral_id.is_not_distinct_from(alarm.referral_id),
            Deadline.notice_id.is_not_distinct_from(alarm.notice_id),
            Deadline.clock == alarm.clock,
            Deadline.cycle == alarm.cycle,
            Deadline.rung > alarm.rung,
            Deadline.fired_at.is_(None),
            # A record is made when time has run out, not because a post is vacant.
            Deadline.is_breach.is_(False),
        )
        .order_by(Deadline.rung)
        .limit(1)
        .scalar_subquery()
    )
    unit.session.execute(
        update(Deadline)
        .where(Deadline.id == later, Deadline.due_at > func.now())
        .values(due_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _record_breach(unit: Unit, alarm: Deadline, leg: Referral) -> None:
    unit.session.execute(
        insert(Breach).values(
            id=uuid4(),
            deadline_id=alarm.id,
            referral_id=alarm.referral_id,
            notice_id=alarm.notice_id,
            student_id=alarm.student_id,
            school_id=alarm.school_id,
            support_center_id=leg.support_center_id,
            level=leg.level,
            clock=alarm.clock,
            due_at=alarm.due_at,
        )
    )


def _send_by_itself(unit: Unit, notice: Notice) -> None:
    """A notice to an authority goes out when its time has come, whether anybody acted or not.

    Where the region's authority has no address here, the coordinator is called instead.
    """
    if notice.addressee not in {Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS}:
        return
    authority = unit.session.scalars(
        select(Authority.id)
        .join(District, District.region_iso == Authority.region_iso)
        .join(School, School.district_id == District.id)
        .where(School.id == notice.school_id, Authority.kind == notice.addressee)
    ).one_or_none()
    about = f"notice:{notice.id}"
    if authority is not None:
        outbox.queue(unit, [Message(STATUTORY, about, authority_id=authority, notice_id=notice.id)])
        return
    place = Place(notice.student_id, notice.school_id, ReceiverKind.SCHOOL)
    told = posts.holders(unit, Post.REGIONAL_COORDINATOR, place)
    outbox.queue(unit, [Message(ALARM, about, account_id=one, notice_id=notice.id) for one in told])
