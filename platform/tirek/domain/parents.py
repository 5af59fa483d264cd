"""What a parent's account keeps: errands by mail, and calls for a person."""

from enum import StrEnum


class Errand(StrEnum):
    """Why a link was sent to an address; each link does one thing once."""

    CONFIRM_ADDRESS = "confirm_address"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of an errand


class HelpKind(StrEnum):
    """Why a specialist of a support centre must speak with a parent."""

    # The parent is afraid of hurting the child, or does not want to live.
    OWN_DANGER = "own_danger"
    # Somebody at home hurts or frightens the child or the parent.
    HOME_DANGER = "home_danger"
    # The parent only asked to be called.
    CALL_ME = "call_me"


class Occasion(StrEnum):
    """When a parent answered about themselves, seen from a course."""

    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"


class ReportState(StrEnum):
    """How far a parent has come with questions about themselves."""

    OPEN = "open"
    COMPLETED = "completed"
    STOPPED = "stopped"


class HelpOutcome(StrEnum):
    """What came of a parent's call for a person."""

    SPOKEN = "spoken"
    MET = "met"
    HANDED_ON = "handed_on"
    NOT_REACHED = "not_reached"
