"""Memos for parents: one sheet of paper each, in both languages, beside the courses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.content.files import WrittenMemo
from tirek.catalog.content.front import ages, identifier
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import read
from tirek.domain.education import Sensitivity

FOLDER = "materials"


@dataclass(frozen=True, slots=True)
class MemoSheet:
    """What is true of a memo in every language; `lessons` go deeper, as "course/lesson"."""

    path: Path
    id: str
    order: int
    ages: tuple[int, int]
    sensitivity: Sensitivity
    lessons: tuple[str, ...]
    sources: tuple[str, ...]
    keys: Fields


@dataclass(frozen=True, slots=True)
class MemoFiles:
    """One memo: what holds in every language, and the texts that could be read."""

    sheet: MemoSheet
    texts: Mapping[str, WrittenMemo]


def read_memo_sheet(path: Path) -> MemoSheet:
    """Return materials/<id>.yml; raise CatalogError at its first fault."""
    keys = Fields.of(read(path))
    with keys:
        sheet = MemoSheet(
            path=path,
            id=identifier(keys, "id"),
            order=keys.integer("order"),
            ages=ages(keys, "ages"),
            sensitivity=keys.choice("sensitive", Sensitivity),
            lessons=keys.texts("lessons"),
            sources=keys.texts("sources"),
            keys=keys,
        )
    if sheet.id != path.stem:
        raise keys.error("id", f"the id is {sheet.id!r}, the file {path.name!r}")
    return sheet
