"""Two names under one exact content: of a draft before it is deployed, or of a release on trial."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.catalog.draft_files import packed
from tirek.catalog.release import Release, RepublishedError, Signature, publish, written
from tirek.domain.errors import ConflictError, DomainError
from tirek.domain.instruments import Instrument, ReleaseStatus
from tirek.domain.life import SIGNATURES, ReplayState
from tirek.domain.people import Role
from tirek.services import audit, drafts, library
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    InstrumentDraft,
    InstrumentRelease,
    ReleaseSignature,
    Replay,
)


class Seen(StrEnum):
    """What somebody who signs has looked at."""

    PREVIEW = "preview"
    WORDING = "wording"
    LINTS = "lints"
    CASES = "cases"
    CHANGES = "changes"
    REPLAY = "replay"


class Hindrance(StrEnum):
    """Why something may not be signed yet."""

    FINDINGS = "findings"
    VERSIONS = "versions"
    REPLAY = "replay"
    # The files of this release are no longer the newest of the repository.
    NOT_CURRENT = "not_current"
    RETIRED = "retired"


class NotSignableError(DomainError):
    """It may not be signed yet; `hindrances` say why."""

    def __init__(self, hindrances: Sequence[Hindrance]) -> None:
        """Keep the reasons for the page that says them in words."""
        super().__init__(", ".join(hindrances))
        self.hindrances = tuple(hindrances)


class EmptyStatementError(DomainError):
    """A signature says what was looked at, and something about it."""


class NotSignedError(DomainError):
    """Two methodologists have not signed."""


class AlreadySignedError(ConflictError):
    """The same person has signed this content before."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody who signs has looked at, and says."""

    seen: frozenset[Seen]
    comment: str


@dataclass(frozen=True, slots=True)
class SignedBy:
    """One signature as pages show it; it counts while its author is in office."""

    account_id: UUID
    name: str
    counts: bool
    seen: tuple[Seen, ...]
    comment: str
    signed_at: datetime


def signatures(unit: Unit, instrument_id: str, digest: str) -> list[SignedBy]:
    """Every signature under a content, the first one first."""
    rows = unit.session.execute(
        select(ReleaseSignature, Account)
        .join(Account, Account.id == ReleaseSignature.account_id)
        .where(
            ReleaseSignature.release_hash == digest,
            ReleaseSignature.instrument_id == instrument_id,
        )
        .order_by(ReleaseSignature.signed_at, ReleaseSignature.id)
    )
    return [
        SignedBy(
            account.id,
            account.display_name,
            account.is_active and account.role == Role.METHODOLOGIST.value,
            tuple(one for one in Seen if row.seen.get(one.value)),
            row.comment,
            row.signed_at,
        )
        for row, account in rows
    ]


def are_enough(signed: Iterable[SignedBy]) -> bool:
    """Whether two people in office have signed."""
    return len({one.account_id for one in signed if one.counts}) >= SIGNATURES


def draft_hindrances(unit: Unit, draft: InstrumentDraft) -> list[Hindrance]:
    """What stands against signing a draft: findings, versions, or a replay that was not run."""
    found = [] if drafts.reading(draft).is_clean else [Hindrance.FINDINGS]
    compared = drafts.compare(unit, draft)
    if compared is None:
        return found
    if compared.is_refused:
        found.append(Hindrance.VERSIONS)
    if needs_replay(compared) and not _is_replayed(unit, draft):
        found.append(Hindrance.REPLAY)
    return found


def needs_replay(compared: drafts.Comparison) -> bool:
    """Whether the same answers may be flagged otherwise: then somebody must have seen how."""
    change = compared.change
    return change is not None and change.moves_flags and change.part("structure") is None


def sign_draft(unit: Unit, draft_id: UUID, statement: Statement) -> None:
    """Sign a draft's content.

    Raises `NotFoundError`, `NotSignableError`, `EmptyStatementError` or `AlreadySignedError`.
    """
    draft = drafts.get(unit, draft_id)
    hindrances = draft_hindrances(unit, draft)
    if hindrances:
        raise NotSignableError(hindrances)
    _sign(unit, draft.instrument_id, draft.hash, statement)


def release_hindrances(unit: Unit, release: InstrumentRelease) -> list[Hindrance]:
    """What stands against signing a registered release."""
    if release.status == ReleaseStatus.RETIRED.value:
        return [Hindrance.RETIRED]
    instrument = unit.catalog.instruments.get(release.instrument_id)
    if instrument is None or instrument.hashes.release != release.hash:
        return [Hindrance.NOT_CURRENT]
    return [] if library.run_checks(unit, instrument).is_clean else [Hindrance.FINDINGS]


