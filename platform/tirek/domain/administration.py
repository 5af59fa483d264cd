"""The life of one administration, and the pages its items are laid out on."""

from enum import StrEnum


class AdministrationState(StrEnum):
    """`stopped` keeps the answers given so far; nothing here ends by time alone."""

    OPEN = "open"
    COMPLETED = "completed"
    STOPPED = "stopped"
