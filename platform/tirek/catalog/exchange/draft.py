"""A draft of an instrument that came from outside: a folder of files, written whole or not at all.

What the file does not say is not guessed. In its place stands `todo: "..."`, which the lints refuse
to publish, and the sentence says where in the file the doubt arose.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from tirek.catalog.canonical import canonical
from tirek.catalog.errors import CatalogError
from tirek.catalog.exchange.foreign import ExchangeError, Remark
from tirek.catalog.exchange.yaml_text import yaml_text
from tirek.catalog.yaml_subset import Data, parse, plain

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts that could be read, by file name without ending, and what could not."""

    id: str
    major: int
    parts: Mapping[str, Data]
    remarks: tuple[Remark, ...] = ()


def todo(sentence: str) -> dict[str, Data]:
    """Return what stands in the place of something that nobody has said yet."""
    return {"todo": sentence}


def as_id(text: str) -> str:
    """Return a name as an instrument's id: small Latin letters, digits and hyphens."""
    found = re.sub(r"[^a-z0-9]+", "-", text.casefold().encode("ascii", "ignore").decode())
    return found[:MAX_ID].strip("-") or "imported"


def write_draft(draft: Draft, root: Path) -> Path:
    """Write the draft to `root/<id>/<major>` and return that folder.

    Raises ExchangeError when the folder is there already, or a part cannot be written as YAML:
    then nothing of the draft is left behind.
    """
    if not ID.fullmatch(draft.id):
        raise ExchangeError("id", f"{draft.id!r} cannot name a folder")
    target = root / draft.id / str(draft.major)
    if target.exists():
        raise ExchangeError(str(target), "is there already; nothing was written")
    texts = draft_texts(draft)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        waiting = Path(mkdtemp(prefix=".import-", dir=target.parent))
    except OSError as error:
        raise ExchangeError(str(target.parent), f"cannot be made: {error.strerror}") from None
    try:
        for name, text in texts.items():
            (waiting / f"{name}.yaml").write_text(text, encoding="utf-8")
        waiting.chmod(0o755)
        waiting.rename(target)
    except OSError as error:
        rmtree(waiting, ignore_errors=True)
        raise ExchangeError(str(target), f"cannot be written: {error.strerror}") from None
    return target


def draft_texts(draft: Draft) -> dict[str, str]:
    """Return the parts as the texts of our files, by file name without ending.

    Raises ExchangeError for a part that our files cannot hold.
    """
    return {name: _checked(name, data) for name, data in draft.parts.items()}


def _checked(name: str, data: Data) -> str:
    """Return the part as YAML that reads back as the same values, or raise ExchangeError."""
    try:
        text = yaml_text(data)
        if canonical(plain(parse(Path(f"{name}.yaml"), text))) == canonical(data):
            return text
    except (CatalogError, ValueError) as error:
        raise ExchangeError(name, f"cannot be written: {error}") from None
    raise ExchangeError(name, "holds what our files cannot say (text that is not Unicode NFC?)")
