"""SMS: through a provider's HTTP interface, or laid down in a folder where none is set.

A provider gets JSON {to, from, text, reference} and answers 2xx with JSON {id}, its own name for
the message, which its receipts bear. `Idempotency-Key` is the same for every attempt on one
message, so that a provider which knows it sends a repeat of an unknown attempt only once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.folder import lay_down
from tirek.gateways.http import LONGEST_ANSWER, OWN_HOSTS, Answer, HttpPoster, Poster

PRIMARY, BACKUP, FOLDER = "sms-primary", "sms-backup", "sms-folder"
NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
# A wrong token or an empty purse is about us, not about the message: another provider may take it.
NOT_LET_IN = frozenset({401, 402, 403})
# What a provider may call a message: printable, and short enough to be kept.
PROVIDER_REFERENCE = re.compile(r"[\x21-\x7e]{1,128}")


class SmsGateway(Protocol):
    """Takes one text for one number; a repeat bears the same reference."""

    def send(self, to: str, text: str, reference: UUID) -> str:
        """Return the provider's name for the message; raise `GatewayError` when it has none."""
        ...


@dataclass(frozen=True, slots=True)
class HttpSms:
    """Hands texts to a provider that is spoken to over HTTP."""

    url: str
    sender: str
    poster: Poster
    token: str | None = field(default=None, repr=False)

    def send(self, to: str, text: str, reference: UUID) -> str:
        """Ask the provider once."""
        body = _message(to, self.sender, text, reference)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": str(reference),
        }
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = self.poster.post(self.url, body, headers)
        except RefusedError as error:
            if error.status in NOT_LET_IN:
                raise GatewayError(str(error)) from error
            raise
        return _provider_reference(answer)


@dataclass(frozen=True, slots=True)
class FolderSms:
    """Writes each text to a file of its own, for machines without a provider."""

    folder: Path
    sender: str

    def send(self, to: str, text: str, reference: UUID) -> str:
        """Write the text whole or not at all; the same reference is the same file."""
        body = _message(to, self.sender, text, reference)
        try:
            lay_down(self.folder, f"{reference}.json", body)
        except OSError as error:
            raise GatewayError(f"the folder of SMS cannot be written: {error.strerror}") from error
        return str(reference)


def choose(
    primary_url: str | None, backup_url: str | None, sender: str, folder: Path
) -> Mapping[str, SmsGateway]:
    """The providers of the settings by name, else the folder; raise `GatewayError` on a wrong one.

    An address is https://:token@host/path; the token may be left out.
    """
    if primary_url is None:
        if backup_url is not None:
            raise GatewayError("SMS_URL_BACKUP is set, so SMS_URL_PRIMARY must be set too.")
        return {FOLDER: FolderSms(folder, sender)}
    primary: dict[str, SmsGateway] = {PRIMARY: _provider("SMS_URL_PRIMARY", primary_url, sender)}
    if backup_url is None:
        return primary
    return primary | {BACKUP: _provider("SMS_URL_BACKUP", backup_url, sender)}


def _provider(setting: str, url: str, sender: str) -> HttpSms:
    try:
        parts = urlsplit(url)
        host, has_port = parts.hostname, parts.port is not None
    except ValueError:
        raise GatewayError(f"{setting} cannot be read.") from None
    if host is None or parts.scheme not in {"http", "https"}:
        raise GatewayError(f"{setting} must look like https://:token@host/path.")
    if parts.scheme == "http" and host not in OWN_HOSTS:
        raise GatewayError(f"{setting} must begin with https://: its host is not this machine.")
    place = f"[{host}]" if ":" in host else host
    bare = parts._replace(netloc=f"{place}:{parts.port}" if has_port else place)
    token = parts.password or parts.username
    # Whoever may set this address runs the machine, so the host may be wherever they say.
    poster = HttpPoster(inner_hosts=frozenset({host}))
    return HttpSms(bare.geturl(), sender, poster, unquote(token) if token else None)


def _message(to: str, sender: str, text: str, reference: UUID) -> bytes:
    if not NUMBER.fullmatch(to):
        raise RefusedError("the number is none")
    message = {"to": to, "from": sender, "text": text, "reference": str(reference)}
    return json.dumps(message, ensure_ascii=False).encode()


def _provider_reference(answer: Answer) -> str:
    """What the provider calls the message; without it no receipt could be known as ours."""
    if len(answer.body) > LONGEST_ANSWER:
        raise OutcomeUnknownError("the answer is too long to be read")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise OutcomeUnknownError("the answer is no JSON") from None
    found = said.get("id") if isinstance(said, dict) else None
    if not isinstance(found, str) or not PROVIDER_REFERENCE.fullmatch(found):
        raise OutcomeUnknownError("the answer holds no id")
    return found
