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


def may_administer(guardian: ConsentState | None) -> bool:
    """A routine questionnaire needs a guardian's living consent; silence is not a yes."""
    return guardian is ConsentState.GIVEN
