"""What is filled in to enter answers from a file."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length

from tirek.web.forms import PageForm

LONGEST_REASON = 2000


class AnswerFileForm(PageForm):
    """A file, and what it does not say of itself."""

    file = FileField(_l("File"))
    language = SelectField(
        _l("Language of the answers"),
        choices=[SelectChoice("kk", "Қазақша"), SelectChoice("ru", "Русский")],
    )
    told = BooleanField(
        _l("Each pupil in it was told what the questionnaire is for, and answered willingly."),
        [InputRequired(_l("Answers that a pupil did not give willingly are not entered."))],
    )


class LeaveOutForm(PageForm):
    """Why nothing of a file is entered."""

    reason = TextAreaField(
        _l("Why, and what was done for these pupils"), [Length(max=LONGEST_REASON)]
    )
