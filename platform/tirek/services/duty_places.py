"""The upper rungs of the ladder: last responders of regions, the national duty, and empty rungs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.protocols import Protocol
from tirek.domain.territory_check import Territory, called, holders
from tirek.services import audit
from tirek.services.oversight import Area, Place, looking_over
from tirek.services.territories import all_territories
from tirek.services.unit import Unit
from tirek.storage.models import Account, DutyPost, Region, SupportCenter

MOST_RANKS = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody on an upper rung; the lower the rank, the sooner they are called."""

    id: UUID
    post: Post
    region: Place | None
    name: str
    role: Role
    has_phone: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could be put there."""

    id: UUID
    name: str
    role: Role
    region: Place | None


@dataclass(frozen=True, slots=True)
class EmptyRung:
    """A step that would call nobody: the level, the posts, and for how many schools it is so."""

    level: Level
    posts: tuple[Post, ...]
    schools: int


def in_area(unit: Unit, area: Area) -> list[Holder]:
    """Everybody on an upper rung of an area; the national duty is everybody's."""
    rows = unit.session.execute(
        select(
            DutyPost.id,
            DutyPost.post,
            DutyPost.rank,
            Region.name_kk,
            Region.name_ru,
            Account.display_name,
            Account.role,
            Account.phone_sealed.is_not(None).label("has_phone"),
        )
        .join(Account, Account.id == DutyPost.account_id)
        .outerjoin(Region, Region.iso == DutyPost.region_iso)
        .where(area.holds(func.coalesce(DutyPost.region_iso, area.region_iso or "")))
        .order_by(DutyPost.post, Region.name_ru, DutyPost.rank)
    )
    return [
        Holder(
            row.id,
            Post(row.post),
            Place(row.name_kk, row.name_ru) if row.name_ru else None,
            row.display_name,
            Role(row.role),
            row.has_phone,
            row.rank,
        )
        for row in rows
    ]


def candidates(unit: Unit, area: Area) -> list[Candidate]:
    """Who may stand on an upper rung: coordinators and heads of centres, and the national duty."""
    region = func.coalesce(Account.region_iso, SupportCenter.region_iso)
    rows = unit.session.execute(
        select(Account.id, Account.display_name, Account.role, Region.name_kk, Region.name_ru)
        .outerjoin(SupportCenter, SupportCenter.id == Account.support_center_id)
        .outerjoin(Region, Region.iso == region)
        .where(
            Account.is_active,
            Account.role.in_(
                (Role.REGIONAL_COORDINATOR, Role.PSC_SUPERVISOR, Role.NATIONAL_DUTY)
                if area.region_iso is None
                else (Role.REGIONAL_COORDINATOR, Role.PSC_SUPERVISOR)
            ),
            area.holds(region),
        )
        .order_by(Region.name_ru, Account.display_name, Account.id)
    )
    return [
        Candidate(
            row.id,
            row.display_name,
            Role(row.role),
            Place(row.name_kk, row.name_ru) if row.name_ru else None,
        )
        for row in rows
    ]


def add(unit: Unit, area: Area, post: Post, region_iso: str | None, account_id: UUID) -> None:
    """Put somebody on an upper rung, behind those who stand there already.

    A coordinator does so in the own region only; raises `NotFoundError` otherwise.
    """
    region_iso = None if post is Post.NATIONAL_DUTY else region_iso or area.region_iso
    is_own = area.region_iso is None or region_iso == area.region_iso
    is_known = region_iso is None or unit.session.get(Region, region_iso) is not None
    if not is_own or not is_known or (post is Post.LAST_RESPONDER and region_iso is None):
        raise NotFoundError("duty_post", post)
    if account_id not in {one.id for one in candidates(unit, area)}:
        raise NotFoundError("account", account_id)
    there = DutyPost.post == post.value, DutyPost.region_iso.is_not_distinct_from(region_iso)
    # Two who add at once take turns.
    unit.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"duty {region_iso}"))))
    rows = unit.session.execute(select(DutyPost.account_id, DutyPost.rank).where(*there))
    ranks = {row.account_id: row.rank for row in rows}
    if account_id in ranks or len(ranks) >= MOST_RANKS:
        raise ConflictError("stands there already")
    unit.session.add(
        DutyPost(
            id=uuid4(),
            post=post.value,
            region_iso=region_iso,
            account_id=account_id,
            rank=max(ranks.values(), default=0) + 1,
        )
    )
    unit.session.flush()
    audit.record(unit, "duty_post.add", "account", account_id)


def remove(unit: Unit, area: Area, duty_post_id: UUID) -> None:
    """Take somebody off an upper rung of the own area."""
    gone = unit.session.scalars(
        delete(DutyPost)
        .where(DutyPost.id == duty_post_id, area.holds(func.coalesce(DutyPost.region_iso, "")))
        .returning(DutyPost.account_id)
    ).one_or_none()
    if gone is None:
        raise NotFoundError("duty_post", duty_post_id)
    audit.record(unit, "duty_post.remove", "account", gone)


def empty_rungs(unit: Unit, area: Area) -> list[EmptyRung]:
    """Every step that would call nobody now, held against each school of the area."""
    with looking_over(unit):
        known = all_territories(unit.session)
    mine = [one for one in known if area.region_iso in {None, one.region}]
    return _empty(unit.catalog.protocol, mine)


def _empty(protocol: Protocol, territories: Iterable[Territory]) -> list[EmptyRung]:
    found = Counter(
        missed for territory in territories for missed in set(_missed(protocol, territory))
    )
    rungs = [EmptyRung(level, posts, schools) for (level, posts), schools in found.items()]
    return sorted(rungs, key=lambda one: (-one.level.rank, -one.schools, one.posts))


def _missed(protocol: Protocol, territory: Territory) -> Iterator[tuple[Level, tuple[Post, ...]]]:
    for rule in protocol.levels.values():
        if not holders(Post.DUTY, rule, territory):
            yield rule.level, (Post.DUTY,)
        for rung in (*rule.ladder, *rule.overdue):
            if not rung.is_breach and not called(rung, rule, territory):
                yield rule.level, rung.posts
