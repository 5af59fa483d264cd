"""Which provider takes a message, and how the shares of providers follow what they did lately."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.providers import ALL, Stats, Weights, is_down, next_weights, pick, resting
from tirek.storage.models import Delivery, Provider, Receipt

LATELY = timedelta(seconds=60)
# A call without an answer after this will not get one (gateways.http.TIMEOUT_SECONDS).
ANSWER_WITHIN = timedelta(seconds=11)
SLOW_AFTER = timedelta(seconds=5)
# When a receipt may be expected: not yet of what has just gone out, not any more of what is old.
RECEIPT_AFTER, RECEIPT_UNTIL = timedelta(minutes=2), timedelta(minutes=7)
# A provider that has said nothing for so long does not send receipts at all.
SAYS_RECEIPTS = timedelta(days=1)


def choose_provider(
    session: Session, message_id: int, channel: Channel, names: Sequence[str], chance: float
) -> str:
    """The provider for the next attempt on a message: by shares, not those asked last or down.

    `names` are those of the settings, preferred ones first; `chance` is at least 0 and below 1.
    """
    asked = session.scalars(
        select(Delivery.provider)
        .where(Delivery.outbox_id == message_id)
        .order_by(Delivery.attempt.desc())
        .limit(len(names) - 1)
    ).all()
    rows = session.execute(select(Provider.name, Provider.weight).where(_is_of(channel, names)))
    found = {row.name: row.weight for row in rows}
    avoid = {name for name in asked if name}
    down = _down(session, channel)
    return pick(
        _shares(found, names), chance, avoid if avoid | down >= set(names) else avoid | down
    )


def rebalance(session: Session, channel: Channel, names: Sequence[str]) -> Mapping[str, int]:
    """Move shares away from who fails, and back to who is well again; returns what they are now.

    The rows are locked, so that of several sweeps at once one moves and the others see it.
    """
    rest = resting(names)
    rows = [{"name": name, "channel": channel.value, "weight": rest[name]} for name in names]
    session.execute(insert(Provider).values(rows).on_conflict_do_nothing())
    held = session.scalars(
        select(Provider)
        .where(_is_of(channel, names))
        .order_by(Provider.name)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    now = session.scalars(select(func.clock_timestamp())).one()
    before = {one.name: one.weight for one in held}
    changed_at = max(one.changed_at for one in held)
    after = next_weights(_stats(session, channel), Weights(_shares(before, names), changed_at), now)
    for name, share in after.shares.items():
        if share != before[name]:
            session.execute(
                update(Provider)
                .where(Provider.name == name)
                .values(weight=share, changed_at=after.changed_at)
            )
    return after.shares


def _down(session: Session, channel: Channel) -> set[str]:
    """The providers of which nothing was taken lately; refusals say nothing about a provider."""
    age = func.now() - Delivery.started_at
    rows = session.execute(
        select(Delivery.provider, Delivery.result)
        .where(
            Delivery.channel == channel.value,
            Delivery.provider.is_not(None),
            age < LATELY,
            Delivery.result.is_distinct_from(DeliveryResult.REFUSED.value),
            or_(Delivery.result.is_not(None), age > ANSWER_WITHIN),
        )
        .order_by(Delivery.started_at.desc())
    )
    latest: dict[str, list[bool]] = {}
    for provider, result in rows:
        latest.setdefault(str(provider), []).append(result == DeliveryResult.ACCEPTED)
    return {provider for provider, was_taken in latest.items() if is_down(was_taken)}


def _is_of(channel: Channel, names: Sequence[str]) -> ColumnElement[bool]:
    return and_(Provider.channel == channel.value, Provider.name.in_(names))


def _shares(found: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """What is stored, in the order of the settings; where these have changed, what is at rest."""
    if sum(found.values()) != ALL or found.keys() != set(names):
        return resting(names)
    return {name: found[name] for name in names}


def _stats(session: Session, channel: Channel) -> dict[str, Stats]:
    """What each provider did lately, by the clock of the database."""
    age = func.now() - Delivery.started_at
    lately, waited = age < LATELY, age.between(RECEIPT_AFTER, RECEIPT_UNTIL)
    accepted = Delivery.result == DeliveryResult.ACCEPTED.value
    failed = or_(
        Delivery.result == DeliveryResult.FAILED.value,
        and_(Delivery.result.is_(None), age > ANSWER_WITHIN),
    )
    slow = and_(accepted, Delivery.finished_at - Delivery.started_at > SLOW_AFTER)
    is_receipted = exists().where(
        Receipt.delivery_id == Delivery.id, Receipt.status == ReceiptStatus.DELIVERED.value
    )
    rows = session.execute(
        select(
            Delivery.provider,
            func.count().filter(lately),
            func.count().filter(lately, failed),
            func.count().filter(lately, slow),
            func.count().filter(waited, accepted),
            func.count().filter(waited, accepted, ~is_receipted),
        )
        .where(
            Delivery.channel == channel.value,
            Delivery.provider.is_not(None),
            Delivery.started_at > func.now() - RECEIPT_UNTIL,
        )
        .group_by(Delivery.provider)
    ).all()
    talking = _says_receipts(session, channel)
    return {
        str(provider): Stats(calls, errors, late, expected, missing)
        if provider in talking
        else Stats(calls, errors, late)
        for provider, calls, errors, late, expected, missing in rows
    }


def _says_receipts(session: Session, channel: Channel) -> set[str]:
    """The providers that do send receipts, so that silence means something."""
    rows = session.scalars(
        select(Delivery.provider)
        .distinct()
        .join(Receipt, Receipt.delivery_id == Delivery.id)
        .where(
            Delivery.channel == channel.value,
            Delivery.provider.is_not(None),
            Delivery.started_at > func.now() - SAYS_RECEIPTS,
        )
    )
    return {str(provider) for provider in rows}
