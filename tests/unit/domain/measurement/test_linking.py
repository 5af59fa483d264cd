import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.measurement.graded_people import a_model, answers_of
from tirek.domain.measurement.graded import (
    PRIOR,
    GradedItem,
    GradedModel,
    total_expected_score,
    total_information,
)
from tirek.domain.measurement.graded_fit import fit_graded
from tirek.domain.measurement.linking import Link, LinkError, haebara, mean_sigma, stocking_lord

WAYS = (mean_sigma, stocking_lord, haebara)


@pytest.mark.parametrize("way", WAYS)
@given(st.floats(0.4, 2.5), st.floats(-2, 2), st.integers(0, 30))
def test_a_scale_that_was_moved_is_moved_back(way, slope, shift, seed):
    old = a_model(seed=seed)
    moved = Link(1 / slope, -shift / slope, ()).model(old)
    found = way(old, moved)
    assert (found.slope, found.shift) == pytest.approx((slope, shift), abs=1e-5)
    for one, other in zip(found.model(moved), old, strict=True):
        assert (one.a, *one.b) == pytest.approx((other.a, *other.b), abs=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_another_population_is_put_on_the_first_ones_scale(way):
    model = a_model(items=10)
    first = fit_graded(model.ids, answers_of(model, people=5_000))
    # The others stand half an sd higher and are as different among themselves again by half.
    seen = Link(1 / 1.5, -0.5 / 1.5, ()).model(model)
    second = fit_graded(model.ids, answers_of(seen, people=5_000, seed=9))
    found = way(first.model, second.model)
    assert found.slope == pytest.approx(1.5, abs=0.1)
    assert found.shift == pytest.approx(0.5, abs=0.1)


def test_only_shared_items_carry_the_link():
    old, new = a_model(items=6), a_model(items=6)
    kept = GradedModel(new.items[2:])
    extra = GradedModel((*kept.items, GradedItem("new", 1.0, (0.0,))))
    assert stocking_lord(old, extra).items == ("q3", "q4", "q5", "q6")


@given(st.floats(0.4, 2.5), st.floats(-2, 2), st.floats(-3, 3))
def test_information_is_stretched_with_the_scale(slope, shift, theta):
    model = a_model()
    moved = Link(slope, shift, ()).model(model)
    at = np.array([theta])
    there = Link(slope, shift, ()).thetas(at)
    assert total_information(moved, there) * slope**2 == pytest.approx(
        total_information(model, at), rel=1e-9
    )


def test_the_two_curve_methods_differ_from_mean_sigma_when_one_threshold_is_odd():
    old = a_model()
    odd = GradedItem("q1", old.items[0].a, (*old.items[0].b[:-1], 9.0))
    new = GradedModel((odd, *old.items[1:]))
    by_curve, by_moments = stocking_lord(old, new), mean_sigma(old, new)
    assert abs(by_curve.slope - 1) < abs(by_moments.slope - 1) / 2


def test_stocking_lord_is_at_its_own_minimum():
    old, new = a_model(seed=1), a_model(seed=2)
    found = stocking_lord(old, new)

    def gap(slope, shift):
        moved = Link(slope, shift, ()).model(new)
        curves = total_expected_score(old, PRIOR.points) - total_expected_score(moved, PRIOR.points)
        return PRIOR.weights @ curves**2

    least = gap(found.slope, found.shift)
    for by in (-1e-3, 1e-3):
        assert gap(found.slope + by, found.shift) > least
        assert gap(found.slope, found.shift + by) > least


def test_too_little_in_common_is_refused():
    one = GradedModel((GradedItem("q1", 1.0, (0.0,)),))
    with pytest.raises(LinkError, match="too few items"):
        mean_sigma(one, one)
    with pytest.raises(LinkError, match="too few items"):
        haebara(a_model(), GradedModel((GradedItem("x", 1.0, (0.0, 1.0)),)))


def test_an_item_with_other_answers_is_no_shared_item():
    old, new = a_model(categories=4), a_model(categories=3)
    with pytest.raises(LinkError, match="item q1 is not the same"):
        stocking_lord(old, new)
