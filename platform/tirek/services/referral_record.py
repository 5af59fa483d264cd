"""What the receiver's people have written down on a referral: tries, parts, plans, outcomes."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from tirek.domain.referral import (
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    SectionState,
)
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AssessmentNote,
    ContactAttempt,
    OutcomeNote,
    Plan,
    Referral,
)
from tirek.storage.vault import DataKey

SEALED = "note_sealed"


@dataclass(frozen=True, slots=True)
class Tried:
    """One try to reach somebody."""

    at: datetime
    who: str
    channel: ContactChannel
    person: ContactPerson
    reached: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the assessment as it stands; `state` is None while nobody has written it."""

    section: AssessmentSection
    state: SectionState | None = None
    note: str | None = None
    who: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the day on which it is looked at again."""

    at: datetime
    who: str
    next_on: date
    child_agrees: bool
    note: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What somebody proposed to end it with."""

    at: datetime
    who: str
    outcome: Outcome
    child_heard: bool
    repeat_on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was written down on one leg; other legs' stay closed."""

    attempts: tuple[Tried, ...]
    parts: tuple[Part, ...]
    plans: tuple[Planned, ...]
    outcomes: tuple[Ended, ...]

    @property
    def has_assessment(self) -> bool:
        """Whether anybody has written a part of the assessment."""
        return any(part.state for part in self.parts)

    @property
    def missing(self) -> tuple[AssessmentSection, ...]:
        """The parts of the assessment that nobody has written or waived."""
        return tuple(part.section for part in self.parts if part.state is None)


def of(unit: Unit, leg: Referral) -> Record:
    """Open what is written on a leg, the latest first; the parts in their own order."""
    key = data_key(unit, leg.student_id)
    return Record(
        _attempts(unit, leg, key),
        _parts(unit, leg, key),
        _plans(unit, leg, key),
        _outcomes(unit, leg, key),
    )


def _attempts(unit: Unit, leg: Referral, key: DataKey) -> tuple[Tried, ...]:
    rows = unit.session.execute(
        select(ContactAttempt, Account.display_name)
        .join(Account, Account.id == ContactAttempt.account_id)
        .where(ContactAttempt.referral_id == leg.id)
        .order_by(ContactAttempt.id)
    ).all()
    found = [
        Tried(
            row.created_at,
            who,
            ContactChannel(row.channel),
            ContactPerson(row.person),
            row.reached,
            _open(key, row.note_sealed, "contact_attempts", leg, number)
            if row.note_sealed
            else None,
        )
        for number, (row, who) in enumerate(rows)
    ]
    return tuple(reversed(found))


def _parts(unit: Unit, leg: Referral, key: DataKey) -> tuple[Part, ...]:
    rows = unit.session.execute(
        select(AssessmentNote, Account.display_name)
        .join(Account, Account.id == AssessmentNote.account_id)
        .where(AssessmentNote.referral_id == leg.id)
        .order_by(AssessmentNote.id)
    ).all()
    # The latest word on a part counts.
    latest = {
        row.section: Part(
            AssessmentSection(row.section),
            SectionState(row.state),
            _open(key, row.note_sealed, "assessment_notes", leg, number),
            who,
            row.created_at,
        )
        for number, (row, who) in enumerate(rows)
    }
    return tuple(latest.get(section, Part(section)) for section in AssessmentSection)


def _plans(unit: Unit, leg: Referral, key: DataKey) -> tuple[Planned, ...]:
    rows = unit.session.execute(
        select(Plan, Account.display_name)
        .join(Account, Account.id == Plan.account_id)
        .where(Plan.referral_id == leg.id)
        .order_by(Plan.seq.desc())
    )
    return tuple(
        Planned(
            row.created_at,
            who,
            row.next_on,
            row.child_agrees,
            _open(key, row.note_sealed, "plans", leg, row.seq),
        )
        for row, who in rows
    )


def _outcomes(unit: Unit, leg: Referral, key: DataKey) -> tuple[Ended, ...]:
    rows = unit.session.execute(
        select(OutcomeNote, Account.display_name)
        .join(Account, Account.id == OutcomeNote.account_id)
        .where(OutcomeNote.referral_id == leg.id)
        .order_by(OutcomeNote.seq.desc())
    )
    return tuple(
        Ended(
            row.created_at,
            who,
            Outcome(row.outcome),
            row.child_heard,
            row.repeat_on,
            _open(key, row.note_sealed, "outcome_notes", leg, row.seq),
        )
        for row, who in rows
    )


def _open(key: DataKey, sealed: bytes, table: str, leg: Referral, number: int) -> str:
    return key.open(sealed, table, SEALED, str(leg.id), str(number))
