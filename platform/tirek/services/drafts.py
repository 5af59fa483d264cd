"""Releases that somebody proposes: uploaded, checked, compared, and taken back; never answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.catalog.draft_files import (
    RELEASE,
    DraftReading,
    bytes_hash,
    published_files,
    read_draft,
    unpacked,
)
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.instrument_files import InstrumentFiles
from tirek.catalog.yaml_subset import Document, parse
from tirek.domain.draft_upload import (
    MOST_BYTES,
    MOST_FILES,
    DraftFault,
    UnusableFilesError,
    is_instrument_id,
)
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.release_change import VERSION, ReleaseChange, release_change
from tirek.services import audit, library
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    InstrumentDraft,
    InstrumentPart,
    InstrumentRelease,
    ReleaseSignature,
)

STRUCTURE, CASES = "structure.yaml", "cases.yaml"


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft as lists show it."""

    draft: InstrumentDraft
    uploader: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a draft changes against one release, and what stands against publishing it."""

    # None for an instrument that was never published, or whose old format is no longer read.
    change: ReleaseChange | None
    # Parts whose version was published before with other content.
    republished: tuple[str, ...]

    @property
    def is_refused(self) -> bool:
        """Whether some part needs another version."""
        return bool(self.republished) or (self.change is not None and self.change.is_refused)


def upload(
    unit: Unit, sent: Sequence[tuple[str, bytes]], base_id: str | None = None
) -> InstrumentDraft:
    """Keep uploaded files as a draft; what was not sent comes from `base_id`'s newest files.

    The same files sent twice by one person are one draft. Raises `UnusableFilesError`, and then
    nothing is kept, or `NotFoundError` for a base that there is not.
    """
    files = _gathered(sent)
    if base_id is not None:
        library.get(unit, base_id)
        files = published_files(unit.catalog.instruments_root, base_id) | files
    return propose(unit, files, origin="upload")


def propose(unit: Unit, files: Mapping[str, str], *, origin: str) -> InstrumentDraft:
    """Keep these files as a draft; raises `UnusableFilesError`."""
    instrument_id, major = _identity(files)
    found = read_draft(instrument_id, major, files).files
    if found is None:
        digest, label = bytes_hash(files), f"{major}.?.?"
    else:
        digest, label = found.instrument.hashes.release, found.instrument.release
    known = select(InstrumentRelease.label).where(InstrumentRelease.hash == digest)
    if (published := unit.session.scalars(known).one_or_none()) is not None:
        raise UnusableFilesError(DraftFault.PUBLISHED, published)
    if _is_signed_with_other_cases(unit, digest, files):
        raise UnusableFilesError(DraftFault.SIGNED, label)
    added = unit.session.scalars(
        insert(InstrumentDraft)
        .values(
            id=uuid4(),
            instrument_id=instrument_id,
            major=major,
            label=label,
            hash=digest,
            files=dict(files),
            origin=origin,
            uploaded_by=unit.actor.account_id,
        )
        .on_conflict_do_nothing()
        .returning(InstrumentDraft)
    ).one_or_none()
    if added is None:
        return _same(unit, digest, files)
    audit.record(unit, "draft.upload", "instrument_draft", added.id)
    return added


def _is_signed_with_other_cases(unit: Unit, digest: str, files: Mapping[str, str]) -> bool:
    """Whether a name stands under these parts that was given for other golden cases.

    The hash of a release is that of its parts, and cases are none: without this a withdrawn draft
    would lend its signatures to whatever cases come after it.
    """
    signed = exists().where(ReleaseSignature.release_hash == digest)
    earlier = unit.session.scalars(
        select(InstrumentDraft.files).where(InstrumentDraft.hash == digest, signed)
    )
    return any(one.get(CASES) != files.get(CASES) for one in earlier)


def find(unit: Unit, draft_id: UUID) -> InstrumentDraft | None:
    """A draft that was not withdrawn."""
    return unit.session.scalars(
        select(InstrumentDraft).where(
            InstrumentDraft.id == draft_id, InstrumentDraft.withdrawn_at.is_(None)
        )
    ).one_or_none()


def get(unit: Unit, draft_id: UUID) -> InstrumentDraft:
    """A draft that was not withdrawn; raises `NotFoundError`."""
    found = find(unit, draft_id)
    if found is None:
        raise NotFoundError("instrument_draft", draft_id)
    return found


def live(unit: Unit, instrument_id: str | None = None) -> list[DraftRow]:
    """The drafts that were not withdrawn, the newest first; of one instrument, or all."""
    statement = (
        select(InstrumentDraft, Account.display_name)
        .join(Account, Account.id == InstrumentDraft.uploaded_by)
        .where(InstrumentDraft.withdrawn_at.is_(None))
        .order_by(InstrumentDraft.uploaded_at.desc(), InstrumentDraft.id)
    )
    if instrument_id is not None:
        statement = statement.where(InstrumentDraft.instrument_id == instrument_id)
    return [DraftRow(draft, name) for draft, name in unit.session.execute(statement)]


def uploader(unit: Unit, draft: InstrumentDraft) -> str:
    """Who proposed it."""
    return unit.session.get_one(Account, draft.uploaded_by).display_name


def withdraw(unit: Unit, draft_id: UUID) -> None:
    """Take a draft back; its files stay for the record. Raises `ConflictError` the second time."""
    gone = unit.session.scalars(
        update(InstrumentDraft)
        .where(InstrumentDraft.id == draft_id, InstrumentDraft.withdrawn_at.is_(None))
        .values(withdrawn_at=func.now(), withdrawn_by=unit.actor.account_id)
        .returning(InstrumentDraft.id)
    ).one_or_none()
    if gone is None:
        raise ConflictError("withdrawn already")
    audit.record(unit, "draft.withdraw", "instrument_draft", draft_id)


def reading(draft: InstrumentDraft) -> DraftReading:
    """What its files say, and what lints and golden cases find."""
    return _reading(draft.instrument_id, draft.major, tuple(sorted(draft.files.items())))


# A draft's files never change, and one page asks for them several times.
@lru_cache(maxsize=4)
def _reading(instrument_id: str, major: int, files: tuple[tuple[str, str], ...]) -> DraftReading:
    return read_draft(instrument_id, major, dict(files))


def published(unit: Unit, instrument_id: str) -> InstrumentFiles | None:
    """The files that a draft of this instrument would follow; None for a new instrument."""
    instrument = unit.catalog.instruments.get(instrument_id)
    return library.current_files(unit, instrument) if instrument else None


def compare(
    unit: Unit, draft: InstrumentDraft, against: InstrumentRelease | None = None
) -> Comparison | None:
    """What a draft changes against a release, or against the newest files; None if unreadable."""
    new = reading(draft).files
    if new is None:
        return None
    old = library.files_of(unit, against) if against else published(unit, draft.instrument_id)
    return Comparison(_change(old, new) if old else None, tuple(_republished(unit, new)))


def _change(old: InstrumentFiles, new: InstrumentFiles) -> ReleaseChange:
    golden = [case.answers for files in (old, new) for case in files.cases]
    return release_change(old.instrument, new.instrument, golden)


def _republished(unit: Unit, new: InstrumentFiles) -> Iterable[str]:
    rows = unit.session.execute(
        select(
            InstrumentPart.kind,
            InstrumentPart.language,
            InstrumentPart.version,
            InstrumentPart.hash,
        ).where(InstrumentPart.instrument_id == new.instrument.id)
    )
    known = {(row.kind, row.language, row.version): row.hash for row in rows}
    for part in new.instrument.parts:
        before = known.get((part.kind.value, part.language, part.version))
        if before not in {None, part.hash}:
            yield f"{part.name} {part.version}"


def _gathered(sent: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    files: dict[str, str] = {}
    for name, content in sent:
        for part, text in unpacked(name, content).items():
            if part in files:
                raise UnusableFilesError(DraftFault.TWICE, part)
            files[part] = text
    if len(files) > MOST_FILES:
        raise UnusableFilesError(DraftFault.MANY)
    if sum(map(len, files.values())) > MOST_BYTES:
        raise UnusableFilesError(DraftFault.LARGE)
    # It is made when the draft is signed.
    files.pop(RELEASE, None)
    if not files:
        raise UnusableFilesError(DraftFault.EMPTY)
    return files


def _identity(files: Mapping[str, str]) -> tuple[str, int]:
    """What the structure says this is; without that nobody could find the draft again.

    Nothing else need be said yet: an import leaves a `todo` where its file was silent, and the
    draft's page lists them.
    """
    if STRUCTURE not in files:
        raise UnusableFilesError(DraftFault.NAMELESS, STRUCTURE)
    path = Path(STRUCTURE)
    try:
        fields = Fields.of(Document(path, parse(path, files[STRUCTURE])))
    except CatalogError as error:
        raise UnusableFilesError(DraftFault.NAMELESS, str(error)) from None
    try:
        instrument_id, said = fields.text("id"), fields.text("version")
    except CatalogError as error:
        raise UnusableFilesError(DraftFault.UNNAMED, str(error)) from None
    version = VERSION.fullmatch(said)
    if version is None or not is_instrument_id(instrument_id):
        raise UnusableFilesError(DraftFault.UNNAMED, f"{STRUCTURE}: {instrument_id} {said}")
    return instrument_id, int(version.group(1))


def _same(unit: Unit, digest: str, files: Mapping[str, str]) -> InstrumentDraft:
    """The draft that these very files made a moment ago, or a refusal."""
    found = unit.session.scalars(
        select(InstrumentDraft).where(
            InstrumentDraft.hash == digest, InstrumentDraft.withdrawn_at.is_(None)
        )
    ).one_or_none()
    if found is None or found.uploaded_by != unit.actor.account_id or found.files != dict(files):
        raise UnusableFilesError(DraftFault.PROPOSED, found.label if found else "")
    return found
