"""R `mantelhaen.test(UCBAdmissions)`, difR's `difMH`, and moments counted out by hand."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.domain.measurement.real_answers import berkeley, verbal_aggression
from tirek.domain.measurement.answer_counts import AnswerCounts, StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.mantel import DifClass, mantel_haenszel, ordinal_mantel

TABLES = hnp.arrays(np.int64, (3, 2, 3), elements=st.integers(0, 6))


def a_table(counts) -> StratifiedTable:
    table = np.asarray(counts, dtype=np.int64)
    return StratifiedTable(np.arange(len(table)) * 1.0, np.arange(table.shape[2]) * 1.0, table)


def test_berkeley_admissions_as_r_prints_them() -> None:
    found = mantel_haenszel(a_table(berkeley()))
    assert found.odds_ratio == pytest.approx(0.9046968, abs=1e-7)
    assert found.chi2 == pytest.approx(1.4269, abs=5e-5)
    assert found.p == pytest.approx(0.2323, abs=5e-5)
    assert found.delta == pytest.approx(-2.35 * np.log(0.9046968), abs=1e-6)
    # R's interval of the odds ratio, .7719074 to 1.0603298, is made with this standard error.
    low, high = (np.log(0.9046968) + z * found.delta_se / 2.35 for z in (-1.959964, 1.959964))
    assert np.exp([low, high]) == pytest.approx([0.7719074, 1.0603298], abs=1e-6)


# What the help page of R difR prints for `difMH(verbal, group = 25, focal.name = 1)`: women are
# the reference. Statistic with correction, alpha, delta.
DIF_MH = """
S1WantCurse 1.7076 1.7005 -1.2476
S1WantScold 2.1486 1.7702 -1.3420
S1WantShout 0.9926 1.4481 -0.8701
S2WantCurse 1.9302 1.9395 -1.5567
S2WantScold 2.9540 1.9799 -1.6052
S2WantShout 9.6032 2.8804 -2.4861
S3WantCurse 0.0013 0.9439  0.1358
S3WantScold 0.6752 0.7194  0.7741
S3WantShout 0.8185 1.5281 -0.9965
S4wantCurse 1.6292 1.6849 -1.2260
S4WantScold 0.0152 1.0901 -0.2028
S4WantShout 4.1188 2.3458 -2.0036
S1DoCurse   0.1324 0.7967  0.5340
S1DoScold   2.7501 0.4995  1.6313
S1DoShout   0.0683 1.1765 -0.3821
S2DoCurse   6.3029 0.3209  2.6709
S2DoScold   6.8395 0.3746  2.3072
S2DoShout   0.2170 0.7931  0.5447
S3DoCurse   5.7817 0.4616  1.8165
S3DoScold   3.8880 0.4727  1.7606
S3DoShout   0.2989 0.6373  1.0585
S4DoCurse   1.1220 0.6444  1.0327
S4DoScold   1.4491 0.6385  1.0541
S4DoShout   0.8390 1.6053 -1.1123
"""


def test_women_and_men_in_verbal_aggression_as_difr_prints_them() -> None:
    people = verbal_aggression()
    counts = AnswerCounts.of(people.items, people.answers, people.genders)
    rows = [line.split() for line in DIF_MH.split("\n") if line]
    assert {row[0] for row in rows} == set(people.items)
    for item, *printed in rows:
        found = mantel_haenszel(counts.table(item, "F", "M"))
        seen = (found.chi2, found.odds_ratio, found.delta)
        assert seen == pytest.approx([float(one) for one in printed], abs=6e-5)


def test_without_correction_two_codes_are_the_same_test() -> None:
    """R: mantelhaen.test(UCBAdmissions, correct = FALSE) gives 1.5246."""
    assert ordinal_mantel(a_table(berkeley())).chi2 == pytest.approx(1.5246, abs=5e-5)


def test_the_statistic_is_that_of_all_shuffles_of_the_group() -> None:
    """Within a stratum all ways to hand out the group's marks are equally likely."""
    answers, n_focal = [0, 0, 1, 2, 2], 2
    sums = [sum(order[:n_focal]) for order in permutations(answers)]
    table = a_table([[[1, 1, 1], [1, 0, 1]]])
    expected = (2 - np.mean(sums)) ** 2 / np.var(sums)
    assert ordinal_mantel(table).chi2 == pytest.approx(expected)


