"""The statutory notices of a case as a referral's page shows them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.services import notice_steps
from tirek.services.unit import Unit
from tirek.storage.models import Account, Notice, Referral


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A statutory message: to whom, until when, on what ground, in which words."""

    id: UUID
    kind: str
    addressee: Addressee
    due_at: datetime
    is_late: bool
    ground: str
    is_ground_confirmed: bool
    title: str | None
    body: str | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    may_confirm: bool


def of(unit: Unit, leg: Referral, lang: str) -> tuple[DueNotice, ...]:
    """What the protocol demands of this case, with what waits first; texts in `lang`."""
    now = unit.now()
    rows = unit.session.execute(
        select(Notice, Account.display_name)
        .outerjoin(Account, Account.id == Notice.confirmed_by)
        .where(Notice.case_id == leg.case_id)
        .order_by(Notice.confirmed_at.is_not(None), Notice.due_at, Notice.kind)
        .execution_options(populate_existing=True)
    ).all()
    has_center = notice_steps.case_has_center(unit, leg.case_id)
    return tuple(
        _notice(unit, notice, who, lang, now, has_center=has_center) for notice, who in rows
    )


def _notice(
    unit: Unit, notice: Notice, who: str | None, lang: str, now: datetime, *, has_center: bool
) -> DueNotice:
    protocol = unit.catalog.protocol
    texts = {rule.kind: rule for rule in protocol.rule(Level(notice.level)).notices}
    text = texts.get(notice.kind)
    ground = protocol.legal_grounds.get(notice.legal_ground)
    may = notice_steps.may_confirm(unit, notice, has_center=has_center)
    return DueNotice(
        notice.id,
        notice.kind,
        Addressee(notice.addressee),
        notice.due_at,
        (notice.confirmed_at or now) > notice.due_at,
        ground.title[lang] if ground else notice.legal_ground,
        ground is not None and ground.confirmed,
        text.title[lang] if text else None,
        text.body[lang] if text else None,
        notice.confirmed_at,
        who,
        may and notice.confirmed_at is None,
    )
