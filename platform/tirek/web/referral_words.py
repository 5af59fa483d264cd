"""Words for a referral's codes, the same at the support centre and at the school."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from jinja2 import Environment

from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.ladder import ClockKind, Post
from tirek.domain.legal_ground import Ground
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.domain.protocols import Addressee
from tirek.domain.referral import (
    ApprovalKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    NextStep,
    Outcome,
    ReferralState,
    SectionState,
)
from tirek.domain.watch import AlarmReply
from tirek.services.referral_choices import Lack, StepName
from tirek.services.referral_messages import MessageState

LEVELS = {
    Level.IMMEDIATE: _l("Immediate"),
    Level.HIGH: _l("High"),
    Level.MEDIUM: _l("Medium"),
    Level.LOW: _l("Low"),
}
STATES = {
    ReferralState.CREATED: _l("Being sent"),
    ReferralState.ROUTED: _l("Waiting to be opened"),
    ReferralState.DELIVERED: _l("Arrived, nobody has opened it yet"),
    ReferralState.SEEN: _l("Opened, not accepted yet"),
    ReferralState.ACKNOWLEDGED: _l("Accepted"),
    ReferralState.TRIAGED: _l("Urgency judged, the child is to be talked with"),
    ReferralState.CONTACTED: _l("Child has been talked with"),
    ReferralState.ASSESSED: _l("Assessment finished"),
    ReferralState.PLANNED: _l("Plan agreed"),
    ReferralState.IN_SUPPORT: _l("Being supported"),
    ReferralState.REVIEW: _l("Being looked at again"),
    ReferralState.OUTCOME_SET: _l("Outcome proposed, waiting for a second person"),
    ReferralState.CLOSED: _l("Closed"),
    ReferralState.REDIRECTED: _l("Sent on, waiting until it is accepted there"),
    ReferralState.NEEDS_INFO: _l("The school has been asked something"),
    ReferralState.UNREACHABLE: _l("The child could not be reached"),
    ReferralState.DECLINED_BY_RECEIVER: _l("Not taken here, waiting until the next one accepts"),
    ReferralState.FAMILY_REFUSED: _l("The family refused: a second person looks at the danger"),
    ReferralState.MERGED: _l("Joined with another referral"),
    ReferralState.ENTERED_IN_ERROR: _l("Was entered by mistake"),
    ReferralState.REOPENED: _l("Opened again, nobody has accepted it yet"),
}
NEXT_STEPS = {
    NextStep.OPEN: _l("Open it"),
    NextStep.ACCEPT: _l("Accept it"),
    NextStep.TRIAGE: _l("Judge how urgent it is"),
    NextStep.CONTACT: _l("Talk with the child"),
    NextStep.ASSESS: _l("Write down what you found out"),
    NextStep.PLAN: _l("Agree on a plan"),
    NextStep.SUPPORT: _l("Begin the support"),
    NextStep.REVIEW: _l("Look at how it goes"),
    NextStep.APPROVE: _l("A second person reads the proposed outcome"),
    NextStep.RECHECK: _l("A second person looks at the danger anew"),
    NextStep.ANSWER: _l("Wait for the school's answer"),
    NextStep.WAIT: _l("Wait until the next one accepts; until then it is yours"),
}
OUTCOMES = {
    Outcome.SUPPORTED: _l("The child got support, and it is finished"),
    Outcome.SUPPORT_CONTINUES_AT_SCHOOL: _l("The school goes on supporting the child"),
    Outcome.NO_NEED_FOUND: _l("Talked with the child: no need for support found"),
    Outcome.FAMILY_REFUSED: _l("The family refused"),
    Outcome.HANDED_OVER: _l("Somebody else has taken over"),
    Outcome.MERGED: _l("Joined with another referral about the same child"),
    Outcome.ENTERED_IN_ERROR: _l("It was made by mistake"),
}
# What the button of a step says.
ACTIONS = {
    StepName.ACKNOWLEDGE: _l("Accept: I take care of this child"),
    StepName.TRIAGE: _l("Judge how urgent it is"),
    StepName.ANSWER: _l("Write down the answer"),
    StepName.CONTACT: _l("I have talked with the child"),
    StepName.ATTEMPT: _l("Write down a call or a visit"),
    StepName.UNREACHABLE: _l("The child cannot be reached"),
    StepName.ASSESS: _l("Write the assessment"),
    StepName.PLAN: _l("Write the plan"),
    StepName.SUPPORT: _l("The support begins"),
    StepName.REVIEW: _l("Look at how it went"),
    StepName.GO_ON: _l("Go on with a new plan"),
    StepName.OUTCOME: _l("Propose an outcome"),
    StepName.CLOSE: _l("Agree with the outcome and close"),
    StepName.SEND_BACK: _l("I do not agree: send it back"),
    StepName.RECHECK: _l("The danger is there: go on"),
    StepName.ASK: _l("Ask the school"),
    StepName.REFUSAL: _l("The family does not want help"),
    StepName.REDIRECT: _l("Send on to another centre"),
    StepName.DECLINE: _l("It is not for us"),
    StepName.ERROR: _l("It was entered by mistake"),
}
# Why a step that the state allows cannot be taken yet.
LACKS = {
    Lack.ATTEMPTS: _l("Possible after 3 tries in vain are written down."),
    Lack.SECOND_PERSON: _l(
        "Another person than the one who proposed it does this: at a centre one of the two is"
        " its head, at a school another psychologist or the social pedagogue."
    ),
    Lack.CENTER_HELP_REFUSED: _l(
        "A parent does not want this child to be handed on to the support centre. Outside danger"
        " that no stands: go on at school and talk with the parents. If the child is in danger,"
        " judge anew how urgent it is: then help waits for nobody's consent."
    ),
}
ROUTE_REASONS = {
    "territory": _l("The school lies in the territory of this centre, and the level goes there."),
    "neighbour": _l("This centre is a neighbour that takes over for the school's territory."),
    "region": _l("No centre of the school's own district is open; this one is in its region."),
    "first_center_closed": _l(
        "The centre that is asked first for this territory is closed; this one is next."
    ),
    "first_center_full": _l(
        "The centre that is asked first for this territory has no room today; this one is next."
    ),
    "first_center_unmanned": _l(
        "Nobody is on duty at the centre that is asked first for this territory; this one is next."
    ),
    "nobody_on_duty": _l(
        "Nobody is known to be on duty at any centre near the school. It stays with the first one,"
        " and those above it were told at once."
    ),
    "level_rule": _l("Referrals of this level go to the school psychologist first."),
    "school_vacancy": _l("The school has no psychologist now, so a support centre has it."),
    "conflict_of_interest": _l(
        "Somebody who would have received it is named as possibly harming the child, so it went"
        " past them."
    ),
    "no_center_in_territory": _l(
        "No support centre is entered for this territory, so the school psychologist has it."
    ),
    "by_hand": _l("A person sent it here by hand."),
    "redirected": _l("Another centre or the school sent it on."),
    "declined": _l("The receiver before said that it is not for them; this one was asked next."),
    "moved": _l("The child has moved to another school, and the referral moved along."),
}
STEPS = {
    "fetched": _l("Came up on somebody's list"),
    "receipt": _l("The centre's own system has received it"),
    "opened": _l("Opened for the first time"),
    "accepted": _l("Accepted"),
    "declined": _l("Not taken: the next one was asked"),
    "asked": _l("The school was asked something"),
    "answered": _l("The school's answer is here"),
    "triaged": _l("Urgency judged"),
    "talked": _l("Talked with the child"),
    "not_reached": _l("The child could not be reached; those above were called"),
    "assessed": _l("Assessment finished"),
    "planned": _l("Plan agreed"),
    "support_began": _l("Support began"),
    "reviewed": _l("Looked at how it went"),
    "support_goes_on": _l("Support goes on with a new plan"),
    "outcome_proposed": _l("Outcome proposed"),
    "outcome_not_agreed": _l("Outcome not agreed with: sent back"),
    "family_refused": _l("The family refused"),
    "danger_remains": _l("A second person looked: the danger is still there"),
    "merged": _l("Joined with another referral"),
    "redirected": _l("Sent on"),
    "moved": _l("Moved along with the child"),
    "conflict_of_interest": _l("Passed on: somebody here is named as possibly harming the child"),
    "finished": _l("Closed"),
    "entered_in_error": _l("Ended: two people agree that it was entered by mistake"),
    "signal_added": _l("A new signal was added"),
    "next_leg_acknowledged": _l("Accepted by the next one; closed here"),
}
# The first step of every referral names why it came here.
STEPS |= {reason: _l("Sent to its receiver") for reason in ROUTE_REASONS if reason not in STEPS}
CLOCKS = {
    ClockKind.SEEN: _l("Opened by somebody"),
    ClockKind.ACKNOWLEDGED: _l("Accepted by name"),
    ClockKind.CONTACT: _l("Talked with the child"),
    ClockKind.ASSESSMENT: _l("Assessment finished"),
    ClockKind.PLAN: _l("Plan agreed"),
    ClockKind.REVIEW: _l("Looked at again"),
    ClockKind.NOTICE: _l("Notice given"),
}
POSTS = {
    Post.DUTY: _l("whoever is on duty at the receiver"),
    Post.PSC_HEAD: _l("the head of the support centre"),
    Post.SCHOOL_PSYCHOLOGIST: _l("the school psychologist"),
    Post.SOCIAL_PEDAGOGUE: _l("the social pedagogue"),
    Post.TERRITORY_CENTER: _l("the support centre of the territory"),
    Post.OWNER: _l("whoever accepted it"),
    Post.REGIONAL_COORDINATOR: _l("the coordinator of the region"),
    Post.LAST_RESPONDER: _l("the last responder of the region"),
    Post.NATIONAL_DUTY: _l("the national duty officer"),
}
ALARM_ANSWERS = {
    AlarmReply.CALLED_CENTER: _l("called the support centre"),
    AlarmReply.CALLED_SCHOOL: _l("called the school"),
    AlarmReply.WENT_THERE: _l("went there"),
    AlarmReply.NOBODY_ANSWERS: _l("nobody answers there"),
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
    Role.REGIONAL_COORDINATOR: _l("coordinator of the region"),
    Role.NATIONAL_DUTY: _l("national duty officer"),
    Role.ADMINISTRATOR: _l("administrator"),
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
CHANNELS = {
    ContactChannel.IN_PERSON: _l("face to face"),
    ContactChannel.PHONE: _l("by telephone"),
    ContactChannel.MESSAGE: _l("by a message"),
    ContactChannel.HOME_VISIT: _l("by a visit at home"),
}
PERSONS = {
    ContactPerson.CHILD: _l("the child"),
    ContactPerson.GUARDIAN: _l("a parent or guardian"),
    ContactPerson.SCHOOL: _l("somebody at school"),
}
SECTIONS = {
    AssessmentSection.SAFETY: _l("Safety now"),
    AssessmentSection.CHILD_WORDS: _l("The child's own words"),
    AssessmentSection.HOME: _l("Home"),
    AssessmentSection.SCHOOL: _l("School"),
    AssessmentSection.HEALTH: _l("Health and sleep"),
}
SECTION_STATES = {
    SectionState.SIGNED: _l("written and signed"),
    SectionState.WAIVED: _l("left out, with a reason"),
}
PROPOSALS = {
    ApprovalKind.DOWNGRADE: _l("It is less urgent than the machine said"),
    ApprovalKind.ENTERED_IN_ERROR: _l("It was entered by mistake"),
}
NAMED = {
    "guardian": _l("Somebody at home or in the family"),
    "school_staff": _l("A grown-up who works at the child's school"),
    "psc_staff": _l("Somebody who works at a support centre"),
}
GROUNDS = {
    Ground.GUARDIAN_CONSENT: _l("Consent of a parent or guardian"),
    Ground.CHILD_VITAL_INTEREST: _l("The child's life and safety"),
    Ground.STATUTORY_DUTY: _l("A duty laid down by law"),
    Ground.CHILD_OWN_REQUEST: _l("The child asked for help"),
}
PROTOCOLS = {"screening": _l("What follows from signals of the school screening")}
MESSAGES = {
    "referral_waits": _l("A referral waits"),
    "signal_added": _l("Something new about the referral"),
    "referral_news": _l("News for whoever sent it"),
    "notice_due": _l("A notice is due"),
    "alarm": _l("Alarm: a deadline has passed"),
    "statutory_notice": _l("The notice itself"),
}
MESSAGE_CHANNELS = {
    Channel.MAIL: _l("mail"),
    Channel.SMS: "SMS",
    Channel.WEBHOOK: _l("the centre's own system"),
    Channel.FHIR: _l("the centre's medical system"),
}
MESSAGE_STATES = {
    MessageState.ARRIVED: _l("has arrived: there is a receipt"),
    MessageState.SENT: _l("sent, no receipt"),
    MessageState.NOT_NEEDED: _l("not needed: it was opened before"),
    MessageState.STUCK: _l("stuck: a person has to look"),
    MessageState.RETRYING: _l("has not gone through yet, is tried again"),
    MessageState.QUEUED: _l("waits to be sent"),
    MessageState.LATER: _l("goes later, when nobody has opened it by then"),
}
RESULTS = {
    DeliveryResult.ACCEPTED: _l("taken by the carrier"),
    DeliveryResult.FAILED: _l("did not go through"),
    DeliveryResult.REFUSED: _l("refused by the carrier"),
}
RECEIPTS = {
    ReceiptStatus.DELIVERED: _l("receipt: arrived"),
    ReceiptStatus.TEMPORARY: _l("receipt: on its way"),
    ReceiptStatus.FAILED: _l("receipt: did not arrive"),
}
_WORDS: Mapping[str, Mapping[Any, str]] = {
    "level": LEVELS,
    "state": STATES,
    "next": NEXT_STEPS,
    "outcome": OUTCOMES,
    "action": ACTIONS,
    "lack": LACKS,
    "route": ROUTE_REASONS,
    "step": STEPS,
    "clock": CLOCKS,
    "post": POSTS,
    "alarm_answer": ALARM_ANSWERS,
    "addressee": ADDRESSEES,
    "role": ROLES,
    "respondent": RESPONDENTS,
    "answer": ANSWERS,
    "channel": CHANNELS,
    "person": PERSONS,
    "section": SECTIONS,
    "section_state": SECTION_STATES,
    "proposal": PROPOSALS,
    "named": NAMED,
    "ground": GROUNDS,
    "protocol": PROTOCOLS,
    "message": MESSAGES,
    "message_channel": MESSAGE_CHANNELS,
    "message_state": MESSAGE_STATES,
    "result": RESULTS,
    "receipt": RECEIPTS,
}


def referral_word(code: object, kind: str) -> str:
    """The word for a code; a code that has none is shown as it is."""
    return str(_WORDS[kind].get(str(code), code))


def install(templates: Environment) -> None:
    """Offer the words to every template as a filter."""
    templates.filters["referral_word"] = referral_word
