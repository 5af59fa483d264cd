"""What a parent decides: a yes or a no to each purpose."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from tirek.web.forms import PageForm

YES, NO = "yes", "no"


class ConsentForm(PageForm):
    """A yes or a no to one purpose; the question stands in that purpose's text."""

    decision = RadioField(
        "",
        [InputRequired(_l("Choose yes or no. You can change your answer on any day."))],
        choices=[SelectChoice(YES, _l("Yes, I agree")), SelectChoice(NO, _l("No, I do not agree"))],
    )
