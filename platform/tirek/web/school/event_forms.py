"""What a psychologist writes down about an event at the school."""

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import DateField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from tirek.web.forms import PageForm

LONGEST_WORDS = 2000
DAYS = ["%Y-%m-%d", "%d.%m.%Y"]


class EventForm(PageForm):
    """When something happened, and what."""

    happened_on = DateField(
        _l("When did it happen?"), [InputRequired(_l("Type the day."))], format=DAYS
    )
    words = TextAreaField(
        _l("What happened?"),
        [DataRequired(_l("Write in a few words what happened.")), Length(max=LONGEST_WORDS)],
        filters=[lambda value: value.strip() if value else value],
    )

    @property
    def told(self) -> tuple[date, str]:
        """The day and the words, once the form is valid."""
        day, words = self.happened_on.data, self.words.data
        if day is None or words is None:
            raise ValueError("the form is not valid")
        return day, words
