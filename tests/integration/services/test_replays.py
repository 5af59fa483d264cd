"""Replays: whoever would gain or lose a flag is counted, and nothing else happens to anybody."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from tests.builders_library import (
    HARMLESS,
    PATCHED,
    a_draft,
    a_methodologist,
    advanced,
    answer,
    lowered,
    reading,
    replayed,
    some_files,
)
from tests.world import Adult, World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.errors import ConflictError
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import drafts, heartbeats, replays
from tirek.services.unit import Unit
from tirek.storage.models import (
    AuditEntry,
    FlagRecord,
    InstrumentDraft,
    Replay,
    Response,
    Score,
    StudentKey,
)
from tirek.storage.session import open_session
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

PUPILS = 24
# Ten girls and ten boys who answer later.
LATER = 20
# Totals: 10 (gains the flag), 12 (has it), 0 (never).
TEN, TWELVE, NONE = "222220000", "222222000", "000000000"


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=PUPILS, coded=0)
    for number, pupil in enumerate(made.school.pupils):
        row = TEN if number < 12 else (TWELVE if number < 16 else NONE)
        answer(made, pupil, row, "ru" if number % 3 == 0 else "kk")
    system.commit()
    return made


@pytest.fixture
def author(world: World) -> Adult:
    made = a_methodologist(world)
    world.session.commit()
    return made


@pytest.fixture
def draft(engine: Engine, world: World, author: Adult) -> InstrumentDraft:
    return a_draft(engine, world, author, lowered())


def the_replay(world: World) -> Replay:
    world.session.rollback()
    return world.session.scalars(select(Replay).order_by(Replay.requested_at.desc())).first() or (
        pytest.fail("no replay")
    )


def counted(world: World) -> tuple[int, ...]:
    return tuple(
        world.session.scalars(select(func.count()).select_from(one)).one()
        for one in (Score, FlagRecord, Response)
    )


def test_gains_are_counted_and_small_cells_hidden(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft
) -> None:
    before = counted(world)
    replayed(engine, world, author, draft)
    replay = the_replay(world)
    assert (replay.state, replay.total, replay.done) == ("done", PUPILS, PUPILS)
    assert replay.partial is None
    result = cast("dict[str, Any]", replay.result)
    assert (result["total"], result["unreadable"]) == (PUPILS, 0)
    (flag,) = result["flags"]
    assert (flag["flag"], flag["level"]) == ("totalMedium", "medium")
    assert (flag["gained"], flag["lost"]) == (12, 0)
    cells = {(row["dimension"], row["group"]): row["gained"] for row in flag["groups"]}
    # 12 by age and region; 6 girls and 6 boys, 4 in Russian and 8 in Kazakh: too few to show.
    assert cells[("region", "KZ-71")] == 12
    assert cells[("age", "14-15")] == 12
    assert cells[("sex", "f")] is None
    assert cells[("sex", "m")] is None
    assert cells[("language", "kk")] is None
    assert cells[("language", "ru")] is None
    levels = {(row["before"], row["after"]): row["count"] for row in result["levels"]}
    assert ("none", "medium") in levels
    # Scores and flags that were given stay as they are; no answer is in the row.
    assert counted(world) == before
    assert "q1" not in json.dumps(result)


def test_each_run_leaves_one_entry(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft
) -> None:
    replayed(engine, world, author, draft)
    entries = world.session.scalars(
        select(AuditEntry).where(AuditEntry.entity == "replay").order_by(AuditEntry.id)
    ).all()
    assert [one.action for one in entries] == ["replay.request", "replay.run"]
    assert entries[0].account_id == author.account.id
    assert {one.entity_id for one in entries} == {str(the_replay(world).id)}


def test_pressing_twice_asks_once(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft
) -> None:
    with reading(engine, world, author) as unit:
        first = replays.request(unit, draft.id)
    with reading(engine, world, author) as unit:
        assert replays.request(unit, draft.id) == first


def test_a_replay_that_is_killed_in_the_middle_goes_on_from_there(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft, monkeypatch: Any
) -> None:
    monkeypatch.setattr(replays, "CHUNK", 7)
    with reading(engine, world, author) as unit:
        replays.request(unit, draft.id)
    assert advanced(engine, world) == 7
    # Killed before the second chunk was committed.
    with open_session(engine, Scope.system()) as dying:
        assert replays.advance(Unit(dying, world.catalog, world.vault, SYSTEM)) == 7
        # Meanwhile nobody else works on it, and nobody waits.
        assert advanced(engine, world) == 0
    assert the_replay(world).done == 7
    rest = []
    while batch := advanced(engine, world):
        rest.append(batch)
    assert rest == [7, 7, 3]
    replay = the_replay(world)
    assert (replay.state, replay.done) == ("done", PUPILS)
    result = cast("dict[str, Any]", replay.result)
    assert result["flags"][0]["gained"] == 12
    entries = select(func.count()).where(AuditEntry.action == "replay.run")
    assert world.session.scalars(entries).one() == 1


def test_a_replay_can_be_cancelled_and_asked_for_anew(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft, monkeypatch: Any
) -> None:
    monkeypatch.setattr(replays, "CHUNK", 7)
    with reading(engine, world, author) as unit:
        replay_id = replays.request(unit, draft.id)
    assert advanced(engine, world)
    with reading(engine, world, author) as unit:
        replays.cancel(unit, draft.id, replay_id)
    replay = the_replay(world)
    assert (replay.state, replay.failure, replay.partial) == ("failed", "cancelled", None)
    assert advanced(engine, world) == 0
    with pytest.raises(ConflictError), reading(engine, world, author) as unit:
        replays.cancel(unit, draft.id, replay_id)
    replayed(engine, world, author, draft)
    assert the_replay(world).state == "done"


def test_answers_that_do_not_open_are_counted_apart(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft, owner: Engine
) -> None:
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE responses DISABLE TRIGGER USER")
        one = world.session.scalars(select(Response.administration_id)).first()
        connection.execute(
            update(Response).where(Response.administration_id == one).values(sealed=b"x" * 40)
        )
    replayed(engine, world, author, draft)
    result = cast("dict[str, Any]", the_replay(world).result)
    assert (result["total"], result["unreadable"]) == (PUPILS - 1, 1)


def test_what_breaks_it_ends_it_with_a_reason(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft, monkeypatch: Any
) -> None:
    with reading(engine, world, author) as unit:
        replays.request(unit, draft.id)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("an answer of a child")

    monkeypatch.setattr(replays, "score", broken)
    _round(engine, world)
    replay = the_replay(world)
    assert (replay.state, replay.failure) == ("failed", "ZeroDivisionError")


def test_a_withdrawn_draft_is_not_replayed_on(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft
) -> None:
    with reading(engine, world, author) as unit:
        replays.request(unit, draft.id)
        drafts.withdraw(unit, draft.id)
    _round(engine, world)
    assert (the_replay(world).state, the_replay(world).failure) == ("failed", "withdrawn")


def test_the_round_does_it_and_says_so(
    engine: Engine, world: World, author: Adult, draft: InstrumentDraft
) -> None:
    with reading(engine, world, author) as unit:
        replays.request(unit, draft.id)
    assert _round(engine, world) == PUPILS
    assert the_replay(world).state == "done"
    loops = {one.name: one.last_count for one in heartbeats.loops(world.session)}
    assert loops["relay.replays"] == PUPILS
    assert _round(engine, world) == 0


def test_a_draft_that_flags_alike_or_asks_otherwise_has_nothing_to_replay(
    engine: Engine, world: World, author: Adult
) -> None:
    other = a_draft(engine, world, author, some_files(HARMLESS, PATCHED))
    with pytest.raises(replays.NothingToReplayError), reading(engine, world, author) as unit:
        replays.request(unit, other.id)


def told(world: World) -> tuple[str, int, Any]:
    """How the last replay ended, of how many, and how many would gain the flag."""
    replay = the_replay(world)
    flags = (replay.result or {}).get("flags", [])
    return replay.state, replay.total, flags[0]["gained"] if flags else replay.failure


def again(engine: Engine, world: World, author: Adult, draft: InstrumentDraft) -> None:
    with reading(engine, world, author) as unit:
        replays.request(unit, draft.id)
    _round(engine, world)


def test_two_replays_are_never_a_few_children_apart(
    engine: Engine, keys: Keys, system: Session, owner: Engine
) -> None:
    world = a_world(system, the_catalog(), a_vault(keys), pupils=PUPILS + LATER, coded=0)
    author = a_methodologist(world)
    first, later = world.school.pupils[:PUPILS], world.school.pupils[PUPILS:]
    for number, pupil in enumerate(first):
        answer(world, pupil, TEN if number < 12 else NONE)
    system.commit()
    files = lowered()
    draft = a_draft(engine, world, author, files)
    again(engine, world, author, draft)
    assert told(world) == ("done", PUPILS, 12)
    moment = the_replay(world).answers_until
    # Two more would gain it. Neither this draft nor one that flags alike tells of them.
    for pupil in later[:2]:
        answer(world, pupil, TEN)
    system.commit()
    rules = files["interpretation.yaml"].replace('version: "2.0.0"', 'version: "2.0.1"')
    twin = a_draft(engine, world, author, {**files, "interpretation.yaml": rules})
    for one in (draft, twin):
        again(engine, world, author, one)
        assert told(world) == ("done", PUPILS, 12)
        assert the_replay(world).answers_until == moment
    # Whoever is erased is missing from then on, so the same moment would tell of that one.
    with owner.begin() as connection:
        connection.execute(delete(StudentKey).where(StudentKey.student_id == first[0].id))
    again(engine, world, author, draft)
    assert told(world) == ("failed", 0, "few_since")
    # Ten girls, and nine boys: a group is told of only when there are ten of it.
    for pupil in later[2:-1]:
        answer(world, pupil, TEN)
    system.commit()
    again(engine, world, author, twin)
    assert told(world)[0] == "failed"
    answer(world, later[-1], TEN)
    system.commit()
    again(engine, world, author, draft)
    assert told(world) == ("done", PUPILS + LATER - 1, 11 + LATER)


def _round(engine: Engine, world: World) -> int:
    (one,) = [each for each in ROUNDS if each.name == "replays"]
    plant = cast("Any", SimpleNamespace(engine=engine))
    bench = Workbench(plant, world.catalog, world.vault, cast("Any", None))
    return one.run(bench, by="relay")
