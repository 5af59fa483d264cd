"""What a support centre's people choose their list by."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older

from tirek.services.inbox import Show
from tirek.web.forms import PageForm
from tirek.web.referral_words import LEVELS


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
            *(SelectChoice(level.value, word) for level, word in LEVELS.items()),
        ],
    )
    code = StringField(_l("Pupil's code or referral's number"))
