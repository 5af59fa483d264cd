"""Why a child was referred: the flags with the answers that raised them, and what people saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import Row, select

from tirek.domain.instruments import UNSEEN, AnswerState, Instrument
from tirek.domain.interpretation import Condition, ItemAtLeast, ItemUnanswered
from tirek.domain.levels import Level
from tirek.domain.referral import SignalKind
from tirek.domain.scales import Scale
from tirek.services import audit, runs
from tirek.services.runs import AdministrationKey
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Account, Administration, FlagRecord, Referral, Score, Signal


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """One flag in words; `name` is None when the files no longer hold its rule."""

    code: str
    name: str | None
    level: Level
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class FlaggedAnswer:
    """An answer that raised a flag: its topic, never the full question, and the answer's text."""

    topic: str
    state: AnswerState
    answer: str | None


@dataclass(frozen=True, slots=True)
class RawScore:
    """One scale as a number; no band and no norm is shown to anybody outside the school."""

    name: str
    value: Decimal | None
    highest: Fraction | None
    # Blanks were made up for by the questionnaire's own rule.
    is_prorated: bool
    # What the rules looked at, where that is not the exact value.
    judged_at: Fraction | None


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """One administration that raised flags of this case."""

    administration_id: UUID
    instrument_id: str
    # None when the files no longer hold the structure that was answered.
    title: str | None
    respondent: str
    language: str
    is_working: bool
    flags: tuple[RaisedFlag, ...]
    answers: tuple[FlaggedAnswer, ...]
    scores: tuple[RawScore, ...]


@dataclass(frozen=True, slots=True)
class StaffConcern:
    """What a person saw, in their own words."""

    level: Level
    occurred_at: datetime
    author: str
    note: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything that speaks for a referral."""

    questionnaires: tuple[Questionnaire, ...]
    concerns: tuple[StaffConcern, ...]


def grounds(unit: Unit, leg: Referral, lang: str) -> Grounds:
    """Open what a case rests on, with texts in `lang`; every opened questionnaire is audited."""
    rows = unit.session.execute(
        select(FlagRecord, Administration)
        .join(Signal, Signal.flag_id == FlagRecord.id)
        .join(
            Administration,
            (Administration.id == FlagRecord.administration_id)
            & (Administration.school_year == FlagRecord.school_year),
        )
        .where(Signal.case_id == leg.case_id)
        .order_by(FlagRecord.created_at.desc(), FlagRecord.code)
    ).all()
    by_administration: dict[UUID, list[Row[FlagRecord, Administration]]] = {}
    for row in rows:
        by_administration.setdefault(row.Administration.id, []).append(row)
    return Grounds(
        tuple(
            _questionnaire(unit, found[0].Administration, [row.FlagRecord for row in found], lang)
            for found in by_administration.values()
        ),
        _concerns(unit, leg),
    )


def _questionnaire(
    unit: Unit, administration: Administration, flags: Sequence[FlagRecord], lang: str
) -> Questionnaire:
    instrument = _as_answered(unit, administration)
    audit.record(
        unit,
        "responses.read",
        "administration",
        administration.id,
        student_id=administration.student_id,
        school_id=administration.school_id,
    )
    return Questionnaire(
        administration.id,
        administration.instrument_id,
        instrument.text(lang, "title") if instrument else None,
        administration.respondent,
        administration.language,
        _is_working(instrument, administration),
        tuple(_flag(instrument, flag, lang) for flag in flags),
        _answers(unit, instrument, administration, flags, lang) if instrument else (),
        _scores(unit, instrument, administration, lang),
    )


def _as_answered(unit: Unit, administration: Administration) -> Instrument | None:
    """The instrument as it was answered; its page must not vanish because a file moved on."""
    instrument = unit.catalog.instruments.get(administration.instrument_id)
    if instrument is None or instrument.hashes.structure != administration.structure_hash:
        return None
    return instrument


def _is_working(instrument: Instrument | None, administration: Administration) -> bool:
    """Whether the wording counts as unproved: ours, or one that we no longer hold."""
    language = administration.language
    if (
        instrument is None
        or instrument.hashes.wordings.get(language) != administration.wording_hash
    ):
        return True
    return instrument.wording(language).is_working


def _flag(instrument: Instrument | None, flag: FlagRecord, lang: str) -> RaisedFlag:
    name = instrument.wording(lang).strings.get(f"flag.{flag.code}") if instrument else None
    return RaisedFlag(flag.code, name, Level(flag.level), flag.created_at)


def _answers(
    unit: Unit,
    instrument: Instrument,
    administration: Administration,
    flags: Sequence[FlagRecord],
    lang: str,
) -> tuple[FlaggedAnswer, ...]:
    codes = {flag.code for flag in flags}
    items = {item for rule in instrument.flags if rule.id in codes for item in _items(rule.when)}
    if not items:
        return ()
    key = AdministrationKey(administration.school_year, administration.id)
    given = runs.load(unit, key).answers
    return tuple(
        FlaggedAnswer(
            instrument.text(lang, f"{item.id}.topic"),
            answer.state,
            instrument.text(lang, f"{item.options}.{answer.code}") if answer.code else None,
        )
        for item in instrument.items
        if item.id in items
        for answer in [given.get(item.id, UNSEEN)]
    )


def _items(when: Condition) -> tuple[str, ...]:
    """The items that a rule reads by themselves; a rule on a scale shows none of them."""
    return (when.item,) if isinstance(when, ItemAtLeast | ItemUnanswered) else ()


def _scores(
    unit: Unit, instrument: Instrument | None, administration: Administration, lang: str
) -> tuple[RawScore, ...]:
    rows = unit.session.scalars(
        select(Score)
        .where(
            Score.school_year == administration.school_year,
            Score.administration_id == administration.id,
        )
        .order_by(Score.computed_at)
    )
    # Rescoring adds a row: the last one of a scale counts.
    latest = {score.scale: score for score in rows}
    if instrument is None:
        return tuple(
            RawScore(scale, score.value, None, score.prorated, None)
            for scale, score in latest.items()
        )
    return tuple(
        RawScore(
            instrument.text(lang, f"scale.{scale.id}"),
            latest[scale.id].value,
            scale.highest,
            latest[scale.id].prorated,
            _judged_at(scale, latest[scale.id].value),
        )
        for scale in instrument.scoring.scales
        if scale.id in latest
    )


def _judged_at(scale: Scale, value: Decimal | None) -> Fraction | None:
    """The rounded value that the rules read; without it 14.6 beside "15 or more" looks wrong."""
    if value is None:
        return None
    exact = Fraction(value)
    rounded = scale.banded(exact)
    return None if rounded == exact else rounded


def _concerns(unit: Unit, leg: Referral) -> tuple[StaffConcern, ...]:
    rows = unit.session.execute(
        select(Signal, Account.display_name)
        .join(Account, Account.id == Signal.account_id)
        .where(Signal.case_id == leg.case_id, Signal.kind == SignalKind.STAFF_CONCERN.value)
        .order_by(Signal.occurred_at.desc())
    ).all()
    if not rows:
        return ()
    key = data_key(unit, leg.student_id)
    return tuple(
        StaffConcern(
            Level(signal.level),
            signal.occurred_at,
            name,
            key.open(signal.note_sealed, "signals", "note_sealed", str(signal.id)),
        )
        for signal, name in rows
        # The database lets no concern be without its note.
        if signal.note_sealed is not None
    )
