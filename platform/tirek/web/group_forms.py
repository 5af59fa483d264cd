"""What people who lead groups fill in."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length

from tirek.domain.cohorts import ANSWER_MOST, AsideReason
from tirek.domain.education import Course
from tirek.services.cohorts import NewCohort
from tirek.services.group_rooms import Room
from tirek.web.forms import PageForm
from tirek.web.group_words import ASIDE
from tirek.web.i18n import data_lang

DATES = ["%Y-%m-%d", "%d.%m.%Y"]


def sent_id(field: HiddenField) -> UUID:
    """The id that a page was given for what it makes, so that a second press makes nothing."""
    try:
        return UUID(field.data or "")
    except ValueError:
        return uuid4()


class DayField(DateField):
    """A day; what cannot be read is said in the page's language."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day in one of the ways in which browsers and people write it."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError(_("Write the day like this: 01.09.2026.")) from None


class DatesForm(PageForm):
    """From which day to which day a group goes."""

    starts = DayField(_l("First day"), [InputRequired(_l("Choose the first day."))], format=DATES)
    ends = DayField(_l("Last day"), [InputRequired(_l("Choose the last day."))], format=DATES)

    @property
    def days(self) -> tuple[date, date]:
        """Both days, once the form is valid."""
        if self.starts.data is None or self.ends.data is None:
            raise ValueError("the form is not valid")
        return self.starts.data, self.ends.data

    def refuse_days(self) -> None:
        """Say what days would hold the course."""
        self.ends.errors = [
            _(
                "Choose a last day that has not passed, with at least one day for each lesson of"
                " the short path and at most half a year in all."
            )
        ]


class StartForm(DatesForm):
    """Which course, for whom, and when."""

    made_id = HiddenField()
    course = SelectField(_l("Course"), [InputRequired(_l("Choose a course."))])
    classroom = SelectField(_l("Who can join"), coerce=str)

    def offer(self, courses: Iterable[Course], rooms: Iterable[Room]) -> None:
        """Allow exactly the courses that can be read and the classes of the house."""
        self.course.choices = [SelectChoice("", _("Not chosen"))] + [
            SelectChoice(course.id, course.text(data_lang()).title) for course in courses
        ]
        self.classroom.choices = [SelectChoice("", _("Open: whoever has the code"))] + [
            SelectChoice(str(room.id), _("Parents of class %(name)s", name=room.name))
            for room in rooms
        ]
        self.made_id.data = self.made_id.data or str(uuid4())

    @property
    def wanted(self) -> NewCohort:
        """What is to be started, once the form is valid."""
        room = self.classroom.data
        return NewCohort(
            sent_id(self.made_id), self.course.data, UUID(room) if room else None, *self.days
        )


class AnswerForm(PageForm):
    """An answer for the whole group."""

    words = TextAreaField(
        _l("Your answer, for everybody in the group"),
        [
            DataRequired(_l("Write the answer.")),
            Length(max=ANSWER_MOST, message=_l("At most 1,500 characters.")),
        ],
    )


class AsideForm(PageForm):
    """Why a question is not answered for all."""

    reason = RadioField(
        _l("Why is it not answered for all?"),
        [InputRequired(_l("Choose why."))],
        choices=[SelectChoice(reason.value, word) for reason, word in ASIDE.items()],
    )

    @property
    def chosen(self) -> AsideReason:
        """The reason, once the form is valid."""
        return AsideReason(self.reason.data)
