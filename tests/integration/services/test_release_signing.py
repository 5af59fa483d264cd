"""Nobody approves alone: two names under one exact content, counted by the database too."""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread
from zipfile import ZipFile

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_library import (
    HARMLESS,
    PATCHED,
    PHQ,
    STATEMENT,
    a_draft,
    a_methodologist,
    acting_as,
    lowered,
    reading,
    replayed,
    some_files,
)
from tests.world import HOME, Adult, World, a_vault, a_world, an_adult, the_catalog
from tirek.catalog.instruments import check
from tirek.catalog.library import Catalog
from tirek.config import Keys
from tirek.domain.draft_upload import DraftFault, UnusableFilesError
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.instruments import ReleaseStatus
from tirek.domain.people import Actor, Role
from tirek.services import drafts, instruments, library, pilots, release_signing
from tirek.services.release_signing import (
    AlreadySignedError,
    EmptyStatementError,
    Hindrance,
    NotSignableError,
    NotSignedError,
    Seen,
    Statement,
)
from tirek.storage.models import (
    Account,
    AuditEntry,
    InstrumentRelease,
    PilotRegion,
    ReleaseSignature,
    Replay,
)


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


@pytest.fixture
def second(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


def the_release(world: World) -> InstrumentRelease:
    world.session.rollback()
    return world.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.instrument_id == PHQ)
    ).one()


def sign(engine: Engine, world: World, adult: Adult) -> None:
    with reading(engine, world, adult) as unit:
        release_signing.sign_release(unit, the_release(world).id, STATEMENT)


def approve(engine: Engine, world: World, adult: Adult) -> None:
    with reading(engine, world, adult) as unit:
        release_signing.approve(unit, the_release(world).id)


def test_two_people_sign_and_one_approves(
    engine: Engine, world: World, author: Adult, second: Adult
) -> None:
    with pytest.raises(NotSignedError):
        approve(engine, world, author)
    sign(engine, world, author)
    with pytest.raises(AlreadySignedError):
        sign(engine, world, author)
    with pytest.raises(NotSignedError):
        approve(engine, world, author)
    sign(engine, world, second)
    approve(engine, world, author)
    assert the_release(world).status == "approved"
    done = world.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [one for one in done if one.startswith("release.")] == [
        "release.sign", "release.sign", "release.approve",
    ]  # fmt: skip


def test_the_database_itself_refuses_one_signature(world: World, author: Adult) -> None:
    release = the_release(world)
    world.session.add(
        ReleaseSignature(
            instrument_id=PHQ,
            release_hash=release.hash,
            account_id=author.account.id,
            seen={},
            comment="Alone.",
        )
    )
    world.session.flush()
    with pytest.raises(DBAPIError, match="two methodologists"):
        world.session.execute(update(InstrumentRelease).values(status="approved"))


def test_a_signature_says_what_was_looked_at(engine: Engine, world: World, author: Adult) -> None:
    for statement in (Statement(frozenset(), "Fine."), Statement(frozenset({Seen.CASES}), "  ")):
        with pytest.raises(EmptyStatementError), reading(engine, world, author) as unit:
            release_signing.sign_release(unit, the_release(world).id, statement)
    sign(engine, world, author)
    with reading(engine, world, author) as unit:
        (one,) = release_signing.signatures(unit, PHQ, the_release(world).hash)
    assert (one.seen, one.comment) == ((Seen.LINTS, Seen.CASES), "Read whole.")


def test_who_left_office_counts_no_more(
    engine: Engine, world: World, author: Adult, second: Adult
) -> None:
    sign(engine, world, author)
    sign(engine, world, second)
    world.session.execute(
        update(Account).where(Account.id == second.account.id).values(is_active=False)
    )
    world.session.commit()
    with pytest.raises(NotSignedError):
        approve(engine, world, author)
    # And cannot sign anything else.
    who5 = world.session.scalars(
        select(InstrumentRelease.id).where(InstrumentRelease.instrument_id == "who-5")
    ).one()
    world.session.rollback()
    with pytest.raises(DBAPIError), reading(engine, world, second) as unit:
        release_signing.sign_release(unit, who5, STATEMENT)
    third = a_methodologist(world)
    world.session.commit()
    sign(engine, world, third)
    approve(engine, world, author)


def test_another_role_cannot_sign(engine: Engine, world: World) -> None:
    other = an_adult(world.unit(), Role.ADMINISTRATOR)
    world.session.commit()
    with pytest.raises(DBAPIError, match="only a methodologist"):
        sign(engine, world, other)