def test_the_mean_difference_weighs_strata_by_the_focal_group() -> None:
    # Stratum one: focal mean 1.0, reference 0.5; stratum two: focal 2.0, reference 1.0.
    table = a_table([[[2, 2, 0], [0, 1, 0]], [[1, 0, 1], [0, 0, 3]]])
    found = ordinal_mantel(table)
    assert found.smd == pytest.approx(1 / 4 * 0.5 + 3 / 4 * 1.0)
    answers = [0, 0, 1, 1, 1, 0, 2, 2, 2, 2]
    assert found.sd == pytest.approx(np.std(answers))
    assert found.effect == pytest.approx(found.smd / found.sd)


@given(TABLES)
def test_the_other_group_as_reference_turns_only_the_sign(counts) -> None:
    try:
        one, other = ordinal_mantel(a_table(counts)), ordinal_mantel(a_table(counts[:, ::-1]))
    except UnmeasurableError:
        reject()
    assert one.chi2 == pytest.approx(other.chi2, abs=1e-9)


@given(TABLES, st.integers(1, 5), st.integers(-3, 3))
def test_unit_and_origin_of_the_codes_do_not_matter(counts, unit, shift) -> None:
    one = a_table(counts)
    other = StratifiedTable(one.levels, one.scores * unit + shift, one.counts)
    try:
        first, second = ordinal_mantel(one), ordinal_mantel(other)
    except UnmeasurableError:
        reject()
    assert second.chi2 == pytest.approx(first.chi2, abs=1e-8)
    assert second.effect == pytest.approx(first.effect, abs=1e-9)


def of_odds(ratio: float, persons: int) -> StratifiedTable:
    high = round(persons * ratio / (1 + ratio))
    return a_table([[[persons // 2, persons // 2], [persons - high, high]]])


@pytest.mark.parametrize(
    ("ratio", "persons", "size"),
    [
        (1.0, 400, DifClass.A),
        (1.3, 4000, DifClass.A),  # delta .6: significant, but small
        (1.7, 4000, DifClass.B),  # delta 1.25
        (3.0, 4000, DifClass.C),  # delta 2.6
        (3.0, 10, DifClass.A),  # as large, but nobody to prove it
        (2.0, 300, DifClass.B),  # delta 1.6, not surely above 1
    ],
)
def test_sizes_of_two_codes(ratio, persons, size) -> None:
    assert mantel_haenszel(of_odds(ratio, persons)).size is size


@pytest.mark.parametrize(
    ("more", "size"), [(0, DifClass.A), (60, DifClass.A), (100, DifClass.B), (200, DifClass.C)]
)
def test_sizes_of_many_codes(more, size) -> None:
    table = a_table([[[400, 400, 400], [400 - more, 400, 400 + more]]])
    assert ordinal_mantel(table).size is size


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([[[3, 2], [0, 0]], [[0, 0], [2, 2]]], "both groups"),
        ([[[3, 0], [4, 0]]], "both groups"),
        ([[[3, 2], [4, 0]]], "odds"),
    ],
)
def test_groups_that_never_meet_cannot_be_compared(counts, said) -> None:
    with pytest.raises(UnmeasurableError, match=said):
        mantel_haenszel(a_table(counts))


def test_the_odds_ratio_is_for_two_codes() -> None:
    with pytest.raises(UnmeasurableError, match="two answers"):
        mantel_haenszel(a_table([[[1, 1, 1], [1, 1, 1]]]))
