"""What a support centre's people say about a parent's call, and the words for its codes."""

from collections.abc import Mapping
from uuid import uuid4

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length

from tirek.domain.levels import Level
from tirek.domain.parents import HelpKind, HelpOutcome
from tirek.services.help_desk import LEVELS, Show
from tirek.web.forms import PageForm

LONGEST_NOTE = 4000
KINDS: Mapping[HelpKind, object] = {
    HelpKind.OWN_DANGER: _l("Afraid of hurting the child"),
    HelpKind.HOME_DANGER: _l("Somebody at home hurts or frightens"),
    HelpKind.CALL_ME: _l("Asks to be called"),
}
OUTCOMES: Mapping[HelpOutcome, object] = {
    HelpOutcome.SPOKEN: _l("We have spoken"),
    HelpOutcome.MET: _l("We have met, or have agreed on a meeting"),
    HelpOutcome.HANDED_ON: _l("Handed on to another service"),
    HelpOutcome.NOT_REACHED: _l("Could not be reached"),
}
_LEVEL_WORDS: Mapping[Level, object] = {
    Level.IMMEDIATE: _l("Immediate: the child is in danger now"),
    Level.HIGH: _l("High: today"),
}


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class HelpListForm(PageForm):
    """Which calls to show; the view reads the address."""

    show = SelectField(
        _l("Which"),
        choices=[
            SelectChoice(Show.OPEN.value, _l("All open calls")),
            SelectChoice(Show.WAITING.value, _l("Not accepted by anybody")),
            SelectChoice(Show.LATE.value, _l("Late")),
            SelectChoice(Show.MINE.value, _l("Mine")),
            SelectChoice(Show.CLOSED.value, _l("Closed")),
        ],
    )


class NoteForm(PageForm):
    """A note for colleagues."""

    note = TextAreaField(
        _l("Note for colleagues"),
        [DataRequired(_l("Write a few words.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )


class CloseForm(PageForm):
    """What came of it."""

    outcome = RadioField(
        _l("How did it end?"),
        [InputRequired(_l("Choose how it ended."))],
        choices=[SelectChoice(one.value, word) for one, word in OUTCOMES.items()],
    )
    closing = TextAreaField(
        _l("What was agreed"),
        [DataRequired(_l("Write a few words.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )


class ConcernForm(PageForm):
    """A person's own judgement that a child of this parent needs a referral."""

    level = RadioField(
        _l("How urgent is it?"),
        [InputRequired(_l("Choose how urgent it is."))],
        choices=[SelectChoice(level.value, _LEVEL_WORDS[level]) for level in LEVELS],
    )
    reason = TextAreaField(
        _l("Why the child needs help"),
        [DataRequired(_l("Write a few words.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )
    # The page's own mark: pressed twice, it is one concern.
    mark = HiddenField(default=lambda: str(uuid4()))
