"""Looks for what must not exist; the database refuses it, so a finding is a fault of ours."""

from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from tirek.domain.levels import Level
from tirek.domain.referral import ReferralState
from tirek.storage.models import Case, FlagRecord, Referral, ReviewTask, Signal


def findings(session: Session) -> dict[str, int]:
    """How many rows break which promise; empty when all is well."""
    flags = select(func.count()).select_from(FlagRecord)
    counts = {
        "flags without a referral": flags.where(
            FlagRecord.level != Level.REVIEW, ~exists(_legs_of_flag())
        ),
        "flags without a review task": flags.where(
            FlagRecord.level == Level.REVIEW,
            ~exists().where(ReviewTask.administration_id == FlagRecord.administration_id),
        ),
        "open cases without an open referral": select(func.count())
        .select_from(Case)
        .where(
            Case.closed_at.is_(None),
            ~exists().where(Referral.case_id == Case.id, Referral.closed_at.is_(None)),
        ),
        "referrals that were never routed": select(func.count())
        .select_from(Referral)
        .where(Referral.state == ReferralState.CREATED),
    }
    found = {name: session.scalars(query).one() for name, query in counts.items()}
    return {name: number for name, number in found.items() if number}


def _legs_of_flag() -> Select[UUID]:
    return (
        select(Referral.id)
        .join(Signal, Signal.case_id == Referral.case_id)
        .where(Signal.flag_id == FlagRecord.id)
    )
