"""Which of an instrument's sides a copy for outside shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """One language only, or all of them; for the public without weights, cut-offs and scores."""

    lang: str | None = None
    is_public: bool = False
