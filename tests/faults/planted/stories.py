"""Ordinary days with the referrals: what happens while a bug is in, and what happens without it.

Every story runs through the services as processes call them, each step a transaction of its own.
"""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from tests.builders_referral import version_of
from tests.properties.ground import Play
from tests.properties.machine import CrashError, a_relay
from tests.world import Adult
from tirek.domain.delivery import Channel, ReceiptStatus
from tirek.domain.levels import Level
from tirek.services import concerns, handovers, ladder, receipts, referral_page, referral_steps
from tirek.services.receipts import Carrier, News


def a_signal(
    play: Play, level: Level = Level.IMMEDIATE, *, child: int = 0, who: Adult | None = None
) -> UUID:
    """A psychologist is worried."""
    with play.acting(who or play.ground.people["psychologist"]) as unit:
        return concerns.refer(unit, play.ground.children[child].id, level, "worried", uuid4())


def accept(play: Play, leg: UUID, who: Adult) -> None:
    """Open and accept, as the page does."""
    with play.acting(who) as unit:
        referral_page.open_page(unit, leg, "ru")
    with play.acting(who) as unit:
        referral_steps.acknowledge(unit, leg, version_of(unit, leg))


def the_sweep(play: Play) -> None:
    """The loop that rings clocks comes round."""
    with play.system() as unit:
        while ladder.fire_due(unit, 50):
            pass


def urgent_and_accepted(play: Play) -> None:
    """A signal, and somebody of the PSC opens and accepts it."""
    accept(play, a_signal(play), play.ground.people["specialist"])


def the_process_dies(play: Play) -> None:
    """The web server dies just before COMMIT; the page is sent again and comes through."""
    who, child = play.ground.people["psychologist"], play.ground.children[0]
    with play.acting(who, crashes=True) as unit:
        concerns.refer(unit, child.id, Level.IMMEDIATE, "worried", uuid4())
    a_signal(play)


def the_mail_dies(play: Play) -> None:
    """The relay dies while it speaks with the mail server; another one comes later."""
    a_signal(play)
    with suppress(CrashError):
        a_relay(play, "dies").sweep()
    play.let_pass(timedelta(minutes=3))
    a_relay(play, "no").sweep()
    the_sweep(play)


def nobody_acts(play: Play) -> None:
    """The quarter of an hour in which somebody should have accepted is over."""
    a_signal(play)
    play.let_pass(timedelta(minutes=19))
    the_sweep(play)


def two_signals(play: Play) -> None:
    """Two people are worried about the same child."""
    a_signal(play)
    a_signal(play, Level.MEDIUM)


def accepted_and_sent_on(play: Play) -> None:
    """Accepted, and after five minutes sent on to the neighbour."""
    leg = a_signal(play)
    who = play.ground.people["specialist"]
    accept(play, leg, who)
    play.let_pass(timedelta(minutes=5))
    with play.acting(who) as unit:
        center = play.ground.world.neighbour.id
        handovers.redirect(unit, leg, version_of(unit, leg), center, "they know the family")


def an_sms_that_did_not_arrive(play: Play) -> None:
    """Unseen for three minutes: an SMS leaves, is accepted, and the carrier then gives it up."""
    a_signal(play)
    play.let_pass(timedelta(minutes=3))
    a_relay(play, "no").sweep()
    with play.owner.connect() as connection:
        sent = connection.execute(
            text(
                "SELECT reference, provider, provider_reference FROM deliveries"
                " WHERE channel = 'sms' AND result = 'accepted'"
            )
        ).all()
    assert sent, "no SMS has left"
    for one in sent:
        with play.system() as unit:
            news = News(one.reference, ReceiptStatus.FAILED, one.provider_reference)
            receipts.record(unit, Carrier(Channel.SMS, one.provider), news)
