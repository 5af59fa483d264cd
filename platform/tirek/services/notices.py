"""Statutory notices with their clocks, and the messages that say "look inside"."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.delivery import Channel, second_channel_after
from tirek.domain.ladder import ClockKind, Post, alarms_for
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee, LevelRule, NoticeRule
from tirek.domain.referral import ReceiverKind
from tirek.services import conflicts, deadlines, outbox, posts
from tirek.services.outbox import Message
from tirek.services.posts import Place
from tirek.services.routing import AT_SCHOOL, Receiver
from tirek.services.unit import Unit
from tirek.storage.models import Account, Endpoint, Notice, Referral

# Who hears at once of a referral that nobody is on duty for.
ABOVE = (Post.PSC_HEAD, Post.REGIONAL_COORDINATOR, Post.LAST_RESPONDER, Post.NATIONAL_DUTY)


@dataclass(frozen=True, slots=True)
class Occasion:
    """The signal that calls for notices, and when it was given."""

    case_id: UUID
    signal_id: UUID
    student_id: UUID
    school_id: UUID
    now: datetime


def words_hash(notice: NoticeRule) -> str:
    """What proves later which words an addressee was given, in either language (I13)."""
    words = "\n".join(
        f"{notice.title[lang]}\n\n{notice.body[lang]}\n" for lang in sorted(notice.title)
    )
    return sha256(words.encode()).hexdigest()


def open_notices(unit: Unit, occasion: Occasion, rule: LevelRule, receiver: Receiver) -> None:
    """Write down every notice the level demands; none waits for a referral or a delivery.

    One that is already waiting for this child covers a further signal: nine equal messages about
    three answers of one page would only hide each other.
    """
    waiting = _waiting(unit, occasion.case_id)
    for notice in rule.notices:
        if notice.kind not in waiting:
            _open(unit, occasion, rule, notice, receiver)


def tell_receiver(
    unit: Unit, referral_id: UUID, place: Place, kind: str, occasion: str = "", *, level: Level
) -> None:
    """Queue a message to everybody on duty at the receiver; it leaves only after the commit.

    What is immediate goes by a second channel too, unless somebody has opened it by then.
    """
    told = posts.holders(unit, Post.DUTY, place)
    about = f"{referral_id}:{occasion}"
    messages = [
        Message(kind, about, account_id=account_id, referral_id=referral_id) for account_id in told
    ]
    messages += _second_channel(unit, told, kind, about, referral_id, level)
    messages += [
        Message(
            kind,
            about,
            endpoint_id=endpoint_id,
            referral_id=referral_id,
            channel=Channel(channel),
        )
        for endpoint_id, channel in _endpoints(unit, place)
    ]
    outbox.queue(unit, messages)


def tell_those_above(unit: Unit, referral_id: UUID, place: Place) -> None:
    """Queue an alarm to everybody above a receiver that has nobody on duty."""
    told = dict.fromkeys(
        account_id for post in ABOVE for account_id in posts.holders(unit, post, place)
    )
    outbox.queue(
        unit,
        [
            Message("alarm", f"unmanned:{referral_id}", account_id=one, referral_id=referral_id)
            for one in told
        ],
    )


def tell_accounts(
    unit: Unit, referral_id: UUID, account_ids: Iterable[UUID], kind: str, occasion: str = ""
) -> None:
    """Queue a message to some people about a referral; to nobody who is named as a danger (I14)."""
    told = [one for one in dict.fromkeys(account_ids) if not _is_out(unit, referral_id, one)]
    outbox.queue(
        unit,
        [
            Message(kind, f"{referral_id}:{occasion}", account_id=one, referral_id=referral_id)
            for one in told
        ],
    )


def _is_out(unit: Unit, referral_id: UUID, account_id: UUID) -> bool:
    """Whether somebody, or where they work, may not hear of the child any more."""
    return bool(
        unit.session.scalar(
            select(func.conflict_keeps_out(Referral.student_id, account_id)).where(
                Referral.id == referral_id
            )
        )
    )


def _second_channel(
    unit: Unit, told: list[UUID], kind: str, about: str, referral_id: UUID, level: Level
) -> list[Message]:
    after = second_channel_after(level)
    if after is None:
        return []
    return [
        Message(
            kind,
            about,
            account_id=account_id,
            referral_id=referral_id,
            channel=Channel.SMS,
            after=after,
            only_unseen=True,
        )
        for account_id in with_phone(unit, told)
    ]


def with_phone(unit: Unit, account_ids: list[UUID]) -> list[UUID]:
    """Those of some accounts whose phone is known."""
    return list(
        unit.session.scalars(
            select(Account.id).where(Account.id.in_(account_ids), Account.phone_sealed.is_not(None))
        )
    )


def _endpoints(unit: Unit, place: Place) -> list[tuple[UUID, str]]:
    if place.receiver is not ReceiverKind.SUPPORT_CENTER:
        return []
    rows = unit.session.execute(
        select(Endpoint.id, Endpoint.kind).where(
            Endpoint.support_center_id == place.support_center_id, Endpoint.is_active
        )
    )
    return [(row.id, row.kind) for row in rows]


def _waiting(unit: Unit, case_id: UUID) -> set[str]:
    """Kinds of notices that are due for this case and that nobody has confirmed.

    They are older than the signal at hand, so none of them runs out later.
    """
    return set(
        unit.session.scalars(
            select(Notice.kind).where(Notice.case_id == case_id, Notice.confirmed_at.is_(None))
        )
    )


def _open(
    unit: Unit, occasion: Occasion, rule: LevelRule, notice: NoticeRule, receiver: Receiver
) -> None:
    reader, addressee = _reader(unit, occasion, notice, receiver)
    calendar = unit.catalog.protocol.calendar
    notice_id, due_at = uuid4(), notice.clock.after(occasion.now, calendar)
    unit.session.execute(
        insert(Notice).values(
            id=notice_id,
            signal_id=occasion.signal_id,
            case_id=occasion.case_id,
            student_id=occasion.student_id,
            school_id=occasion.school_id,
            kind=notice.kind,
            level=rule.level.value,
            addressee=addressee.value,
            support_center_id=(
                reader.support_center_id if addressee is Addressee.SUPPORT_CENTER else None
            ),
            legal_ground=notice.legal_ground,
            protocol_id=unit.catalog.protocol.id,
            protocol_version=unit.catalog.protocol.version,
            due_at=due_at,
            sha256=words_hash(notice),
        )
    )
    child = deadlines.Child(occasion.student_id, occasion.school_id)
    alarms = alarms_for(ClockKind.NOTICE, due_at, rule, calendar)
    deadlines.start(unit, child, alarms, notice_id=notice_id)
    place = Place(occasion.student_id, occasion.school_id, reader.kind, reader.support_center_id)
    outbox.queue(
        unit,
        [
            Message("notice_due", f"notice:{notice_id}", account_id=one, notice_id=notice_id)
            for one in posts.holders(unit, Post.DUTY, place)
        ],
    )


def _reader(
    unit: Unit, occasion: Occasion, notice: NoticeRule, receiver: Receiver
) -> tuple[Receiver, Addressee]:
    """Who prepares a notice: its own addressee, or for authorities the referral's receiver.

    What the school ought to do is the PSC's to do where somebody of the school is named.
    """
    if notice.addressee is not Addressee.SCHOOL:
        return receiver, notice.addressee
    is_out = occasion.school_id in conflicts.of(unit, occasion.student_id).schools
    if is_out and receiver.kind is ReceiverKind.SUPPORT_CENTER:
        return receiver, Addressee.SUPPORT_CENTER
    return AT_SCHOOL, Addressee.SCHOOL
