"""Words for what groups, meetings and feedback keep as codes."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from tirek.domain.cohorts import AsideReason, Phase, Standing
from tirek.domain.education import Strand
from tirek.domain.meetings import Term

PHASES: Mapping[Phase, Any] = {
    Phase.COMING: _l("Not begun yet"),
    Phase.RUNNING: _l("Going on"),
    Phase.OVER: _l("Over"),
    Phase.CLOSED: _l("Closed"),
}
STANDINGS: Mapping[Standing, Any] = {
    Standing.NOT_STARTED: _l("Have not begun"),
    Standing.UNDER_WAY: _l("Reading"),
    Standing.QUIET: _l("Quiet"),
    Standing.DONE: _l("Finished the plan"),
}
# What the facilitator chooses from.
ASIDE: Mapping[AsideReason, Any] = {
    AsideReason.NAMES_SOMEBODY: _l("It names somebody or tells who asked"),
    AsideReason.NEEDS_A_TALK: _l("It needs a talk, not an answer for all"),
    AsideReason.ASKED_BEFORE: _l("The same was asked and answered before"),
    AsideReason.NOT_FOR_ALL: _l("It is not about the course"),
}
STRANDS: Mapping[Strand, Any] = {
    Strand.RESILIENCE: _l("Calm and confidence of parents"),
    Strand.SAFETY: _l("Safety of the child"),
    Strand.SPECIAL_NEEDS: _l("Children with special educational needs"),
}
TERMS: Mapping[Term, Any] = {
    Term.FIRST: _l("1st term (September, October)"),
    Term.SECOND: _l("2nd term (November, December)"),
    Term.THIRD: _l("3rd term (January to March)"),
    Term.FOURTH: _l("4th term (April, May)"),
    Term.SUMMER: _l("Summer (June to August)"),
}


def strand(letter: str) -> str:
    """A strand of the programme with its letter, as its reports name it."""
    return f"{letter}. {STRANDS[Strand(letter)]}"
