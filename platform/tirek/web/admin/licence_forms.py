"""What an administrator writes down of a rights-holder's permission, and why one is taken back."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from tirek.services.licences import Grant
from tirek.web.forms import PageForm
from tirek.web.group_forms import DATES, DayField

LONGEST_LINE, LONGEST_TEXT = 300, 2000


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class GrantForm(PageForm):
    """Who granted what to whom, from when until when, and where the paper lies."""

    granted_by = StringField(
        _l("Who gave the permission?"),
        [DataRequired(_l("Write who gave it.")), Length(max=LONGEST_LINE)],
        filters=[_stripped],
    )
    granted_to = StringField(
        _l("To whom?"),
        [DataRequired(_l("Write to whom it was given.")), Length(max=LONGEST_LINE)],
        filters=[_stripped],
    )
    scope = TextAreaField(
        _l("What is allowed?"),
        [DataRequired(_l("Write what is allowed.")), Length(max=LONGEST_TEXT)],
        filters=[_stripped],
    )
    evidence = TextAreaField(
        _l("Where does the paper lie?"),
        [DataRequired(_l("Write where another person finds the paper.")), Length(max=LONGEST_TEXT)],
        filters=[_stripped],
    )
    valid_from = DayField(
        _l("First day"), [InputRequired(_l("Choose the first day."))], format=DATES
    )
    valid_to = DayField(_l("Last day"), [Optional()], format=DATES)

    def validate_valid_to(self, field: DayField) -> None:
        """A permission ends no earlier than it begins."""
        begins, ends = self.valid_from.data, field.data
        if begins and ends and ends < begins:
            raise ValidationError(_("The last day comes before the first one."))

    @property
    def grant(self) -> Grant:
        """The permission, once the form is valid."""
        if self.valid_from.data is None:
            raise ValueError("the form is not valid")
        return Grant(
            self.granted_by.data or "",
            self.granted_to.data or "",
            self.scope.data or "",
            self.evidence.data or "",
            self.valid_from.data,
            self.valid_to.data,
        )


class RevokeForm(PageForm):
    """Why a permission does not hold any more."""

    reason = TextAreaField(
        _l("Why does it not hold any more?"),
        [DataRequired(_l("Write why.")), Length(max=LONGEST_TEXT)],
        filters=[_stripped],
    )
