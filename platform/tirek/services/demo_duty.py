"""Who answers above the demo's PSCs and at every hour: posts, rosters, phones, drills."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from tirek.domain import drill
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.delivery import Channel
from tirek.domain.ladder import Post
from tirek.domain.people import Role
from tirek.domain.protocols import Addressee
from tirek.services import endpoints
from tirek.services.demo_places import DemoPlaces
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import MAIL, RESPONDER, DemoStaff
from tirek.services.parcels import PHONE
from tirek.services.unit import Unit
from tirek.storage.models import Account, Authority, Drill, DutyPost, DutyShift, SupportCenter

# PSCs that say who answers at which hour, one that takes nobody on today, and one with a server.
ROSTERS = ("KZ-71", "KZ-75")
FULL = "KZ-63"
WITH_SERVER = "KZ-79"
# So many days before and after today are on a roster.
ROSTER_DAYS = 14
DAY_BEGINS, NIGHT_BEGINS = time(9, 0), time(21, 0)
# One night of the second roster for which nobody has been found yet.
NIGHT_WITHOUT = 5
# The numbers +7 700 000 0xxx are nobody's.
PHONE_BEGINS = "+77000000"
REGIONS_WITH_PHONES = 10
DRILL_MONTHS = 5
ANSWERED_IN_TIME = 0.93
AUTHORITIES = {
    Addressee.GUARDIANSHIP: (
        "{0}: қорғаншылық және қамқоршылық органы",
        "{0}: орган опеки и попечительства",
    ),
    Addressee.CHILD_RIGHTS: (
        "{0}: балалардың құқықтарын қорғау органы",
        "{0}: орган по защите прав детей",
    ),
}


def appoint(workshop: Workshop, places: DemoPlaces, staff: DemoStaff) -> None:
    """Fill the upper rungs and write down authorities, phones and a server that is not in use."""
    with workshop.begin() as unit:
        unit.session.add_all(_posts(staff))
        unit.session.add_all(_authorities(places))
        unit.session.flush()
        _give_phones(unit, places, staff)
        center_id = places.centers[WITH_SERVER].id
        endpoints.add(unit, center_id, Channel.WEBHOOK, "https://psc.example/tirek", None)
        for one in endpoints.all_endpoints(unit):
            endpoints.switch(unit, one.id, is_active=False)


def go_on_duty(workshop: Workshop, places: DemoPlaces, staff: DemoStaff) -> None:
    """As it is today: rosters are kept, one PSC is full, and there were drills every month."""
    with workshop.begin() as unit:
        for iso in ROSTERS:
            center_id = places.centers[iso].id
            people = [
                login.account.id
                for login in staff.logins
                if login.account.support_center_id == center_id
            ]
            unit.session.add_all(_shifts(workshop, center_id, people, iso))
        for isos, values in ((ROSTERS, {"keeps_roster": True}), ((FULL,), {"is_full": True})):
            ids = [places.centers[iso].id for iso in isos]
            unit.session.execute(
                update(SupportCenter).where(SupportCenter.id.in_(ids)).values(**values)
            )
        unit.session.execute(insert(Drill), list(_drills(workshop, unit, places, staff)))


def _posts(staff: DemoStaff) -> Iterator[DutyPost]:
    """The coordinator's deputy is a region's last responder."""
    ranks = {Post.NATIONAL_DUTY: 0, Post.LAST_RESPONDER: 0}
    for login in staff.logins:
        account = login.account
        if account.role == Role.NATIONAL_DUTY:
            ranks[Post.NATIONAL_DUTY] += 1
            yield DutyPost(
                post=Post.NATIONAL_DUTY, account_id=account.id, rank=ranks[Post.NATIONAL_DUTY]
            )
        elif account.email.startswith(RESPONDER):
            yield DutyPost(
                post=Post.LAST_RESPONDER,
                region_iso=account.region_iso,
                account_id=account.id,
                rank=1,
            )


def _authorities(places: DemoPlaces) -> Iterator[Authority]:
    for iso, region in places.regions.items():
        for kind, (kk, ru) in AUTHORITIES.items():
            yield Authority(
                region_iso=iso,
                kind=kind,
                name_kk=kk.format(region.name_kk),
                name_ru=ru.format(region.name_ru),
                email=f"{kind.replace('_', '-')}.{iso[3:]}@{MAIL}",
                language="kk" if int(iso[3:]) % 2 else "ru",
            )


def _give_phones(unit: Unit, places: DemoPlaces, staff: DemoStaff) -> None:
    """Invented numbers for the people of some PSCs: what is immediate also goes to a phone."""
    with_phones = {one.id for one in list(places.centers.values())[:REGIONS_WITH_PHONES]}
    with_phones |= {places.centers[iso].id for iso in ROSTERS}
    number = 0
    for login in staff.logins:
        account = login.account
        if account.support_center_id in with_phones:
            number += 1
            phone = f"{PHONE_BEGINS}{number:03d}"
            sealed = unit.vault.seal_secret(phone, *PHONE, str(account.id))
            unit.session.execute(
                update(Account).where(Account.id == account.id).values(phone_sealed=sealed)
            )


def _shifts(
    workshop: Workshop, center_id: UUID, people: list[UUID], iso: str
) -> Iterator[DutyShift]:
    """Days and nights in turn, by day with a deputy."""
    today = workshop.now.astimezone(KAZAKHSTAN).date()
    for number in range(2 * ROSTER_DAYS + 1):
        day = today + timedelta(days=number - ROSTER_DAYS)
        morning, evening = _at(day, DAY_BEGINS), _at(day, NIGHT_BEGINS)
        hours = [(morning, evening, number, False), (morning, evening, number + 1, True)]
        if iso == ROSTERS[0] or number != ROSTER_DAYS + NIGHT_WITHOUT:
            hours.append((evening, morning + timedelta(days=1), number + 2, False))
        for starts, ends, turn, is_deputy in hours:
            yield DutyShift(
                support_center_id=center_id,
                account_id=people[turn % len(people)],
                starts_at=starts,
                ends_at=ends,
                is_deputy=is_deputy,
            )


def _drills(
    workshop: Workshop, unit: Unit, places: DemoPlaces, staff: DemoStaff
) -> Iterator[dict[str, object]]:
    """One a month at every PSC; most are answered within minutes, a few late or not at all."""
    chance = workshop.random("drills")
    for month in _months(drill.month_of(workshop.now)):
        started_at = drill.starts_at(month, unit.catalog.protocol.calendar)
        for center in places.centers.values():
            limit = int(drill.ANSWER_WITHIN.total_seconds())
            is_in_time, share = chance.random() < ANSWERED_IN_TIME, chance.random()
            seconds = (
                20 + int(share**3 * (limit - 30)) if is_in_time else limit + int(share * limit)
            )
            is_answered = is_in_time or chance.random() < 1 / 2
            due_at, answered_at = (
                started_at + drill.ANSWER_WITHIN,
                started_at + timedelta(seconds=seconds),
            )
            if started_at + 2 * drill.ANSWER_WITHIN < workshop.now:
                yield {
                    "support_center_id": center.id,
                    "month": month,
                    "started_at": started_at,
                    "due_at": due_at,
                    "escalated_at": None if is_in_time else due_at + timedelta(seconds=9),
                    "answered_at": answered_at if is_answered else None,
                    "answered_by": staff.specialists[center.id].account_id if is_answered else None,
                }


def _months(last: date) -> list[date]:
    months = [last]
    for _ in range(DRILL_MONTHS):
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, KAZAKHSTAN)
