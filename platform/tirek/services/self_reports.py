"""A parent answers about themselves: begin, answer, stop, finish, delete; nobody else reads it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from tirek.domain.administration import ADULT_AGE, Path, page_to_show, pages_for, shown_pages
from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.flagging import critical_flags
from tirek.domain.instruments import Answer, AnswerState, Instrument, Subject
from tirek.domain.parents import HelpKind, Occasion, ReportState
from tirek.services import audit, help_requests, licences, pilots, self_scores
from tirek.services.help_requests import Cause
from tirek.services.runs import pinned_release
from tirek.services.unit import Unit
from tirek.storage.models import Guardianship, SelfAnswer, SelfReport, SelfScore, Student

PLACE = ("self_answers", "sealed")
# What the guards of `self_reports` and `self_answers` raise (migration 0009).
_HAS_ENDED = "TK006"


class ReportEndedError(DomainError):
    """It has been finished or stopped; nothing more is recorded."""


class AgeError(DomainError):
    """The questionnaire is not for parents of children of this age."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A questionnaire that a parent may take up."""

    instrument: Instrument
    release_id: UUID


@dataclass(frozen=True, slots=True)
class About:
    """Of which child a parent thinks, and why now."""

    child_age: int
    student_id: UUID | None = None
    occasion: Occasion = Occasion.OTHER
    course_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One questionnaire about oneself, with its answers opened for their author."""

    id: UUID
    instrument: Instrument
    release_id: UUID
    about: About
    language: str
    state: ReportState
    started_at: datetime
    ended_at: datetime | None
    answers: Mapping[str, Answer]

    @property
    def is_open(self) -> bool:
        """Whether answers may still be given."""
        return self.state is ReportState.OPEN

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The items of each page; a critical one has a page of its own."""
        return pages_for(self.instrument, ADULT_AGE)

    @property
    def next_page(self) -> int:
        """Index of the first page with an item that nothing was said to, else of the last one."""
        return page_to_show(self.path(self.answers), self.answers)

    @property
    def most_pages(self) -> None:
        """It is always asked in full, so its pages are known beforehand."""

    def path(self, known: Mapping[str, Answer]) -> Path:
        """The pages that are shown after these answers."""
        return shown_pages(self.instrument, self.pages, known)

    @property
    def dangers(self) -> frozenset[HelpKind]:
        """What of the answers as they stand a person must hear of."""
        return dangers_in(self.instrument, self.answers)


def dangers_in(instrument: Instrument, answers: Mapping[str, Answer]) -> frozenset[HelpKind]:
    """The kinds of danger that some answers tell of."""
    raised = (flag for item in answers for flag in critical_flags(instrument, item, answers[item]))
    return frozenset(
        help_requests.kind_of(instrument.item(flag.item).critical) for flag in raised if flag.item
    )


def offers(unit: Unit) -> list[Offer]:
    """The questionnaires about oneself that may be shown to this parent, and are licensed.

    An approved one to every parent; one on trial where a child of theirs is at a school of a region
    in which it is tried. Where the rights-holder has not allowed it, or the permission is over,
    there is no offer: an administrator must first have recorded who granted what until when.
    """
    stored = pilots.usable(unit, _schools(unit))
    about_oneself = [
        instrument
        for instrument in unit.catalog.instruments.values()
        if instrument.structure.subject is Subject.PARENT_ABOUT_SELF
        and instrument.hashes.release in stored
    ]
    allowed = licences.shown(unit, about_oneself, licences.today(unit))
    return [Offer(instrument, stored[instrument.hashes.release]) for instrument in allowed]


def _schools(unit: Unit) -> Sequence[UUID]:
    """Where the children of this parent are at school."""
    return unit.session.scalars(
        select(Student.school_id)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(
            Guardianship.account_id == unit.actor.account_id,
            Guardianship.revoked_at.is_(None),
            Student.left_at.is_(None),
        )
        .distinct()
    ).all()


def at_hand(unit: Unit) -> list[Offer]:
    """The offers, and after them what was begun and is offered no more: it may be finished."""
    offered = offers(unit)
    begun = unit.session.scalars(
        select(SelfReport.release_id)
        .where(
            SelfReport.account_id == unit.actor.account_id,
            SelfReport.state == ReportState.OPEN.value,
            SelfReport.instrument_id.not_in([one.instrument.id for one in offered]),
        )
        .order_by(SelfReport.started_at)
    ).all()
    kept = []
    for release_id in begun:
        # What the files do not hold any more cannot be gone on with.
        with suppress(NotFoundError):
            kept.append(Offer(pinned_release(unit, release_id), release_id))
    return [*offered, *kept]


