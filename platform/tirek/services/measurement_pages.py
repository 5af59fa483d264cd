"""Measurement as the national methodologist reads it: a list of instruments, and one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Instrument, Subject
from tirek.domain.standing_cell import measured
from tirek.domain.standing_disclosure import Group, disclosed, may_show
from tirek.services import audit, measurement_drafts, standing_alarms
from tirek.services.measurement_drafts import ShownDraft
from tirek.services.paging import Page, cut
from tirek.services.standing_alarms import ShownAlarm
from tirek.services.unit import Unit
from tirek.storage.models import Measurement

# A year of nights; older ones stay in the table and in the files.
NIGHTS_SHOWN = 365
LARGE = "C"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the list is asked for."""

    words: str = ""
    show: str = "all"
    sort: str = "alarms"
    page: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument in the list; figures of its first scale, None before it was counted."""

    instrument: Instrument
    night: date | None
    n: int | None
    figures: Mapping[str, Any] | None
    alarms: int
    drafts: int

    @property
    def worst_item_rest(self) -> float | None:
        """The lowest item-rest correlation."""
        found = [one.get("item_rest") for one in (self.figures or {}).get("items", ())]
        return min((one for one in found if one is not None), default=None)

    @property
    def large_differences(self) -> int:
        """How many items differ largely between the languages."""
        items = (self.figures or {}).get("items", ())
        return sum(bool(one.get("dif")) and one["dif"]["class"] == LARGE for one in items)


@dataclass(frozen=True, slots=True)
class Night:
    """One night of a trend."""

    night: date
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Detail:
    """One scale of one instrument in one group; `figures` is None where they may not be shown."""

    instrument: Instrument
    scale: str
    group: Group
    shown_groups: tuple[Group, ...]
    night: date | None
    n: int | None
    figures: Mapping[str, Any] | None
    trend: tuple[Night, ...]
    alarms: Sequence[ShownAlarm]
    drafts: Sequence[ShownDraft]


def listed(unit: Unit, query: ListQuery, language: str) -> Page[Line]:
    """The instruments by their titles in `language`, with the last night's figures."""
    alarms = standing_alarms.by_instrument(standing_alarms.of(unit))
    drafts = measurement_drafts.waiting(unit)
    lines = [
        _line(unit, one, alarms.get(one.id, 0), drafts.get(one.id, 0))
        for one in unit.catalog.instruments.values()
        if is_counted(one) and query.words.casefold() in _searched(one, language)
    ]
    chosen = [one for one in lines if _fits(one, query.show)]
    return cut(sorted(chosen, key=lambda one: _order(one, query.sort, language)), query.page)


def detail(unit: Unit, instrument_id: str, scale: str | None, group: Group) -> Detail:
    """One scale of an instrument; raises `NotFoundError`. A scale it lacks gives its first one."""
    instrument = get_instrument(unit, instrument_id)
    scales = [one.id for one in measured(instrument)]
    name = scale if scale in scales else scales[0]
    night = _last_night(unit, instrument)
    rows = _rows(unit, instrument, name, night) if night else {}
    shown = shown_groups({place: row.n for place, row in rows.items()})
    row = rows.get(group) if group in shown else None
    audit.record(unit, "measurement.view", "instrument", instrument.id)
    return Detail(
        instrument,
        name,
        group,
        shown,
        night,
        row.n if row else None,
        disclosed(row.figures) if row else None,
        _trend(unit, instrument, name, group) if row else (),
        standing_alarms.of(unit, instrument.id),
        measurement_drafts.of(unit, instrument.id),
    )


def get_instrument(unit: Unit, instrument_id: str) -> Instrument:
    """An instrument of the catalog that is measured; raises `NotFoundError`."""
    found = unit.catalog.instruments.get(instrument_id)
    if found is None or not is_counted(found):
        raise NotFoundError("instrument", instrument_id)
    return found


def is_counted(instrument: Instrument) -> bool:
    """Whether the night counts it: it is about a child and has scales made of answers."""
    return not is_own(instrument) and bool(measured(instrument))


def is_own(instrument: Instrument) -> bool:
    """Whether parents answer it about themselves: read by nobody, so opened by no count either."""
    return instrument.structure.subject is Subject.PARENT_ABOUT_SELF


def shown_groups(counts: Mapping[Group, int]) -> tuple[Group, ...]:
    """The groups whose figures may be shown."""
    return tuple(group for group in counts if may_show(counts, group))


def _line(unit: Unit, instrument: Instrument, alarms: int, drafts: int) -> Line:
    night = _last_night(unit, instrument)
    rows = _rows(unit, instrument, measured(instrument)[0].id, night) if night else {}
    row = rows.get(("", ""))
    if row is None or ("", "") not in shown_groups({place: one.n for place, one in rows.items()}):
        return Line(instrument, night, None, None, alarms, drafts)
    return Line(instrument, night, row.n, disclosed(row.figures), alarms, drafts)


def _last_night(unit: Unit, instrument: Instrument) -> date | None:
    return unit.session.scalars(
        select(func.max(Measurement.night)).where(
            Measurement.instrument_id == instrument.id,
            Measurement.structure_hash == instrument.hashes.structure,
            Measurement.scoring_hash == instrument.hashes.scoring,
        )
    ).one()


def _rows(unit: Unit, instrument: Instrument, scale: str, night: date) -> dict[Group, Measurement]:
    found = unit.session.scalars(
        select(Measurement).where(
            Measurement.night == night,
            Measurement.instrument_id == instrument.id,
            Measurement.structure_hash == instrument.hashes.structure,
            Measurement.scoring_hash == instrument.hashes.scoring,
            Measurement.scale == scale,
        )
    )
    return {(row.language, row.sex): row for row in found}


def _trend(unit: Unit, instrument: Instrument, scale: str, group: Group) -> tuple[Night, ...]:
    """The nights of this structure, the oldest first; those with too few are left out."""
    rows = unit.session.execute(
        select(
            Measurement.night,
            Measurement.language,
            Measurement.sex,
            Measurement.n,
            Measurement.figures,
        )
        .where(
            Measurement.instrument_id == instrument.id,
            Measurement.structure_hash == instrument.hashes.structure,
            Measurement.scale == scale,
        )
        .order_by(Measurement.night.desc())
        .limit(NIGHTS_SHOWN * 9)
    ).all()
    nights: dict[date, dict[Group, Any]] = {}
    for row in rows:
        nights.setdefault(row.night, {})[row.language, row.sex] = row
    return tuple(
        Night(night, disclosed(own[group].figures))
        for night, own in sorted(nights.items())
        if group in shown_groups({place: one.n for place, one in own.items()})
    )


def _searched(instrument: Instrument, language: str) -> str:
    return f"{instrument.id} {instrument.text(language, 'title')}".casefold()


def _fits(line: Line, show: str) -> bool:
    if show == "alarms":
        return line.alarms > 0
    if show == "drafts":
        return line.drafts > 0
    return show != "counted" or line.n is not None


def _order(line: Line, sort: str, language: str) -> tuple[Any, ...]:
    title = line.instrument.text(language, "title")
    if sort == "n":
        return (-(line.n or 0), title)
    if sort == "alpha":
        alpha = (line.figures or {}).get("alpha")
        return (alpha is None, alpha or 0, title)
    return (-line.alarms, -line.drafts, title) if sort == "alarms" else (title,)
