"""Who has said yes or no, to what, and what may happen without it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Purpose(StrEnum):
    """What is agreed to: a yes to one is never a yes to the other."""

    SCREENING = "screening"
    # Handing the child on to the support centre outside danger: at the levels medium and low.
    CENTER_HELP = "center_help"


class ConsentKind(StrEnum):
    """Whose statement it is."""

    GUARDIAN = "guardian"
    ASSENT = "assent"


class ConsentState(StrEnum):
    """What was said; the latest statement counts."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ConsentSource(StrEnum):
    """How it reached us: a signed sheet, the parent's account, or the pupil's own screen."""

    PAPER = "paper"
    ACCOUNT = "account"
    SCREEN = "screen"


def guardian_says(before: ConsentState | None, *, agrees: bool) -> ConsentState:
    """What an answer means after the last statement: a no takes a given consent back."""
    if agrees:
        return ConsentState.GIVEN
    was_given = before in {ConsentState.GIVEN, ConsentState.WITHDRAWN}
    return ConsentState.WITHDRAWN if was_given else ConsentState.REFUSED


def may_administer(guardian: ConsentState | None) -> bool:
    """A routine questionnaire needs a guardian's living consent; silence is not a yes."""
    return guardian is ConsentState.GIVEN


def is_against(said: ConsentState | None) -> bool:
    """Whether somebody has said no; silence is neither a yes nor a no."""
    return said in {ConsentState.REFUSED, ConsentState.WITHDRAWN}


def may_follow(
    said: ConsentState | None,
    told: ConsentSource | None,
    state: ConsentState,
    source: ConsentSource,
) -> bool:
    """Whether `state` may be written down after what was said last.

    A sheet of paper at school does not overrule the no that a parent gave in their own account:
    nobody can tell from the sheet whether it is the later word.
    """
    overrules = (
        told is ConsentSource.ACCOUNT
        and source is ConsentSource.PAPER
        and state is ConsentState.GIVEN
    )
    return not (overrules and is_against(said))


@dataclass(frozen=True, slots=True)
class ConsentWords:
    """A text in one language: what it is, who sees what, and what follows from each answer."""

    title: str
    question: str
    what: tuple[str, ...]
    who_sees: tuple[str, ...]
    if_yes: tuple[str, ...]
    if_no: tuple[str, ...]
    withdrawing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of what is agreed to; `meaning_changed` asks those anew who answered before."""

    version: str
    effective_from: date
    meaning_changed: bool
    legal_ground: str
    words: Mapping[str, ConsentWords]


@dataclass(frozen=True, slots=True)
class ConsentTexts:
    """All versions for one purpose, the newest last."""

    versions: tuple[ConsentText, ...]

    @property
    def current(self) -> ConsentText:
        """What is agreed to today."""
        return self.versions[-1]

    def still_means(self, version: str) -> bool:
        """Whether nothing has changed in meaning since a version; an unknown one means nothing."""
        known = [text.version for text in self.versions]
        if version not in known:
            return False
        return not any(text.meaning_changed for text in self.versions[known.index(version) + 1 :])
