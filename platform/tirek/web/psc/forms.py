"""What a support centre's people fill in."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length

from tirek.domain.levels import Level
from tirek.domain.referral import Outcome
from tirek.services.inbox import Show
from tirek.web.forms import PageForm
from tirek.web.referral_words import OUTCOMES

LONGEST_NOTE = 4000
# A version is a small number; anything longer was not written by our page.
LONGEST_VERSION = 6


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class InboxForm(PageForm):
    """What of the inbox to show; it only shows the choice, the view reads the address."""

    show = SelectField(
        _l("Which"),
        choices=[
            SelectChoice(Show.OPEN.value, _l("All open")),
            SelectChoice(Show.UNOWNED.value, _l("Not accepted by anybody")),
            SelectChoice(Show.LATE.value, _l("Late")),
            SelectChoice(Show.MINE.value, _l("Mine")),
            SelectChoice(Show.CLOSED.value, _l("Closed")),
        ],
    )
    level = SelectField(
        _l("Level"),
        choices=[
            SelectChoice("", _l("All levels")),
            SelectChoice(Level.IMMEDIATE.value, _l("Immediate")),
            SelectChoice(Level.HIGH.value, _l("High")),
            SelectChoice(Level.MEDIUM.value, _l("Medium")),
            SelectChoice(Level.LOW.value, _l("Low")),
        ],
    )
    code = StringField(_l("Pupil's code at school"))


class StepForm(PageForm):
    """A step taken on a referral as this person saw it: whoever was first has changed it."""

    version = HiddenField(validators=[InputRequired(), Length(max=LONGEST_VERSION)])

    @property
    def seen_version(self) -> int:
        """The version as a number; what cannot be one fits no referral."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() else -1


class ContactForm(StepForm):
    """That the child was talked with."""

    note = TextAreaField(
        _l("What did you agree with the child?"),
        [DataRequired(_l("Write what you agreed.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )


class RedirectForm(StepForm):
    """To which other centre it goes, and why."""

    center = SelectField(
        _l("Support centre"), [InputRequired(_l("Choose a support centre."))], coerce=str
    )
    reason = TextAreaField(
        _l("Why do you send it on?"),
        [DataRequired(_l("Write why you send it on.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )


class CloseForm(StepForm):
    """With what it ends, and what the next person must know."""

    outcome = RadioField(_l("With what does it end?"), [InputRequired(_l("Choose an outcome."))])
    note = TextAreaField(
        _l("What was done, and what should the next person know?"),
        [DataRequired(_l("Write what was done.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )

    def offer(self, outcomes: tuple[Outcome, ...]) -> None:
        """Allow exactly the outcomes that this person may choose."""
        self.outcome.choices = [
            SelectChoice(outcome.value, OUTCOMES[outcome]) for outcome in outcomes
        ]
