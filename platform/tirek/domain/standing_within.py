"""Kazakh against Russian inside one school, where nothing else differs: sums that add up.

Language goes with school, region and town or village; in a school with classes of both languages
it does not. A school is counted whole, so its part of Mantel's test and of the standardised mean
difference (Mantel 1963; Zwick, Donoghue & Grima 1993) can be taken at once. Each part is kept as a
whole number of billionths: schools then add up exactly, in any order.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from tirek.domain.instruments import Instrument
from tirek.domain.standing_cell import Cell, measured

UNIT = 10**9
# Of each language, in schools that have both; product rule, as for the country (§5.6 [K]).
FEWEST = 200

Counts = Mapping[Fraction, int]


def of_school(instrument: Instrument, kazakh: Cell, russian: Cell) -> dict[str, Any]:
    """One school's part, by scale and item; empty where no sum was reached in both languages."""
    found: dict[str, Any] = {}
    for scale in measured(instrument):
        of_kk, of_ru = (
            cell.tree["scales"].get(scale.id, {}).get("tables", {}) for cell in (kazakh, russian)
        )
        for item in scale.items:
            parts = list(_strata(of_kk.get(item, {}), of_ru.get(item, {})))
            if parts:
                whole = {name: sum(part[name] for part in parts) for name in parts[0]}
                found.setdefault(scale.id, {})[item] = whole
    return found


def effect(parts: Mapping[str, int], sd: float) -> float | None:
    """The standardised mean difference by the item's sd; None of too few in either language."""
    if min(parts["kk"], parts["ru"]) < FEWEST or not sd:
        return None
    return parts["difference"] / UNIT / parts["kk"] / sd


def _strata(kazakh: Mapping[str, Any], russian: Mapping[str, Any]) -> Iterator[dict[str, int]]:
    for total in kazakh.keys() & russian.keys():
        kk, ru = _read(kazakh[total]), _read(russian[total])
        n_kk, n_ru = sum(kk.values()), sum(ru.values())
        difference = n_kk * (_mean(kk) - _mean(ru))
        yield {"kk": n_kk, "ru": n_ru, "difference": round(difference * UNIT)}


def _read(counts: Mapping[str, int]) -> Counts:
    return {Fraction(weight): n for weight, n in counts.items()}


def _mean(counts: Counts) -> Fraction:
    return sum((weight * n for weight, n in counts.items()), Fraction(0)) / sum(counts.values())