def get_offer(unit: Unit, release_id: UUID) -> Offer:
    """One of what is at hand; raises `NotFoundError`."""
    found = next((one for one in at_hand(unit) if one.release_id == release_id), None)
    if found is None:
        raise NotFoundError("instrument release", release_id)
    return found


def find_again(unit: Unit, report: Report) -> UUID | None:
    """The release with which the same questions may be answered once more."""
    same = (one for one in offers(unit) if one.instrument.id == report.instrument.id)
    return next((one.release_id for one in same), None)


def begin(unit: Unit, offer: Offer, about: About, language: str) -> UUID:
    """Begin, or go on with what was begun: of one questionnaire only one is open at a time.

    Raises `AgeError`.
    """
    if not offer.instrument.fits_age(about.child_age):
        raise AgeError("not for a child of this age")
    _put_outdated_away(unit, offer)
    insertion = insert(SelfReport).values(
        id=uuid4(),
        account_id=unit.actor.account_id,
        instrument_id=offer.instrument.id,
        release_id=offer.release_id,
        occasion=about.occasion.value,
        course_id=about.course_id,
        student_id=about.student_id,
        child_age=about.child_age,
        language=language,
        wording_hash=offer.instrument.hashes.wordings[language],
        state=ReportState.OPEN.value,
    )
    begun = unit.session.scalars(
        insertion.on_conflict_do_nothing().returning(SelfReport.id)
    ).one_or_none()
    if begun is None:
        return unit.session.scalars(_open_one(unit, offer)).one()
    audit.record(unit, "self_report.begin", "self_report", begun)
    return begun


def find_open(unit: Unit, offer: Offer) -> UUID | None:
    """The questionnaire of this kind that waits to be gone on with."""
    return unit.session.scalars(_open_one(unit, offer)).one_or_none()


def _open_one(unit: Unit, offer: Offer) -> Select[UUID]:
    return select(SelfReport.id).where(
        SelfReport.account_id == unit.actor.account_id,
        SelfReport.instrument_id == offer.instrument.id,
        SelfReport.release_id == offer.release_id,
        SelfReport.state == ReportState.OPEN.value,
    )


def _put_outdated_away(unit: Unit, offer: Offer) -> None:
    """Stop what was begun with an earlier release: its questions are not asked any more."""
    unit.session.execute(
        update(SelfReport)
        .where(
            SelfReport.account_id == unit.actor.account_id,
            SelfReport.instrument_id == offer.instrument.id,
            SelfReport.release_id != offer.release_id,
            SelfReport.state == ReportState.OPEN.value,
        )
        .values(state=ReportState.STOPPED.value, ended_at=func.now())
    )


