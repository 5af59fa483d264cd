"""What a methodologist writes about figures."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length

from tirek.domain.standing import DraftState
from tirek.web.forms import PageForm

SHORTEST, LONGEST = 3, 2000


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class AlarmForm(PageForm):
    """What was found behind an alarm, and what is done about it."""

    words = TextAreaField(
        _l("What you found, and what is done about it"),
        [DataRequired(_l("Write what you found.")), Length(min=SHORTEST, max=LONGEST)],
        filters=[_stripped],
    )


class DraftForm(PageForm):
    """Whether a draft is taken over."""

    state = RadioField(
        _l("What do you decide?"),
        [InputRequired(_l("Choose what you decide."))],
        choices=[
            SelectChoice(
                DraftState.PUBLISHED.value, _l("Publish: it is to be taken over into the files")
            ),
            SelectChoice(DraftState.SET_ASIDE.value, _l("Do not take it over")),
        ],
    )
    reason = TextAreaField(
        _l("Why"),
        [DataRequired(_l("Write why.")), Length(min=SHORTEST, max=LONGEST)],
        filters=[_stripped],
    )
