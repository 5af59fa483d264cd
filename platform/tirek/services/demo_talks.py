"""The demo's meetings: every psychologist offers times, and each family has one ahead."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import AgeBand, Details, Medium, Topic
from tirek.services import talk_taking
from tirek.services.demo_pupils import Family
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.talk_taking import Claim, TimeGoneError
from tirek.services.unit import Unit
from tirek.storage.models import Account, ConsultationHost, Slot

# Working days ahead on which there are times, when they begin, and how long they last.
DAYS = 10
BEGIN = (time(10), time(11), time(15))
LASTS = timedelta(minutes=30)
# One of so many times is kept for urgent calls.
URGENT = 9
MEDIA = (Medium.IN_PERSON, Medium.PHONE, Medium.VIDEO)
TOPICS = (Topic.SCHOOL, Topic.FAMILY, Topic.SCREENS, Topic.MOOD)


def fill(workshop: Workshop, staff: DemoStaff, families: Sequence[Family]) -> None:
    """Everybody who may offer talks does, from tomorrow on; the families have booked."""
    with workshop.begin() as unit:
        days = list(_days(workshop, unit))
        hosts = [*staff.psychologists.values(), *staff.specialists.values()]
        for actor in hosts:
            if actor.account_id is not None:
                _offer(unit, actor.account_id, days)
        unit.session.flush()
        for number, family in enumerate(families):
            _book(unit, staff, family, number)


def _days(workshop: Workshop, unit: Unit) -> Iterator[date]:
    day, found = workshop.now.astimezone(KAZAKHSTAN).date(), 0
    while found < DAYS:
        day += timedelta(days=1)
        if unit.catalog.protocol.calendar.is_working(day):
            found += 1
            yield day


def _offer(unit: Unit, account_id: UUID, days: Sequence[date]) -> None:
    account = unit.session.get_one(Account, account_id)
    host = ConsultationHost(
        account_id=account.id,
        school_id=account.school_id,
        support_center_id=account.support_center_id,
    )
    unit.session.add(host)
    unit.session.flush()
    begins = [datetime.combine(day, at, KAZAKHSTAN).astimezone(UTC) for day in days for at in BEGIN]
    unit.session.add_all(
        Slot(
            host_id=host.account_id,
            host_number=host.number,
            starts_at=moment,
            ends_at=moment + LASTS,
            is_reserved=number % URGENT == URGENT - 1,
        )
        for number, moment in enumerate(begins)
    )


def _book(unit: Unit, staff: DemoStaff, family: Family, number: int) -> None:
    """One talk with the psychologist of the child's school; nobody is written to about it."""
    host_id = staff.psychologist_ids.get(family.pupils[0].place.school.id)
    slots = unit.session.scalars(
        select(Slot)
        .where(Slot.host_id == host_id, Slot.is_reserved.is_(False))
        .order_by(Slot.starts_at)
        .offset(number % len(BEGIN))
    ).all()
    account = family.login.account
    said = Details(
        MEDIA[number % len(MEDIA)],
        TOPICS[number % len(TOPICS)],
        AgeBand.FROM_13,
        "ru" if account.language == "ru" else "kk",
        "+77000000000",
    )
    for slot in slots:
        try:
            talk_taking.take(unit, slot, Claim(account.id, said))
        except TimeGoneError:
            continue
        return
