"""Who is invited, and in which language the letters speak."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired

from tirek.web.forms import PageForm


def _id(value: object) -> UUID:
    """Read an id that was sent or offered; a `ValueError` is WTForms' "no such choice"."""
    return UUID(str(value))


class InviteForm(PageForm):
    """Pupils, how many letters each, and the letters' language."""

    pupils = SelectMultipleField(
        _l("Pupils"), [InputRequired(_l("Choose at least one pupil."))], coerce=_id
    )
    each = RadioField(
        _l("How many letters for each pupil?"),
        [InputRequired(_l("Choose how many letters."))],
        choices=[
            SelectChoice("1", _l("One, for one adult")),
            SelectChoice("2", _l("Two, for two adults: each gets an account of their own")),
        ],
    )
    language = RadioField(
        _l("Language of the letters"),
        [InputRequired(_l("Choose the language of the letters."))],
        choices=[SelectChoice("kk", "Қазақша"), SelectChoice("ru", "Русский")],
    )
    as_of = HiddenField()

    def offer(self, student_ids: list[UUID]) -> None:
        """Allow exactly the pupils who may be invited."""
        self.pupils.choices = [SelectChoice(one) for one in student_ids]
