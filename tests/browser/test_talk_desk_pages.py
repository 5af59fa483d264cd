"""A psychologist's pages of talks, in two languages, as the walk over every page looks at them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, update

from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import World
from tirek.config import CallSettings
from tirek.domain.consultations import BookingState, Medium, Topic
from tirek.services import talk_desk, talks, waiting
from tirek.storage.models import Booking, Slot

SCHOOL, CENTRE = "school", "psc"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("school.talks", SCHOOL, "/school/talks?week={day}"),
    ("school.talks empty", SCHOOL, "/school/talks?week=2026-01-05"),
    ("school.talk_terms", SCHOOL, "/school/talks/terms"),
    ("school.talk_times", SCHOOL, "/school/talks/times"),
    ("school.talk_time", SCHOOL, "/school/talks/times/{free}"),
    ("school.talk_time reserved", SCHOOL, "/school/talks/times/{reserved}"),
    ("school.talk_book", SCHOOL, "/school/talks/times/{reserved}/book"),
    ("school.talks_past", SCHOOL, "/school/talks/past"),
    ("school.talks_waiting", SCHOOL, "/school/talks/waiting"),
    ("school.talk", SCHOOL, "/school/talks/{ahead}"),
    ("school.talk call", SCHOOL, "/school/talks/{call}"),
    ("school.talk early", SCHOOL, "/school/talks/{early}"),
    ("school.talk missed", SCHOOL, "/school/talks/{missed}"),
    ("school.talk_change", SCHOOL, "/school/talks/{ahead}/change"),
    ("psc.talk_hosts", CENTRE, "/psc/talks/hosts"),
    ("psc.talk_host", CENTRE, "/psc/talks/hosts/{host}?week={day}"),
    ("psc.talk_terms new", CENTRE, "/psc/talks/terms"),
]
# The same templates as at school.
SAME = ("talks", "talk_times", "talk_time", "talk_book", "talks_past", "talks_waiting")
SAME_AS_SCHOOL = {f"psc.{one}": "the page of schools" for one in (*SAME, "talk", "talk_change")}
# What answers a GET, but is no page.
LEFT = ("talk_feed", "talk_feed_stop", "talk_reserve", "talk_withdraw", "talk_mark")
NOT_PAGES = {
    "public.talk_feed": "for calendar programs",
    **{f"{area}.{one}_left": "sends back" for area in ("school", "psc") for one in LEFT},
    **SAME_AS_SCHOOL,
}
CALLS = CallSettings("https://call.example.kz", "tirek", "s" * 32)
WORDS = "Мектепке барғысы келмейді, таңертең іші ауырады. Қалай сөйлескен дұрыс?"


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    unit, parent = world.unit(), world.school.guardian
    host = a_host(unit, world.school.psychologist)
    centre = a_host(unit, world.home.specialist)
    some_slots(unit, centre, 3, a_day(2, 9))
    slots = some_slots(unit, host, 6, a_day(2, 9))
    reserved = a_slot(unit, host, a_day(2, 15), is_reserved=True)
    other = a_parent(unit, world.school.pupil.student, world.school.psychologist.account)
    world.session.commit()
    over = _book(engine, world, slots[3:5], Medium.IN_PERSON, Medium.IN_PERSON)
    now = datetime.now(UTC)
    for number, missed in enumerate(over, start=1):
        _begins(owner, missed, now - timedelta(days=number), 30)
    ahead, call, early = _book(engine, world, slots[:3], Medium.PHONE, Medium.VIDEO, Medium.AUDIO)
    _begins(owner, call, now - timedelta(minutes=5), 120)
    with acting(engine, world, parent) as one:
        talks.ask_phone(one, ahead)
    with acting(engine, world, other) as one:
        waiting.wait(one, world.school.id)
    for one_over in over:
        with acting(engine, world, world.school.psychologist) as one:
            talk_desk.mark(one, one_over, BookingState.NO_SHOW)
    ids = {"ahead": ahead, "call": call, "early": early, "missed": over[0]}
    ids |= {"free": slots[5], "reserved": reserved, "host": centre.account_id}
    adults = {SCHOOL: world.school.psychologist, CENTRE: world.home.supervisor}
    return Told(world, adults, {**ids, "day": f"{a_day(2):%F}"})


def _book(engine: Engine, world: World, slots: list[UUID], *media: Medium) -> list[UUID]:
    with acting(engine, world, world.school.guardian) as unit:
        return [
            talks.book(unit, slot, said(medium, topic=Topic.FAMILY, words=WORDS))
            for slot, medium in zip(slots, media, strict=True)
        ]


def _begins(owner: Engine, booking: UUID, begins: datetime, minutes: int) -> None:
    """Move a talk and its time to where no parent could book one."""
    lasts = {"starts_at": begins, "ends_at": begins + timedelta(minutes=minutes)}
    with owner.begin() as connection:
        move = update(Booking).where(Booking.id == booking).values(**lasts)
        slot = connection.execute(move.returning(Booking.slot_id)).scalar_one()
        connection.execute(update(Slot).where(Slot.id == slot).values(**lasts))


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, calls=CALLS, pupils=1) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)


def test_the_call_opens_for_its_psychologist_with_a_pass_and_a_new_window(walk: Walk) -> None:
    page = walk.go(SCHOOL, "/ru/school/talks/{call}").page
    link = page.locator("main a[target=_blank]")
    assert (link.get_attribute("href") or "").startswith("https://call.example.kz/")
    assert link.get_attribute("rel") == "noopener noreferrer"
    walk.go(SCHOOL, "/ru/school/talks/{early}")
    assert page.locator("main a[target=_blank]").count() == 0
