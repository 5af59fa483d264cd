"""Counts of a replay add up in any order, and show nobody."""

from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.flagging import Flag
from tirek.domain.interpretation import Moment
from tirek.domain.levels import Level
from tirek.domain.replay import FEWEST, Respondent, Tally

FLAGS = [
    Flag("high", Level.HIGH, Moment.COMPLETE, scale="total"),
    Flag("medium", Level.MEDIUM, Moment.COMPLETE, scale="total"),
    Flag("medium", Level.LOW, Moment.COMPLETE, scale="total"),
]
people = st.builds(
    Respondent,
    language=st.sampled_from(["kk", "ru"]),
    sex=st.sampled_from(["f", "m", ""]),
    age=st.integers(6, 19),
    region=st.sampled_from(["KZ-71", "KZ-11"]),
)
some_flags = st.lists(st.sampled_from(FLAGS), unique=True)
runs = st.lists(st.tuples(people, some_flags, some_flags), max_size=40)


def _tally(found: list[tuple[Respondent, list[Flag], list[Flag]]]) -> Tally:
    tally = Tally()
    for who, before, after in found:
        tally.add(who, before, after)
    return tally


@given(runs, st.integers(0, 40))
def test_any_partition_adds_up_to_the_whole(
    found: list[tuple[Respondent, list[Flag], list[Flag]]], place: int
):
    first, second = _tally(found[:place]), _tally(found[place:])
    whole = _tally(found)
    assert first.merge(second).as_json() == whole.as_json()
    assert second.merge(first).as_json() == whole.as_json()
    assert Tally.from_json(whole.as_json()).as_json() == whole.as_json()


@given(runs)
def test_no_small_cell_is_shown_and_none_follows_from_the_others(
    found: list[tuple[Respondent, list[Flag], list[Flag]]],
):
    tally = _tally(found)
    for flag in tally.shown()["flags"]:
        for what in ("gained", "lost"):
            cells: dict[str, list[int | None]] = {}
            for row in flag["groups"]:
                cells.setdefault(row["dimension"], []).append(row[what])
            assert flag[what] is None or flag[what] == 0 or flag[what] >= FEWEST
            for shown in cells.values():
                assert all(cell is None or cell == 0 or cell >= FEWEST for cell in shown)
                # One hidden cell beside others that are not zero could be found by subtraction.
                if sum(cell is None for cell in shown) == 1:
                    assert not any(shown)


def test_a_flag_at_another_level_is_lost_and_gained():
    who = Respondent("kk", "f", 14, "KZ-71")
    tally = Tally()
    for _ in range(FEWEST):
        tally.add(who, [FLAGS[1]], [FLAGS[2]])
    shown = {(one["flag"], one["level"]): one for one in tally.shown()["flags"]}
    assert shown[("medium", "medium")]["lost"] == FEWEST
    assert shown[("medium", "low")]["gained"] == FEWEST
    assert tally.shown()["levels"] == [{"before": "medium", "after": "low", "count": FEWEST}]


def test_equal_flags_move_nobody():
    tally = Tally()
    tally.add(Respondent("ru", "", 9, "KZ-11"), FLAGS[:1], FLAGS[:1])
    assert tally.shown()["flags"] == []
