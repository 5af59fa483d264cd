"""The life of an instrument: drafted, tried, signed by two, piloted, approved, retired."""

from enum import StrEnum

# Design §4: nobody approves alone what decides about children.
SIGNATURES = 2


class ReplayState(StrEnum):
    """How far a replay of stored answers has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class CommentEnd(StrEnum):
    """What became of a remark on a wording."""

    CHANGED = "changed"
    KEPT = "kept"
