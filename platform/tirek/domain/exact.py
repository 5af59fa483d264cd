"""Exact fractions without the detours of the general case: a million sheets are scored with them.

Each gives the very fraction, or the very answer, that Python's own operators give; those test
types and shorten fractions at every step, which costs five times as much.
"""

from collections.abc import Iterable
from fractions import Fraction


def total(values: Iterable[Fraction]) -> Fraction:
    """Return the sum; 0 of nothing."""
    whole, broken = 0, None
    for value in values:
        if value.denominator == 1:
            whole += value.numerator
        else:
            broken = value if broken is None else broken + value
    return Fraction(whole) if broken is None else broken + whole


def is_at_least(value: Fraction, bound: Fraction) -> bool:
    """Return value >= bound, multiplied crosswise: denominators are above 0."""
    return value.numerator * bound.denominator >= bound.numerator * value.denominator


def half_up(value: Fraction) -> Fraction:
    """Return floor(value + 1/2), also below zero."""
    return Fraction((2 * value.numerator + value.denominator) // (2 * value.denominator))
