"""What a message becomes on its channel: words, addresses and keys, opened as it leaves."""

from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID, uuid5

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tirek.catalog.messages import STOPPABLE
from tirek.domain.delivery import Channel
from tirek.domain.fhir import FhirOrder
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.protocols import Protocol
from tirek.domain.webhooks import WebhookMessage
from tirek.services import late_answer_files, reminders, talk_reminders
from tirek.services.letters import Letter, Letters, UnwritableError
from tirek.services.outbox import UNSEEN
from tirek.storage.models import (
    Account,
    Authority,
    Endpoint,
    Notice,
    OutboxMessage,
    Referral,
)
from tirek.storage.vault import SealError, Vault

STATUTORY = "statutory_notice"
# 128 bits.
ERRAND_HEX = 32
PHONE, SECRET = ("accounts", "phone_sealed"), ("endpoints", "secret_sealed")
# What else has a page of its own below its reader's.
BELOW = {
    reminders.KIND: "/reading",
    "group_news": "/groups",
    "waiting_offer": "/talks",
    "talk_news": "/talks",
    "talk_reminder": "/talks",
    "help_waits": "/help-requests",
    "help_late": "/help-requests",
}
# What an address may get that nobody has proved yet.
TO_ANY_ADDRESS = frozenset({"confirm_address", "reset_password", "already_registered"})
# Turns a child's id into the name that one receiver alone knows it by.
SUBJECTS = UUID("6d9f5f0e-6d1c-4a55-9b0f-5b7f4a8b2c11")


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter to an address."""

    to: str
    letter: Letter
    channel = Channel.MAIL

    @property
    def sha256(self) -> str:
        """The hash of what was said."""
        return self.letter.sha256


@dataclass(frozen=True, slots=True)
class Sms:
    """A few words to a number."""

    to: str
    text: str
    channel = Channel.SMS

    @property
    def sha256(self) -> str:
        """The hash of what was said."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ForServer:
    """Bytes for a receiver's own server, and the secret shared with it."""

    url: str
    body: bytes
    channel: Channel
    secret: str = field(repr=False)

    @property
    def sha256(self) -> str:
        """The hash of what was said."""
        return sha256(self.body).hexdigest()


Parcel = Mail | Sms | ForServer


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs messages: texts and addresses come from the catalog, numbers and keys from the vault.

    Without a vault and a protocol only mail to accounts can be packed.
    """

    letters: Letters
    vault: Vault | None = None
    protocol: Protocol | None = None

    def pack(self, session: Session, message: OutboxMessage, reference: UUID) -> Parcel | None:
        """What is to leave; None when nothing can be sent, which calls for a person."""
        try:
            if message.authority_id is not None:
                return self._to_authority(session, message)
            if message.endpoint_id is not None:
                return self._to_server(session, message, reference)
            return self._to_account(session, message)
        except (UnwritableError, SealError, KeyError):
            return None

    def _to_account(self, session: Session, message: OutboxMessage) -> Parcel | None:
        account = session.get(Account, message.account_id, populate_existing=True)
        if account is None or not account.is_active:
            return None
        if message.channel != Channel.SMS:
            below = self._below(message, Role(account.role))
            stop = self._stop(message.kind, account.id)
            letter = self.letters.write(message.kind, account.role, account.language, below, stop)
            return Mail(account.email, letter)
        if self.vault is None or account.phone_sealed is None:
            return None
        number = self.vault.open_secret(account.phone_sealed, *PHONE, str(account.id))
        return Sms(number, self.letters.texts[message.kind].sms[account.language])

    def _below(self, message: OutboxMessage, reader: Role) -> str:
        """Where below the reader's own pages the message leads."""
        if message.errand_id is not None:
            return f"/errands/{message.errand_id}/{errand_secret(self.vault, message.errand_id)}"
        if message.booking_id is not None and reader is Role.GUARDIAN:
            return f"/talks/{message.booking_id}/{talk_secret(self.vault, message.booking_id)}"
        return BELOW.get(message.kind, "")

    def _stop(self, kind: str, account_id: UUID) -> str | None:
        """Where such mails are stopped without a login; None for those that somebody must get."""
        if kind not in STOPPABLE:
            return None
        if self.vault is None:
            raise UnwritableError("a link with a secret needs the keys")
        return f"/reminders/{account_id}/{reminders.stop_secret(self.vault, account_id)}"

    def _to_authority(self, session: Session, message: OutboxMessage) -> Parcel | None:
        """The notice's own words, in the language that the authority writes in."""
        authority = session.get_one(Authority, message.authority_id)
        notice = session.get_one(Notice, message.notice_id)
        if self.protocol is None:
            return None
        rules = self.protocol.rule(Level(notice.level)).notices
        rule = {one.kind: one for one in rules}[notice.kind]
        lang = authority.language
        return Mail(authority.email, Letter(rule.title[lang], rule.body[lang]))

    def _to_server(
        self, session: Session, message: OutboxMessage, reference: UUID
    ) -> Parcel | None:
        endpoint = session.get_one(Endpoint, message.endpoint_id)
        leg = session.get(Referral, message.referral_id)
        if self.vault is None or leg is None or not endpoint.is_active:
            return None
        link = f"{self.letters.base_url}/kk/psc/referrals/{leg.id}"
        if endpoint.kind == Channel.WEBHOOK:
            said = WebhookMessage(reference, message.kind, leg.id, message.created_at, link).body()
        else:
            said = FhirOrder(
                referral=leg.id,
                reference=reference,
                subject=uuid5(SUBJECTS, f"{endpoint.support_center_id}:{leg.student_id}"),
                performer=endpoint.support_center_id,
                requester=self.letters.base_url,
                authored_at=message.created_at,
                link=link,
            ).body()
        secret = self.vault.open_secret(endpoint.secret_sealed, *SECRET, str(endpoint.id))
        return ForServer(endpoint.url, said, Channel(endpoint.kind), secret)


