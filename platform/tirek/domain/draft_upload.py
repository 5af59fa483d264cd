"""What may be uploaded as a draft of an instrument, and in how many words it is refused."""

import re
from enum import StrEnum

from tirek.domain.errors import DomainError

# A folder has seven to nine files; the largest golden cases so far are 290 KB.
MOST_FILES = 24
MOST_BYTES = 4 * 1024 * 1024
# Of the packed upload.
MOST_UPLOADED = 2 * 1024 * 1024
PART_NAME = re.compile(r"(structure|scoring|interpretation|cases|release|wording\.[a-z]{2})\.yaml")
INSTRUMENT_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class DraftFault(StrEnum):
    """Why an upload cannot become a draft."""

    EMPTY = "empty"
    ZIP = "zip"
    MANY = "many"
    FOLDERS = "folders"
    TWICE = "twice"
    LARGE = "large"
    NAME = "name"
    NOT_TEXT = "not_text"
    # The structure, which says what instrument this is, is missing or cannot be read.
    NAMELESS = "nameless"
    # It can be read, and leaves its id or its version to somebody.
    UNNAMED = "unnamed"
    PUBLISHED = "published"
    # Somebody signed these parts, with other golden cases beside them.
    SIGNED = "signed"
    PROPOSED = "proposed"


class UnusableFilesError(DomainError):
    """Nothing of an upload was kept; `fault` says why, `place` which file or which line."""

    def __init__(self, fault: DraftFault, place: str = "") -> None:
        """Keep both for the page that says it in words."""
        super().__init__(f"{fault}: {place}")
        self.fault = fault
        self.place = place


def is_part_name(name: str) -> bool:
    """Whether a file of this name is a part of an instrument."""
    return PART_NAME.fullmatch(name) is not None


def is_instrument_id(text: str) -> bool:
    """Whether an instrument may be called so: it becomes the name of a folder."""
    return INSTRUMENT_ID.fullmatch(text) is not None
