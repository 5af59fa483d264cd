"""Earlier and later answers of one person: where a line may be drawn, and where it must end."""

from dataclasses import dataclass
from enum import StrEnum


class Break(StrEnum):
    """Why two rounds cannot be compared."""

    STRUCTURE = "structure"
    LANGUAGE = "language"
    WORDING = "wording"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: versions of structure and wording, None where nobody knows them any more."""

    structure: str | None
    language: str
    wording: str | None


def break_between(before: Asked, after: Asked) -> Break | None:
    """Why a line must end between two rounds; None where both were asked the same.

    Another major version is another question (screening.md §3.4). Two languages are two wordings
    until somebody has shown that they ask the same; what nobody knows is not the same.
    """
    if not _is_same_major(before.structure, after.structure):
        return Break.STRUCTURE
    if before.language != after.language:
        return Break.LANGUAGE
    return None if _is_same_major(before.wording, after.wording) else Break.WORDING


def _is_same_major(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.split(".")[0] == other.split(".")[0]
