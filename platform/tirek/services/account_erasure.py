"""A parent deletes the account: what is theirs goes, what others need of it loses their name."""

from sqlalchemy import delete, func, select, update

from tirek.domain.consultations import TAKING
from tirek.domain.errors import NotFoundError
from tirek.services import accounts, audit, sessions, talks
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AccountErrand,
    Booking,
    Bookmark,
    Certificate,
    CohortMember,
    Guardianship,
    HelpRequest,
    LessonHistory,
    LessonProgress,
    OwnChild,
    ReminderWish,
    SelfAnswer,
    SelfReport,
    SelfScore,
    WaitingParent,
)

# Opens nothing: no hash reads like it.
NO_PASSWORD = "!"  # noqa: S105 - the absence of one
# What is the parent's alone goes altogether, in an order in which nothing points at what is gone.
_OWN = (
    LessonProgress,
    LessonHistory,
    Bookmark,
    OwnChild,
    ReminderWish,
    CohortMember,
)


def erase(unit: Unit, password: str, network: str) -> None:
    """Delete the account of whoever acts, for good; every session of it ends.

    Statements of consent and the record of who saw what stay: they are about the child. Raises
    `WrongLoginError` (count it: commit) or `SlowDownError`.
    """
    account = unit.session.get(Account, unit.actor.account_id) if unit.actor.account_id else None
    if account is None or account.erased_at is not None:
        raise NotFoundError("account", unit.actor.account_id)
    accounts.check_password(unit, account.email, password, network)
    audit.record(unit, "account.erase", "account", account.id)
    _let_go_of_talks(unit, account)
    _forget_calls(unit, account)
    _delete_own(unit, account)
    _take_back(unit, account)
    _empty(unit, account)
    sessions.end_all(unit.session, account.id)


def _let_go_of_talks(unit: Unit, account: Account) -> None:
    """Free the times of talks to come, tell their hosts, and forget what was written about any."""
    # First, or the freed time would be offered to whoever is leaving.
    unit.session.execute(
        update(WaitingParent)
        .where(WaitingParent.account_id == account.id, WaitingParent.ended_at.is_(None))
        .values(ended_at=func.now())
    )
    coming = unit.session.scalars(
        select(Booking.id).where(
            Booking.account_id == account.id,
            Booking.state.in_([state.value for state in TAKING]),
            Booking.starts_at > func.now(),
        )
    ).all()
    for booking_id in coming:
        talks.cancel(unit, booking_id)
    unit.session.execute(
        update(Booking)
        .where(Booking.account_id == account.id)
        .values(phone_sealed=None, words_sealed=None)
    )


def _forget_calls(unit: Unit, account: Account) -> None:
    """A call for help that somebody still answers keeps its number until then; older ones lose it.

    Whoever is in danger may delete everything in fright; the specialist must be able to call.
    """
    unit.session.execute(
        update(HelpRequest)
        .where(HelpRequest.account_id == account.id, HelpRequest.closed_at.is_not(None))
        .values(phone_sealed=None, words_sealed=None)
    )
    # What it followed from is deleted with the other answers.
    unit.session.execute(
        update(HelpRequest).where(HelpRequest.account_id == account.id).values(report_id=None)
    )


def _delete_own(unit: Unit, account: Account) -> None:
    reports = select(SelfReport.id).where(SelfReport.account_id == account.id)
    unit.session.execute(delete(SelfAnswer).where(SelfAnswer.report_id.in_(reports)))
    unit.session.execute(delete(SelfScore).where(SelfScore.report_id.in_(reports)))
    unit.session.execute(delete(SelfReport).where(SelfReport.account_id == account.id))
    for table in _OWN:
        unit.session.execute(delete(table).where(table.account_id == account.id))


def _take_back(unit: Unit, account: Account) -> None:
    """Certificates prove nothing any more, the children are nobody's here, old links are dead."""
    for table in (Certificate, Guardianship):
        unit.session.execute(
            update(table)
            .where(table.account_id == account.id, table.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )
    unit.session.execute(
        update(AccountErrand)
        .where(AccountErrand.account_id == account.id, AccountErrand.used_at.is_(None))
        .values(used_at=func.now())
    )


def _empty(unit: Unit, account: Account) -> None:
    """Nothing that names anybody is left in the row; it stays for what points at it."""
    unit.session.execute(
        update(Account)
        .where(Account.id == account.id)
        .values(
            # Unique, as an address must be, and one at which nothing can arrive.
            email=f"{account.id}@erased.invalid",
            password_hash=NO_PASSWORD,
            display_name="",
            phone_sealed=None,
            region_iso=None,
            verified_at=None,
            is_active=False,
            erased_at=func.now(),
        )
    )
