"""What the head of a centre fills in about its hours and people."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from tirek.domain.clocks import KAZAKHSTAN
from tirek.services.rosters import Colleague, OpeningState, Settings
from tirek.web.forms import PageForm

MOST_A_DAY = 500
LONGEST_PHONE = 30
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"]


class SettingsForm(PageForm):
    """Whether the centre takes children on, how many a day, and whether it keeps a roster."""

    state = RadioField(
        _l("Does the centre take children on?"),
        [InputRequired(_l("Choose a state."))],
        choices=[
            SelectChoice(OpeningState.OPEN.value, _l("Yes, it is open")),
            SelectChoice(
                OpeningState.FULL.value, _l("It is full: only immediate referrals come here")
            ),
            SelectChoice(
                OpeningState.CLOSED.value, _l("It is closed: everything goes to the next centre")
            ),
        ],
    )
    capacity = IntegerField(
        _l("New referrals a day"),
        [Optional(), NumberRange(1, MOST_A_DAY, _l("A whole number from 1 to 500."))],
    )
    keeps_roster = BooleanField(_l("Only who has a shift is on duty"))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The form as the centre has filled it in before."""
        return cls(
            data={
                "state": settings.state.value,
                "capacity": settings.daily_capacity,
                "keeps_roster": settings.keeps_roster,
            }
        )

    @property
    def settings(self) -> Settings:
        """What was chosen."""
        return Settings(
            OpeningState(self.state.data), self.capacity.data, bool(self.keeps_roster.data)
        )


class ShiftForm(PageForm):
    """Hours of one person, typed in Kazakhstan's time."""

    account = SelectField(_l("Who"), [InputRequired(_l("Choose a person."))], coerce=str)
    starts = DateTimeLocalField(
        _l("Begins at"), [InputRequired(_l("Type when it begins."))], format=MOMENTS
    )
    ends = DateTimeLocalField(
        _l("Ends at"), [InputRequired(_l("Type when it ends."))], format=MOMENTS
    )
    is_deputy = BooleanField(_l("As a deputy"))

    @classmethod
    def offering(cls, people: Iterable[Colleague]) -> Self:
        """The form with the people of the centre to choose from."""
        form = cls()
        form.account.choices = [SelectChoice("", _l("Choose a person"))] + [
            SelectChoice(str(one.id), one.name) for one in people
        ]
        return form

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """From when to when."""
        return _moment(self.starts.data), _moment(self.ends.data)


class PhoneForm(PageForm):
    """A phone number, or nothing to take it away."""

    phone = StringField(_l("Phone for SMS"), [Length(max=LONGEST_PHONE)])


def _moment(typed: Any) -> datetime:
    """What was typed is Kazakhstan's time."""
    moment: datetime = typed.replace(tzinfo=KAZAKHSTAN)
    return moment
