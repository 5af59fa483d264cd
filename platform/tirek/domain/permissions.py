"""Who may do what: one table, read by every view.

The predicate on place (own school, own PSC, own child) is the scope of the person's
transaction (`Actor.scope`), which row-level security applies to every row.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tirek.domain.people import Actor, Role


class Permission(StrEnum):
    """One thing a person may do; each view names exactly one."""

    ANSWER = "answer"
    ANSWER_ABOUT_CHILD = "answer_about_child"
    GIVE_CONSENT = "give_consent"
    FOLLOW_COURSES = "follow_courses"
    # A parent's own account: who they are to us, what they answer about themselves, talks.
    KEEP_ACCOUNT = "keep_account"
    ANSWER_ABOUT_SELF = "answer_about_self"
    BOOK_TALK = "book_talk"
    JOIN_GROUP = "join_group"
    INVITE_GUARDIAN = "invite_guardian"
    LEAD_GROUP = "lead_group"
    OFFER_TALK = "offer_talk"
    # Speak with a parent who asked for it, or whose answers call for it.
    ANSWER_PARENT = "answer_parent"
    VIEW_COURSE_FIGURES = "view_course_figures"
    READ_FEEDBACK = "read_feedback"
    RECORD_CONSENT = "record_consent"
    ASSIGN_INSTRUMENT = "assign_instrument"
    ISSUE_CODES = "issue_codes"
    # Answers that a class gave elsewhere, from a file.
    ENTER_ANSWERS = "enter_answers"
    VIEW_PROGRESS = "view_progress"
    VIEW_RESULT = "view_result"
    VIEW_FLAGS = "view_flags"
    RESOLVE_REVIEW = "resolve_review"
    REFER = "refer"
    # Enter a pupil who leaves into a class of another school.
    MOVE_PUPIL = "move_pupil"
    WORK_SCHOOL_REFERRAL = "work_school_referral"
    # Say yes or no to what a colleague proposed, and answer a support centre's question.
    READ_SECOND = "read_second"
    VIEW_INBOX = "view_inbox"
    VIEW_REFERRAL = "view_referral"
    ACKNOWLEDGE = "acknowledge"
    REDIRECT = "redirect"
    CLOSE_REFERRAL = "close_referral"
    CONFIRM_NOTICE = "confirm_notice"
    VIEW_ROSTER = "view_roster"
    KEEP_ROSTER = "keep_roster"
    ANSWER_DRILL = "answer_drill"
    VIEW_OVERSIGHT = "view_oversight"
    ANSWER_ALARM = "answer_alarm"
    RETRY_MESSAGE = "retry_message"
    KEEP_DUTY_POSTS = "keep_duty_posts"
    VIEW_TECHNICAL = "view_technical"
    KEEP_ADDRESSES = "keep_addresses"
    # An instrument's life: proposing, comparing, trying, signing, piloting, retiring.
    KEEP_INSTRUMENTS = "keep_instruments"
    VIEW_MEASUREMENT = "view_measurement"
    RECORD_LICENCE = "record_licence"
    # What a specialist found in the conversation, for judging the questionnaire.
    RECORD_OUTCOME = "record_outcome"
    RECORD_EVENT = "record_event"
    # How a school is reached: the own one, or any of the area that one looks over.
    KEEP_OWN_CONTACT = "keep_own_contact"
    KEEP_SCHOOL_CONTACTS = "keep_school_contacts"


P = Permission
_PSC = frozenset(
    {
        P.VIEW_INBOX,
        P.VIEW_REFERRAL,
        P.ACKNOWLEDGE,
        P.REDIRECT,
        P.CLOSE_REFERRAL,
        P.CONFIRM_NOTICE,
        P.VIEW_ROSTER,
        P.ANSWER_DRILL,
        P.LEAD_GROUP,
        P.OFFER_TALK,
        P.ANSWER_PARENT,
        P.RECORD_OUTCOME,
    }
)
# The ladder's upper rungs: how late, where and who was called; never whose answers.
_ABOVE = frozenset({P.VIEW_OVERSIGHT, P.ANSWER_ALARM, P.RETRY_MESSAGE})

GRANTED: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.STUDENT: frozenset({P.ANSWER}),
        Role.GUARDIAN: frozenset(
            {
                P.ANSWER_ABOUT_CHILD,
                P.GIVE_CONSENT,
                P.FOLLOW_COURSES,
                P.KEEP_ACCOUNT,
                P.ANSWER_ABOUT_SELF,
                P.BOOK_TALK,
                P.JOIN_GROUP,
            }
        ),
        Role.PSYCHOLOGIST: frozenset(
            {
                P.RECORD_CONSENT,
                P.ASSIGN_INSTRUMENT,
                P.ISSUE_CODES,
                P.ENTER_ANSWERS,
                P.VIEW_PROGRESS,
                P.VIEW_RESULT,
                P.VIEW_FLAGS,
                P.RESOLVE_REVIEW,
                P.REFER,
                P.MOVE_PUPIL,
                P.WORK_SCHOOL_REFERRAL,
                P.READ_SECOND,
                P.CONFIRM_NOTICE,
                P.INVITE_GUARDIAN,
                P.LEAD_GROUP,
                P.OFFER_TALK,
                P.RECORD_OUTCOME,
                P.RECORD_EVENT,
                P.KEEP_OWN_CONTACT,
            }
        ),
        # Organises rounds and can raise a concern; item answers are the psychologist's.
        Role.SOCIAL_PEDAGOGUE: frozenset(
            {
                P.RECORD_CONSENT,
                P.VIEW_PROGRESS,
                P.REFER,
                P.READ_SECOND,
                P.CONFIRM_NOTICE,
                P.INVITE_GUARDIAN,
                P.LEAD_GROUP,
                P.KEEP_OWN_CONTACT,
            }
        ),
        Role.DEPUTY_DIRECTOR: frozenset(),
        Role.PSC_SPECIALIST: _PSC,
        Role.PSC_SUPERVISOR: _PSC | {P.KEEP_ROSTER},
        Role.REGIONAL_COORDINATOR: _ABOVE
        | {P.KEEP_DUTY_POSTS, P.VIEW_COURSE_FIGURES, P.KEEP_SCHOOL_CONTACTS},
        Role.NATIONAL_DUTY: _ABOVE,
        Role.METHODOLOGIST: frozenset(
            {P.VIEW_COURSE_FIGURES, P.READ_FEEDBACK, P.KEEP_INSTRUMENTS, P.VIEW_MEASUREMENT}
        ),
        Role.OBSERVER: frozenset(),
        # Keeps the machinery going; sees no child and no referral.
        Role.ADMINISTRATOR: frozenset(
            {
                P.VIEW_TECHNICAL,
                P.RETRY_MESSAGE,
                P.KEEP_DUTY_POSTS,
                P.KEEP_ADDRESSES,
                P.RECORD_LICENCE,
                P.KEEP_SCHOOL_CONTACTS,
            }
        ),
    }
)


def may(actor: Actor | None, permission: Permission) -> bool:
    """Say whether the table grants `permission`; nobody and unknown roles get nothing."""
    if actor is None or actor.role is None:
        return False
    return permission in GRANTED.get(actor.role, frozenset())
