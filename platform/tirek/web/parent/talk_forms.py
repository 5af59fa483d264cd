"""What a parent fills in for a talk, and how they narrow the list of times."""

from dataclasses import dataclass
from datetime import date
from itertools import starmap
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, ValidationError

from tirek.domain.consultations import (
    CALLS,
    WORDS_MOST,
    AgeBand,
    Details,
    Medium,
    Topic,
    phone_number,
)
from tirek.services.talk_drafts import LONGEST_PHONE, Draft
from tirek.services.talk_records import Talk
from tirek.services.talk_times import Person, Wish
from tirek.web import calls
from tirek.web.forms import PageForm
from tirek.web.talk_words import AGE_BANDS, MEDIA, SPOKEN, TOPICS

_NEEDED = InputRequired(_l("Choose one."))
_NUMBER = _l("Write a number we can call, for example +7 701 123 45 67.")


def _callable(_form: PageForm, field: StringField) -> None:
    if field.data and phone_number(field.data) is None:
        raise ValidationError(_NUMBER)


class DetailsForm(PageForm):
    """All that is asked before a talk."""

    medium = RadioField(_l("How would you like to talk?"), [_NEEDED])
    topic = RadioField(
        _l("What is it about?"), [_NEEDED], choices=list(starmap(SelectChoice, TOPICS.items()))
    )
    age_band = SelectField(
        _l("How old is the child?"),
        [_NEEDED],
        choices=list(starmap(SelectChoice, AGE_BANDS.items())),
    )
    language = RadioField(_l("In which language?"), [_NEEDED])
    phone = StringField(_l("Your telephone number"), [Length(max=LONGEST_PHONE), _callable])
    words = TextAreaField(
        _l("Anything the psychologist should know before (you may leave it empty)"),
        [Length(max=WORDS_MOST, message=_l("Please, no more than 300 characters."))],
    )

    def __init__(self, talk: Talk, person: Person | None) -> None:
        super().__init__(
            data={
                "medium": talk.medium.value,
                "topic": talk.topic.value,
                "age_band": talk.age_band.value,
                "language": talk.language,
                "phone": talk.phone,
                "words": talk.words,
            }
        )
        self.medium.choices = [
            SelectChoice(medium, words) for medium, words in MEDIA.items() if _is_possible(medium)
        ]
        self.language.choices = [
            SelectChoice(code, name)
            for code, name in SPOKEN.items()
            if person is None or person.speaks(code)
        ]

    def validate_phone(self, field: StringField) -> None:
        """A telephone talk needs a number."""
        if self.medium.data == Medium.PHONE and not field.data:
            raise ValidationError(_NUMBER)

    def details(self) -> Details:
        """What was said, once everything in it is right."""
        return Details(
            Medium(self.medium.data),
            Topic(self.topic.data),
            AgeBand(self.age_band.data),
            self.language.data,
            phone_number(self.phone.data or ""),
            (self.words.data or "").strip() or None,
        )

    def draft(self) -> Draft:
        """What was typed, right or not."""
        return Draft(
            _one_of(Medium, self.medium.data),
            _one_of(Topic, self.topic.data),
            _one_of(AgeBand, self.age_band.data),
            self.language.data if self.language.data in SPOKEN else None,
            self.phone.data,
            self.words.data,
        )


class PhoneForm(PageForm):
    """Where to call."""

    phone = StringField(
        _l("Your telephone number"), [InputRequired(_NUMBER), Length(max=LONGEST_PHONE), _callable]
    )


def _is_possible(medium: Medium) -> bool:
    return medium not in CALLS or calls.has_server()


def _one_of(kind: Any, written: str | None) -> Any:
    return kind(written) if written in set(kind) else None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What stands in the address of the list of times; nonsense there is no wish."""

    wish: Wish
    page: int
    # The talk that is to be moved.
    instead: UUID | None

    @classmethod
    def from_address(cls) -> "Narrowed":
        """Read the address of this request."""
        wish = Wish(
            _uuid(request.args.get("house")),
            _uuid(request.args.get("person")),
            language if (language := request.args.get("language")) in SPOKEN else None,
            _date(request.args.get("day")),
        )
        page = request.args.get("page", 1, int)
        return cls(wish, page, _uuid(request.args.get("instead")))

    @property
    def address(self) -> dict[str, str]:
        """The same as parts of an address."""
        said = {
            "house": self.wish.house_id,
            "person": self.wish.host_id,
            "language": self.wish.language,
            "day": self.wish.day,
            "instead": self.instead,
        }
        return {name: str(value) for name, value in said.items() if value is not None}


def _uuid(written: str | None) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError:
        return None


def _date(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        return None
