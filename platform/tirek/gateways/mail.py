"""Mail: through an SMTP server, or laid down in a folder where none is set."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from tirek.gateways.errors import GatewayError, OutcomeUnknownError
from tirek.gateways.folder import lay_down

# For every single answer of the server; a relay's lease must be longer than a whole conversation.
TIMEOUT_SECONDS = 10
PORTS = {"smtp": 587, "smtps": 465}
# Mail to a server on this machine does not leave it, so it may go without TLS.
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
OWN_PORT = 25


class MailError(GatewayError):
    """The message was not taken; the text names no address and no content."""


class MailOutcomeUnknownError(MailError, OutcomeUnknownError):
    """The connection broke when the message may already have been taken."""


class MailGateway(Protocol):
    """Takes one message for one address; a repeat bears the same reference."""

    def send(
        self, to: str, subject: str, body: str, reference: UUID, stop_url: str | None = None
    ) -> None:
        """Hand the message over; raise `MailError` when it was not, or perhaps not, taken.

        A mail program may offer `stop_url` as a button beside the mail.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderMail:
    """Writes each message to a file of its own, for machines without an SMTP server."""

    folder: Path
    sender: str

    def send(
        self, to: str, subject: str, body: str, reference: UUID, stop_url: str | None = None
    ) -> None:
        """Write the message whole or not at all; the same reference is the same file."""
        message = _message(self.sender, to, subject, reference)
        _offer_to_stop(message, stop_url)
        message.set_content(body, cte="8bit")
        try:
            lay_down(self.folder, f"{reference}.eml", message.as_bytes())
        except OSError as error:
            raise MailError(f"the folder of mail cannot be written: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """Hands messages to an SMTP server, encrypted unless it runs on this machine."""

    host: str
    port: int
    sender: str
    # True: TLS from the first byte (smtps); False: STARTTLS, without which nothing is said.
    is_tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    timeout: float = TIMEOUT_SECONDS

    def send(
        self, to: str, subject: str, body: str, reference: UUID, stop_url: str | None = None
    ) -> None:
        """Speak with the server once; its refusal of the address or the text is a `MailError`."""
        # Base64, because not every server on the way takes letters beyond ASCII as they are.
        message = _message(self.sender, to, subject, reference)
        _offer_to_stop(message, stop_url)
        message.set_content(body, cte="base64")
        with _refusals():
            server = self._connect()
            try:
                self._introduce(server)
                with _silence_is_unknown():
                    server.send_message(message)
            finally:
                # Whatever comes after the server's yes or no changes nothing about it.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()

    def _introduce(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if not self.is_tls and self.host not in OWN_HOSTS:
            server.starttls(context=self.context)
        if self.user is not None:
            server.login(self.user, self.password or "")

    def _connect(self) -> smtplib.SMTP:
        if self.is_tls:
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=self.context
            )
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)


def choose(smtp_url: str | None, sender: str, folder: Path) -> MailGateway:
    """The SMTP server of the settings, else the folder; raise `MailError` on a wrong address.

    `smtp_url` is smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465.
    """
    if smtp_url is None:
        return FolderMail(folder, sender)
    try:
        parts = urlsplit(smtp_url)
        port = parts.port
    except ValueError:
        raise MailError("SMTP_URL cannot be read.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise MailError("SMTP_URL must look like smtp://user:password@host:587 or smtps://….")
    default = OWN_PORT if parts.hostname in OWN_HOSTS else PORTS[parts.scheme]
    return SmtpMail(
        host=parts.hostname,
        port=port or default,
        sender=sender,
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _message(sender: str, to: str, subject: str, reference: UUID) -> EmailMessage:
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = to
        message["Subject"] = subject
    except (ValueError, IndexError):  # a line break in a header, or what is no address at all
        raise MailError("an address or the subject cannot stand in a message") from None
    if "@" not in parseaddr(to)[1]:
        raise MailError("the address is none")
    message["Date"] = format_datetime(datetime.now(UTC))
    # A server or reader that has this one already can tell a repeat from a second message.
    message["Message-ID"] = f"<{reference}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def _offer_to_stop(message: EmailMessage, stop_url: str | None) -> None:
    """One press in the mail program, which then asks that page by itself (RFC 8058: over TLS)."""
    if stop_url is not None and stop_url.startswith("https://"):
        message["List-Unsubscribe"] = f"<{stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what smtplib raises into our error; its own texts would name the address."""
    try:
        yield
    except MailError:
        raise
    except smtplib.SMTPResponseException as error:
        raise MailError(f"the server answered {error.smtp_code}") from error
    except smtplib.SMTPException as error:
        raise MailError(f"the server refused: {type(error).__name__}") from error
    except OSError as error:
        raise MailError(f"the server cannot be reached: {type(error).__name__}") from error


@contextmanager
def _silence_is_unknown() -> Iterator[None]:
    """A server that falls silent over a message may have taken it."""
    try:
        yield
    except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError) as error:
        raise MailOutcomeUnknownError(f"no answer: {type(error).__name__}") from error
