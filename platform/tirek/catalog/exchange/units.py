"""Quantities in one another's unit, as far as UCUM's everyday units go."""

from collections.abc import Mapping
from decimal import Decimal

UCUM = "http://unitsofmeasure.org"
PREFIXES = {
    "": Decimal(1),
    "k": Decimal(1000),
    "h": Decimal(100),
    "d": Decimal("0.1"),
    "c": Decimal("0.01"),
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}
METRIC = ("m", "g", "L", "l", "s", "Pa", "J", "mol", "Hz", "V", "W")
# unit -> (what it measures, how many of that unit's base)
OTHERS = {
    "min": ("s", Decimal(60)),
    "h": ("s", Decimal(3600)),
    "d": ("s", Decimal(86400)),
    "wk": ("s", Decimal(604800)),
    "mo": ("s", Decimal(2629800)),
    "a": ("s", Decimal(31557600)),
    "[in_i]": ("m", Decimal("0.0254")),
    "[ft_i]": ("m", Decimal("0.3048")),
    "[yd_i]": ("m", Decimal("0.9144")),
    "[mi_i]": ("m", Decimal("1609.344")),
    "[lb_av]": ("g", Decimal("453.59237")),
    "[oz_av]": ("g", Decimal("28.349523125")),
    "%": ("1", Decimal("0.01")),
    "1": ("1", Decimal(1)),
}
UNITS = {
    **{
        prefix + unit: ("L" if unit == "l" else unit, factor)
        for unit in METRIC
        for prefix, factor in PREFIXES.items()
    },
    **OTHERS,
}
Quantity = Mapping[str, object]


def in_unit_of(bound: Quantity, quantity: Quantity) -> Decimal | None:
    """Return the quantity's value in the unit of `bound`, None where the two do not compare."""
    value = quantity.get("value")
    if not isinstance(value, int | Decimal | float):
        return None
    number = Decimal(str(value))
    # A bound without a unit is one on the number.
    if _unit(bound) in (None, _unit(quantity)):
        return number
    ours, theirs = _measure(bound), _measure(quantity)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return None
    return number * theirs[1] / ours[1]


def _unit(quantity: Quantity) -> object:
    """Return what names the unit: its code where it has one, else its text."""
    if "code" in quantity:
        return quantity.get("system"), quantity["code"]
    return quantity.get("unit")


def _measure(quantity: Quantity) -> tuple[str, Decimal] | None:
    if quantity.get("system") != UCUM:
        return None
    return UNITS.get(str(quantity.get("code")))
