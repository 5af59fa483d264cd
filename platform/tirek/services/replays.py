"""Stored answers scored by a draft's rules, in the background and in counts only.

A replay goes on in chunks, each a transaction that adds its counts and remembers how far it came:
whoever is killed in the middle loses one chunk at most. Scores and flags that were given stay.

Two replays subtracted from each other would tell of whoever answered in between, so the moment up
to which answers are counted belongs to the questions and not to a draft: it stays where the last
replay of the same questions had it until ten have come in every group of which any came. Answers
that were erased since are missing from both: while they are few, a replay waits until ten came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_, update
from sqlalchemy.exc import DBAPIError

from tirek.catalog.draft_files import read_draft
from tirek.domain.administration import AdministrationState
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.flagging import Flag, flags_for
from tirek.domain.instruments import Answer, Instrument
from tirek.domain.life import ReplayState
from tirek.domain.replay import Respondent, Tally, are_enough, is_few
from tirek.domain.scoring import score
from tirek.services import audit, drafts, library, runs
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Administration,
    District,
    InstrumentDraft,
    InstrumentRelease,
    Replay,
    Response,
    School,
    Student,
    StudentKey,
)
from tirek.storage.vault import DataKey, SealError, WrappedKey

# Half a second's work on one core.
CHUNK = 500
CANCELLED, WITHDRAWN, UNREADABLE_RULES = "cancelled", "withdrawn", "unreadable_rules"
FEW_SINCE = "few_since"
LIVE = (ReplayState.WAITING.value, ReplayState.RUNNING.value)
_LOCK = func.hashtext("replays")


class NothingToReplayError(DomainError):
    """The draft raises the same flags, or asks something else: no stored answer can tell."""


class BrokenReplayError(Exception):
    """A replay cannot go on; `kind` names what went wrong, never an answer."""

    def __init__(self, replay_id: UUID, kind: str) -> None:
        """Keep both for the row."""
        super().__init__(kind)
        self.replay_id = replay_id
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """A replay with the name of whoever asked for it."""

    replay: Replay
    requested_by: str

    @property
    def is_live(self) -> bool:
        """Whether it still waits or works."""
        return self.replay.state in LIVE


def request(unit: Unit, draft_id: UUID) -> UUID:
    """Ask for a replay of a draft; one that is under way is not begun twice.

    Raises `NotFoundError` or `NothingToReplayError`.
    """
    draft = drafts.get(unit, draft_id)
    compared = drafts.compare(unit, draft)
    if compared is None or compared.change is None or compared.change.part("structure"):
        raise NothingToReplayError("no stored answers to the same questions")
    changed = {part.name for part in compared.change.parts}
    if not changed & {"scoring", "interpretation"}:
        raise NothingToReplayError("the rules are the same")
    # Two presses at once take turns.
    unit.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"replay {draft_id}"))))
    running = unit.session.scalars(
        select(Replay.id).where(Replay.draft_id == draft_id, Replay.state.in_(LIVE))
    ).first()
    if running is not None:
        return running
    published = library.get(unit, draft.instrument_id)
    replay = Replay(
        draft_id=draft.id,
        from_hash=published.hashes.release,
        to_hash=draft.hash,
        requested_by=_who(unit),
    )
    unit.session.add(replay)
    unit.session.flush()
    audit.record(unit, "replay.request", "replay", replay.id)
    return replay.id


def of_draft(unit: Unit, draft_id: UUID) -> list[ReplayRow]:
    """The replays of a draft, the newest first."""
    rows = unit.session.execute(
        select(Replay, Account.display_name)
        .join(Account, Account.id == Replay.requested_by)
        .where(Replay.draft_id == draft_id)
        .order_by(Replay.requested_at.desc(), Replay.id)
    )
    return [ReplayRow(replay, name) for replay, name in rows]


def get(unit: Unit, draft_id: UUID, replay_id: UUID) -> ReplayRow:
    """One replay of a draft; raises `NotFoundError`."""
    found = next((one for one in of_draft(unit, draft_id) if one.replay.id == replay_id), None)
    if found is None:
        raise NotFoundError("replay", replay_id)
    return found


def cancel(unit: Unit, draft_id: UUID, replay_id: UUID) -> None:
    """Stop a replay; raises `ConflictError` when it has ended."""
    get(unit, draft_id, replay_id)
    if not _end_as_failed(unit, replay_id, CANCELLED):
        raise ConflictError("it has ended")
    audit.record(unit, "replay.cancel", "replay", replay_id)


def fail(unit: Unit, replay_id: UUID, kind: str) -> None:
    """Write down that a replay could not go on."""
    _end_as_failed(unit, replay_id, kind)


def advance(unit: Unit) -> int:
    """Do one chunk of the replay that has waited longest, and say how many were counted.

    One at a time over all processes: the lock is this transaction's, and dies with it. Raises
    `BrokenReplayError`; the caller then rolls back and writes that down.
    """
    if not unit.session.scalars(select(func.pg_try_advisory_xact_lock(_LOCK))).one():
        return 0
    replay = unit.session.scalars(
        select(Replay)
        .where(Replay.state.in_(LIVE))
        .order_by(Replay.requested_at, Replay.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if replay is None:
        return 0
    try:
        return _chunk(unit, replay)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the replay ends with a reason
        # The text of the error may hold an answer, so only its kind is kept.
        kind = str(error) if isinstance(error, _StoppedError) else type(error).__name__
        raise BrokenReplayError(replay.id, kind) from None


class _StoppedError(Exception):
    """A reason of ours."""


def _chunk(unit: Unit, replay: Replay) -> int:
    old, new = _rules(unit, replay)
    if replay.state == ReplayState.WAITING.value:
        _begin(unit, replay, old)
    pinned = _pinned(old).where(Administration.ended_at <= replay.answers_until)
    rows = unit.session.execute(_next(pinned, replay)).all()
    tally = Tally.from_json(replay.partial) if replay.partial else Tally()
    answers = _answers(unit, rows)
    for row in rows:
        _count(tally, old, new, row, answers.get(row.id))
    replay.done += len(rows)
    if rows:
        replay.reached_year, replay.reached_id = rows[-1].school_year, rows[-1].id
        replay.partial = tally.as_json()
    if len(rows) < CHUNK:
        _finish(unit, replay, tally)
    unit.session.flush()
    # A replay of nothing is work done as well.
    return max(len(rows), 1)


def _begin(unit: Unit, replay: Replay, old: Instrument) -> None:
    until = _answers_until(unit, old)
    replay.total = _total(unit, old, until)
    now = unit.now()
    replay.answers_until, replay.started_at = until, now
    replay.state = ReplayState.RUNNING.value


def _answers_until(unit: Unit, old: Instrument) -> datetime:
    """Up to when answers are counted, so that no two replays differ by a few children's answers."""
    now = unit.now()
    last = _last_told(unit, old)
    if last is None or last.answers_until is None:
        return now
    if are_enough(_since(unit, old, last.answers_until)):
        return now
    if is_few(abs(_total(unit, old, last.answers_until) - last.total)):
        raise _StoppedError(FEW_SINCE)
    return last.answers_until


