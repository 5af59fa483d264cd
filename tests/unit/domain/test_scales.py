from fractions import Fraction

import pytest

from tests.builders import a_missing_rule, a_scale
from tirek.domain.scales import Rounding


@pytest.mark.parametrize(
    ("value", "rounded"), [("10.5", 11), ("10.4999", 10), ("99/7", 14), ("-0.5", 0), ("-1.5", -1)]
)
def test_half_goes_up(value, rounded):
    assert Rounding.HALF_UP.of(Fraction(value)) == rounded


def test_no_rounding_keeps_the_exact_value():
    assert Rounding.NONE.of(Fraction(99, 7)) == Fraction(99, 7)


def test_cut_offs_are_read_on_the_rounded_value():
    scale = a_scale(missing=a_missing_rule(band_rounding=Rounding.HALF_UP))
    assert scale.banded(Fraction("10.5")) == 11


def test_a_scale_without_a_rule_reads_cut_offs_on_the_value():
    assert a_scale(missing=None).banded(Fraction("10.5")) == Fraction("10.5")
