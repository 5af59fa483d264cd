"""Reads protocols/messages.yaml: what mail and SMS say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.fields import Fields
from tirek.catalog.languages import texts_in
from tirek.catalog.yaml_subset import read

# Accounts may use the interface in English too, so messages must speak it.
MESSAGE_LANGUAGES = ("kk", "ru", "en")
MESSAGE_KINDS = (
    "referral_waits",
    "notice_due",
    "signal_added",
    "referral_news",
    "alarm",
    "drill",
    "drill_missed",
    "confirm_address",
    "reset_password",
    "already_registered",
    "reading_reminder",
    "group_news",
    "waiting_offer",
    "talk_booked",
    "talk_changed",
    "talk_reminder",
    "talk_news",
    "help_waits",
    "help_late",
    "answers_wait",
)
LINK = "{link}"
# A second link, which stops such mails without a login: in those that nobody has to get.
STOP = "{stop}"
STOPPABLE = frozenset({"reading_reminder"})
# One part of an SMS holds 140 bytes; Cyrillic takes two each. A second part may come late or never.
SMS_LENGTH = 70


@dataclass(frozen=True, slots=True)
class MessageText:
    """What one kind of message says, by language; `{link}` in the body is the page to open.

    An SMS has no link: it says so little that it fits in one part, and an SMS with a link teaches
    people to trust such.
    """

    subject: Mapping[str, str]
    body: Mapping[str, str]
    sms: Mapping[str, str]


def load_messages(folder: Path) -> dict[str, MessageText]:
    """Read every kind of message in every language; raise `CatalogError` otherwise."""
    with Fields.of(read(folder / "messages.yaml")) as fields:
        return {kind: _message(fields, kind) for kind in MESSAGE_KINDS}


def _message(fields: Fields, kind: str) -> MessageText:
    with fields.fields(kind) as inner:
        text = MessageText(
            texts_in(MESSAGE_LANGUAGES, inner, "subject"),
            texts_in(MESSAGE_LANGUAGES, inner, "body"),
            texts_in(MESSAGE_LANGUAGES, inner, "sms"),
        )
        if not all(map(_is_plain_line, text.subject.values())):
            raise inner.error("subject", "a subject is one line without anything to fill in")
        links = [LINK, STOP] if kind in STOPPABLE else [LINK]
        if not all(_holds_once(body, links) for body in text.body.values()):
            reason = f"a body holds {' and '.join(links)} once and nothing else to fill in"
            raise inner.error("body", reason)
        if not all(map(_fits_one_part, text.sms.values())):
            reason = f"an SMS is one line of at most {SMS_LENGTH} characters, nothing to fill in"
            raise inner.error("sms", reason)
        return text


def _holds_once(body: str, links: Sequence[str]) -> bool:
    return body.count("{") == len(links) and all(body.count(link) == 1 for link in links)


def _fits_one_part(text: str) -> bool:
    # Counted as networks count: a letter beyond the first 65,536 takes two places.
    return _is_plain_line(text) and len(text.encode("utf-16-be")) <= 2 * SMS_LENGTH


def _is_plain_line(text: str) -> bool:
    return "\n" not in text and "{" not in text
