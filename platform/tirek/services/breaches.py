"""Records of promises that were not kept in the end: listed and counted, never taken away."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Select, func, literal_column, select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.levels import Level
from tirek.services import audit
from tirek.services.oversight import Area, Place, looking_over, short
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import Breach, District, Region, School, SupportCenter

MONTHS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class BreachQuery:
    """Which records to list."""

    region: str | None = None
    level: Level | None = None
    month: date | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class BreachRow:
    """One promise that was not kept in the end."""

    short: str
    level: Level
    clock: str
    place: Place
    region: Place
    due_at: datetime
    recorded_at: datetime


def in_area(unit: Unit, area: Area, query: BreachQuery) -> Page[BreachRow]:
    """The records of an area that fit, the latest first; nobody can take one away."""
    audit.record(unit, "breaches.list", "region", area.region_iso)
    with looking_over(unit):
        return page_of(unit, _breaches(area, query), query.page, _breach_row)


def count(unit: Unit, area: Area, month: date) -> int:
    """How many records a month has."""
    with looking_over(unit):
        found = _breaches(area, BreachQuery(month=month)).order_by(None).subquery()
        return unit.session.scalars(select(func.count()).select_from(found)).one()


def by_month(unit: Unit, area: Area) -> list[tuple[date, int]]:
    """How many records each of the last months has, the oldest first; months without any too."""
    month = _month_of(Breach.recorded_at)
    with looking_over(unit):
        rows = unit.session.execute(
            select(month.label("month"), func.count().label("number"))
            .join(School, School.id == Breach.school_id)
            .join(District, District.id == School.district_id)
            .where(area.holds(District.region_iso))
            .group_by(month)
        )
        found = {row.month: row.number for row in rows}
    last = unit.now().astimezone(KAZAKHSTAN).date().replace(day=1)
    shown = [_months_before(last, ago) for ago in reversed(range(MONTHS_SHOWN))]
    return [(one, found.get(one, 0)) for one in shown]


def regions(unit: Unit) -> list[tuple[str, Place]]:
    """Every region, for those who look at the whole country."""
    rows = unit.session.execute(
        select(Region.iso, Region.name_kk, Region.name_ru).order_by(Region.name_ru)
    )
    return [(row.iso, Place(row.name_kk, row.name_ru)) for row in rows]


def _months_before(month: date, ago: int) -> date:
    ordinal = month.year * 12 + month.month - 1 - ago
    return date(ordinal // 12, ordinal % 12 + 1, 1)


def _month_of(moment: Any) -> Any:
    # Written out: grouping by an expression with parameters would be grouping by another one.
    local = func.timezone(literal_column("'Asia/Almaty'"), moment)
    return func.date_trunc(literal_column("'month'"), local).cast(Date)


def _breaches(area: Area, query: BreachQuery) -> Select[*tuple[Any, ...]]:
    found = (
        select(
            Breach.referral_id,
            Breach.notice_id,
            Breach.level,
            Breach.clock,
            Breach.due_at,
            Breach.recorded_at,
            func.coalesce(SupportCenter.name_kk, School.name_kk).label("name_kk"),
            func.coalesce(SupportCenter.name_ru, School.name_ru).label("name_ru"),
            Region.name_kk.label("region_kk"),
            Region.name_ru.label("region_ru"),
        )
        .join(School, School.id == Breach.school_id)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .outerjoin(SupportCenter, SupportCenter.id == Breach.support_center_id)
        .where(area.holds(District.region_iso))
        .order_by(Breach.recorded_at.desc(), Breach.id)
    )
    if query.region:
        found = found.where(District.region_iso == query.region)
    if query.level:
        found = found.where(Breach.level == query.level.value)
    if query.month:
        found = found.where(_month_of(Breach.recorded_at) == query.month)
    return found


def _breach_row(row: Any) -> BreachRow:
    return BreachRow(
        short(row.referral_id or row.notice_id),
        Level(row.level),
        row.clock,
        Place(row.name_kk, row.name_ru),
        Place(row.region_kk, row.region_ru),
        row.due_at,
        row.recorded_at,
    )
