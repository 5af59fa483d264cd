"""Drafts: what is kept of an upload, what is refused whole, and what each is compared with."""

import json
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_library import (
    HARMLESS,
    LOWER,
    NEW_VERSION,
    PATCHED,
    PHQ,
    a_draft,
    a_methodologist,
    lowered,
    reading,
    some_files,
    zipped,
)
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.catalog.draft_files import read_stored
from tirek.catalog.exchange import fhir_read
from tirek.catalog.exchange.draft import draft_texts
from tirek.config import Keys
from tirek.domain.draft_upload import MOST_BYTES, DraftFault, UnusableFilesError
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.release_change import Step
from tirek.services import drafts, library, release_signing
from tirek.storage.models import AuditEntry, InstrumentDraft


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return made


@pytest.fixture
def author(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


def test_a_zipped_folder_becomes_a_draft_with_the_hash_of_its_content(
    engine: Engine, world: World, author: Adult, system: Session
) -> None:
    sent = [("phq.zip", zipped(some_files(HARMLESS, PATCHED)))]
    with reading(engine, world, author) as unit:
        draft = drafts.upload(unit, sent)
    assert (draft.instrument_id, draft.major, draft.origin) == (PHQ, 1, "upload")
    found = drafts.reading(draft)
    assert found.is_clean, found.findings
    assert found.files is not None
    assert draft.hash == found.files.instrument.hashes.release
    # The same files again, packed otherwise, are the same draft.
    with reading(engine, world, author) as unit:
        again = drafts.upload(unit, [("other.zip", zipped(some_files(HARMLESS, PATCHED), ""))])
    assert again.id == draft.id
    actions = system.scalars(select(AuditEntry.action).where(AuditEntry.action == "draft.upload"))
    assert len(list(actions)) == 1


def test_single_files_take_the_rest_from_the_published_ones(
    engine: Engine, world: World, author: Adult
) -> None:
    changed = lowered()
    sent = [(name, changed[name].encode()) for name in ("interpretation.yaml", "cases.yaml")]
    with reading(engine, world, author) as unit:
        draft = drafts.upload(unit, sent, base_id=PHQ)
        assert drafts.reading(draft).is_clean, drafts.reading(draft).findings
        compared = drafts.compare(unit, draft)
    assert compared is not None
    assert compared.change is not None
    assert [part.name for part in compared.change.parts] == ["interpretation"]
    assert compared.change.moves_flags
    assert not compared.is_refused


def test_a_lowered_cut_off_without_new_golden_cases_is_found_with_its_line(
    engine: Engine, world: World, author: Adult
) -> None:
    draft = a_draft(engine, world, author, some_files(LOWER, NEW_VERSION))
    findings = drafts.reading(draft).findings
    assert findings
    assert {finding.path.name for finding in findings} <= {"cases.yaml", "interpretation.yaml"}
    assert all(finding.line > 1 for finding in findings)


def test_a_version_that_is_published_with_other_content_is_refused(
    engine: Engine, world: World, author: Adult
) -> None:
    draft = a_draft(engine, world, author, some_files(HARMLESS))
    with reading(engine, world, author) as unit:
        compared = drafts.compare(unit, draft)
    assert compared is not None
    assert compared.republished == ("structure 1.0.0",)
    assert compared.is_refused
    assert compared.change is not None
    assert compared.change.parts[0].needed is Step.PATCH


def test_a_release_that_left_the_repository_is_compared_by_its_stored_parts(
    engine: Engine, world: World, author: Adult, system: Session
) -> None:
    draft = a_draft(engine, world, author, some_files(HARMLESS, PATCHED))
    with reading(engine, world, author) as unit:
        release = library.releases(unit, PHQ)[0]
        stored = read_stored(PHQ, 1, library.parts_of(unit, release))
        compared = drafts.compare(unit, draft, release)
    assert stored is not None
    # What went through the database says the same to the last digit.
    assert stored.instrument.hashes.release == release.hash
    assert compared is not None
    assert compared.change is not None
    assert [change.path for change in compared.change.parts[0].changes] == [("minutes",)]


def _refused(unit_of: tuple[Engine, World, Adult], *sent: tuple[str, bytes]) -> DraftFault:
    engine, world, author = unit_of
    with pytest.raises(UnusableFilesError) as refused, reading(engine, world, author) as unit:
        drafts.upload(unit, sent)
    world.session.rollback()
    assert world.session.scalars(select(InstrumentDraft)).all() == []
    return refused.value.fault


def test_what_cannot_be_a_draft_leaves_nothing_behind(
    engine: Engine, world: World, author: Adult
) -> None:
    whole = some_files(HARMLESS, PATCHED)
    here = (engine, world, author)
    cases: list[tuple[DraftFault, str, bytes]] = [
        (DraftFault.ZIP, "a.zip", b"PK\x03\x04 cut short"),
        (DraftFault.ZIP, "a.zip", zipped(whole)[:-40]),
        (DraftFault.EMPTY, "a.zip", zipped({})),
        (DraftFault.NAME, "a.zip", zipped(whole, "../phq-a/")),
        (DraftFault.NAME, "a.zip", zipped(whole, "/etc/")),
        (DraftFault.NAME, "a.zip", zipped(whole, "..\\phq-a\\")),
        (DraftFault.NAME, "a.zip", zipped({**whole, "run.sh": "rm"})),
        (DraftFault.NAME, "run.sh", b"rm"),
        (DraftFault.FOLDERS, "a.zip", zipped({**whole, "2/structure.yaml": "x"})),
        (DraftFault.NOT_TEXT, "structure.yaml", b"\xff\xfe\x00"),
        (DraftFault.NOT_TEXT, "structure.yaml", b"id: a\x00"),
        (DraftFault.LARGE, "cases.yaml", b"-" * (MOST_BYTES + 1)),
        (DraftFault.NAMELESS, "scoring.yaml", b"a: 1"),
        (DraftFault.NAMELESS, "structure.yaml", b"id: [never closed"),
        (DraftFault.UNNAMED, "structure.yaml", b'id: {todo: "its name"}\nversion: "0.1.0"'),
        (DraftFault.UNNAMED, "structure.yaml", b'id: "mood"\nversion: {todo: "say which"}'),
        (DraftFault.UNNAMED, "structure.yaml", b'id: "../mood"\nversion: "0.1.0"'),
        (DraftFault.PUBLISHED, "a.zip", zipped(some_files())),
    ]
    for fault, name, content in cases:
        assert _refused(here, (name, content)) is fault, (fault, name)


def test_what_an_import_left_to_do_is_listed_and_hinders_no_draft(
    engine: Engine, world: World, author: Adult
) -> None:
    options = [{"valueCoding": {"code": code, "display": code}} for code in ("yes", "no")]
    question = {"linkId": "1", "text": "Well?", "type": "choice", "answerOption": options}
    form = {"resourceType": "Questionnaire", "id": "mood", "status": "draft", "item": [question]}
    found = fhir_read.read(json.dumps(form).encode(), "mood")
    files = {f"{name}.yaml": text for name, text in draft_texts(found).items()}
    assert "todo" in files["structure.yaml"]
    with reading(engine, world, author) as unit:
        draft = drafts.upload(unit, [("mood.zip", zipped(files, "mood/0/"))])
        left = drafts.reading(draft)
        assert drafts.compare(unit, draft) is None
        hindrances = release_signing.draft_hindrances(unit, draft)
    assert (draft.instrument_id, draft.major) == (found.id, found.major)
    assert not left.is_clean
    (minutes,) = [one for one in left.findings if "how many minutes" in one.reason]
    assert minutes.path.name == "structure.yaml"
    assert "minutes" in files["structure.yaml"].splitlines()[minutes.line - 1]
    assert hindrances == [release_signing.Hindrance.FINDINGS]


def test_a_zip_bomb_is_not_unpacked(engine: Engine, world: World, author: Adult) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for number in range(8):
            part = f"wording.{'abcdefgh'[number]}a.yaml"
            archive.writestr(part, b"a" * MOST_BYTES)
    assert len(packed.getvalue()) < 100_000
    assert _refused((engine, world, author), ("bomb.zip", packed.getvalue())) is DraftFault.LARGE


def test_many_files_a_link_and_the_same_name_twice_are_refused(
    engine: Engine, world: World, author: Adult
) -> None:
    here = (engine, world, author)
    many = {f"wording.a{letter}.yaml": "a: 1" for letter in "abcdefghijklmnopqrstuvwxyz"}
    assert _refused(here, ("a.zip", zipped(many))) is DraftFault.MANY
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        link = ZipInfo("structure.yaml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert _refused(here, ("a.zip", packed.getvalue())) is DraftFault.NAME
    part = some_files()["structure.yaml"].encode()
    twice = (("structure.yaml", part), ("structure.yaml", part))
    assert _refused(here, *twice) is DraftFault.TWICE


def test_another_cannot_propose_the_same_content_beside_it(
    engine: Engine, world: World, author: Adult
) -> None:
    other = a_methodologist(world)
    world.session.commit()
    files = some_files(HARMLESS, PATCHED)
    first = a_draft(engine, world, author, files)
    with pytest.raises(UnusableFilesError) as refused:
        a_draft(engine, world, other, files)
    assert refused.value.fault is DraftFault.PROPOSED
    with reading(engine, world, other) as unit:
        drafts.withdraw(unit, first.id)
    with pytest.raises(ConflictError), reading(engine, world, author) as unit:
        drafts.withdraw(unit, first.id)
    with pytest.raises(NotFoundError), reading(engine, world, author) as unit:
        drafts.get(unit, first.id)
    assert a_draft(engine, world, other, files).id != first.id


def test_files_that_cannot_be_read_yet_are_kept_with_what_is_wrong(
    engine: Engine, world: World, author: Adult
) -> None:
    files = {**some_files(PATCHED), "scoring.yaml": "version: '1.0.0'\nscales: []\nsurprise: 1\n"}
    draft = a_draft(engine, world, author, files)
    found = drafts.reading(draft)
    assert found.files is None
    assert [finding.path.name for finding in found.findings] == ["scoring.yaml"]
    with reading(engine, world, author) as unit:
        assert drafts.compare(unit, draft) is None
        assert [row.draft.id for row in drafts.live(unit, PHQ)] == [draft.id]
