"""Who has said yes or no to screening, and what may happen without it."""

from enum import StrEnum


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
    return not (overrules and said in {ConsentState.REFUSED, ConsentState.WITHDRAWN})
