"""Measurement for programs: one flat table and its code book, nobody in either."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import select

from tirek.domain.standing_disclosure import Group, disclosed
from tirek.services import audit
from tirek.services.measurement_pages import shown_groups
from tirek.services.unit import Unit
from tirek.storage.models import Measurement

# Read by programs, so the same in every language.
HEAD = (
    "night", "instrument", "structure_hash", "scoring_hash", "scale", "language", "sex", "item",
    "measure", "value",
)  # fmt: skip
CODE_BOOK: Mapping[str, str] = {
    "night": "Day of the count in Kazakhstan; each child's newest finished questionnaire, once.",
    "instrument": "Id of the questionnaire.",
    "structure_hash": "sha256 of its items; figures of two structures are not compared.",
    "scoring_hash": "sha256 of its key.",
    "scale": "Id of the scale.",
    "language": "kk or ru: the language that was answered in; empty: all together.",
    "sex": "f or m; empty: all together, those of whom nobody has said as well.",
    "item": "Id of the item; empty: the scale.",
    "measure": "Name of the figure, below.",
    "value": "The figure; <10 where one to nine children are behind it; empty where unknown.",
    "n": "Children.",
    "scored": "Children with a value of the scale.",
    "complete": "Children without a blank in the scale: what alpha, omega and item_rest rest on.",
    "not_computable": "Children whose scale has no value.",
    "mean": "Mean; of a scale in raw points, of an item in points as its key counts them.",
    "sd": "Standard deviation (n - 1) in raw points.",
    "floor": "Share at the lowest possible score.",
    "ceiling": "Share at the highest possible score.",
    "alpha": "Cronbach's alpha, listwise.",
    "alpha_low": "Lower end of its 95 % interval (Feldt).",
    "alpha_high": "Upper end of its 95 % interval (Feldt).",
    "omega": "McDonald's omega of one factor, from correlations.",
    "sem": "Standard error of measurement of the sum of the items, by alpha.",
    "seconds": "Median seconds: of a scale from start to end by the questions shown, of an item"
    " since the answer before it. The line, the device and pauses are in it.",
    "fast": "Share under two seconds a question.",
    "flagged_immediate": "Share whose most urgent flag of the scale has this level; so others.",
    "round_n": "Children who finished it in a round; `item` holds the round.",
    "round_flagged": "Share of them with a flag of this scale; `item` holds the round.",
    "item_rest": "Correlation of the item with the sum of the others.",
    "alpha_without": "Alpha without the item.",
    "missing": "Share of blanks (declined or skipped) among those who were shown the item.",
    "declined": "Share who would rather not answer.",
    "dif_effect": "Kazakh against Russian at equal sums: standardised mean difference by the sd.",
    "dif_chi2": "Ordinal Mantel, 1 df.",
    "dif_p": "Its p; at thousands of children everything is small.",
    "dif_class": "A negligible, B moderate (.17), C large (.25).",
    "dif_within_regions": "The effect at equal sums within the same region.",
    "dif_within_schools": "The effect at equal sums within the same school, of both languages.",
}
_SCALE = (
    "n", "scored", "complete", "not_computable", "mean", "sd", "floor", "ceiling", "alpha",
    "alpha_low", "alpha_high", "omega", "sem", "seconds", "fast",
)  # fmt: skip
_ITEM = ("mean", "item_rest", "alpha_without", "missing", "declined", "seconds")
_DIF = ("effect", "chi2", "p", "class", "within_regions", "within_schools")

AT_ONCE = 100

Row = tuple[object, ...]


def rows(unit: Unit, instrument_id: str | None, night: date | None) -> Iterator[Row]:
    """The table, row by row under `HEAD`: one night or all, one instrument or all."""
    place = (
        Measurement.night,
        Measurement.instrument_id,
        Measurement.structure_hash,
        Measurement.scoring_hash,
        Measurement.scale,
    )
    statement = select(
        *place, Measurement.language, Measurement.sex, Measurement.n, Measurement.figures
    ).order_by(*place, Measurement.language, Measurement.sex)
    if instrument_id is not None:
        statement = statement.where(Measurement.instrument_id == instrument_id)
    if night is not None:
        statement = statement.where(Measurement.night == night)
    audit.record(unit, "measurement.export", "instrument", instrument_id)
    # A year of nights is larger than a web process: one scale of one night at a time.
    found = unit.session.execute(statement.execution_options(yield_per=AT_ONCE))
    for key, group in groupby(found, key=lambda row: tuple(row[: len(place)])):
        yield from _of_place(key, {(row.language, row.sex): row for row in group})


def _of_place(place: Row, own: Mapping[Group, Any]) -> Iterator[Row]:
    for group in shown_groups({name: one.n for name, one in own.items()}):
        for line in _of_row(disclosed(own[group].figures)):
            yield (*place, *group, *line)


def _of_row(figures: Mapping[str, Any]) -> Iterator[Row]:
    for name in _SCALE:
        yield ("", name, figures.get(name))
    for level, share in figures["levels"].items():
        yield ("", f"flagged_{level}", share)
    for name, one in figures["rounds"].items():
        yield (name, "round_n", one["n"])
        yield (name, "round_flagged", one["flagged"])
    for item in figures["items"]:
        for name in _ITEM:
            yield (item["item"], name, item.get(name))
        for name in _DIF if item.get("dif") else ():
            yield (item["item"], f"dif_{name}", item["dif"].get(name))
