"""What differs between two versions of one part of an instrument, field by field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]

# The names by which the entries of a list are told apart, the first that fits.
NAMES: tuple[tuple[str, ...], ...] = (("id",), ("code",), ("scale", "sex"))
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after; None where it was not there or is gone.

    `path` leads to it by names: ("items", "q3", "worse"). The path ("items", "order") stands for
    the order of the entries that are on both sides.
    """

    path: Path
    before: str | None
    after: str | None

    @property
    def is_new(self) -> bool:
        """Whether the older version has nothing here."""
        return self.before is None

    @property
    def is_gone(self) -> bool:
        """Whether the newer version has nothing here."""
        return self.after is None


def differences(before: Any, after: Any) -> tuple[Difference, ...]:
    """Every field that is not the same, in the order of the newer version."""
    return tuple(_compared((), before, after))


def _compared(path: Path, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    old, new = _named(before), _named(after)
    if old is None or new is None:
        yield Difference(path, _text(before), _text(after))
        return
    for name in dict.fromkeys((*new, *old)):
        yield from _entry((*path, name), old, new)
    if isinstance(after, list):
        yield from _order(path, list(old), list(new))


def _entry(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    name = path[-1]
    if name not in old:
        yield Difference(path, None, _text(new[name]))
    elif name not in new:
        yield Difference(path, _text(old[name]), None)
    else:
        yield from _compared(path, old[name], new[name])


def _order(path: Path, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    before = [name for name in old if name in new]
    after = [name for name in new if name in old]
    if before != after:
        yield Difference((*path, ORDER), ", ".join(before), ", ".join(after))


def _named(value: Any) -> Mapping[str, Any] | None:
    """The entries of a mapping, or of a list whose entries have names; None for anything else."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return None
    for fields in NAMES:
        names = ["/".join(str(entry.get(field, "")) for field in fields) for entry in value]
        if all(fields[0] in entry for entry in value) and len(set(names)) == len(names):
            return dict(zip(names, value, strict=True))
    return None


def _text(value: Any) -> str:
    """A value in one line: a text as it is, anything else as in the file."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
