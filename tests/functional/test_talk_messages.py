"""What is written to both sides about a talk: neutral words, and a link that opens its page."""

import re
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import select

from tests.builders_talks import a_day, a_host, a_slot, said, some_slots
from tests.functional.browser import Browser
from tests.functional.test_parent_talks import TELLING
from tests.world import World
from tirek.domain.consultations import AHEAD_MOST
from tirek.services import talks
from tirek.services.letters import Letters
from tirek.services.parcels import Mail, Packer
from tirek.services.unit import Unit
from tirek.storage.models import OutboxMessage
from tirek.storage.session import within_scope


def letters(world: World) -> list[Mail]:
    """Every message that waits, as it would leave now."""
    packer = Packer(Letters(world.catalog.messages, "https://x"), world.vault)
    found = [
        packer.pack(world.session, message, uuid4())
        for message in world.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    ]
    assert all(isinstance(one, Mail) for one in found)
    return [one for one in found if isinstance(one, Mail)]


def as_parent(world: World) -> Unit:
    return world.unit(world.school.guardian.actor)


def test_letters_say_nothing_and_lead_to_the_talk(
    world: World, browser: Callable[..., Browser]
) -> None:
    slots = some_slots(world.unit(), a_host(world.unit(), world.school.psychologist))
    world.session.commit()
    unit = as_parent(world)
    with within_scope(world.session, unit.actor.scope):
        first = talks.book(unit, slots[0], said(words="Құпия сөз"))
        second = talks.move(unit, first, slots[1])
        talks.ask_phone(unit, second)
    world.session.commit()
    written = letters(world)
    to = [one.to for one in written]
    parent, host = world.school.guardian.account.email, world.school.psychologist.account.email
    assert (to.count(parent), to.count(host)) == (2, 3)
    for one in written:
        if one.to == parent:
            told = f"{one.letter.subject} {one.letter.body}".lower()
            assert not [word for word in TELLING if word in told], told
            assert "құпия" not in told
            (link,) = re.findall(r"https://x(\S+)", one.letter.body)
            assert "Cancel the meeting" in browser().open(link.replace("/kk/", "/en/")).text


def test_a_fifth_meeting_ahead_has_to_wait(world: World, browser: Callable[..., Browser]) -> None:
    host = a_host(world.unit(), world.school.psychologist)
    slots = [a_slot(world.unit(), host, a_day(day)) for day in range(1, AHEAD_MOST + 2)]
    world.session.commit()
    unit = as_parent(world)
    with within_scope(world.session, unit.actor.scope):
        for slot in slots[:-1]:
            talks.book(unit, slot, said())
    world.session.commit()
    parent = browser().sign_in(world.school.guardian)
    page = parent.open("/en/parent/talks/times")
    page = parent.submit(page, f"/talks/times/{slots[-1]}", status=409)
    assert "You have 4 meetings ahead already" in page.text
    assert (
        "Cancel the meeting"
        in parent.open(
            str(
                parent.open(page.link("My meetings")).html.select("a.govuk-task-list__link")[0][
                    "href"
                ]
            )
        ).text
    )
