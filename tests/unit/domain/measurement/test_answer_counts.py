"""Counts of parts are the counts of the whole; tables, floors and blanks are read from them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tirek.domain.measurement.answer_counts import AnswerCounts, StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError

ITEMS = ("q1", "q2")
CODES = st.one_of(st.integers(0, 3).map(float), st.just(float("nan")))
SHEETS = hnp.arrays(np.float64, st.tuples(st.integers(1, 25), st.just(2)), elements=CODES)


def without_empty(counts: AnswerCounts) -> str:
    """The counts with codes and levels that nobody has left out, to compare by content."""
    cells = {
        (item, group, level, code): int(counts.matched[i, g, s, c])
        for i, item in enumerate(counts.items)
        for g, group in enumerate(counts.groups)
        for s, level in enumerate(counts.levels.tolist())
        for c, code in enumerate(counts.codes.tolist())
        if counts.matched[i, g, s, c]
    }
    return json.dumps([sorted(map(str, cells.items())), counts.given.tolist()])


@given(SHEETS, st.data())
def test_any_partition_merged_is_the_whole(answers, data) -> None:
    size = len(answers)
    groups = data.draw(st.lists(st.sampled_from("kr"), min_size=size, max_size=size))
    cut = data.draw(st.integers(0, size))
    parts = [
        AnswerCounts.of(ITEMS, answers[part], groups[part])
        for part in (slice(cut), slice(cut, size))
    ]
    whole = AnswerCounts.of(ITEMS, answers, groups)
    assert without_empty(parts[0].merge(parts[1])) == without_empty(whole)
    assert without_empty(parts[1].merge(parts[0])) == without_empty(whole)
    read = AnswerCounts.from_json(json.loads(json.dumps(whole.as_json())))
    assert without_empty(read) == without_empty(whole)


def test_a_table_holds_the_two_groups_by_their_sum() -> None:
    answers = np.array([[0, 1], [1, 0], [1, 1], [np.nan, 1], [0, 1]])
    counts = AnswerCounts.of(ITEMS, answers, ["kk", "ru", "ru", "ru", "en"])
    table = counts.table("q1", "kk", "ru")
    assert table.levels.tolist() == [1, 2]
    assert table.scores.tolist() == [0, 1]
    assert table.counts.tolist() == [[[1, 0], [0, 1]], [[0, 0], [0, 1]]]


def test_floor_and_blanks_count_everybody() -> None:
    counts = AnswerCounts.of(ITEMS, np.array([[0, 1], [np.nan, 1], [0, 2], [3, np.nan]]))
    assert counts.share("q1", 0) == pytest.approx(2 / 3)
    assert counts.share("q1", 7) == 0
    assert (counts.missing("q1"), counts.missing("q2")) == (0.25, 0.25)


def test_nobody_has_no_share() -> None:
    counts = AnswerCounts.of(ITEMS, np.empty((0, 2)))
    assert (counts.share("q1", 0), counts.missing("q1")) == (None, None)


def test_persons_can_be_matched_by_another_score() -> None:
    matching = np.array([0.25, 0.25, np.nan])
    counts = AnswerCounts.of(ITEMS, np.array([[0, np.nan], [1, 1], [1, 1]]), None, matching)
    assert counts.levels.tolist() == [0.25]
    assert counts.matched[0].tolist() == [[[1, 1]]]


def test_a_table_can_be_made_of_plain_counts() -> None:
    table = StratifiedTable.of({3: {0: 2, 1: 5}}, {3: {1: 4}, 4: {2: 1}})
    assert table.levels.tolist() == [3, 4]
    assert table.counts.tolist() == [[[2, 5, 0], [0, 4, 0]], [[0, 0, 0], [0, 0, 1]]]


def test_what_is_no_answer_code_is_refused() -> None:
    with pytest.raises(UnmeasurableError, match="no answer codes"):
        AnswerCounts.of(ITEMS, np.arange(300).reshape(150, 2))
    with pytest.raises(UnmeasurableError, match="1 groups were named for 2"):
        AnswerCounts.of(ITEMS, np.ones((2, 2)), ["kk"])
    with pytest.raises(UnmeasurableError, match="different items"):
        AnswerCounts.of(ITEMS, np.ones((2, 2))).merge(AnswerCounts.of("ab", np.ones((2, 2))))
    with pytest.raises(UnmeasurableError, match="no counts"):
        AnswerCounts.from_json({})
