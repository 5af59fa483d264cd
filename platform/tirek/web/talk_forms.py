"""What a psychologist fills in about talks: terms, times, and what becomes of one."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any, Self
from uuid import UUID

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from tirek.domain.consultations import (
    WORDS_MOST,
    AgeBand,
    Details,
    DetailsError,
    Medium,
    Topic,
    phone_number,
)
from tirek.domain.talk_pattern import (
    LENGTHS,
    LONGEST_REST,
    MOST_A_DAY,
    MOST_WEEKS,
    Pattern,
    PatternError,
)
from tirek.services.talk_hosts import DAILY_MOST, REST_MOST, Terms
from tirek.web import talk_desk_words as words
from tirek.web.forms import PageForm
from tirek.web.talk_words import AGE_BANDS, MEDIA, SPOKEN, TOPICS

MOVE, CANCEL = "move", "cancel"
LONGEST_PHONE, LONGEST_ADDRESS = 30, 254
_DAYS = ["%Y-%m-%d", "%d.%m.%Y"]
_HOURS = ["%H:%M", "%H.%M", "%H:%M:%S"]
_NUMBER = _l("Type a whole number.")


class TermsForm(PageForm):
    """On which terms one offers talks."""

    daily_most = IntegerField(
        _l("At most so many talks a day"),
        [
            InputRequired(_NUMBER),
            NumberRange(1, DAILY_MOST, _l("A whole number from 1 to 12.")),
        ],
    )
    rest_minutes = IntegerField(
        _l("Minutes of rest between two talks"),
        [
            InputRequired(_NUMBER),
            NumberRange(0, REST_MOST, _l("A whole number from 0 to 60.")),
        ],
    )
    languages = SelectMultipleField(
        _l("Languages in which you talk"),
        [InputRequired(_l("Choose at least one language."))],
        choices=[SelectChoice("kk", _l("Kazakh")), SelectChoice("ru", _l("Russian"))],
    )
    is_open = BooleanField(_l("Parents can book my free times"))

    @classmethod
    def of(cls, terms: Terms | None) -> Self:
        """The form as it was filled in before."""
        known = terms or Terms()
        return cls(
            data={
                "daily_most": known.daily_most,
                "rest_minutes": known.rest_minutes,
                "languages": [code for code in SPOKEN if known.speaks(code)],
                "is_open": known.is_open,
            }
        )

    @property
    def terms(self) -> Terms:
        """What was chosen."""
        spoken = self.languages.data or []
        return Terms(
            int(self.daily_most.data or 0),
            int(self.rest_minutes.data or 0),
            "kk" in spoken,
            "ru" in spoken,
            bool(self.is_open.data),
        )


class TimesForm(PageForm):
    """A day's times, or the same times every week; typed in Kazakhstan's time."""

    first_day = DateField(
        _l("First day"), [InputRequired(_l("Type a day, such as 01.12.2026."))], format=_DAYS
    )
    weekdays = SelectMultipleField(_l("Days of the week"), coerce=int)
    weeks = IntegerField(
        _l("For how many weeks"),
        [InputRequired(_NUMBER), NumberRange(1, MOST_WEEKS, _l("A whole number from 1 to 12."))],
    )
    begins = TimeField(
        _l("First talk begins at"),
        [InputRequired(_l("Type a time, such as 14:00."))],
        format=_HOURS,
    )
    minutes = RadioField(_l("How long is a talk?"), coerce=int)
    count = IntegerField(
        _l("How many talks one after another"),
        [InputRequired(_NUMBER), NumberRange(1, MOST_A_DAY, _l("A whole number from 1 to 12."))],
    )
    rest = IntegerField(
        _l("Minutes of rest between two talks"),
        [InputRequired(_NUMBER), NumberRange(0, LONGEST_REST, _l("A whole number from 0 to 60."))],
    )
    reserved = IntegerField(
        _l("How many of a day are kept for urgent calls"),
        [Optional(), NumberRange(0, MOST_A_DAY, _l("Not more than there are talks."))],
    )

    @classmethod
    def like(cls, terms: Terms) -> Self:
        """An empty form with what is usual for this person."""
        form = cls(
            data={
                "weeks": 1,
                "begins": time(14),
                "minutes": LENGTHS[0],
                "count": 3,
                "rest": terms.rest_minutes,
                "reserved": 0,
            }
        )
        form.weekdays.choices = [SelectChoice(n, name) for n, name in enumerate(_weekdays())]
        form.minutes.choices = [
            SelectChoice(length, _("%(number)s min", number=length)) for length in LENGTHS
        ]
        return form

    def pattern(self) -> Pattern | None:
        """What was typed; None, with the words at its field, when nobody could keep to it."""
        if self.first_day.data is None or self.begins.data is None:
            return None
        try:
            return Pattern(
                first_day=self.first_day.data,
                begins=self.begins.data,
                minutes=int(self.minutes.data),
                count=int(self.count.data or 0),
                rest=int(self.rest.data or 0),
                weeks=int(self.weeks.data or 0),
                weekdays=frozenset(self.weekdays.data or []),
                reserved=int(self.reserved.data or 0),
            )
        except PatternError as error:
            self.explain(error)
            return None

    def explain(self, error: PatternError) -> None:
        """Put the words for a wrong part of a pattern at its field."""
        field, words = {
            "first_day": (self.first_day, _("Today or later, at most 120 days ahead.")),
            "begins": (self.begins, _("Not before 7:00.")),
            "end": (self.count, _("The last talk must be over by 21:00.")),
            "reserved": (self.reserved, _("Not more than there are talks.")),
        }.get(error.what, (self.count, _("These times cannot be offered.")))
        field.errors = [words]


class ChangeForm(PageForm):
    """What becomes of a booked talk that cannot be at its time."""

    what = RadioField(
        _l("What shall become of this talk?"),
        [InputRequired(_l("Choose what shall become of the talk."))],
        choices=[
            SelectChoice(MOVE, _l("Move it to another time of mine")),
            SelectChoice(CANCEL, _l("Cancel it")),
        ],
    )
    slot = SelectField(_l("The other time"), coerce=str)
    takes_back = BooleanField(_l("Nobody else shall get the old time: take it off my list"))

    def offer(self, times: Iterable[Any]) -> Self:
        """Let one choose among these times of one's own."""
        self.slot.choices = [SelectChoice("", _("Choose a time"))] + [
            SelectChoice(str(one.id), words.as_moment(one.starts_at)) for one in times
        ]
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Moving needs to know where to."""
        is_right = bool(super().validate(extra_validators))
        if self.what.data == MOVE and not self.slot.data and not self.slot.errors:
            self.slot.errors = [_("Choose a time.")]
            return False
        return is_right

    @property
    def instead(self) -> UUID | None:
        """The time to move to; None when the talk is cancelled."""
        return UUID(self.slot.data) if self.what.data == MOVE else None


class BookForm(PageForm):
    """A talk that a psychologist books for a family they have spoken with."""

    email = EmailField(
        _l("E-mail address of the parent's account"),
        [InputRequired(_l("Type the parent's address.")), Length(max=LONGEST_ADDRESS)],
    )
    medium = RadioField(_l("How will you talk?"), [InputRequired(_l("Choose how you will talk."))])
    phone = StringField(_l("Phone number"), [Length(max=LONGEST_PHONE)])
    language = RadioField(_l("Language"), [InputRequired(_l("Choose a language."))])
    age_band = SelectField(_l("The child's age"), [InputRequired(_l("Choose an age."))])
    topic = SelectField(_l("What is it about?"), [InputRequired(_l("Choose a topic."))])
    words = TextAreaField(
        _l("A few words, if the parent wants"),
        [Length(max=WORDS_MOST, message=_l("At most 300 characters."))],
    )

    @classmethod
    def offering(cls, terms: Terms) -> Self:
        """The form with what one can choose, in the languages this psychologist speaks."""
        form = cls()
        form.language.choices = [
            SelectChoice(code, name) for code, name in SPOKEN.items() if terms.speaks(code)
        ]
        form.medium.choices = [SelectChoice(one, MEDIA[one]) for one in Medium]
        form.age_band.choices = [SelectChoice(one, AGE_BANDS[one]) for one in AgeBand]
        form.topic.choices = [SelectChoice(one, TOPICS[one]) for one in Topic]
        return form

    def details(self) -> Details | None:
        """What was typed; None, with the words at its field, when it cannot be used."""
        phone = (self.phone.data or "").strip() or None
        try:
            said = Details(
                Medium(self.medium.data),
                Topic(self.topic.data),
                AgeBand(self.age_band.data),
                self.language.data,
                phone,
                (self.words.data or "").strip() or None,
            )
            return replace(said, phone=phone_number(phone) if phone else None)
        except DetailsError:
            self.phone.errors = [_("Type a phone number, such as +7 701 234 56 78.")]
            return None


def _weekdays() -> list[str]:
    """The names of the days from Monday on."""
    monday = date(2026, 1, 5)  # any other would do
    return [str(format_date(monday + timedelta(days=n), "EEEE")) for n in range(7)]
