"""The nightly count: each child once, each school whole, whatever dies meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import time
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.builders_measured import Answers, answer_all, code, honest
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.instruments import Instrument
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.domain.standing import AlarmKind
from tirek.domain.standing_cell import Cell
from tirek.services import measurements, standing_alarms
from tirek.services.unit import Unit
from tirek.storage.models import (
    AuditEntry,
    Measurement,
    MeasurementCell,
    MeasurementNight,
)
from tirek.storage.session import open_session
from tirek.tasks.rounds import ROUNDS
from tirek.tasks.workbench import Workbench

ITEM, SCALE = "q3", "total"
INSTRUMENT = "gad-7"
Begin = Callable[[], AbstractContextManager[Unit]]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=3, coded=0)
    system.commit()
    return made


@pytest.fixture
def begin(engine: Engine, world: World) -> Begin:
    @contextmanager
    def unit() -> Iterator[Unit]:
        with open_session(engine, Scope.system()) as session, session.begin():
            yield Unit(session, world.catalog, world.vault, SYSTEM)

    return unit


def turned(chance: Random, instrument: Instrument, language: str) -> Answers:
    """As everybody, but with the key of one item turned round."""
    given = dict(honest(chance, instrument, language))
    codes = [option.code for option in instrument.options(ITEM)]
    at = codes.index(given[ITEM].code or "")
    return given | {ITEM: code(codes[len(codes) - 1 - at])}


def lifted(chance: Random, instrument: Instrument, language: str) -> Answers:
    """As everybody, but in Kazakh one item is answered without regard to the others."""
    given = dict(honest(chance, instrument, language))
    if language == "kk":
        given[ITEM] = code(instrument.options(ITEM)[-1].code)
    return given


def figures(session: Session, language: str = "", sex: str = "") -> dict[str, Any]:
    session.expire_all()
    row = session.scalars(
        select(Measurement).where(
            Measurement.instrument_id == INSTRUMENT,
            Measurement.scale == SCALE,
            Measurement.language == language,
            Measurement.sex == sex,
        )
    ).one()
    return row.figures


def test_each_child_is_counted_once_with_the_newest_sheet(
    system: Session, world: World, begin: Begin
) -> None:
    crowd = answer_all(world, world.schools[0], INSTRUMENT, "kk", 40, days_ago=30)
    answer_all(world, world.schools[1], INSTRUMENT, "ru", 20, of=crowd.students[:20], seed=2)
    system.commit()
    measurements.count_all(begin)
    found = figures(system)
    assert found["n"] == found["scored"] == 40
    assert figures(system, "kk")["n"] == figures(system, "ru")["n"] == 20
    assert figures(system, "", "f")["n"] + figures(system, "", "m")["n"] == 40


def test_the_figures_are_those_of_the_answers(system: Session, world: World, begin: Begin) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 150)
    system.commit()
    measurements.count_all(begin)
    found = figures(system)
    assert 0.7 < found["alpha_low"] < found["alpha"] < found["alpha_high"] < 1
    assert abs(found["omega"] - found["alpha"]) < 0.05
    assert all(item["item_rest"] > 0.3 for item in found["items"] if item["item"] != "q8")
    assert {item["seconds"] for item in found["items"][1:]} == {5.0}
    assert all(item["missing"] == 0 for item in found["items"])


def kinds(world: World, item: str | None = None) -> set[tuple[AlarmKind, str]]:
    return {
        (one.kind, one.language)
        for one in standing_alarms.of(world.unit(), INSTRUMENT)
        if one.scale == SCALE and item in {None, one.item}
    }


def test_an_item_with_its_key_turned_round_raises_the_keying_alarm(
    system: Session, world: World, begin: Begin
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 130, answering=turned)
    answer_all(world, world.schools[1], INSTRUMENT, "ru", 130)
    system.commit()
    measurements.count_all(begin)
    assert (AlarmKind.NEGATIVE_ITEM_REST, "kk") in kinds(world, ITEM)
    assert (AlarmKind.NEGATIVE_ITEM_REST, "ru") not in kinds(world)
    others = {one.item for one in standing_alarms.of(world.unit()) if one.kind.startswith("neg")}
    assert others == {ITEM}


def test_an_item_that_differs_between_the_languages_raises_an_alarm(
    system: Session, world: World, begin: Begin
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 210, answering=lifted)
    answer_all(world, world.schools[1], INSTRUMENT, "ru", 210)
    system.commit()
    measurements.count_all(begin)
    assert (AlarmKind.DIF_LANGUAGE, "") in kinds(world, ITEM)
    (item,) = [one for one in figures(system)["items"] if one["item"] == ITEM]
    assert item["dif"]["class"] == "C"
    assert item["dif"]["effect"] > 0.25


def test_equal_languages_raise_no_alarm_of_difference(
    system: Session, world: World, begin: Begin
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 210)
    answer_all(world, world.schools[1], INSTRUMENT, "ru", 210)
    system.commit()
    measurements.count_all(begin)
    raised = {kind for kind, _ in kinds(world)}
    assert not raised & {
        AlarmKind.DIF_LANGUAGE,
        AlarmKind.NEGATIVE_ITEM_REST,
        AlarmKind.LOW_RELIABILITY,
    }


def test_a_second_count_of_the_night_adds_nothing(
    system: Session, world: World, begin: Begin
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 30)
    system.commit()
    assert measurements.count_all(begin) == 30
    before = figures(system)
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 5, seed=3)
    system.commit()
    assert measurements.count_all(begin) == 0
    assert figures(system) == before
    entries = select(AuditEntry).where(AuditEntry.action == "measurement.count")
    assert len(system.scalars(entries).all()) == 1
    assert not system.scalars(select(MeasurementCell)).all()


class KilledError(Exception):
    """Stands for a process that dies."""


def test_a_count_killed_in_the_middle_goes_on_and_counts_nobody_twice(
    system: Session, world: World, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    for school in world.schools:
        answer_all(world, school, INSTRUMENT, "kk", 20)
    system.commit()
    of, calls = Cell.of, []

    def dying(*args: Any) -> Cell:
        calls.append(args)
        # Two groups a school: the second school has written one of its own.
        if len(calls) == 4:
            raise KilledError
        return of(*args)

    monkeypatch.setattr(Cell, "of", dying)
    with pytest.raises(KilledError):
        measurements.count_all(begin)
    system.rollback()
    (night,) = system.scalars(select(MeasurementNight)).all()
    assert night.ended_at is None
    assert 0 < night.schools < len(world.schools)
    measurements.count_all(begin)
    assert figures(system)["n"] == 60
    system.refresh(night)
    assert (night.schools, night.sheets, night.left_out) == (len(world.schools), 60, 0)


def test_two_at_once_do_not_count_the_same_school(
    system: Session, world: World, begin: Begin
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 20)
    system.commit()
    with begin() as opening:
        assert measurements.count_next(opening, at_once=True) == measurements.Progress(
            is_over=False
        )
    with begin() as first:
        assert not measurements.count_next(first, at_once=True).is_over
        with begin() as second:
            assert measurements.count_next(second, at_once=True).is_over
    measurements.count_all(begin)
    assert figures(system)["n"] == 20


def test_the_round_counts_a_night_once_and_only_after_one_o_clock(
    engine: Engine, system: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 20)
    system.commit()
    (nightly,) = [one for one in ROUNDS if one.name == "measurements"]
    relay = cast("Any", SimpleNamespace(engine=engine))
    bench = Workbench(relay, world.catalog, world.vault, cast("Any", None))
    monkeypatch.setattr(measurements, "BEGINS", time.max)
    assert nightly.run(bench, "test") == 0
    assert not system.scalars(select(MeasurementNight)).all()
    monkeypatch.setattr(measurements, "BEGINS", time.min)
    assert nightly.run(bench, "test") == 20
    assert nightly.run(bench, "test") == 0
    assert figures(system)["n"] == 20


def test_languages_are_compared_inside_schools_that_have_both(
    system: Session, world: World, begin: Begin
) -> None:
    """Two schools of one language each differ by something else: inside a school nothing does."""
    mixed, kazakh, russian = world.schools
    for language in ("kk", "ru"):
        answer_all(world, mixed, INSTRUMENT, language, 260)
    answer_all(world, kazakh, INSTRUMENT, "kk", 260, answering=lifted)
    answer_all(world, russian, INSTRUMENT, "ru", 260, seed=2)
    system.commit()
    measurements.count_all(begin)
    (item,) = [one for one in figures(system)["items"] if one["item"] == ITEM]
    assert item["dif"]["effect"] > 0.25
    assert abs(item["dif"]["within_schools"]) < 0.17
    assert figures(system)["n"] == 4 * 260


def test_a_night_that_would_tell_of_one_child_waits_for_ten(
    system: Session, world: World, begin: Begin, owner: Engine
) -> None:
    def a_day_passes() -> None:
        with owner.begin() as connection:
            for table in ("measurements", "measurement_nights"):
                connection.execute(text(f"UPDATE {table} SET night = night - 1"))  # noqa: S608

    def nights() -> int:
        system.rollback()
        return len(set(system.scalars(select(Measurement.night))))

    answer_all(world, world.schools[0], INSTRUMENT, "kk", 40)
    system.commit()
    measurements.count_all(begin)
    before = figures(system)
    a_day_passes()
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 1, seed=3)
    system.commit()
    measurements.count_all(begin)
    assert nights() == 1
    assert figures(system) == before
    a_day_passes()
    # Girls and boys take turns: ten of each, with the one who waited.
    answer_all(world, world.schools[0], INSTRUMENT, "kk", 21, seed=4)
    system.commit()
    measurements.count_all(begin)
    assert nights() == 2