def errand_secret(vault: Vault | None, errand_id: UUID) -> str:
    """What the link of an errand bears beside its id; made anew each time, so it is never kept."""
    if vault is None:
        raise UnwritableError("a link with a secret needs the keys")
    return vault.index(f"errand {errand_id}").hex()[:ERRAND_HEX]


def talk_secret(vault: Vault | None, booking_id: UUID) -> str:
    """What the link to a talk bears, so that it can be cancelled without signing in."""
    if vault is None:
        raise UnwritableError("a link with a secret needs the keys")
    return vault.index(f"talk {booking_id}").hex()[:ERRAND_HEX]


def is_needless(session: Session, message: OutboxMessage) -> bool:
    """Whether a message must not leave any more, or need not.

    A deleted account reads no mail, and an address that nobody has proved may be a stranger's: to
    it go only the letters that prove it or let its owner in. A second channel is not needed
    once somebody has opened the referral, and word of a file not once it was decided about; and
    nobody is told about a child whom they have been named as possibly harming since the message
    was written.
    """
    if message.kind == reminders.KIND and reminders.is_unwanted(session, message):
        return True
    if message.kind == talk_reminders.KIND and talk_reminders.is_late(session, message):
        return True
    if message.kind == late_answer_files.KIND and late_answer_files.is_over(session, message):
        return True
    if message.referral_id is None and message.notice_id is None:
        return not _is_welcome(session, message)
    row = session.execute(_NEEDLESS, {"message": message.id}).one()
    return bool(row.is_out or (message.condition == UNSEEN and row.is_seen))


def _is_welcome(session: Session, message: OutboxMessage) -> bool:
    """Whether an account still reads mail, and a parent's address may get this kind of it."""
    row = session.execute(
        select(Account.role, Account.erased_at, Account.verified_at).where(
            Account.id == message.account_id
        )
    ).one_or_none()
    if row is None:
        return True
    is_proved = row.role != Role.GUARDIAN or row.verified_at is not None
    return row.erased_at is None and (is_proved or message.kind in TO_ANY_ADDRESS)


_NEEDLESS = text(
    "SELECT COALESCE(conflict_keeps_out(COALESCE(r.student_id, n.student_id), o.account_id), false)"
    " AS is_out, r.seen_at IS NOT NULL AS is_seen FROM outbox o"
    " LEFT JOIN referrals r ON r.id = o.referral_id LEFT JOIN notices n ON n.id = o.notice_id"
    " WHERE o.id = :message"
)
