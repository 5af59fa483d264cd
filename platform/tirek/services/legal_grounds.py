"""On what ground something may be done after a signal: chosen by the protocol, written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.administration import age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, Purpose
from tirek.domain.legal_ground import LegalDecision, Situation
from tirek.domain.levels import Level
from tirek.domain.referral import SignalKind
from tirek.services import conflicts, consents
from tirek.services.unit import Unit
from tirek.storage import models
from tirek.storage.models import Referral, Student


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal as it came: whose it is, where it belongs, and how urgent."""

    signal_id: UUID
    case_id: UUID
    student_id: UUID
    school_id: UUID
    kind: SignalKind
    level: Level


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was written down, with the words and the act of its row by language.

    `text` and `act` are None where the protocol of today has that row no more.
    """

    decided_at: datetime
    rule_version: str
    ground: str
    why: str
    may_tell_guardian: bool
    text: Mapping[str, str] | None
    act: Mapping[str, str] | None
    is_confirmed: bool


def record(unit: Unit, heard: Heard) -> LegalDecision:
    """Decide on a signal and write it down in the same transaction; once for each signal."""
    situation = situation_of(unit, heard.student_id, heard.kind, heard.level)
    decision = unit.catalog.protocol.decide(situation)
    row = insert(models.LegalDecision).values(
        signal_id=heard.signal_id,
        case_id=heard.case_id,
        student_id=heard.student_id,
        school_id=heard.school_id,
        ground=decision.ground.value,
        why=decision.why,
        guardian_consent=situation.guardian and situation.guardian.value,
        assent=situation.assent and situation.assent.value,
        may_contact_child=decision.may_contact_child,
        may_refer_to_center=decision.may_refer_to_center,
        may_notify_authority=decision.may_notify_authority,
        may_tell_guardian=decision.may_tell_guardian,
        rule_version=unit.catalog.protocol.version,
        center_help=situation.center_help and situation.center_help.value,
    )
    unit.session.execute(row.on_conflict_do_nothing())
    return decision


def situation_of(unit: Unit, student_id: UUID, kind: SignalKind, level: Level) -> Situation:
    """What is known about a child now; a later word or a later conflict changes the answer."""
    said = consents.by_kind(unit, student_id, Purpose.SCREENING)
    about_center = consents.by_kind(unit, student_id, Purpose.CENTER_HELP)
    return Situation(
        level=level,
        signal=kind,
        guardian=said.get(ConsentKind.GUARDIAN),
        assent=said.get(ConsentKind.ASSENT),
        age=_age(unit, student_id),
        guardian_named=conflicts.of(unit, student_id).has_guardian,
        center_help=about_center.get(ConsentKind.GUARDIAN),
    )


def keeps_from_center(unit: Unit, leg: Referral) -> bool:
    """Whether a guardian's no forbids the school to hand this child on to a support centre now."""
    judged = [Level(leg.level), *([Level(leg.triage_level)] if leg.triage_level else [])]
    kind, level = SignalKind.STAFF_CONCERN, max(judged, key=lambda one: one.rank)
    return (
        leg.support_center_id is None
        and situation_of(unit, leg.student_id, kind, level).keeps_from_center
    )


def of_case(unit: Unit, case_id: UUID) -> list[Recorded]:
    """The decisions of a case, the first one first."""
    rows = unit.session.scalars(
        select(models.LegalDecision)
        .where(models.LegalDecision.case_id == case_id)
        .order_by(models.LegalDecision.id)
    )
    return [_recorded(unit, row) for row in rows]


def _recorded(unit: Unit, row: models.LegalDecision) -> Recorded:
    protocol = unit.catalog.protocol
    rule = next(
        (one for one in protocol.ground_rules if (one.why, one.ground) == (row.why, row.ground)),
        None,
    )
    act = protocol.legal_grounds[rule.legal_ground] if rule else None
    return Recorded(
        row.created_at,
        row.rule_version,
        row.ground,
        row.why,
        row.may_tell_guardian,
        rule.text if rule else None,
        act.title if act else None,
        is_confirmed=bool(act and act.confirmed),
    )


def _age(unit: Unit, student_id: UUID) -> int | None:
    born = unit.session.scalars(
        select(Student.birth_month).where(Student.id == student_id)
    ).one_or_none()
    if born is None:
        return None
    today = unit.now().astimezone(KAZAKHSTAN)
    return age_in_years(born.year, born.month, today.year, today.month)
