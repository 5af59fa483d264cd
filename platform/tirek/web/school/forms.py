"""What a school's people fill in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentState
from tirek.domain.referral import ConflictKind
from tirek.services.concerns import LEVELS
from tirek.services.gates import Conditions
from tirek.web.forms import PageForm
from tirek.web.school import words

LONGEST_NOTE = 4000
LONGEST_CODE = 40
SURE = "yes"
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]


def _moment(field: DateTimeLocalField) -> datetime | None:
    """What was typed is Kazakhstan's time."""
    return field.data.replace(tzinfo=KAZAKHSTAN) if field.data else None


def _id(value: object) -> UUID:
    """Read an id that was sent or offered; a `ValueError` is WTForms' "no such choice"."""
    return UUID(str(value))


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class PapersForm(PageForm):
    """What the signed sheets of a class say."""

    pupils = SelectMultipleField(
        _l("Pupils"), [InputRequired(_l("Choose at least one pupil."))], coerce=_id
    )
    state = RadioField(
        _l("What do the signed sheets say?"),
        [InputRequired(_l("Choose what the sheets say."))],
        choices=[SelectChoice(state.value, words.CONSENT[state.value]) for state in ConsentState],
    )

    def offer(self, student_ids: list[UUID]) -> None:
        """Allow exactly the pupils of the class."""
        self.pupils.choices = [SelectChoice(one) for one in student_ids]


class AssignmentForm(PageForm):
    """Which questionnaire, for which class, from when to when."""

    classroom = SelectField(
        _l("Class"), [InputRequired(_l("Choose a class."))], coerce=str, validate_choice=True
    )
    instrument = SelectField(
        _l("Questionnaire"), [InputRequired(_l("Choose a questionnaire."))], coerce=str
    )
    opens = DateTimeLocalField(
        _l("Opens"), [InputRequired(_l("Type when it opens."))], format=MOMENTS
    )
    closes = DateTimeLocalField(
        _l("Closes"), [InputRequired(_l("Type when it closes."))], format=MOMENTS
    )
    # Asked for where an offered questionnaire needs it.
    staffed_by = SelectField(_l("Who is with the pupils"), coerce=str, default="")
    event = SelectField(_l("What happened"), coerce=str, default="")
    is_short = BooleanField(_l("Ask fewer questions"), default=False)

    def __init__(self, **kwargs: Any) -> None:
        # The plan is looked at before anything is saved, so it is asked for by its address.
        if request.method == "POST":
            super().__init__(**kwargs)
        else:
            PlainForm.__init__(self, request.args if self._was_filled_in else None, **kwargs)

    @property
    def was_sent(self) -> bool:
        """Whether somebody asked for the plan or confirmed it; not who comes back to change it."""
        is_change = "change" in request.args
        return request.method == "POST" or (self._was_filled_in and not is_change)

    @property
    def _was_filled_in(self) -> bool:
        return "instrument" in request.args

    @property
    def is_confirmed(self) -> bool:
        """Whether the plan was looked at and confirmed."""
        return request.method == "POST"

    def validate_closes(self, field: DateTimeLocalField) -> None:
        """A window ends after it begins."""
        if self.opens.data and field.data and field.data <= self.opens.data:
            raise ValidationError(_l("It must close after it opens."))

    def offer(self, rooms: list[tuple[str, str]], instruments: list[tuple[str, str]]) -> None:
        """Allow exactly the classes of the school and what may be assigned, each with its name."""
        # Nothing is chosen beforehand: the first of the list are questions about suicide.
        unchosen = SelectChoice("", _("Not chosen"))
        self.classroom.choices = [unchosen, *(SelectChoice(*pair) for pair in rooms)]
        self.instrument.choices = [unchosen, *(SelectChoice(*pair) for pair in instruments)]
        self.offer_conditions([], [])

    def offer_conditions(
        self, specialists: list[tuple[str, str]], events: list[tuple[str, str]]
    ) -> None:
        """Allow exactly these people and events, each with its name."""
        nobody = SelectChoice("", _("Not chosen"))
        self.staffed_by.choices = [nobody, *(SelectChoice(*pair) for pair in specialists)]
        self.event.choices = [nobody, *(SelectChoice(*pair) for pair in events)]

    @property
    def conditions(self) -> Conditions:
        """Who is there and what happened, where it was said."""
        return Conditions(*(UUID(said) if said else None for said in self._said))

    @property
    def _said(self) -> tuple[str, str]:
        return self.staffed_by.data or "", self.event.data or ""

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Both ends as aware times, once the form is valid."""
        opens, closes = _moment(self.opens), _moment(self.closes)
        if opens is None or closes is None:
            raise ValueError("the form is not valid")
        return opens, closes


class ExtendForm(PageForm):
    """Until when the window shall stay open."""

    closes = DateTimeLocalField(
        _l("Closes"), [InputRequired(_l("Type when it closes."))], format=MOMENTS
    )

    @property
    def closes_at(self) -> datetime:
        """The new end as an aware time, once the form is valid."""
        moment = _moment(self.closes)
        if moment is None:
            raise ValueError("the form is not valid")
        return moment


class CodesForm(PageForm):
    """Which pupils get a code, and when this choice was put before the psychologist."""

    pupils = SelectMultipleField(
        _l("Pupils"), [InputRequired(_l("Choose at least one pupil."))], coerce=_id
    )
    as_of = HiddenField(validators=[InputRequired()])

    def offer(self, student_ids: list[UUID]) -> None:
        """Allow exactly the pupils who may get a code."""
        self.pupils.choices = [SelectChoice(one) for one in student_ids]


class ConcernForm(PageForm):
    """Why somebody is worried, and how urgent it is."""

    level = RadioField(
        _l("How urgent is it?"),
        [InputRequired(_l("Choose how urgent it is."))],
        choices=[SelectChoice(level.value, words.LEVEL[level.value]) for level in LEVELS],
    )
    reason = TextAreaField(
        _l("What makes you worried?"),
        [DataRequired(_l("Write what makes you worried.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )
    about = RadioField(
        _l("May a grown-up be harming this pupil?"),
        [InputRequired(_l("Choose whether it is about a grown-up."))],
        choices=[SelectChoice(*pair) for pair in words.ABOUT.items()],
    )
    mark = HiddenField(validators=[InputRequired()])

    @property
    def named(self) -> ConflictKind | None:
        """Whom it must go past, once the form is valid."""
        known = self.about.data in set(ConflictKind)
        return ConflictKind(self.about.data) if known else None


class MoveForm(PageForm):
    """Which class of the new school, and the pupil's code there."""

    classroom = SelectField(_l("Class there"), [InputRequired(_l("Choose a class."))])
    code = StringField(
        _l("The pupil's code at the new school"),
        [
            DataRequired(_l("Type the code that the new school gives this pupil.")),
            Length(max=LONGEST_CODE),
        ],
        filters=[_stripped],
    )
    # Set by the page that asks whether it is right.
    sure = HiddenField()

    def offer(self, rooms: list[tuple[str, str]]) -> None:
        """Allow exactly the classes of the new school."""
        self.classroom.choices = [SelectChoice("", _("Not chosen"))] + [
            SelectChoice(*pair) for pair in rooms
        ]

    @property
    def is_sure(self) -> bool:
        """Whether the choice was looked at and confirmed."""
        return self.sure.data == SURE


class NoteForm(PageForm):
    """A written note with which something is closed."""

    note = TextAreaField(
        _l("Note"),
        [DataRequired(_l("Write what you found and what was done.")), Length(max=LONGEST_NOTE)],
        filters=[_stripped],
    )
