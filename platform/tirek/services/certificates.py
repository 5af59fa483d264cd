"""Certificates of courses that were read to the end; whoever holds the code can check one.

A course counts as read when all its lessons are: the five days of the short path are a beginning.
The name on the paper is typed when it is made and is kept nowhere.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, text

from tirek.domain.access_code import CodeFormatError
from tirek.domain.certificate import new_code, normalise
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.reading import has_finished, lessons_to_read
from tirek.domain.throttle import CERTIFICATE_BY_NETWORK
from tirek.services import throttle
from tirek.services.codes import SlowDownError
from tirek.services.unit import Unit
from tirek.storage.models import Account, Certificate, LessonProgress

LANGUAGES = ("kk", "ru")
_BY_CODE = text("SELECT course_id, lessons, minutes, issued_at FROM certificate_by_code(:code)")


class NotFinishedError(DomainError):
    """Some lessons of the course are not read yet."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says beside the course's name."""

    course_id: str
    code: str
    lessons: int
    minutes: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A certificate of whoever acts."""

    id: UUID
    facts: CertificateFacts


def issue(unit: Unit, course_id: str) -> UUID:
    """Give whoever acts the certificate of a course; the same one however often it is asked for.

    Raises `NotFoundError` for a course that is none, `NotFinishedError` while lessons are unread.
    """
    course = unit.catalog.courses.get(course_id)
    if course is None:
        raise NotFoundError("course", course_id)
    # Locked, so that two taps at once make one certificate.
    done = unit.session.scalars(
        select(LessonProgress.lesson_id)
        .where(
            LessonProgress.account_id == unit.actor.account_id,
            LessonProgress.course_id == course_id,
            LessonProgress.done_at.is_not(None),
        )
        .order_by(LessonProgress.lesson_id)
        .with_for_update()
    ).all()
    given = unit.session.scalars(_own(unit).where(Certificate.course_id == course_id)).first()
    if given is not None:
        return given.id
    if unit.actor.account_id is None or not has_finished(course, done):
        raise NotFinishedError("some lessons are not read yet")
    lessons = lessons_to_read(course)
    new = Certificate(
        account_id=unit.actor.account_id,
        course_id=course_id,
        code=new_code(secrets.choice),
        lessons=len(lessons),
        minutes=sum(lesson.facts.minutes for lesson in lessons),
    )
    unit.session.add(new)
    unit.session.flush()
    return new.id


def own(unit: Unit) -> dict[str, OwnCertificate]:
    """The certificates of whoever acts, by course."""
    return {one.course_id: _as_own(one) for one in unit.session.scalars(_own(unit))}


def get_own(unit: Unit, certificate_id: UUID) -> OwnCertificate:
    """One of them; raises `NotFoundError` for anybody else's."""
    found = unit.session.scalars(_own(unit).where(Certificate.id == certificate_id)).one_or_none()
    if found is None:
        raise NotFoundError("certificate", certificate_id)
    return _as_own(found)


def check(unit: Unit, typed: str, network: str) -> CertificateFacts | None:
    """What the certificate with this code says; None when there is none.

    Raises `SlowDownError` after many wrong codes from one network. A wrong one is counted, so the
    caller must commit after None.
    """
    bucket = throttle.Bucket("certificate network", network, CERTIFICATE_BY_NETWORK)
    wait = throttle.wait_seconds(unit, [bucket])
    if wait:
        raise SlowDownError(wait)
    try:
        code = normalise(typed)
    except CodeFormatError:
        throttle.count_failure(unit, [bucket])
        return None
    row = unit.session.execute(_BY_CODE, {"code": code}).one_or_none()
    if row is None:
        throttle.count_failure(unit, [bucket])
        return None
    return CertificateFacts(row.course_id, code, row.lessons, row.minutes, row.issued_at)


def _own(unit: Unit) -> Select[Certificate]:
    return (
        select(Certificate)
        .where(Certificate.account_id == unit.actor.account_id, Certificate.revoked_at.is_(None))
        .order_by(Certificate.issued_at)
    )


def _as_own(row: Certificate) -> OwnCertificate:
    facts = CertificateFacts(row.course_id, row.code, row.lessons, row.minutes, row.issued_at)
    return OwnCertificate(row.id, facts)


def language(unit: Unit) -> str:
    """The language of whoever acts, of the two in which certificates are written."""
    own_language = unit.session.scalars(
        select(Account.language).where(Account.id == unit.actor.account_id)
    ).one_or_none()
    return own_language if own_language in LANGUAGES else LANGUAGES[-1]
