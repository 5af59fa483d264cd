"""Instruments under review: the files of the repository with a few edits, and who reads them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from zipfile import ZipFile

from sqlalchemy import Engine

from tests.world import Adult, Pupil, World, an_adult
from tirek.catalog.draft_files import published_files
from tirek.config import ROOT
from tirek.domain.instruments import Answer
from tirek.domain.people import Actor, Role
from tirek.domain.scope import Scope
from tirek.services import administrations, drafts, replays, runs
from tirek.services.release_signing import Seen, Statement
from tirek.services.unit import Unit
from tirek.storage.models import InstrumentDraft
from tirek.storage.session import open_session

PHQ = "phq-a"
STATEMENT = Statement(frozenset({Seen.LINTS, Seen.CASES}), "Read whole.")
# The total flags from 10 instead of 11, and its version says so.
LOWER = ("interpretation.yaml", "{scale: total, ge: 11}", "{scale: total, ge: 10}")
NEW_VERSION = ("interpretation.yaml", 'version: "1.0.0"', 'version: "2.0.0"')
# Golden cases that say what the new rule gives: a total of 10 is flagged too.
HARMLESS = ("structure.yaml", "minutes: 4", "minutes: 5")
PATCHED = ("structure.yaml", 'version: "1.0.0"', 'version: "1.0.1"')

Edit = tuple[str, str, str]


def some_files(*edits: Edit, instrument_id: str = PHQ) -> dict[str, str]:
    """The files of an instrument of the repository with edits; each must find its place."""
    files = published_files(ROOT / "instruments", instrument_id)
    for name, before, after in edits:
        assert before in files[name], (name, before)
        files[name] = files[name].replace(before, after, 1)
    return files


def lowered() -> dict[str, str]:
    """A draft of the PHQ-A that flags from a total of 10, golden cases and all."""
    files = some_files(LOWER, NEW_VERSION)
    files["cases.yaml"] = _with_flag_from(files["cases.yaml"], 10)
    return files


def _with_flag_from(cases: str, cut: int) -> str:
    """Cases whose total lies at the cut expect the flag as well."""
    lines, total = [], None
    for line in cases.splitlines():
        if "total: {value:" in line:
            said = line.split("value:")[1].split(",")[0]
            total = Fraction(said.strip().strip('"'))
        elif line.startswith("- id:"):
            total = None
        is_band = total is not None and int(total + Fraction(1, 2)) == cut
        if is_band and line.strip().startswith("flags: ["):
            kept = [one for one in line.split("[")[1].rstrip("]").split(", ") if one]
            flags = ", ".join(sorted({*kept, "totalMedium"}))
            line = f"    flags: [{flags}]"  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def zipped(files: Mapping[str, str], folder: str = "phq-a/1/") -> bytes:
    """The files packed as a folder."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{folder}{name}", text)
    return packed.getvalue()


def a_methodologist(world: World) -> Adult:
    return an_adult(world.unit(), Role.METHODOLOGIST)


@contextmanager
def reading(engine: Engine, world: World, adult: Adult) -> Iterator[Unit]:
    """One request of a methodologist, committed at its end: no child's row is visible."""
    with acting_as(engine, world, adult.actor) as unit:
        yield unit


@contextmanager
def acting_as(engine: Engine, world: World, actor: Actor) -> Iterator[Unit]:
    """The same for somebody known by name only, as threads need it."""
    with open_session(engine, Scope.none()) as session, session.begin():
        yield Unit(session, world.catalog, world.vault, actor)


def a_draft(
    engine: Engine, world: World, adult: Adult, files: Mapping[str, str]
) -> InstrumentDraft:
    with reading(engine, world, adult) as unit:
        return drafts.propose(unit, files, origin="upload")


def answer(world: World, pupil: Pupil, row: str, language: str = "kk") -> None:
    """A pupil answers the PHQ-A whole: nine codes, and "no" to the rest."""
    assignment = world.school.assignments[PHQ]
    unit = world.unit(pupil.actor)
    key = administrations.open_or_resume(unit, assignment, pupil.id, language, unit.now())
    administrations.start(unit, runs.load(unit, key), language)
    given = {f"q{number}": Answer.read(code) for number, code in enumerate(row + "0000", start=1)}
    administrations.record_responses(unit, runs.load(unit, key), given)
    administrations.complete(unit, runs.load(unit, key))


def replayed(engine: Engine, world: World, adult: Adult, draft: InstrumentDraft) -> None:
    """Run a replay of a draft to its end."""
    with reading(engine, world, adult) as unit:
        replays.request(unit, draft.id)
    while advanced(engine, world):
        pass


def advanced(engine: Engine, world: World) -> int:
    """One chunk, as the round does it."""
    with open_session(engine, Scope.system()) as session, session.begin():
        return replays.advance(world.unit(session=session))
