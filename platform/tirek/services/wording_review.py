"""Two languages read side by side: remarks on single texts, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.instruments import Instrument
from tirek.domain.life import CommentEnd
from tirek.services import audit
from tirek.services.unit import Unit
from tirek.storage.models import Account, WordingComment

LONGEST = 2000


class UnknownTextError(DomainError):
    """The wording has no text under this key."""


class EmptyRemarkError(DomainError):
    """A remark says something, and not a whole essay."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark on one text of one wording."""

    id: UUID
    language: str
    key: str
    words: str
    author: str
    created_at: datetime
    ended_as: CommentEnd | None
    ended_by: str | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has ended it."""
        return self.ended_as is None


@dataclass(frozen=True, slots=True)
class TextPair:
    """One text in every language, with the remarks on it."""

    key: str
    texts: dict[str, str]
    remarks: tuple[Remark, ...]


def pairs(unit: Unit, instrument: Instrument) -> list[TextPair]:
    """Every text of an instrument side by side, in the order of the first language's file."""
    strings = {lang: wording.strings for lang, wording in sorted(instrument.wordings.items())}
    keys = dict.fromkeys(key for texts in strings.values() for key in texts)
    said = remarks(unit, instrument)
    return [
        TextPair(
            key,
            {lang: texts.get(key, "") for lang, texts in strings.items()},
            tuple(one for one in said if one.key == key),
        )
        for key in keys
    ]


def remarks(unit: Unit, instrument: Instrument) -> list[Remark]:
    """Every remark on these very wordings, the first one first."""
    hashes = list(instrument.hashes.wordings.values())
    author, ender = aliased(Account), aliased(Account)
    rows = unit.session.execute(
        select(WordingComment, author.display_name, ender.display_name.label("ender"))
        .join(author, author.id == WordingComment.author_id)
        .outerjoin(ender, ender.id == WordingComment.ended_by)
        .where(
            WordingComment.instrument_id == instrument.id,
            WordingComment.wording_hash.in_(hashes),
        )
        .order_by(WordingComment.created_at, WordingComment.id)
    )
    return [_remark(row, name, ended_by) for row, name, ended_by in rows]


def open_remarks(unit: Unit, instrument: Instrument) -> list[Remark]:
    """Those that nobody has ended."""
    return [one for one in remarks(unit, instrument) if one.is_open]


def add(unit: Unit, instrument: Instrument, language: str, key: str, words: str) -> UUID:
    """Remark on one text; the same words sent twice are one remark.

    Raises `UnknownTextError` or `EmptyRemarkError`.
    """
    words = words.strip()
    if not 0 < len(words) <= LONGEST:
        raise EmptyRemarkError("nothing was written, or too much")
    if language not in instrument.wordings or key not in instrument.wordings[language].strings:
        raise UnknownTextError(key)
    digest = instrument.hashes.wordings[language]
    # Two presses at once take turns.
    unit.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{digest} {key}"))))
    known = unit.session.scalars(
        select(WordingComment.id).where(
            WordingComment.wording_hash == digest,
            WordingComment.key == key,
            WordingComment.words == words,
            WordingComment.author_id == unit.actor.account_id,
            WordingComment.ended_at.is_(None),
        )
    ).first()
    if known is not None:
        return known
    row = WordingComment(
        instrument_id=instrument.id,
        wording_hash=digest,
        language=language,
        key=key,
        words=words,
        author_id=_who(unit),
    )
    unit.session.add(row)
    unit.session.flush()
    audit.record(unit, "wording.remark", "wording_comment", row.id)
    return row.id


def end(unit: Unit, instrument: Instrument, remark_id: UUID, how: CommentEnd) -> None:
    """Say what became of a remark; raises `NotFoundError`, or `ConflictError` the second time."""
    found = next((one for one in remarks(unit, instrument) if one.id == remark_id), None)
    if found is None:
        raise NotFoundError("wording_comment", remark_id)
    done = unit.session.scalars(
        update(WordingComment)
        .where(WordingComment.id == remark_id, WordingComment.ended_at.is_(None))
        .values(ended_at=func.now(), ended_by=unit.actor.account_id, ended_as=how.value)
        .returning(WordingComment.id)
    ).one_or_none()
    if done is None:
        raise ConflictError("ended already", found.ended_by)
    audit.record(unit, "wording.end", "wording_comment", remark_id)


def open_counts(unit: Unit, instruments: Sequence[Instrument]) -> dict[str, int]:
    """How many remarks are open on each wording hash of some instruments."""
    hashes = [digest for one in instruments for digest in one.hashes.wordings.values()]
    rows = unit.session.execute(
        select(WordingComment.wording_hash, func.count())
        .where(WordingComment.wording_hash.in_(hashes), WordingComment.ended_at.is_(None))
        .group_by(WordingComment.wording_hash)
    )
    return {row[0]: row[1] for row in rows}


def _remark(row: WordingComment, author: str, ended_by: str | None) -> Remark:
    return Remark(
        row.id,
        row.language,
        row.key,
        row.words,
        author,
        row.created_at,
        CommentEnd(row.ended_as) if row.ended_as else None,
        ended_by,
        row.ended_at,
    )


def _who(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise TypeError("a remark is made by a person")
    return unit.actor.account_id
