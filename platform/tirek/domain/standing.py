"""Standing measurement: what alarms, outcomes and drafts are called."""

from enum import StrEnum


class AlarmKind(StrEnum):
    """What a night's figures may warn of."""

    # The item pulls against its scale: nearly always a key that was turned round.
    NEGATIVE_ITEM_REST = "negative_item_rest"
    LOW_ITEM_REST = "low_item_rest"
    LOW_RELIABILITY = "low_reliability"
    # Equal pupils answer one language's words otherwise than the other's.
    DIF_LANGUAGE = "dif_language"
    MISSING = "missing"
    FLOOR = "floor"
    CEILING = "ceiling"
    FAST = "fast"
    FLAGGED_SHARE = "flagged_share"


class Verdict(StrEnum):
    """What a specialist found in the conversation."""

    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNCLEAR = "unclear"


class DraftKind(StrEnum):
    """What the figures suggest."""

    CUT_OFF = "cut_off"
    NORM = "norm"


class DraftState(StrEnum):
    """Whether a person has decided."""

    SUGGESTED = "suggested"
    PUBLISHED = "published"
    SET_ASIDE = "set_aside"
