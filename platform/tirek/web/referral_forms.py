"""What a receiver's people fill in, the same at the support centre and at the school."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import (
    AnyOf,
    DataRequired,
    InputRequired,
    Length,
    Optional,
    StopValidation,
)

from tirek.domain.levels import Level
from tirek.domain.referral import (
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    Outcome,
    SectionState,
)
from tirek.web.forms import PageForm
from tirek.web.referral_words import CHANNELS, LEVELS, OUTCOMES, PERSONS

LONGEST_NOTE = 4000
# A version is a small number; anything longer was not written by our page.
LONGEST_VERSION = 6
DATES = ["%Y-%m-%d", "%d.%m.%Y"]
YES, NO = "yes", "no"


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def _words(label: str, missing: str) -> TextAreaField:
    """Words that must be written: they are what the next person will have to go by."""
    return TextAreaField(
        label, [DataRequired(missing), Length(max=LONGEST_NOTE)], filters=[_stripped]
    )


def _yes_no(label: str, missing: str, yes: str, no: str) -> RadioField:
    return RadioField(
        label, [InputRequired(missing)], choices=[SelectChoice(YES, yes), SelectChoice(NO, no)]
    )


def _number(text: str | None) -> int:
    """The number that stands in a hidden field; what cannot be one fits nothing."""
    return int(text) if text and text.isascii() and text.isdigit() else -1


class StepForm(PageForm):
    """A step taken on a referral as this person saw it: whoever was first has changed it."""

    version = HiddenField(validators=[InputRequired(), Length(max=LONGEST_VERSION)])
    # Which of a page's buttons was pressed, where there is more than one.
    do = HiddenField(validators=[Optional(), AnyOf(("propose", "merge", "finish", "save"))])

    @property
    def seen_version(self) -> int:
        """The version as a number."""
        return _number(self.version.data)


class NoteForm(StepForm):
    """A step with words of its own."""

    note = _words(_l("In a few words"), _l("Write a few words."))


class DeclineForm(NoteForm):
    """Why it is not for this receiver."""

    note = _words(_l("Why is it not for you?"), _l("Write why it is not for you."))


class TriageForm(NoteForm):
    """How urgent it is in a person's judgement."""

    level = RadioField(
        _l("How urgent is it, in your judgement?"),
        [InputRequired(_l("Choose how urgent it is."))],
        choices=[SelectChoice(level.value, word) for level, word in LEVELS.items()],
    )
    note = _words(_l("What makes you judge so?"), _l("Write what makes you judge so."))

    @property
    def chosen(self) -> Level:
        """The level, once the form is valid."""
        return Level(self.level.data)


class AskForm(NoteForm):
    """What the school is asked."""

    note = _words(_l("Your question to the school"), _l("Write your question."))


class AnswerForm(NoteForm):
    """What the school says."""

    note = _words(_l("The answer"), _l("Write the answer."))


class ContactForm(NoteForm):
    """That the child was talked with."""

    channel = RadioField(
        _l("How did you talk?"),
        [InputRequired(_l("Choose how you talked."))],
        choices=[SelectChoice(one.value, word) for one, word in CHANNELS.items()],
        default=ContactChannel.IN_PERSON.value,
    )
    note = _words(_l("What did you agree with the child?"), _l("Write what you agreed."))


class AttemptForm(StepForm):
    """A try to reach somebody."""

    person = RadioField(
        _l("Whom did you try to reach?"),
        [InputRequired(_l("Choose whom you tried to reach."))],
        choices=[SelectChoice(one.value, word) for one, word in PERSONS.items()],
    )
    channel = RadioField(
        _l("How?"),
        [InputRequired(_l("Choose how."))],
        choices=[SelectChoice(one.value, word) for one, word in CHANNELS.items()],
    )
    reached = _yes_no(
        _l("Did you reach them?"), _l("Choose whether you reached them."), _l("Yes"), _l("No")
    )
    note = TextAreaField(
        _l("What came of it"), [Length(max=LONGEST_NOTE)], filters=[_stripped], default=""
    )
    # How many tries were written down when this one was begun.
    seen = HiddenField(validators=[InputRequired(), Length(max=LONGEST_VERSION)])

    def validate_note(self, field: TextAreaField) -> None:
        """A talk is written down in words, a try in vain need not be."""
        if self.is_reached and not field.data:
            raise StopValidation(str(_l("Write what came of it.")))

    @property
    def is_reached(self) -> bool:
        """Whether somebody was reached."""
        return str(self.reached.data) == YES

    @property
    def is_talk_with_child(self) -> bool:
        """Whether this is the talk with the child that stops the clock."""
        return self.is_reached and str(self.person.data) == ContactPerson.CHILD.value

    @property
    def seen_tries(self) -> int:
        """How many tries this person's page showed."""
        return _number(self.seen.data)


class UnreachableForm(NoteForm):
    """That a child cannot be reached."""

    note = _words(
        _l("What have you tried, and where may the child be?"), _l("Write what you have tried.")
    )


def _state(label: str) -> RadioField:
    return RadioField(
        label,
        [Optional()],
        choices=[
            SelectChoice(SectionState.SIGNED.value, _l("I sign what stands below")),
            SelectChoice(SectionState.WAIVED.value, _l("Left out; the reason stands below")),
        ],
    )


def _part(label: str) -> TextAreaField:
    return TextAreaField(label, [Length(max=LONGEST_NOTE)], filters=[_stripped], default="")


