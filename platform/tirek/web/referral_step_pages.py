"""What each step of a referral asks for, what it does, and what it says afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask_babel import lazy_gettext as _l

from tirek.domain.referral import ContactChannel, ContactPerson, Outcome, SectionState
from tirek.services import (
    handovers,
    referral_care,
    referral_endings,
    referral_page,
    referral_steps,
    second_opinions,
)
from tirek.services.referral_care import Attempt, PlanWords
from tirek.services.referral_choices import StepName
from tirek.services.referral_endings import OutcomeWords
from tirek.services.unit import Unit
from tirek.web import referral_forms as forms
from tirek.web.referral_forms import StepForm

# The codes by which a page knows which further button to offer.
PROPOSE, MERGE, FINISH = "propose", "merge", "finish"


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step's page: its form, its words, and the service behind it."""

    form: type[StepForm]
    title: str
    intro: str
    button: str
    done: str
    take: Callable[[Unit, UUID, StepForm], None]


def _note(form: StepForm) -> str:
    return str(form["note"].data or "")


def _plain(
    service: Callable[[Unit, UUID, int, str], object],
) -> Callable[[Unit, UUID, StepForm], None]:
    """Take a step that asks for a note and nothing else."""

    def take(unit: Unit, referral_id: UUID, form: StepForm) -> None:
        service(unit, referral_id, form.seen_version, _note(form))

    return take


