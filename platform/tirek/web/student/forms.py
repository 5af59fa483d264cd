"""What a pupil types: one code."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from tirek.web.forms import PageForm

# Nine characters with generous room for dashes, spaces and a pasted line break.
_LONGEST_TYPED = 60


class CodeForm(PageForm):
    """The code from the card."""

    code = StringField(
        _l("Your code"),
        [InputRequired(_l("Type the code from your card.")), Length(max=_LONGEST_TYPED)],
    )
