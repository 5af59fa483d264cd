"""What a parent types about certificates and reminders."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from tirek.domain.reminders import HOURS, MOST_DAYS
from tirek.web.forms import PageForm

LONGEST_NAME = 80
# The letters of our font: Latin with its accents, Cyrillic, and what stands in names.
_NAME = re.compile(r"[A-Za-zÀ-ſЀ-џҒғҚқҢңҮүҰұҺһӘәӨө .'’\-]*")  # noqa: RUF001 - the alphabets
WEEKDAYS = (
    (0, _l("Monday")),
    (1, _l("Tuesday")),
    (2, _l("Wednesday")),
    (3, _l("Thursday")),
    (4, _l("Friday")),
    (5, _l("Saturday")),
    (6, _l("Sunday")),
)


def _letters_of_ours(_form: object, field: Field) -> None:
    if not _NAME.fullmatch(field.data or ""):
        raise ValidationError(
            str(_l("Write the name in Kazakh, Russian or Latin letters, without digits."))
        )


def _few_days(_form: object, field: Field) -> None:
    if not field.data:
        raise ValidationError(str(_l("Choose one day or two.")))
    if len(field.data) > MOST_DAYS:
        raise ValidationError(str(_l("At most two days a week.")))


class CertificateForm(PageForm):
    """How the certificate is printed; nothing of it is kept."""

    name = StringField(
        _l("Name on the certificate, if you want one"),
        [Optional(), Length(max=LONGEST_NAME), _letters_of_ours],
    )
    language = RadioField(
        _l("Language of the certificate"),
        [InputRequired(_l("Choose a language."))],
        choices=[SelectChoice("kk", "Қазақша"), SelectChoice("ru", "Русский")],
    )


class ReminderForm(PageForm):
    """When to be reminded: one day or two of the week, and the hour."""

    weekdays = SelectMultipleField(
        _l("On which days?"),
        [_few_days],
        coerce=int,
        choices=[SelectChoice(number, name) for number, name in WEEKDAYS],
    )
    hour = SelectField(
        _l("After what hour?"),
        coerce=int,
        choices=[SelectChoice(hour, f"{hour}:00") for hour in HOURS],
    )