def _last_told(unit: Unit, old: Instrument) -> Replay | None:
    """The newest replay of these questions whose counts stand, or will: of whatever draft."""
    return unit.session.scalars(
        select(Replay)
        .join(InstrumentRelease, InstrumentRelease.hash == Replay.from_hash)
        .where(
            InstrumentRelease.instrument_id == old.id,
            InstrumentRelease.structure_hash == old.hashes.structure,
            Replay.state.in_((ReplayState.DONE.value, ReplayState.RUNNING.value)),
        )
        .order_by(Replay.answers_until.desc(), Replay.started_at.desc())
        .limit(1)
    ).one_or_none()


def _since(unit: Unit, old: Instrument, moment: datetime) -> dict[Respondent, int]:
    """How many finished after a moment, by what may be known of them."""
    facts = (
        Administration.language,
        func.coalesce(Student.sex, ""),
        Administration.age_years,
        District.region_iso,
    )
    rows = unit.session.execute(
        _pinned(old)
        .where(Administration.ended_at > moment)
        .with_only_columns(*facts, func.count())
        .group_by(*facts)
    )
    return {Respondent(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def _total(unit: Unit, old: Instrument, until: datetime) -> int:
    finished = _pinned(old).where(Administration.ended_at <= until)
    return unit.session.scalars(finished.with_only_columns(func.count())).one()


def _finish(unit: Unit, replay: Replay, tally: Tally) -> None:
    now = unit.now()
    replay.state = ReplayState.DONE.value
    replay.result = tally.shown()
    replay.partial = None
    replay.ended_at = now
    audit.record(unit, "replay.run", "replay", replay.id)


def _rules(unit: Unit, replay: Replay) -> tuple[Instrument, Instrument]:
    """The rules before and after, without golden cases: they are long and not needed."""
    draft = unit.session.get_one(InstrumentDraft, replay.draft_id)
    if draft.withdrawn_at is not None:
        raise _StoppedError(WITHDRAWN)
    release = unit.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.hash == replay.from_hash)
    ).one_or_none()
    old = library.rules_of(unit, release) if release else None
    files = {**draft.files, "cases.yaml": "[]"}
    new = _instrument(draft.instrument_id, draft.major, tuple(sorted(files.items())))
    if old is None or new is None:
        raise _StoppedError(UNREADABLE_RULES)
    return old, new


