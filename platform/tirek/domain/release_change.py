"""Which step of its version each changed part of an instrument must take (screening.md §3.4).

Decided from the content, never from what an author says of it; whatever no rule knows is a major
change.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tirek.domain.instruments import Answer, Instrument, Part, PartKind, WordingStatus
from tirek.domain.part_diff import Difference, Path, differences
from tirek.domain.score_grid import score_differences
from tirek.domain.wording_change import said_the_same, text_step_of

# Four digits each: a number without end breaks whoever reads it.
_NUMBER = r"(0|[1-9][0-9]{0,3})"
VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
STATUSES = (WordingStatus.WORKING, WordingStatus.AUTHORISED, WordingStatus.VALIDATED)


class Step(IntEnum):
    """How large a step of a version is."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, and the step that it alone calls for."""

    path: Path
    before: str | None
    after: str | None
    step: Step


@dataclass(frozen=True, slots=True)
class PartChange:
    """All that differs in one part, and whether its version says so."""

    name: str
    before: str | None
    after: str | None
    changes: tuple[Change, ...]
    # Whether there is anything but the version that differs.
    is_other: bool

    @property
    def needed(self) -> Step:
        """The step that the version must take."""
        if self.before is None or self.after is None:
            return Step.MINOR
        least = Step.PATCH if self.is_other else Step.NONE
        return max((change.step for change in self.changes), default=least)

    @property
    def taken(self) -> Step | None:
        """The step that the version takes; None when it goes back or is no version."""
        if self.before is None or self.after is None:
            return Step.MAJOR
        return step_between(self.before, self.after)

    @property
    def is_refused(self) -> bool:
        """Whether the version's step is smaller than what has changed."""
        return self.taken is None or self.taken < self.needed


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What differs between two releases of an instrument, part by part."""

    parts: tuple[PartChange, ...]
    # A new major of the structure is another questionnaire to the world outside.
    keeps_address: bool

    @property
    def refused(self) -> tuple[PartChange, ...]:
        """The parts whose version must be raised further."""
        return tuple(part for part in self.parts if part.is_refused)

    @property
    def is_refused(self) -> bool:
        """Whether this may not be published as it stands."""
        return bool(self.refused) or self.keeps_address

    @property
    def moves_flags(self) -> bool:
        """Whether other children may be flagged on the same answers: a replay must come first."""
        moving = {PartKind.SCORING.value, PartKind.INTERPRETATION.value}
        return any(part.name in moving and part.needed is Step.MAJOR for part in self.parts)

    def part(self, name: str) -> PartChange | None:
        """What differs in one part; None when nothing does."""
        return next((part for part in self.parts if part.name == name), None)


def release_change(
    old: Instrument, new: Instrument, golden: Iterable[Mapping[str, Answer]]
) -> ReleaseChange:
    """Compare two releases; `golden` are the answers of the golden cases of both."""
    before = {part.name: part for part in old.parts}
    after = {part.name: part for part in new.parts}
    names = dict.fromkeys((*after, *before))
    changed = [name for name in names if _hash(before.get(name)) != _hash(after.get(name))]
    parts = []
    for name in changed:
        extra = _scored(old, new, golden) if name == PartKind.SCORING else ()
        parts.append(_part_change(name, before.get(name), after.get(name), tuple(extra)))
    structure = next((part for part in parts if part.name == PartKind.STRUCTURE), None)
    is_major = structure is not None and structure.taken is Step.MAJOR
    return ReleaseChange(tuple(parts), is_major and old.structure.url == new.structure.url)


def step_between(before: str, after: str) -> Step | None:
    """The step from one version to another; None when it goes back or either is no version."""
    old, new = VERSION.fullmatch(before), VERSION.fullmatch(after)
    if old is None or new is None:
        return None
    numbers = [(int(a), int(b)) for a, b in zip(old.groups(), new.groups(), strict=True)]
    for step, (was, is_now) in zip((Step.MAJOR, Step.MINOR, Step.PATCH), numbers, strict=True):
        if was != is_now:
            return step if is_now > was else None
    return Step.NONE


def _hash(part: Part | None) -> str | None:
    return part.hash if part else None


def _part_change(
    name: str, old: Part | None, new: Part | None, extra: tuple[Change, ...]
) -> PartChange:
    before, after = _content(old), _content(new)
    found = [one for one in differences(before, after) if one.path != ("version",)]
    step_of = _Steps(name, before, after)
    changes = tuple(Change(one.path, one.before, one.after, step_of(one)) for one in found)
    return PartChange(
        name,
        old.version if old else None,
        new.version if new else None,
        (*extra, *changes) if old and new else (),
        is_other=bool(found),
    )


def _content(part: Part | None) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(part.content) if part else {}
    return content


def _scored(
    old: Instrument, new: Instrument, golden: Iterable[Mapping[str, Answer]]
) -> Iterator[Change]:
    """One change for each scale that comes out otherwise on some sheet."""
    for scale, one in score_differences(old, new, golden).items():
        answers = ", ".join(
            f"{item} {answer.state if answer.code is None else answer.code}"
            for item, answer in one.sheet.items()
        )
        path = ("scales", scale, f"value ({answers})")
        yield Change(path, one.before, one.after, Step.MAJOR)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The rules of one part."""

    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def __call__(self, one: Difference) -> Step:
        kind = self.name.partition(".")[0]
        rules = {
            PartKind.STRUCTURE.value: self._structure,
            PartKind.WORDING.value: self._wording,
            PartKind.SCORING.value: _scoring,
            PartKind.INTERPRETATION.value: _interpretation,
        }
        return rules[kind](one)

    def _structure(self, one: Difference) -> Step:
        match one.path:
            case ("source" | "licence" | "notes" | "minutes", *_):
                return Step.PATCH
            case ("codes", *_) | ("layout", "audio" | "back"):
                return Step.MINOR
            # By itself it changes nothing: using it does.
            case ("option_sets", _) if one.is_new:
                return Step.MINOR
            case ("items", item) if one.is_new and self._is_harmless(item):
                return Step.MINOR
            case _:
                return Step.MAJOR

    def _is_harmless(self, item_id: str) -> bool:
        """Whether a new item stands at the end, enters no score and may be passed over."""
        items = self.after["items"]
        known = {item["id"] for item in self.before["items"]}
        first_new = next(i for i, item in enumerate(items) if item["id"] not in known)
        item = next(item for item in items if item["id"] == item_id)
        is_last = not any(other["id"] in known for other in items[first_new:])
        is_silent = item.get("not_scored") and not item.get("critical")
        return bool(is_last and is_silent and item.get("required") != "hard")

    def _wording(self, one: Difference) -> Step:
        match one.path:
            case ("strings", key):
                return Step[text_step_of(key, one.before, one.after, is_typo=self._is_typo(key))]
            case ("status",):
                places = [STATUSES.index(WordingStatus(str(one))) for one in self._statuses()]
                return Step.MAJOR if places[1] < places[0] else Step.MINOR
            case ("status_evidence" | "base" | "same" | "no_change_of_meaning" | "structure", *_):
                return Step.PATCH
            case _:
                return Step.MAJOR

    def _statuses(self) -> tuple[Any, Any]:
        return self.before["status"], self.after["status"]

    def _is_typo(self, key: str) -> bool:
        """Whether two people have said that the change of this text changes no meaning."""
        approvers = self.after.get("status_evidence", {}).get("approvers", ())
        marked = self.after.get("no_change_of_meaning", ())
        return key in marked and len(set(approvers)) > 1


def _scoring(one: Difference) -> Step:
    """What a field alone calls for; values that differ are found on the sheets."""
    match one.path:
        case ("scales", _) if one.is_new:
            return Step.MINOR
        case ("scales", _) if one.is_gone:
            return Step.MAJOR
        case ("scales", _, "missing" | "worse", *_):
            return Step.MAJOR
        case ("scales", "order") | ("scales", _, _, *_):
            return Step.PATCH
        case ("quality", *_):
            return Step.MINOR
        case _:
            return Step.MAJOR


def _interpretation(one: Difference) -> Step:
    match one.path:
        case (*_, "source" | "note"):
            is_same = said_the_same(one.before or "", one.after or "")
            return Step.PATCH if is_same else Step.MINOR
        case ("precision", _) if one.is_new:
            return Step.MINOR
        case ("flags" | "norms" | "precision", "order"):
            return Step.PATCH
        case _:
            return Step.MAJOR
