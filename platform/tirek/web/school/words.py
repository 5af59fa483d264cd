"""Words for what the database keeps as codes; a code without a word is shown as it is."""

from flask_babel import lazy_gettext as _l

from tirek.services.assignment_rows import AssignmentRow
from tirek.web.referral_words import ADDRESSEES, OUTCOMES, STATES

STATE, OUTCOME, ADDRESSEE = STATES, OUTCOMES, ADDRESSEES

CONSENT = {
    "given": _l("Consent given"),
    "refused": _l("Refused"),
    "withdrawn": _l("Withdrawn"),
}
CONSENT_SOURCE = {
    "paper": _l("on paper, at school"),
    "account": _l("in the parent's own account"),
    "screen": _l("by the pupil, on the screen"),
}
PURPOSE = {
    "screening": _l("Questions of the school"),
    "center_help": _l("Help of the support centre"),
}
CONSENT_KIND = {"guardian": _l("Parent or guardian"), "assent": _l("The pupil")}

CODE = {
    "none": _l("No code yet"),
    "issued": _l("Code issued, not used yet"),
    "used": _l("Code used"),
    "ended": _l("Has finished or stopped: needs no code"),
    "no_consent": _l("No consent yet: gets no code"),
    "refused": _l("Consent refused or withdrawn: gets no code"),
    "outside_age": _l("Outside the ages of this questionnaire: gets no code"),
    "left": _l("Has left the school: gets no code"),
}

PROGRESS = {
    "not_started": _l("Not started"),
    "under_way": _l("Under way"),
    "finished": _l("Finished"),
    "stopped": _l("Stopped early"),
    "not_asked": _l("Not asked"),
}

ASSIGNMENT = {
    "planned": _l("Planned"),
    "open": _l("Open"),
    "over": _l("Over"),
    "withdrawn": _l("No longer asked"),
    "cancelled": _l("Cancelled"),
}
# Why nobody may begin an assignment, and what becomes of it.
WITHDRAWAL = {
    "trial_ended": _l("the trial in your region has ended"),
    "retired": _l("the questionnaire is no longer in use"),
    "not_licensed": _l("its rights-holder's permission has ended"),
}


def state_in_words(row: AssignmentRow) -> str:
    """Where an assignment stands; with the reason where nobody may begin it."""
    state = str(ASSIGNMENT[row.state.value])
    return f"{state}: {WITHDRAWAL[row.withdrawn.value]}" if row.withdrawn else state


RESPONDENT = {"student": _l("Pupils"), "guardian": _l("Parents and guardians")}
ANSWERED_BY = {"student": _l("The pupil"), "guardian": _l("Parent or guardian")}
SPOKEN = {
    "kk": _l("The answers were given in Kazakh."),
    "ru": _l("The answers were given in Russian."),
}

ADMINISTRATION = {
    "open": _l("Not finished"),
    "completed": _l("Finished"),
    "stopped": _l("Stopped early"),
}

ANSWER = {
    "declined": _l("Did not want to answer"),
    "skipped": _l("Left blank"),
    "unseen": _l("Was not shown"),
}

REASON = {
    "too_many_missing": _l("Not computable: too many answers are missing."),
    "core_missing": _l("Not computable: an answer that decides it is missing."),
    "out_of_range": _l("Not computable: the value would lie outside the scale."),
    "not_asked": _l("No sum: fewer questions were asked, and none is filled in."),
}

BAND = {
    "minimal": _l("minimal"),
    "mild": _l("mild"),
    "moderate": _l("moderate"),
    "moderately_severe": _l("moderately severe"),
    "severe": _l("severe"),
    "negative": _l("below the cut-off"),
    "positive": _l("at or above the cut-off"),
    "neither": _l("neither pattern"),
    "other": _l("several symptoms"),
    "major": _l("many symptoms"),
    "very_low": _l("very low well-being"),
    "low": _l("low well-being"),
    "adequate": _l("adequate well-being"),
    "no": _l("below the cut-off"),
    "yes": _l("at or above the cut-off"),
    "uninvolved": _l("takes no part in bullying"),
    "victim": _l("is bullied"),
    "aggressor": _l("bullies others"),
    "bully_victim": _l("is bullied and bullies others"),
}

# Why the line of earlier rounds ends.
BREAK = {
    "structure": _l("other questions than before"),
    "language": _l("answered in the other language than before"),
    "wording": _l("asked in other words than before"),
}
CHANGE = {
    "better": _l("has become easier, by more than the questionnaire's own unsureness"),
    "harder": _l("has become harder, by more than the questionnaire's own unsureness"),
    "too_small_to_tell": _l("has changed by less than the questionnaire's own unsureness"),
    "cannot_say": _l("nobody has published how steady this questionnaire is: we cannot say"),
}
# Why a score has no place among others.
NO_STANDING = {
    "working_wording": _l("the wording is a working one"),
    "language": _l("there is no norm in this language"),
    "sex_unknown": _l("the norms are by sex, and it is not recorded"),
    "age_unknown": _l("the norms are by age, and it is not known"),
    "outside_norm": _l("no norm holds for this age"),
    "not_in_table": _l("the table of the norm has no row for this value"),
}

# Why a questionnaire is not offered.
WITHHELD = {
    "no_text": _l("only its topics are here: the rights-holder's text has to be imported first"),
    "licence": _l("the rights-holder's permission is missing or has ended: ask the administrator"),
    "not_released": _l("the methodologists have not opened it for your region"),
}

# Why a person must look, where no instrument has a word for it.
REVIEW = {"scoring_failed": _l("The machine could not score this questionnaire")}

LEVEL = {
    "immediate": _l("Immediate: somebody must be with the child now"),
    "high": _l("High: today"),
    "medium": _l("Medium: within days"),
    "low": _l("Low: planned work"),
}
LEVEL_SHORT = {
    "immediate": _l("Immediate"),
    "high": _l("High"),
    "medium": _l("Medium"),
    "low": _l("Low"),
}
# Whom a worry is about; the first one is nobody who would receive it.
ABOUT = {
    "nobody": _l("No, or I do not know. Trouble between pupils belongs here too"),
    "guardian": _l("Yes: somebody at home or in the family"),
    "school_staff": _l("Yes: a grown-up who works at this school"),
}
RECEIVER = {
    "school": _l("School psychologist"),
    "support_center": _l("Psychological support centre"),
}
