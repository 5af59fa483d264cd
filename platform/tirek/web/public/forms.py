"""Signing in: the password first, then the number from the telephone."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from tirek.web.forms import PageForm

_LONGEST_EMAIL = 254
# Long enough for a pass phrase; a limit keeps the password hash from being fed a book.
_LONGEST_PASSWORD = 256


class LoginForm(PageForm):
    """E-mail and password of a parent or a member of staff."""

    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Type your e-mail.")), Length(max=_LONGEST_EMAIL)],
        filters=[lambda value: value.strip() if value else value],
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Type your password.")), Length(max=_LONGEST_PASSWORD)]
    )


class TotpForm(PageForm):
    """The six digits that the telephone shows."""

    code = StringField(
        _l("Six digits from the app on your phone"),
        [InputRequired(_l("Type the six digits from the app.")), Length(max=12)],
        filters=[lambda value: value.replace(" ", "") if value else value],
    )
