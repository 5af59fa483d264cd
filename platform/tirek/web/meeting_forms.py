"""What is entered about a meeting with parents: numbers, no names."""

from collections.abc import Iterable
from uuid import uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, NumberRange, Optional

from tirek.domain.education import Course, Strand
from tirek.domain.meetings import MOST_PEOPLE, Counted, MeetingError
from tirek.services.meetings import NewMeeting
from tirek.web import group_words
from tirek.web.forms import PageForm
from tirek.web.group_forms import DATES, DayField, sent_id
from tirek.web.i18n import data_lang

_WHOLE = NumberRange(0, MOST_PEOPLE, _l("A whole number from 0 to 2,000."))


class _NumberField(IntegerField):
    """A whole number; what cannot be read is said in the page's language."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("A whole number from 0 to 2,000.")) from None


class MeetingForm(PageForm):
    """One meeting."""

    made_id = HiddenField()
    held_on = DayField(_l("Day"), [InputRequired(_l("Choose the day."))], format=DATES)
    strand = RadioField(
        _l("Part of the programme"), [InputRequired(_l("Choose a part of the programme."))]
    )
    course = SelectField(_l("Course, if it was about one"), coerce=str)
    invited = _NumberField(_l("Invited"), [Optional(), _WHOLE])
    attended = _NumberField(_l("Came"), [InputRequired(_l("Write how many came.")), _WHOLE])
    fathers = _NumberField(
        _l("Of them fathers"), [InputRequired(_l("Write how many of them were fathers.")), _WHOLE]
    )

    def offer(self, courses: Iterable[Course]) -> None:
        """Allow exactly the courses that can be read."""
        # Here, because a letter put before a word makes it one of the language of that moment.
        self.strand.choices = [
            SelectChoice(one.value, group_words.strand(one.value)) for one in Strand
        ]
        self.course.choices = [SelectChoice("", _("None"))] + [
            SelectChoice(course.id, course.text(data_lang()).title) for course in courses
        ]
        self.made_id.data = self.made_id.data or str(uuid4())

    @property
    def wanted(self) -> NewMeeting:
        """What is to be entered, once the form is valid."""
        if self.held_on.data is None or self.attended.data is None or self.fathers.data is None:
            raise ValueError("the form is not valid")
        counted = Counted(
            Strand(self.strand.data),
            self.held_on.data,
            self.attended.data,
            self.fathers.data,
            self.invited.data,
        )
        return NewMeeting(sent_id(self.made_id), counted, self.course.data or None)

    def refuse(self, error: MeetingError) -> None:
        """Say beside the field what cannot be right."""
        words = {
            "held_on": _("Choose a day that has come and is not older than a year."),
            "attended": _("A whole number from 0 to 2,000."),
            "fathers": _("There cannot be more fathers than people who came."),
            "invited": _("More people came than were invited: correct one of the numbers."),
        }
        field: Field = self[error.field]
        field.errors = [words[error.field]]
