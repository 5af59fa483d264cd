"""Cells of any partition add up to the whole, to the last digit."""

import json
from random import Random

import pytest

from tests.builders_measured import honest
from tests.world import the_catalog
from tirek.domain.instruments import Answer, AnswerState
from tirek.domain.scoring import score
from tirek.domain.standing_cell import Cell, InRound, Sheet, measured, merged
from tirek.domain.standing_figures import figures_of, median

INSTRUMENT = the_catalog().instruments["psc-17-y"]


def sheets(number: int, seed: int = 1) -> list[Sheet]:
    """Invented sheets, every tenth with a blank."""
    chance, made = Random(seed), []  # noqa: S311
    for at in range(number):
        answers = dict(honest(chance, INSTRUMENT, "kk"))
        if at % 10 == 0:
            answers["q2"] = Answer(AnswerState.SKIPPED)
        made.append(
            Sheet(
                answers,
                score(INSTRUMENT, answers),
                frozenset({INSTRUMENT.flags[0].id}) if at % 7 == 0 else frozenset(),
                11 + at % 5,
                {"q3": chance.random() * 30},
                chance.random() * 300,
            )
        )
    return made


def rounds(number: int) -> list[InRound]:
    return [InRound(f"2026.{1 + at % 2}", frozenset()) for at in range(number)]


@pytest.mark.parametrize("regions", [2, 3, 20])
def test_regions_counted_apart_are_the_country_counted_at_once(regions: int) -> None:
    everything, finished = sheets(200), rounds(230)
    chance = Random(regions)  # noqa: S311
    apart: list[tuple[list[Sheet], list[InRound]]] = [([], []) for _ in range(regions)]
    for sheet in everything:
        chance.choice(apart)[0].append(sheet)
    for one in finished:
        chance.choice(apart)[1].append(one)
    chance.shuffle(apart)
    stored = [
        json.loads(json.dumps(Cell.of(INSTRUMENT, own, ended).as_json())) for own, ended in apart
    ]
    whole = merged(Cell.from_json(one) for one in stored)
    at_once = Cell.of(INSTRUMENT, everything, finished)
    assert whole is not None
    assert whole.as_json() == at_once.as_json()
    for scale in measured(INSTRUMENT):
        assert figures_of(scale, whole) == figures_of(scale, at_once)


def test_a_cell_holds_no_sheet() -> None:
    """Of a hundred sheets it is about as large as of ten thousand."""
    small, large = (len(json.dumps(Cell.of(INSTRUMENT, sheets(n)).as_json())) for n in (100, 1000))
    assert large < 2.5 * small


def test_blanks_are_no_answers_and_leave_the_sums() -> None:
    cell = Cell.of(INSTRUMENT, sheets(100))
    (scale,) = [one for one in measured(INSTRUMENT) if "q2" in one.items and len(one.items) < 17]
    figures = figures_of(scale, cell)
    (item,) = [one for one in figures["items"] if one["item"] == "q2"]
    assert item["missing"] == pytest.approx(0.1)
    assert figures["complete"] == 90


def test_the_median_of_counts() -> None:
    from collections import Counter  # noqa: PLC0415

    assert median(Counter()) is None
    assert median(Counter({3: 1})) == 3
    assert median(Counter({1: 1, 2: 1})) == 1.5
    assert median(Counter({1: 3, 9: 2})) == 1


def test_a_flag_of_a_computed_scale_is_counted_where_its_answers_are() -> None:
    """The flags of the WHO-5 stand on its index, which is its sum times four."""
    well_being = the_catalog().instruments["who-5"]
    answers = {item.id: Answer.read("0") for item in well_being.items}
    raised = frozenset({"indexVeryLow"})
    sheet = Sheet(answers, score(well_being, answers), raised, 12, {}, None)
    cell = Cell.of(well_being, [sheet], [InRound("2026.1", raised)])
    (scale,) = measured(well_being)
    figures = figures_of(scale, cell)
    assert sum(figures["levels"].values()) == 1
    assert figures["rounds"]["2026.1"]["flagged"] == 1