def load(unit: Unit, report_id: UUID) -> Report:
    """One's own report with its answers; raises `NotFoundError` for anybody else's."""
    row = unit.session.scalars(
        select(SelfReport)
        .where(SelfReport.id == report_id, SelfReport.account_id == unit.actor.account_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("self_report", report_id)
    return Report(
        row.id,
        pinned_release(unit, row.release_id),
        row.release_id,
        About(row.child_age, row.student_id, Occasion(row.occasion), row.course_id),
        row.language,
        ReportState(row.state),
        row.started_at,
        row.ended_at,
        _answers(unit, row.id),
    )


def _answers(unit: Unit, report_id: UUID) -> dict[str, Answer]:
    rows = unit.session.execute(
        select(SelfAnswer.item_id, SelfAnswer.state, SelfAnswer.sealed).where(
            SelfAnswer.report_id == report_id
        )
    )
    return {
        row.item_id: Answer(AnswerState(row.state), _open(unit, report_id, row.item_id, row.sealed))
        for row in rows
    }


def _open(unit: Unit, report_id: UUID, item: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    return unit.vault.open_secret(bytes(sealed), *PLACE, str(report_id), item)


def record_answers(unit: Unit, report: Report, given: Mapping[str, Answer]) -> None:
    """Keep answers, and see at once that a person hears of a danger.

    What equals the recorded answer changes nothing, and a blank never takes the place of an
    answer. Raises `UnknownItemError`, `UnknownOptionError` or `ReportEndedError`.
    """
    if not report.is_open:
        raise ReportEndedError("these answers are finished")
    for item, answer in given.items():
        report.instrument.weight(item, answer)
    changed = {
        item: answer
        for item, answer in given.items()
        if report.answers.get(item) != answer
        and not (answer.state is AnswerState.SKIPPED and item in report.answers)
    }
    if changed:
        _store(unit, report.id, changed)
    # Asked each time, not only of what has changed: a call that could not be made is made now.
    call(unit, report, dangers_in(report.instrument, {**report.answers, **changed}))


def call(unit: Unit, report: Report, dangers: Iterable[HelpKind]) -> None:
    """Call a person of the support centre, once for each kind of danger."""
    for kind in sorted(dangers):
        cause = Cause(kind, report.language, report.id, report.about.student_id)
        help_requests.open_request(unit, cause)


def _store(unit: Unit, report_id: UUID, changed: Mapping[str, Answer]) -> None:
    # In one order, so that two tabs wait for one another instead of for ever.
    rows = [
        {
            "report_id": report_id,
            "item_id": item,
            "state": changed[item].state.value,
            "sealed": _seal(unit, report_id, item, changed[item]),
        }
        for item in sorted(changed)
    ]
    statement = insert(SelfAnswer).values(rows)
    try:
        unit.session.execute(
            statement.on_conflict_do_update(
                index_elements=["report_id", "item_id"],
                set_={
                    "state": statement.excluded.state,
                    "sealed": statement.excluded.sealed,
                    "answered_at": func.now(),
                },
            )
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _HAS_ENDED:
            raise
        # The failed statement has spoilt the transaction; the page to come needs a new one.
        unit.session.rollback()
        raise ReportEndedError("these answers are finished") from error


def _seal(unit: Unit, report_id: UUID, item: str, answer: Answer) -> bytes | None:
    if answer.code is None:
        return None
    return unit.vault.seal_secret(answer.code, *PLACE, str(report_id), item)


def speak(unit: Unit, report: Report, language: str) -> None:
    """Go on in another language; what was answered stays."""
    if report.is_open and report.language != language:
        _set(
            unit,
            report.id,
            language=language,
            wording_hash=report.instrument.hashes.wordings[language],
        )


def complete(unit: Unit, report: Report) -> None:
    """Finish and score, in one transaction; finishing what has ended changes nothing."""
    if not _end(unit, report.id, ReportState.COMPLETED):
        return
    # Read after the row is ours: an answer that came in meanwhile counts, a later one is refused.
    given = _answers(unit, report.id)
    self_scores.store(unit, report.id, report.instrument, given)
    call(unit, report, dangers_in(report.instrument, given))
    audit.record(unit, "self_report.complete", "self_report", report.id)


def stop(unit: Unit, report: Report) -> None:
    """End early; what was answered stays until its author deletes it, and so does a call."""
    if _end(unit, report.id, ReportState.STOPPED):
        audit.record(unit, "self_report.stop", "self_report", report.id)


def remove(unit: Unit, report_id: UUID) -> None:
    """Delete a report with its answers; a call for a person that it led to is not taken back.

    Raises `NotFoundError`.
    """
    own = select(SelfReport.id).where(
        SelfReport.id == report_id, SelfReport.account_id == unit.actor.account_id
    )
    if unit.session.scalars(own.with_for_update()).one_or_none() is None:
        raise NotFoundError("self_report", report_id)
    for model in (SelfScore, SelfAnswer):
        unit.session.execute(delete(model).where(model.report_id == report_id))
    unit.session.execute(delete(SelfReport).where(SelfReport.id == report_id))
    audit.record(unit, "self_report.delete", "self_report", report_id)


def _end(unit: Unit, report_id: UUID, state: ReportState) -> bool:
    ended = unit.session.execute(
        update(SelfReport)
        .where(
            SelfReport.id == report_id,
            SelfReport.account_id == unit.actor.account_id,
            SelfReport.state == ReportState.OPEN.value,
        )
        .values(state=state.value, ended_at=func.now())
        .returning(SelfReport.id)
    )
    return ended.one_or_none() is not None


def _set(unit: Unit, report_id: UUID, **values: object) -> None:
    unit.session.execute(update(SelfReport).where(SelfReport.id == report_id).values(**values))
