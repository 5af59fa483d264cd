"""Builders of parents' accounts: who opens one, who is invited, and what an account may hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.world import Adult, SchoolWorld, World, an_adult
from tirek.domain.people import Role
from tirek.domain.scope import Scope
from tirek.services import instruments, invitations
from tirek.services.invitations import InvitationLetter
from tirek.services.registration import NewParent
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AccountErrand,
    Booking,
    Bookmark,
    Certificate,
    Cohort,
    CohortMember,
    ConsultationHost,
    Guardianship,
    LessonHistory,
    LessonProgress,
    OwnChild,
    ReminderWish,
    SelfAnswer,
    SelfReport,
    SelfScore,
    Slot,
    WaitingParent,
)
from tirek.storage.session import open_session
from tirek.web.transaction import NOBODY

NEW_PASSWORD = "three green horses"
NETWORK = "192.0.2.1"


def a_new_parent(email: str = "new.parent@example.kz", **given: object) -> NewParent:
    wanted = NewParent(email, NEW_PASSWORD, "kk", "KZ-71")
    return replace(wanted, **given)  # type: ignore[arg-type]


def as_nobody(world: World, engine) -> Unit:
    """A unit of somebody whom nobody knows yet; the caller commits and closes its session."""
    return Unit(open_session(engine, Scope.none()), world.catalog, world.vault, NOBODY)


def as_adult(world: World, engine, adult: Adult) -> Unit:
    """A unit of a person who is signed in, with that person's rows only."""
    session = open_session(engine, adult.actor.scope)
    return Unit(session, world.catalog, world.vault, adult.actor)


def a_letter(world: World, engine, school: SchoolWorld | None = None) -> InvitationLetter:
    """An invitation for the first pupil of a school, committed."""
    place = school or world.school
    unit = as_adult(world, engine, place.psychologist)
    (letter,) = invitations.issue(
        unit, place.classroom.id, [place.pupil.id], each=1, as_of=unit.now()
    )
    unit.session.commit()
    unit.session.close()
    return letter


def a_second_guardian(world: World, school: SchoolWorld | None = None) -> Adult:
    """Another parent of a school's first pupil; nothing is committed."""
    place = school or world.school
    other = an_adult(world.unit(), Role.GUARDIAN)
    world.session.add(Guardianship(account_id=other.account.id, student_id=place.pupil.id))
    world.session.flush()
    return other


def errands_of(session: Session, email: str) -> list[AccountErrand]:
    """The links that were sent to an address, the oldest first."""
    return list(
        session.scalars(
            select(AccountErrand)
            .where(AccountErrand.account_id == _id_of(session, email))
            .order_by(AccountErrand.created_at)
            .execution_options(populate_existing=True)
        )
    )


def a_full_account(world: World, adult: Adult, words: str, phone: str) -> None:
    """One of everything that a parent's account can hold; nothing is committed."""
    session, me = world.session, adult.account.id
    kept = {"account_id": me, "course_id": "calm-parent", "lesson_id": "repair"}
    now = datetime.now(UTC)
    seal = world.vault.seal_secret
    child = OwnChild(account_id=me, birth_month=date(2018, 5, 1), has_special_needs=True)
    child.label_sealed = seal(words, "own_children", "label_sealed", str(child.id))
    adult.account.phone_sealed = seal(phone, "accounts", "phone_sealed", str(me))
    session.add_all(
        [
            child,
            LessonProgress(**kept),
            LessonHistory(**kept, opened_at=now),
            Bookmark(**kept),
            Certificate(
                account_id=me,
                course_id="calm-parent",
                code=f"CODE{me.hex[:8]}".upper(),
                lessons=7,
                minutes=40,
            ),
            ReminderWish(account_id=me, weekdays=1, hour=19),
        ]
    )
    _a_self_report(world, me)
    _a_cohort(world, me)
    _a_talk(world, me, words, phone)
    session.flush()


def _id_of(session: Session, email: str) -> UUID:
    return session.scalars(select(Account.id).where(Account.email == email)).one()


def _a_self_report(world: World, account_id: UUID) -> None:
    instrument = next(iter(world.catalog.instruments.values()))
    report = SelfReport(
        account_id=account_id,
        instrument_id=instrument.id,
        release_id=instruments.release_id(world.session, instrument),
        child_age=8,
        language="kk",
        wording_hash="0",
    )
    world.session.add(report)
    world.session.flush()
    world.session.add(
        SelfAnswer(report_id=report.id, item_id="q1", state="answered", sealed=b"sealed")
    )
    world.session.add(
        SelfScore(report_id=report.id, scale_id="warmth", value=Decimal(1), engine_version="1")
    )


def _a_cohort(world: World, account_id: UUID) -> None:
    school, today = world.school, datetime.now(UTC).date()
    cohort = Cohort(
        course_id="calm-parent",
        school_id=school.id,
        facilitator_id=school.psychologist.account.id,
        starts_on=today - timedelta(days=7),
        ends_on=today + timedelta(days=28),
        join_code=f"join{account_id.hex[:8]}",
    )
    world.session.add(cohort)
    world.session.flush()
    world.session.add(
        CohortMember(cohort_id=cohort.id, account_id=account_id, shown_name="a name for us")
    )


def _a_talk(world: World, account_id: UUID, words: str, phone: str) -> None:
    school, session = world.school, world.session
    host = session.get(ConsultationHost, school.psychologist.account.id)
    if host is None:
        host = ConsultationHost(account_id=school.psychologist.account.id, school_id=school.id)
        session.add(host)
        session.flush()
    taken = len(session.scalars(select(Slot.id)).all())
    starts = datetime.now(UTC) + timedelta(days=3, hours=taken)
    slot = Slot(
        host_id=host.account_id,
        host_number=host.number,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=30),
    )
    session.add(slot)
    session.flush()
    booking = Booking(
        slot_id=slot.id,
        host_id=host.account_id,
        host_number=host.number,
        account_id=account_id,
        parent_number=_number(session, account_id),
        school_id=school.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state="booked",
        medium="phone",
        topic="mood",
        age_band="7-9",
        language="kk",
        room=f"room{account_id.hex}",
    )
    booking.words_sealed = world.vault.seal_secret(
        words, "bookings", "words_sealed", str(booking.id)
    )
    booking.phone_sealed = world.vault.seal_secret(
        phone, "bookings", "phone_sealed", str(booking.id)
    )
    session.add(booking)
    session.add(WaitingParent(account_id=account_id, host_id=host.account_id, school_id=school.id))


def _number(session: Session, account_id: UUID) -> int:
    return session.scalars(select(Account.number).where(Account.id == account_id)).one()
