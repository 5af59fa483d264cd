"""Everything read from files at the start: instruments, courses and the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.consents import load_consents
from tirek.catalog.content import load_content
from tirek.catalog.content.asked import read_asked
from tirek.catalog.content.found import lesson_indexes
from tirek.catalog.content.memo_index import memo_indexes
from tirek.catalog.help_rules import load_help_rules
from tirek.catalog.instruments import load_instruments
from tirek.catalog.messages import MessageText, load_messages
from tirek.catalog.protocols import load_protocol
from tirek.domain.consent import ConsentTexts, Purpose
from tirek.domain.education import Course, Memo
from tirek.domain.help_rules import HelpRule
from tirek.domain.instruments import Instrument
from tirek.domain.parents import HelpKind
from tirek.domain.protocols import Protocol
from tirek.domain.search import SearchIndex


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the files say; a server with a wrong file does not start."""

    instruments: Mapping[str, Instrument]
    courses: Mapping[str, Course]
    protocol: Protocol
    messages: Mapping[str, MessageText]
    help_rules: Mapping[HelpKind, HelpRule]
    # Courses and lessons by their words, in each language of the texts.
    searches: Mapping[str, SearchIndex]
    memos: Mapping[str, Memo]
    memo_searches: Mapping[str, SearchIndex]
    consents: Mapping[Purpose, ConsentTexts]
    # Where the instruments were read from: a methodologist runs their lints and cases again.
    instruments_root: Path


def load_catalog(root: Path) -> Catalog:
    """Read instruments/, content/ and protocols/ below `root`; raise `CatalogError` when wrong."""
    protocol = load_protocol(root / "protocols")
    shelf = load_content(root / "content")
    return Catalog(
        load_instruments(root / "instruments"),
        shelf.courses,
        protocol,
        load_messages(root / "protocols"),
        load_help_rules(root / "protocols", protocol.calendar),
        lesson_indexes(
            shelf.courses.values(), read_asked(root / "content", shelf.courses.values())
        ),
        shelf.memos,
        memo_indexes(shelf.memos.values()),
        load_consents(root / "protocols", protocol.legal_grounds),
        root / "instruments",
    )