def sign_release(unit: Unit, release_id: UUID, statement: Statement) -> None:
    """Sign a registered release; raises as `sign_draft` does."""
    release = library.release(unit, release_id)
    hindrances = release_hindrances(unit, release)
    if hindrances:
        raise NotSignableError(hindrances)
    _sign(unit, release.instrument_id, release.hash, statement)


def approve(unit: Unit, release_id: UUID) -> None:
    """Let a release on trial be used everywhere.

    Raises `NotSignedError`, or `ConflictError` when it is not on trial any more: somebody else was
    first. The database counts the signatures once more.
    """
    release = _locked(unit, release_id)
    if release.status != ReleaseStatus.PILOT.value:
        raise ConflictError(f"the release is {release.status}")
    if not are_enough(signatures(unit, release.instrument_id, release.hash)):
        raise NotSignedError("two methodologists must sign")
    release.status = ReleaseStatus.APPROVED.value
    unit.session.flush()
    audit.record(unit, "release.approve", "instrument_release", release.id)


def retire(unit: Unit, release_id: UUID, reason: str) -> None:
    """Assign it no more, for good; what was begun may be finished. Raises `ConflictError`."""
    if not reason.strip():
        raise EmptyStatementError("why?")
    release = _locked(unit, release_id)
    if release.status == ReleaseStatus.RETIRED.value:
        raise ConflictError("retired already")
    now = unit.now()
    release.status = ReleaseStatus.RETIRED.value
    release.retired_at = now
    release.retired_reason = reason.strip()
    unit.session.flush()
    audit.record(unit, "release.retire", "instrument_release", release.id)


def bundle(unit: Unit, draft: InstrumentDraft) -> bytes:
    """The folder of a signed draft, zipped for the repository, with its release.yaml.

    The same draft with the same signatures gives the same bytes. Raises `NotSignedError`.
    """
    signed = signatures(unit, draft.instrument_id, draft.hash)
    if not are_enough(signed):
        raise NotSignedError("two methodologists must sign")
    release = _release(unit, draft, signed)
    audit.record(unit, "draft.download", "instrument_draft", draft.id)
    files = {**draft.files, "release.yaml": written(release)}
    return packed(f"{draft.instrument_id}/{draft.major}", files)


def _release(unit: Unit, draft: InstrumentDraft, signed: Sequence[SignedBy]) -> Release:
    found = drafts.reading(draft).files
    if found is None:
        raise NotSignableError([Hindrance.FINDINGS])
    before = _release_before(unit, found.instrument)
    try:
        release = publish(found.instrument, before, now=max(one.signed_at for one in signed))
    except RepublishedError:
        raise NotSignableError([Hindrance.VERSIONS]) from None
    names = tuple(
        Signature(one.name, one.signed_at.astimezone(UTC).date().isoformat())
        for one in signed
        if one.counts
    )
    return Release(
        instrument=release.instrument,
        label=release.label,
        sha256=release.sha256,
        status=release.status,
        published_at=release.published_at,
        signatures=names,
        supersedes=release.supersedes,
        parts=release.parts,
        history=release.history,
    )


def _release_before(unit: Unit, instrument: Instrument) -> Release | None:
    """What release.yaml of the same major says in the repository now."""
    known = unit.catalog.instruments.get(instrument.id)
    if known is None or known.major != instrument.major:
        return None
    files = library.current_files(unit, known)
    return files.release if files else None


def _sign(unit: Unit, instrument_id: str, digest: str, statement: Statement) -> None:
    comment = statement.comment.strip()
    if not (comment and statement.seen):
        raise EmptyStatementError("what was looked at, and what is said of it?")
    signed = unit.session.scalars(
        insert(ReleaseSignature)
        .values(
            instrument_id=instrument_id,
            release_hash=digest,
            account_id=unit.actor.account_id,
            seen={one.value: one in statement.seen for one in Seen},
            comment=comment,
        )
        .on_conflict_do_nothing()
        .returning(ReleaseSignature.id)
    ).one_or_none()
    if signed is None:
        raise AlreadySignedError("signed already", unit.actor.name)
    audit.record(unit, "release.sign", "release_signature", signed)


def _is_replayed(unit: Unit, draft: InstrumentDraft) -> bool:
    published = library.get(unit, draft.instrument_id)
    return bool(
        unit.session.scalars(
            select(func.count()).where(
                Replay.draft_id == draft.id,
                Replay.to_hash == draft.hash,
                # Against rules that are not in use any more it says nothing of today's.
                Replay.from_hash == published.hashes.release,
                Replay.state == ReplayState.DONE.value,
            )
        ).one()
    )


def _locked(unit: Unit, release_id: UUID) -> InstrumentRelease:
    # Whoever decides second waits here, and then sees what the first one decided.
    library.release(unit, release_id)
    return unit.session.scalars(
        select(InstrumentRelease)
        .where(InstrumentRelease.id == release_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
