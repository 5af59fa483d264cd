"""Words for a referral's codes, the same at the support centre and at the school."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from jinja2 import Environment

from tirek.domain.people import Role
from tirek.domain.protocols import Addressee
from tirek.domain.referral import NextStep, Outcome, ReferralState

STATES = {
    ReferralState.CREATED: _l("Being sent"),
    ReferralState.ROUTED: _l("Waiting to be opened"),
    ReferralState.SEEN: _l("Opened, not accepted yet"),
    ReferralState.ACKNOWLEDGED: _l("Accepted"),
    ReferralState.CONTACTED: _l("Child has been talked with"),
    ReferralState.REDIRECTED: _l("Sent on, waiting until it is accepted there"),
    ReferralState.CLOSED: _l("Closed"),
}
NEXT_STEPS = {
    NextStep.OPEN: _l("Open it"),
    NextStep.ACCEPT: _l("Accept it"),
    NextStep.CONTACT: _l("Talk with the child"),
    NextStep.SUPPORT: _l("Support the child, then close"),
    NextStep.WAIT: _l("Wait until the other centre accepts; until then it is yours"),
}
OUTCOMES = {
    Outcome.SUPPORTED: _l("The child got support, and it is finished"),
    Outcome.SUPPORT_CONTINUES_AT_SCHOOL: _l("The school goes on supporting the child"),
    Outcome.NO_NEED_FOUND: _l("Talked with the child: no need for support found"),
    Outcome.FAMILY_REFUSED: _l("The family refused"),
    Outcome.HANDED_OVER: _l("Another centre has taken over"),
    Outcome.ENTERED_IN_ERROR: _l("It was made by mistake"),
}
ROUTE_REASONS = {
    "territory": _l("The school lies in the territory of this centre, and the level goes there."),
    "first_center_closed": _l(
        "The centre that is asked first for this territory is closed; this one is next."
    ),
    "region": _l("No centre of the school's own district is open; this one is in its region."),
    "level_rule": _l("Referrals of this level go to the school psychologist first."),
    "no_center_in_territory": _l(
        "No support centre is entered for this territory, so the school psychologist has it."
    ),
    "redirected": _l("Another centre or the school sent it on."),
}
STEPS = {
    "opened": _l("Opened for the first time"),
    "accepted": _l("Accepted"),
    "talked": _l("Talked with the child"),
    "redirected": _l("Sent on"),
    "finished": _l("Closed"),
    "signal_added": _l("A new signal was added"),
    "next_leg_acknowledged": _l("Accepted by the next centre; closed here"),
}
# The first step of every referral names why it came here.
STEPS |= {reason: _l("Sent to its receiver") for reason in ROUTE_REASONS if reason not in STEPS}
CLOCKS = {
    "seen": _l("Opened by somebody"),
    "acknowledged": _l("Accepted by name"),
    "contact": _l("Talked with the child"),
}
ADDRESSEES = {
    Addressee.SCHOOL: _l("The school"),
    Addressee.SUPPORT_CENTER: _l("The support centre"),
    Addressee.GUARDIANSHIP: _l("The guardianship body"),
    Addressee.CHILD_RIGHTS: _l("The body for children's rights"),
}
ROLES = {
    Role.PSYCHOLOGIST: _l("school psychologist"),
    Role.SOCIAL_PEDAGOGUE: _l("social pedagogue"),
    Role.PSC_SPECIALIST: _l("specialist of the support centre"),
    Role.PSC_SUPERVISOR: _l("head of the support centre"),
}
RESPONDENTS = {
    "student": _l("answered by the pupil"),
    "guardian": _l("answered by a parent"),
}
ANSWERS = {
    "declined": _l("would rather not answer"),
    "skipped": _l("left blank"),
    "unseen": _l("not reached"),
}
_WORDS: Mapping[str, Mapping[Any, str]] = {
    "state": STATES,
    "next": NEXT_STEPS,
    "outcome": OUTCOMES,
    "route": ROUTE_REASONS,
    "step": STEPS,
    "clock": CLOCKS,
    "addressee": ADDRESSEES,
    "role": ROLES,
    "respondent": RESPONDENTS,
    "answer": ANSWERS,
}


def referral_word(code: object, kind: str) -> str:
    """The word for a code; a code that has none is shown as it is."""
    return str(_WORDS[kind].get(str(code), code))


def install(templates: Environment) -> None:
    """Offer the words to every template as a filter."""
    templates.filters["referral_word"] = referral_word
