"""Everything read from files at the start: instruments, courses and the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.content import load_courses
from tirek.catalog.instruments import load_instruments
from tirek.catalog.messages import MessageText, load_messages
from tirek.catalog.protocols import load_protocol
from tirek.domain.education import Course
from tirek.domain.instruments import Instrument
from tirek.domain.protocols import Protocol


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the files say; a server with a wrong file does not start."""

    instruments: Mapping[str, Instrument]
    courses: Mapping[str, Course]
    protocol: Protocol
    messages: Mapping[str, MessageText]


def load_catalog(root: Path) -> Catalog:
    """Read instruments/, content/ and protocols/ below `root`; raise `CatalogError` when wrong."""
    return Catalog(
        load_instruments(root / "instruments"),
        load_courses(root / "content"),
        load_protocol(root / "protocols"),
        load_messages(root / "protocols"),
    )
