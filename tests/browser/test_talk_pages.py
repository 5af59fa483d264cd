"""A parent's pages of meetings, in two languages, as the walk over every page looks at them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, update

from tests.browser import people
from tests.browser.conftest import FLAGS
from tests.browser.visit import Weight
from tests.browser.walk import Ground, Stop, Told, Walk, each_of
from tests.builders_referral import acting
from tests.builders_talks import a_day, a_host, a_parent, a_slot, said, some_slots
from tests.world import World
from tirek.config import CallSettings
from tirek.domain.consultations import Medium, Topic
from tirek.services import talk_times, talks, waiting
from tirek.services.parcels import talk_secret
from tirek.storage.models import Booking

PARENT = "parent"
# Endpoint and case, who opens it, its path below the language.
PAGES = [
    ("parent.talks", PARENT, "/parent/talks"),
    ("parent.talk_times", PARENT, "/parent/talks/times"),
    ("parent.talk_times none", PARENT, "/parent/talks/times?day=2020-01-01"),
    ("parent.talk_times move", PARENT, "/parent/talks/times?instead={ahead}"),
    ("parent.talk_details", PARENT, "/parent/talks/{kept}/details"),
    ("parent.talk", PARENT, "/parent/talks/{ahead}"),
    ("parent.talk call", PARENT, "/parent/talks/{call}"),
    ("parent.talk cancelled", PARENT, "/parent/talks/{cancelled}"),
    ("parent.cancel_talk", PARENT, "/parent/talks/{ahead}/cancel"),
    ("parent.phone_instead", PARENT, "/parent/talks/{ahead}/phone"),
    ("parent.join_talk", PARENT, "/parent/talks/{call}/join"),
    ("parent.join_talk early", PARENT, "/parent/talks/{early}/join"),
    ("parent.waiting", PARENT, "/parent/talks/waiting"),
    ("parent.talk_link", PARENT, "/parent/talks/{strange}/{secret}"),
]
# What answers a GET, but is no page.
NOT_PAGES = {
    "parent.take_time": "sends back to the list of times",
    "parent.move_talk": "sends back to the list of times",
    "parent.talk_file": "a file for a calendar",
}
# A microphone that beeps every second.
FAKE_DEVICE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
CALLS = CallSettings("https://call.example.kz", "tirek", "s" * 32)


# A time for each language that somebody else takes meanwhile.
TAKEN = {"kk": "taken in kk", "ru": "taken in ru"}


def _story(engine: Engine, owner: Engine, world: World) -> Told:
    unit, parent = world.unit(), world.school.guardian
    hosts = [a_host(unit, who) for who in (world.school.psychologist, world.home.specialist)]
    slots = [slot for host in hosts for slot in some_slots(unit, host, 5, a_day(2, 9))]
    other = a_parent(unit, world.school.pupil.student, world.school.psychologist.account)
    taken = {lang: a_slot(unit, hosts[0], a_day(3, n)) for n, lang in ((9, "kk"), (10, "ru"))}
    world.session.commit()
    words = "Мектепке барғысы келмейді, таңертең іші ауырады. Қалай сөйлескен дұрыс?"
    with acting(engine, world, parent) as one:
        ahead = talks.book(one, slots[0], said(topic=Topic.FAMILY, words=words))
        call = talks.book(one, slots[1], said(Medium.VIDEO))
        early = talks.book(one, slots[2], said(Medium.AUDIO, phone=None))
        cancelled = talks.book(one, slots[3], said(Medium.PHONE))
        talks.cancel(one, cancelled)
    with acting(engine, world, other) as one:
        strange = talks.book(one, slots[4], said())
    with acting(engine, world, parent) as one:
        kept = talks.hold(one, slots[9], "kk")
        waiting.wait(one, talk_times.near_houses(one)[0].id)
    begins = datetime.now(UTC) - timedelta(minutes=5)
    with owner.begin() as connection:
        connection.execute(
            update(Booking)
            .where(Booking.id == call)
            .values(starts_at=begins, ends_at=begins + timedelta(hours=2))
        )
        # The walk takes longer than ten minutes.
        connection.execute(
            update(Booking).where(Booking.id == kept).values(held_until=begins + timedelta(hours=2))
        )
    secret = talk_secret(world.vault, strange)
    ids: dict[str, object] = {
        "ahead": ahead,
        "call": call,
        "early": early,
        "cancelled": cancelled,
        "kept": kept,
        "strange": strange,
    }
    ids |= {"secret": secret, "other": other.account.id}
    ids |= {TAKEN[lang]: slot for lang, slot in taken.items()}
    return Told(world, {PARENT: parent}, ids)


@pytest.fixture(scope="module")
def walk(ground: Ground) -> Iterator[Walk]:
    with ground.walk(_story, weights={PARENT: Weight.MIDDLE}, calls=CALLS, pupils=1) as walk:
        yield walk


@each_of(PAGES)
def test_page(page: Stop, lang: str, walk: Walk) -> None:
    walk.look(page, lang)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_page_of_a_time_that_is_gone(lang: str, walk: Walk) -> None:
    told, engine = walk.told, walk.app.extensions["tirek"].engine
    page = walk.go(PARENT, f"/{lang}/parent/talks/times?page=1&day={a_day(3).date()}").page
    slot, other = (UUID(str(told.ids[name])) for name in (TAKEN[lang], "other"))
    # Another parent takes the time while this one looks at it.
    with acting(engine, told.world, told.world.school.psychologist) as unit:
        talks.book(unit, slot, said(), other)
    page.locator(f"form[action$='{slot}'] button").click()
    page.wait_for_load_state()
    walk.look_again("parent.talk gone", PARENT, lang)


@pytest.mark.parametrize(("device", "words"), [(FAKE_DEVICE, "heard"), ([], "refused")])
def test_the_microphone_is_checked_before_the_call(
    device: list[str], words: str, chromium: Browser, walk: Walk
) -> None:
    path = os.environ["TIREK_CHROMIUM"]
    browser = chromium.browser_type.launch(executable_path=path, args=[*FLAGS, *device])
    page = browser.new_page()
    page.goto(f"{walk.url}/kk/login")
    people.sign_in(page, walk.told.adults[PARENT])
    page.goto(f"{walk.url}/kk/parent/talks/{walk.told.ids['call']}/join")
    box = page.locator("[data-device-check]")
    box.locator("button").click()
    expect(box.locator("[data-said]")).to_have_text(box.get_attribute(f"data-{words}") or "")
    browser.close()