# One replay is many chunks.
@lru_cache(maxsize=2)
def _instrument(
    instrument_id: str, major: int, files: tuple[tuple[str, str], ...]
) -> Instrument | None:
    found = read_draft(instrument_id, major, dict(files)).files
    return found.instrument if found else None


def _pinned(instrument: Instrument) -> Select[*tuple[Any, ...]]:
    """Every finished administration of exactly these questions, with what may be counted."""
    return (
        select(
            Administration.school_year,
            Administration.id,
            Administration.student_id,
            Administration.language,
            Administration.age_years,
            Student.sex,
            District.region_iso,
            StudentKey.kek_version,
            StudentKey.wrapped,
        )
        .join(Student, Student.id == Administration.student_id)
        .join(School, School.id == Administration.school_id)
        .join(District, District.id == School.district_id)
        # What was erased has no key any more.
        .join(StudentKey, StudentKey.student_id == Administration.student_id)
        .where(
            Administration.instrument_id == instrument.id,
            Administration.structure_hash == instrument.hashes.structure,
            Administration.state == AdministrationState.COMPLETED.value,
            # A shorter run has no sums: its answers say nothing of another key.
            Administration.is_short.is_(False),
        )
    )


def _next(pinned: Select[*tuple[Any, ...]], replay: Replay) -> Select[*tuple[Any, ...]]:
    place = tuple_(Administration.school_year, Administration.id)
    if replay.reached_id is not None:
        pinned = pinned.where(place > (replay.reached_year, replay.reached_id))
    return pinned.order_by(Administration.school_year, Administration.id).limit(CHUNK)


def _answers(unit: Unit, rows: Sequence[Any]) -> Mapping[UUID, Mapping[str, Answer] | None]:
    """The opened answers of each administration; None where one of them does not open."""
    keys: dict[UUID, DataKey | None] = {row.id: _key(unit, row) for row in rows}
    sealed: dict[UUID, list[tuple[str, bytes]]] = {row.id: [] for row in rows}
    found = unit.session.execute(
        select(Response.administration_id, Response.item_id, Response.sealed).where(
            and_(
                Response.school_year.in_({row.school_year for row in rows}),
                Response.administration_id.in_(keys),
            )
        )
    )
    for one in found:
        sealed[one.administration_id].append((one.item_id, one.sealed))
    return {each: _opened(each, keys[each], cells) for each, cells in sealed.items()}


def _key(unit: Unit, row: Any) -> DataKey | None:
    try:
        return unit.vault.unwrap(WrappedKey(row.kek_version, row.wrapped), str(row.student_id))
    except SealError:
        return None


def _opened(
    administration_id: UUID, key: DataKey | None, cells: Sequence[tuple[str, bytes]]
) -> Mapping[str, Answer] | None:
    if key is None:
        return None
    try:
        return {item: runs.unseal(key, administration_id, item, cell) for item, cell in cells}
    except SealError:
        return None


def _count(
    tally: Tally, old: Instrument, new: Instrument, row: Any, given: Mapping[str, Answer] | None
) -> None:
    if given is None:
        tally.unreadable += 1
        return
    who = Respondent(row.language, row.sex or "", row.age_years, row.region_iso)
    tally.add(who, _flags(old, given), _flags(new, given))


def _flags(instrument: Instrument, given: Mapping[str, Answer]) -> tuple[Flag, ...]:
    return flags_for(instrument, score(instrument, given), given)


def _end_as_failed(unit: Unit, replay_id: UUID, kind: str) -> bool:
    ended = unit.session.execute(
        update(Replay)
        .where(Replay.id == replay_id, Replay.state.in_(LIVE))
        .values(state=ReplayState.FAILED.value, failure=kind, partial=None, ended_at=func.now())
        .returning(Replay.id)
    ).one_or_none()
    return ended is not None


def _who(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise TypeError("a replay is asked for by a person")
    return unit.actor.account_id