class AssessForm(StepForm):
    """The parts of an assessment: what is written is saved, all of them are needed to finish."""

    safety = _state(_l("Safety now"))
    safety_note = _part(_l("Is the child in danger now, and from whom or what?"))
    child_words = _state(_l("The child's own words"))
    child_words_note = _part(_l("What does the child say, and what does the child want?"))
    home = _state(_l("Home"))
    home_note = _part(_l("Who is there for the child at home?"))
    school = _state(_l("School"))
    school_note = _part(_l("How is it at school, with classmates and teachers?"))
    health = _state(_l("Health and sleep"))
    health_note = _part(_l("Sleep, food, illness, what a doctor should know"))
    note = TextAreaField(
        _l("What follows from all this"), [Length(max=LONGEST_NOTE)], filters=[_stripped]
    )

    def parts(self) -> Iterator[tuple[AssessmentSection, Field, Field]]:
        """Each part with its two fields."""
        for section in AssessmentSection:
            yield section, self[section.value], self[f"{section.value}_note"]

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """A part is signed with words, or left out with a reason; a blank one waits."""
        is_valid = super().validate(extra_validators)
        for _section, state, note in self.parts():
            if state.data and not note.data:
                note.errors = [*note.errors, str(_l("Write this part, or why it is left out."))]
                is_valid = False
            elif note.data and not state.data:
                state.errors = [*state.errors, str(_l("Say whether you sign it or leave it out."))]
                is_valid = False
        if self.do.data == "finish" and not self.note.data:
            self.note.errors = [*self.note.errors, str(_l("Write what follows from all this."))]
            is_valid = False
        return is_valid


class PlanForm(NoteForm):
    """What is to be done, and when it is looked at again."""

    next_on = DateField(
        _l("On which day do you look at it again?"),
        [InputRequired(_l("Choose the day on which you look at it again."))],
        format=DATES,
    )
    child_agrees = _yes_no(
        _l("Does the child agree?"),
        _l("Choose whether the child agrees."),
        _l("Yes"),
        _l("No; why, stands in the plan"),
    )
    note = _words(
        _l("The plan: what is to be done, by whom, and what the child says to it"),
        _l("Write the plan."),
    )

    @property
    def day(self) -> date:
        """The next day, once the form is valid."""
        if self.next_on.data is None:
            raise ValueError("the form is not valid")
        return self.next_on.data

    @property
    def has_agreed(self) -> bool:
        """Whether the child agrees."""
        return str(self.child_agrees.data) == YES


class SupportForm(NoteForm):
    """How the support begins."""

    note = _words(_l("What has begun?"), _l("Write what has begun."))


class ReviewForm(NoteForm):
    """How it went until now."""

    note = _words(_l("What has changed since the plan?"), _l("Write what has changed."))


class OutcomeForm(NoteForm):
    """With what it ends, and what the next person must know."""

    outcome = RadioField(_l("With what does it end?"), [InputRequired(_l("Choose an outcome."))])
    child_heard = _yes_no(
        _l("Has the child been heard about this outcome?"),
        _l("Choose whether the child has been heard."),
        _l("Yes"),
        _l("No; why, stands below"),
    )
    repeat_on = DateField(
        _l("When is the child asked again with a questionnaire?"), [Optional()], format=DATES
    )
    note = _words(
        _l("What was done, and what should the next person know?"), _l("Write what was done.")
    )

    def offer(self, outcomes: Iterable[Outcome]) -> None:
        """Allow exactly the outcomes that this person may choose."""
        self.outcome.choices = [
            SelectChoice(outcome.value, OUTCOMES[outcome]) for outcome in outcomes
        ]

    @property
    def is_heard(self) -> bool:
        """Whether the child has been heard."""
        return str(self.child_heard.data) == YES


class CloseForm(NoteForm):
    """Why one agrees with the outcome."""

    note = _words(_l("What makes you agree?"), _l("Write what makes you agree."))


class SendBackForm(NoteForm):
    """Why one does not."""

    note = _words(_l("What is missing?"), _l("Write what is missing."))


class RefusalForm(NoteForm):
    """That the family does not want help."""

    note = _words(
        _l("Who refuses what, and what does the child say?"), _l("Write who refuses what.")
    )


class RecheckForm(NoteForm):
    """What a second person sees of the danger."""

    note = _words(_l("What danger do you see?"), _l("Write what danger you see."))


class RedirectForm(NoteForm):
    """To which other centre it goes, and why."""

    center = SelectField(
        _l("Support centre"), [InputRequired(_l("Choose a support centre."))], coerce=str
    )
    note = _words(_l("Why do you send it on?"), _l("Write why you send it on."))

    def offer(self, centers: Iterable[tuple[str, str]]) -> None:
        """Allow exactly these centres, each with its name."""
        first = SelectChoice("", _l("Choose a support centre"))
        self.center.choices = [first, *(SelectChoice(*pair) for pair in centers)]


class ErrorForm(NoteForm):
    """Why it was a mistake."""

    note = _words(_l("What was the mistake?"), _l("Write what the mistake was."))


class DecideForm(NoteForm):
    """What another person says to a proposal."""

    agrees = _yes_no(
        _l("Do you agree?"), _l("Choose whether you agree."), _l("I agree"), _l("I do not agree")
    )
    note = _words(_l("What makes you decide so?"), _l("Write what makes you decide so."))

    @property
    def is_agreed(self) -> bool:
        """Whether this person agrees."""
        return str(self.agrees.data) == YES