def test_two_tabs_that_approve_at_once_are_one_approval(
    engine: Engine, world: World, author: Adult, second: Adult
) -> None:
    sign(engine, world, author)
    sign(engine, world, second)
    release_id = the_release(world).id
    world.session.rollback()
    actors = [adult.actor for adult in (author, second)]
    together, outcomes = Barrier(2, timeout=10), []

    def tab(actor: Actor) -> None:
        with acting_as(engine, world, actor) as unit:
            unit.now()
            together.wait()
            try:
                release_signing.approve(unit, release_id)
                outcomes.append("approved")
            except ConflictError:
                outcomes.append("late")

    tabs = [Thread(target=tab, args=(actor,)) for actor in actors]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    assert sorted(outcomes) == ["approved", "late"]
    entries = world.session.scalars(
        select(func.count()).where(AuditEntry.action == "release.approve")
    ).one()
    assert entries == 1


def test_a_retired_release_says_why_and_stays_retired(
    engine: Engine, world: World, author: Adult
) -> None:
    release_id = the_release(world).id
    with pytest.raises(EmptyStatementError), reading(engine, world, author) as unit:
        release_signing.retire(unit, release_id, " ")
    with reading(engine, world, author) as unit:
        release_signing.retire(unit, release_id, "A better one is there.")
    release = the_release(world)
    assert (release.status, release.retired_reason) == ("retired", "A better one is there.")
    assert release.retired_at is not None
    with pytest.raises(ConflictError), reading(engine, world, author) as unit:
        release_signing.retire(unit, release_id, "Once more.")
    with pytest.raises(NotSignableError) as refused:
        sign(engine, world, author)
    assert refused.value.hindrances == (Hindrance.RETIRED,)
    with pytest.raises(pilots.NotOnTrialError), reading(engine, world, author) as unit:
        pilots.start(unit, release_id, [HOME])


def test_regions_are_opened_and_closed_one_by_one(
    engine: Engine, world: World, author: Adult
) -> None:
    release_id = the_release(world).id
    with reading(engine, world, author) as unit:
        for pilot in pilots.of_release(unit, release_id):
            pilots.stop(unit, release_id, pilot.id)
    with reading(engine, world, author) as unit:
        assert pilots.of_release(unit, release_id) == []
        assert pilots.start(unit, release_id, [HOME, HOME, "KZ-11"]) == 2
        assert pilots.start(unit, release_id, [HOME]) == 0
        with pytest.raises(NotFoundError):
            pilots.start(unit, release_id, ["KZ-00"])
        opened = pilots.of_release(unit, release_id)
    assert [pilot.region.iso for pilot in opened] == ["KZ-11", HOME]
    rows = world.session.scalars(select(PilotRegion).where(PilotRegion.release_id == release_id))
    assert {row.opened_by for row in rows if row.closed_at is None} == {author.account.id}


def test_a_draft_with_findings_or_too_small_a_step_is_not_signed(
    engine: Engine, world: World, author: Adult
) -> None:
    wrong = a_draft(engine, world, author, some_files(HARMLESS))
    with pytest.raises(NotSignableError) as refused, reading(engine, world, author) as unit:
        release_signing.sign_draft(unit, wrong.id, STATEMENT)
    assert refused.value.hindrances == (Hindrance.VERSIONS,)
    broken = a_draft(engine, world, author, {**some_files(PATCHED), "cases.yaml": "[]"})
    with pytest.raises(NotSignableError) as refused, reading(engine, world, author) as unit:
        release_signing.sign_draft(unit, broken.id, STATEMENT)
    assert refused.value.hindrances == (Hindrance.FINDINGS,)


def test_rules_that_flag_others_are_signed_only_after_a_replay(
    engine: Engine, world: World, author: Adult
) -> None:
    draft = a_draft(engine, world, author, lowered())
    with pytest.raises(NotSignableError) as refused, reading(engine, world, author) as unit:
        release_signing.sign_draft(unit, draft.id, STATEMENT)
    assert refused.value.hindrances == (Hindrance.REPLAY,)
    replayed(engine, world, author, draft)
    with reading(engine, world, author) as unit:
        release_signing.sign_draft(unit, draft.id, STATEMENT)


def test_a_replay_against_rules_no_longer_in_use_does_not_count(
    engine: Engine, world: World, author: Adult
) -> None:
    draft = a_draft(engine, world, author, lowered())
    world.session.add(
        Replay(
            draft_id=draft.id,
            from_hash="0" * 64,
            to_hash=draft.hash,
            requested_by=author.account.id,
            state="done",
            result={},
            ended_at=datetime.now(UTC),
        )
    )
    world.session.commit()
    with pytest.raises(NotSignableError) as refused, reading(engine, world, author) as unit:
        release_signing.sign_draft(unit, draft.id, STATEMENT)
    assert refused.value.hindrances == (Hindrance.REPLAY,)


