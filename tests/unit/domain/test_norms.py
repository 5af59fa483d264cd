"""T and percentile: worked rows of reference instruments §7, and every reason to refuse."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.builders import a_norm, a_scale, an_instrument
from tirek.domain.instruments import WordingStatus
from tirek.domain.interpretation import AgeGroup, NormStatus, PercentileKind, PercentileTable, Sex
from tirek.domain.norms import Refusal, RefusalReason, Standing, shown_t, standing, t_score
from tirek.domain.scoring import Reason, ScaleScore


def a_score(value):
    reason = Reason.TOO_MANY_MISSING if value is None else None
    return ScaleScore("total", None if value is None else Fraction(value), reason, 6)


def normed(*norms, status=WordingStatus.VALIDATED):
    """An instrument of seven items 0 to 3, with norms, whose wordings are of this status."""
    made = an_instrument(a_scale(items=7), items=7)
    wordings = {lang: replace(one, status=status) for lang, one in made.wordings.items()}
    rules = replace(made.interpretation, norms=norms)
    return replace(made, wordings=wordings, interpretation=rules)


def of(instrument, value, *, sex=Sex.FEMALE, age=13, lang="kk"):
    return standing(instrument, a_score(value), sex, age, lang)


# Raw to T as a hospital's tables have it (susom/redcap-em-autoscoring), mean and sd as recovered.
RCADS_47 = """
girl 7-8 depression           |  8 |  7.90 |  3.90 | 50
girl 7-8 depression           | 14 |  7.90 |  3.90 | 66
girl 7-8 depression           | 16 |  7.90 |  3.90 | 71
girl 9-10 social              | 20 | 12.50 |  5.00 | 65
girl 5-6 separation           | 10 |  4.76 |  3.78 | 64
parent boy 7-8 depression     |  9 |  3.55 |  3.18 | 67
parent girl 9-10 depression   | 10 |  3.98 |  3.25 | 69
girl 7-8 total anxiety        | 60 | 33.56 | 13.93 | 69
girl 7-8 total                | 75 | 41.32 | 16.67 | 70
boy 9-10 total                | 60 | 37.29 | 15.30 | 65
girl 11-12 total anxiety      | 35 | 34.97 | 14.89 | 50
boy 3-4 total                 | 41 | 41.06 | 17.15 | 50
"""


@pytest.mark.parametrize("row", RCADS_47.strip().splitlines())
def test_the_printed_t_of_rcads_47(row):
    _, raw, mean, sd, printed = (cell.strip() for cell in row.split("|"))
    assert round(t_score(float(raw), float(mean), float(sd))) == int(printed)


def test_a_normal_norm_gives_t_and_percentile():
    found = of(normed(a_norm(mean=8, sd=4)), 14)
    assert isinstance(found, Standing)
    assert (found.t, found.t_unclipped) == pytest.approx((65, 65))
    # The share of a normal distribution below 1.5 standard deviations.
    assert found.percentile == pytest.approx(93.319280, abs=1e-6)
    assert found.norm.population == "girls and boys"
    assert not found.is_cumulative


@pytest.mark.parametrize(
    ("t", "shown"), [(81.2, 80), (80, 80), (12, 20), (20, 20), (50, 50), (79.99, 79.99)]
)
def test_t_is_clipped_for_show_only(t, shown):
    assert shown_t(t) == shown


def test_the_unclipped_t_is_kept():
    found = of(normed(a_norm(mean=1, sd=2)), 21)
    assert (found.t, found.t_unclipped) == pytest.approx((80, 150))


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        t_score(5, 5, 0)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"value": None}, RefusalReason.NOT_COMPUTABLE),
        ({"lang": "ru"}, RefusalReason.LANGUAGE),
        ({"sex": None}, RefusalReason.SEX_UNKNOWN),
        ({"age": None}, RefusalReason.AGE_UNKNOWN),
        ({"age": 15}, RefusalReason.OUTSIDE_NORM),
        ({"age": 10}, RefusalReason.OUTSIDE_NORM),
    ],
)
def test_what_a_norm_does_not_name_is_refused(given, reason):
    instrument = normed(
        *(
            a_norm(norm_id=sex.value, sex=sex, ages=AgeGroup(11, 14), langs=("kk",), mean=5, sd=2)
            for sex in Sex
        )
    )
    assert of(instrument, **({"value": 7} | given)) == Refusal(reason)
    assert isinstance(of(instrument, 7), Standing)


def test_a_working_wording_has_no_standing_whatever_the_norm():
    instrument = normed(a_norm(mean=8, sd=4), status=WordingStatus.WORKING)
    assert of(instrument, 14) == Refusal(RefusalReason.WORKING_WORDING)


@pytest.mark.parametrize("status", [WordingStatus.VALIDATED, WordingStatus.AUTHORISED])
def test_a_proved_or_authorised_wording_has_one(status):
    assert isinstance(of(normed(a_norm(mean=8, sd=4), status=status), 14), Standing)


@pytest.mark.parametrize(
    "norms", [(), (a_norm(sd=None),), (a_norm(status=NormStatus.NONE),), (a_norm(scale="other"),)]
)
def test_without_a_usable_norm_there_is_none(norms):
    assert of(normed(*norms), 14) == Refusal(RefusalReason.NO_NORM)


def test_each_sex_has_its_own_figures_and_each_age():
    instrument = normed(
        *(
            a_norm(norm_id=f"{sex}{low}", sex=sex, ages=AgeGroup(low, high), mean=mean, sd=5)
            for sex, low, high, mean in (
                (Sex.FEMALE, 11, 12, 10),
                (Sex.MALE, 11, 12, 5),
                (Sex.FEMALE, 13, 14, 15),
                (Sex.MALE, 13, 14, 0),
            )
        )
    )
    found = {(s, a): of(instrument, 10, sex=s, age=a).t for s in Sex for a in (11, 12, 13, 14)}
    assert [found[Sex.FEMALE, age] for age in (11, 12, 13, 14)] == pytest.approx([50, 50, 40, 40])
    assert [found[Sex.MALE, age] for age in (11, 12, 13, 14)] == pytest.approx([60, 60, 70, 70])


def test_ones_own_sex_wins_over_both():
    both, own = a_norm(norm_id="both", mean=5, sd=5), a_norm(norm_id="own", sex=Sex.FEMALE)
    assert of(normed(both, own), 10).norm.id == "own"
    assert of(normed(both, own), 10, sex=None).norm.id == "both"


def table(kind, *percentiles):
    rows = tuple((Fraction(raw), Fraction(p)) for raw, p in enumerate(percentiles))
    return a_norm(mean=None, sd=None, percentiles=PercentileTable(kind, rows))


def test_a_cumulative_table_gives_its_percentile_and_no_t():
    found = of(normed(table(PercentileKind.CUMULATIVE, 10, "37.5", 100)), 1)
    assert (found.percentile, found.t, found.t_unclipped) == (37.5, None, None)
    assert found.is_cumulative


def test_a_table_of_mid_ranks_gives_the_normalised_t():
    found = of(normed(table(PercentileKind.MID_RANK, 10, 50, "97.7249868")), 2)
    assert found.t == pytest.approx(70, abs=1e-6)
    assert of(normed(table(PercentileKind.MID_RANK, 10, 50, 90)), 1).t == pytest.approx(50)


@pytest.mark.parametrize("end", [0, 100])
def test_a_mid_rank_at_an_end_has_no_t(end):
    found = of(normed(table(PercentileKind.MID_RANK, end)), 0)
    assert (found.percentile, found.t) == (end, None)


def test_a_score_between_two_rows_is_refused():
    instrument = normed(table(PercentileKind.CUMULATIVE, 10, 50, 100))
    assert of(instrument, "3/2") == Refusal(RefusalReason.NOT_IN_TABLE)