def _triage(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    if not isinstance(form, forms.TriageForm):
        raise TypeError(form)
    if form.do.data == PROPOSE:
        second_opinions.propose_downgrade(unit, referral_id, form.chosen, _note(form))
    else:
        referral_care.triage(unit, referral_id, form.seen_version, form.chosen, _note(form))


def _contact(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    talk = Attempt(
        ContactChannel(form["channel"].data), ContactPerson.CHILD, reached=True, note=_note(form)
    )
    referral_care.record_contact(unit, referral_id, form.seen_version, talk)


def _attempt(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    if not isinstance(form, forms.AttemptForm):
        raise TypeError(form)
    made = Attempt(
        ContactChannel(form.channel.data),
        ContactPerson(form.person.data),
        reached=form.is_reached,
        note=_note(form),
    )
    work = referral_page.open_step(unit, referral_id)
    if form.is_talk_with_child and work.may(StepName.CONTACT):
        referral_care.record_contact(unit, referral_id, form.seen_version, made)
    else:
        referral_care.record_attempt(
            unit, referral_id, form.seen_version, made, seen=form.seen_tries
        )


def _assess(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    if not isinstance(form, forms.AssessForm):
        raise TypeError(form)
    before = {
        part.section: (part.state, part.note)
        for part in referral_page.open_step(unit, referral_id).record.parts
    }
    for section, state, note in form.parts():
        if state.data and before[section] != (SectionState(state.data), note.data):
            referral_care.sign_section(
                unit, referral_id, section, SectionState(state.data), note.data
            )
    if form.do.data == FINISH:
        referral_care.finish_assessment(unit, referral_id, form.seen_version, _note(form))


def _planning(
    service: Callable[[Unit, UUID, int, PlanWords], None],
) -> Callable[[Unit, UUID, StepForm], None]:
    def take(unit: Unit, referral_id: UUID, form: StepForm) -> None:
        if not isinstance(form, forms.PlanForm):
            raise TypeError(form)
        words = PlanWords(form.day, form.has_agreed, _note(form))
        service(unit, referral_id, form.seen_version, words)

    return take


def _outcome(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    if not isinstance(form, forms.OutcomeForm):
        raise TypeError(form)
    words = OutcomeWords(
        Outcome(form.outcome.data), form.is_heard, form.repeat_on.data, _note(form)
    )
    referral_endings.set_outcome(unit, referral_id, form.seen_version, words)


def _redirect(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    center_id = UUID(form["center"].data)
    there = referral_page.open_leg_at(unit, referral_id, center_id)
    if form.do.data == MERGE and there is not None:
        handovers.merge(unit, referral_id, form.seen_version, there, _note(form))
    else:
        handovers.redirect(unit, referral_id, form.seen_version, center_id, _note(form))


def _error(unit: Unit, referral_id: UUID, form: StepForm) -> None:
    second_opinions.propose_error(unit, referral_id, _note(form))


STEP_PAGES = {
    StepName.DECLINE: StepPage(
        forms.DeclineForm,
        _l("This referral is not for us"),
        _l(
            "The next centre is asked at once, and those above are told. The deadlines stay as they"
            " are. You remain answerable until somebody there has accepted it."
        ),
        _l("Pass it to the next one"),
        _l("The next centre has been asked. Until somebody there accepts, it stays on your list."),
        _plain(handovers.decline),
    ),
    StepName.TRIAGE: StepPage(
        forms.TriageForm,
        _l("Judge how urgent it is"),
        _l(
            "Read the answers before you judge. The machine's level and its deadlines stay as they"
            " are; a lower level needs a second reader."
        ),
        _l("Write down my judgement"),
        _l("Your judgement is written down. Next: talk with the child."),
        _triage,
    ),
    StepName.ASK: StepPage(
        forms.AskForm,
        _l("Ask the school"),
        _l(
            "The school's psychologist gets a message and answers inside Tirek. The"
            " deadlines go on."
        ),
        _l("Send the question"),
        _l("The school has been asked. The deadlines go on."),
        _plain(referral_steps.ask_sender),
    ),
    StepName.ANSWER: StepPage(
        forms.AnswerForm,
        _l("The answer of the school"),
        _l("If you got the answer by telephone, write it down here and go on."),
        _l("Write it down and go on"),
        _l("The answer is written down."),
        _plain(referral_steps.answer),
    ),
    StepName.CONTACT: StepPage(
        forms.ContactForm,
        _l("I have talked with the child"),
        _l("This stops the deadline of the talk; the one of the assessment begins."),
        _l("Save"),
        _l("It is written down that you talked with the child."),
        _contact,
    ),
    StepName.ATTEMPT: StepPage(
        forms.AttemptForm,
        _l("A call or a visit"),
        _l(
            "Write down every try, also the ones in vain: after 3 of them others are"
            " called to help."
        ),
        _l("Save"),
        _l("It is written down."),
        _attempt,
    ),
    StepName.UNREACHABLE: StepPage(
        forms.UnreachableForm,
        _l("The child cannot be reached"),
        _l(
            "The head of the centre, the school and the coordinator of the region are called. The"
            " referral does not end: go on trying."
        ),
        _l("Call them"),
        _l("They have been called. Go on trying to reach the child."),
        _plain(referral_care.mark_unreachable),
    ),
    StepName.ASSESS: StepPage(
        forms.AssessForm,
        _l("Assessment"),
        _l(
            "Five parts. Sign each one, or leave it out and say why. You can save and come back;"
            " finish when all five are there."
        ),
        _l("Save"),
        _l("Saved."),
        _assess,
    ),
    StepName.PLAN: StepPage(
        forms.PlanForm,
        _l("Plan"),
        _l("A plan always has a day on which it is looked at again."),
        _l("Save the plan"),
        _l("The plan is written down."),
        _planning(referral_care.make_plan),
    ),
    StepName.SUPPORT: StepPage(
        forms.SupportForm,
        _l("The support begins"),
        _l("From now on the plan is being carried out."),
        _l("Save"),
        _l("It is written down that the support has begun."),
        _plain(referral_care.begin_support),
    ),
    StepName.REVIEW: StepPage(
        forms.ReviewForm,
        _l("Look at how it went"),
        _l("Afterwards you go on with a new plan, or propose an outcome."),
        _l("Save"),
        _l("Written down. Now go on with a new plan, or propose an outcome."),
        _plain(referral_care.begin_review),
    ),
    StepName.GO_ON: StepPage(
        forms.PlanForm,
        _l("Go on with a new plan"),
        _l("A plan always has a day on which it is looked at again."),
        _l("Save the plan"),
        _l("The new plan is written down, and the support goes on."),
        _planning(referral_care.go_on),
    ),
    StepName.OUTCOME: StepPage(
        forms.OutcomeForm,
        _l("Propose an outcome"),
        _l(
            "At the levels immediate and high a second person reads it before it closes. A new"
            " signal within 90 days opens the referral again."
        ),
        _l("Propose it"),
        _l("The outcome is proposed."),
        _outcome,
    ),
    StepName.CLOSE: StepPage(
        forms.CloseForm,
        _l("Read the outcome and close"),
        _l("Whoever sent it sees the outcome, no notes. A new signal opens it again."),
        _l("I agree: close it"),
        _l("This referral is closed. The sender sees the outcome, no notes."),
        _plain(referral_endings.close),
    ),
    StepName.SEND_BACK: StepPage(
        forms.SendBackForm,
        _l("I do not agree with the outcome"),
        _l("The referral goes back to be looked at again, and its owner gets a message."),
        _l("Send it back"),
        _l("It has gone back to its owner."),
        _plain(referral_endings.send_back),
    ),
    StepName.REFUSAL: StepPage(
        forms.RefusalForm,
        _l("The family does not want help"),
        _l(
            "A refusal alone ends nothing: a second person looks at the danger anew, and an"
            " immediate referral goes on in any case."
        ),
        _l("Write down the refusal"),
        _l("Written down. A second person has been asked to look at the danger."),
        _plain(referral_endings.record_refusal),
    ),
    StepName.RECHECK: StepPage(
        forms.RecheckForm,
        _l("The danger is still there"),
        _l(
            "The refusal does not stop the help: the child is talked with again, with a"
            " new deadline."
        ),
        _l("Go on with the help"),
        _l("The referral goes on: the child is to be talked with again."),
        _plain(referral_endings.recheck),
    ),
    StepName.REDIRECT: StepPage(
        forms.RedirectForm,
        _l("Send on to another centre"),
        _l(
            "The level and the deadlines stay as they are. You remain responsible until somebody at"
            " the other centre has accepted the referral. They read what you write here."
        ),
        _l("Send on"),
        _l("The referral has been sent on. It stays yours until somebody there accepts it."),
        _redirect,
    ),
    StepName.ERROR: StepPage(
        forms.ErrorForm,
        _l("It was entered by mistake"),
        _l(
            "A second person has to agree. Nothing is deleted: everybody can see later"
            " what happened."
        ),
        _l("Ask a second person"),
        _l("A second person has been asked."),
        _error,
    ),
}
