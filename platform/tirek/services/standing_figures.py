"""A night's figures: cells of regions, languages and sexes added up, once for each scale."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.instruments import Instrument
from tirek.domain.standing_cell import Cell, measured, merged
from tirek.domain.standing_disclosure import Group, State, is_apart
from tirek.domain.standing_figures import dif_of, figures_of
from tirek.domain.standing_within import effect
from tirek.services.unit import Unit
from tirek.storage.models import Measurement, MeasurementCell

# Empty: all together, those of whom nobody has said as well.
LANGUAGES, SEXES = ("", "kk", "ru"), ("", "f", "m")


@dataclass(frozen=True, slots=True)
class Counted:
    """One cell of a night."""

    region_iso: str
    language: str
    sex: str
    cell: Cell


def of_row(row: MeasurementCell) -> Counted:
    """Read a stored cell."""
    return Counted(row.region_iso, row.language, row.sex, Cell.from_json(row.summary))


def store(unit: Unit, night: date, instrument: Instrument, counted: Sequence[Counted]) -> bool:
    """Write one row for each scale, language and sex; a night that stands is left as it is.

    False, and nothing is written, where two nights beside each other would tell of a few children:
    their sheets come with a later night.
    """
    rows = [
        row
        for language in LANGUAGES
        for sex in SEXES
        for row in _rows(instrument, counted, language, sex)
    ]
    if not rows or not is_apart(_before(unit, instrument, night), _states(rows)):
        return False
    common = {
        "night": night,
        "instrument_id": instrument.id,
        "structure_hash": instrument.hashes.structure,
        "scoring_hash": instrument.hashes.scoring,
    }
    unit.session.execute(
        insert(Measurement).values([common | row for row in rows]).on_conflict_do_nothing()
    )
    return True


def _states(rows: Iterable[Mapping[str, Any]]) -> dict[Group, State]:
    """What each group's rows hold, all scales together."""
    found: dict[Group, State] = {}
    for row in rows:
        group = (row["language"], row["sex"])
        n, told = found.get(group, (0, {}))
        found[group] = max(n, row["n"]), {**told, row["scale"]: row["summary"]}
    return found


def _before(unit: Unit, instrument: Instrument, night: date) -> dict[Group, State]:
    """The last night before this one that was written for the same questions and keys."""
    same = (
        Measurement.instrument_id == instrument.id,
        Measurement.structure_hash == instrument.hashes.structure,
        Measurement.scoring_hash == instrument.hashes.scoring,
    )
    last = select(func.max(Measurement.night)).where(*same, Measurement.night < night)
    rows = unit.session.execute(
        select(
            Measurement.language,
            Measurement.sex,
            Measurement.scale,
            Measurement.n,
            Measurement.summary,
        ).where(*same, Measurement.night == last.scalar_subquery())
    )
    return _states([dict(row) for row in rows.mappings()])


def chosen(counted: Iterable[Counted], language: str, sex: str) -> list[Counted]:
    """The cells of a language and a sex; empty stands for all."""
    return [one for one in counted if language in {"", one.language} and sex in {"", one.sex}]


def _rows(
    instrument: Instrument, counted: Sequence[Counted], language: str, sex: str
) -> Iterator[dict[str, Any]]:
    own = chosen(counted, language, sex)
    # What is counted inside schools of both languages is no sheet of its own.
    whole = merged(one.cell for one in own if one.language)
    if whole is None:
        return
    within = merged(one.cell for one in own if not one.language)
    for scale in measured(instrument):
        figures = figures_of(scale, whole)
        if not language:
            dif = dif_of(scale, _by_region(own, "kk"), _by_region(own, "ru"))
            parts = within.tree["within"].get(scale.id, {}) if within else {}
            figures["items"] = [_with_dif(item, dif, parts) for item in figures["items"]]
        yield {
            "scale": scale.id,
            "language": language,
            "sex": sex,
            "n": figures["n"],
            "summary": _of_scale(whole, scale.id),
            "figures": figures,
        }


def _with_dif(
    item: Mapping[str, Any], dif: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Any]
) -> dict[str, Any]:
    found, own = dif.get(item["item"]), parts.get(item["item"])
    if found is None:
        return dict(item) | {"dif": None}
    inside = effect(own, found["sd"]) if own else None
    return dict(item) | {"dif": dict(found) | {"within_schools": inside}}


def _by_region(counted: Iterable[Counted], language: str) -> Mapping[str, Cell]:
    regions: dict[str, Cell] = {}
    for one in counted:
        if one.language == language:
            here = regions.get(one.region_iso)
            regions[one.region_iso] = one.cell if here is None else here.merge(one.cell)
    return regions


def _of_scale(whole: Cell, scale_id: str) -> dict[str, Any]:
    """The sums of one scale, which merge with those of another night's or another country's."""
    tree = whole.tree
    return Cell(
        {**tree, "scales": {scale_id: tree["scales"].get(scale_id, {})}},
        {scale_id: whole.sums[scale_id]},
    ).as_json()
