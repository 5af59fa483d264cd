"""What a parent says about themselves and their children."""

from datetime import date
from typing import Any

from babel.dates import get_month_names
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length

from tirek.services.own_children import LONGEST_LABEL, OLDEST
from tirek.web.forms import PageForm
from tirek.web.parent.register_forms import (
    LANGUAGE_CHOICES,
    LONGEST_NAME,
    LONGEST_TYPED,
    NOTHING,
    stripped,
)

LONGEST_PHONE = 30


class AboutForm(PageForm):
    """Language, region and a name to be called by."""

    language = SelectField(_l("Language of letters to you"), choices=LANGUAGE_CHOICES)
    region = SelectField(_l("Region (you may leave it out)"), validate_choice=True)
    name = StringField(
        _l("What to call you (you may leave it out)"),
        [Length(max=LONGEST_NAME)],
        filters=[stripped],
    )

    def offer(self, regions: list[tuple[str, str]]) -> None:
        """Put the regions into the list."""
        self.region.choices = [SelectChoice("", NOTHING), *(SelectChoice(*one) for one in regions)]


class PhoneForm(PageForm):
    """A telephone, or nothing to take it away."""

    phone = StringField(_l("Telephone"), [Length(max=LONGEST_PHONE)], filters=[stripped])


class OwnChildForm(PageForm):
    """A child's month of birth, a word for the child, and whether it needs more than others."""

    month = SelectField(_l("Month of birth"), [InputRequired(_l("Choose the month."))])
    year = SelectField(_l("Year of birth"), [InputRequired(_l("Choose the year."))])
    label = StringField(
        _l("Your own word for the child (you may leave it out)"),
        [Length(max=LONGEST_LABEL)],
        filters=[stripped],
    )
    needs = BooleanField(_l("The child has special educational needs"))

    def __init__(self, this_year: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Standing alone, as in a list: Russian has another form inside a date.
        names = get_month_names("wide", "stand-alone", get_locale())
        self.month.choices = [
            SelectChoice("", NOTHING),
            *(SelectChoice(str(number), name.capitalize()) for number, name in names.items()),
        ]
        years = range(this_year, this_year - OLDEST - 2, -1)
        self.year.choices = [
            SelectChoice("", NOTHING),
            *(SelectChoice(str(y), str(y)) for y in years),
        ]

    @property
    def birth_month(self) -> date:
        """The month that was chosen."""
        return date(int(self.year.data), int(self.month.data), 1)


class EraseForm(PageForm):
    """The password once more, before everything goes."""

    password = PasswordField(
        _l("Your password"),
        [InputRequired(_l("Type your password.")), Length(max=LONGEST_TYPED)],
    )