def test_a_deployed_bundle_is_the_content_that_was_signed(
    engine: Engine, world: World, author: Adult, second: Adult, tmp_path: Path
) -> None:
    draft = a_draft(engine, world, author, some_files(HARMLESS, PATCHED))
    for adult in (author, second):
        with pytest.raises(NotSignedError), reading(engine, world, adult) as unit:
            release_signing.bundle(unit, drafts.get(unit, draft.id))
        with reading(engine, world, adult) as unit:
            release_signing.sign_draft(unit, draft.id, STATEMENT)
    with reading(engine, world, author) as unit:
        packed = release_signing.bundle(unit, drafts.get(unit, draft.id))
        assert release_signing.bundle(unit, drafts.get(unit, draft.id)) == packed
    with ZipFile(BytesIO(packed)) as archive:
        archive.extractall(tmp_path)
    files, findings = check(tmp_path / PHQ / "1")
    assert findings == []
    assert files is not None
    assert files.release is not None
    assert files.instrument.hashes.release == draft.hash
    names = {author.account.display_name, second.account.display_name}
    assert {one.by for one in files.release.signatures} == names
    # Versions published before stay in the history, so that none is ever given other content.
    assert {(part.name, part.version) for part in files.release.history} >= {
        ("structure", "1.0.0"),
        ("structure", "1.0.1"),
    }
    _deployed(world, files.instrument)
    release = world.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.hash == draft.hash)
    ).one()
    with reading(engine, world, author) as unit:
        # Nobody signs again: it is the content that two people signed.
        release_signing.approve(unit, release.id)
    world.session.refresh(release)
    assert release.status == "approved"


def test_a_file_that_calls_itself_approved_is_on_trial_until_two_sign(
    engine: Engine, world: World, author: Adult
) -> None:
    found = []
    for number, said in enumerate((ReleaseStatus.APPROVED, ReleaseStatus.RETIRED), start=1):
        version = ("structure.yaml", 'version: "1.0.0"', f'version: "1.0.{number}"')
        files = drafts.reading(a_draft(engine, world, author, some_files(HARMLESS, version))).files
        assert files is not None
        _deployed(world, replace(files.instrument, status=said))
        digest = files.instrument.hashes.release
        found.append(
            world.session.scalars(
                select(InstrumentRelease).where(InstrumentRelease.hash == digest)
            ).one()
        )
    on_trial, retired = found
    assert (on_trial.status, retired.status) == ("pilot", "retired")
    assert retired.retired_reason
    with pytest.raises(NotSignedError), reading(engine, world, author) as unit:
        release_signing.approve(unit, on_trial.id)


def _deployed(world: World, instrument: object) -> None:
    """As `tirek migrate` does with the new files."""
    catalog = Catalog(
        **{
            name: getattr(world.catalog, name)
            for name in Catalog.__slots__
            if name != "instruments"
        },
        instruments={PHQ: instrument},  # type: ignore[dict-item]
    )
    assert instruments.register_releases(world.session, catalog) == 1
    world.session.commit()


def test_only_the_newest_files_can_be_signed(engine: Engine, world: World, author: Adult) -> None:
    release = the_release(world)
    world.session.add(
        InstrumentRelease(
            instrument_id=PHQ,
            label="0.9.0",
            hash="0" * 64,
            structure_hash=release.structure_hash,
            scoring_hash=release.scoring_hash,
            interpretation_hash=release.interpretation_hash,
            wording_hashes=release.wording_hashes,
            status="pilot",
        )
    )
    world.session.commit()
    old = world.session.scalars(
        select(InstrumentRelease).where(InstrumentRelease.label == "0.9.0")
    ).one()
    with pytest.raises(NotSignableError) as refused, reading(engine, world, author) as unit:
        release_signing.sign_release(unit, old.id, STATEMENT)
    assert refused.value.hindrances == (Hindrance.NOT_CURRENT,)
    with reading(engine, world, author) as unit:
        assert library.run_checks(unit, world.catalog.instruments[PHQ]).is_clean


def test_signatures_are_not_lent_to_other_golden_cases(
    engine: Engine, world: World, author: Adult, second: Adult
) -> None:
    files = some_files(HARMLESS, PATCHED)
    draft = a_draft(engine, world, author, files)
    for adult in (author, second):
        with reading(engine, world, adult) as unit:
            release_signing.sign_draft(unit, draft.id, STATEMENT)
    with reading(engine, world, author) as unit:
        drafts.withdraw(unit, draft.id)
    cases = files["cases.yaml"]
    fewer = {**files, "cases.yaml": cases[: cases.rindex("\n- id: ") + 1]}
    with pytest.raises(UnusableFilesError) as refused:
        a_draft(engine, world, second, fewer)
    assert refused.value.fault is DraftFault.SIGNED
    assert a_draft(engine, world, second, files).hash == draft.hash
