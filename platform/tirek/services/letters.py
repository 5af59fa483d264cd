"""What a message says: that something waits inside, and on which page."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from tirek.catalog.messages import LINK, STOP, STOPPABLE, MessageText
from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES, Role

PAGES = (
    dict.fromkeys(PSC_ROLES, "psc")
    | dict.fromkeys(SCHOOL_ROLES, "school")
    | {Role.REGIONAL_COORDINATOR: "oversight", Role.NATIONAL_DUTY: "oversight"}
    | {Role.ADMINISTRATOR: "admin", Role.GUARDIAN: "parent"}
)


class UnwritableError(Exception):
    """No letter can be written: an unknown kind, or a reader without a page to open."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as its reader gets it."""

    subject: str
    body: str
    # Where such mails are stopped, for the button of a mail program.
    stop_url: str | None = None

    @property
    def sha256(self) -> str:
        """The hash that proves later what was sent."""
        return sha256(f"{self.subject}\n\n{self.body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Letters:
    """The texts of all kinds of mail, and the address at which Tirek is reached."""

    texts: Mapping[str, MessageText]
    base_url: str

    def write(
        self, kind: str, role: str, language: str, below: str = "", stop: str | None = None
    ) -> Letter:
        """Write to a reader in the reader's language; raise `UnwritableError` when impossible.

        `below` is the rest of the address below the reader's own pages, with its slash; `stop` is
        that of the page, below the language alone, which stops such mails.
        """
        page = PAGES.get(Role(role))
        text = self.texts.get(kind)
        if (
            page is None
            or text is None
            or language not in text.body
            or (kind in STOPPABLE and stop is None)
        ):
            raise UnwritableError(f"no {kind!r} for {role} in {language!r}")
        link = f"{self.base_url}/{language}/{page}{below}"
        body = text.body[language].replace(LINK, link)
        if stop is None:
            return Letter(text.subject[language], body)
        stop_url = f"{self.base_url}/{language}{stop}"
        return Letter(text.subject[language], body.replace(STOP, stop_url), stop_url)
