"""What a parent types to open an account, or to get back into it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from tirek.domain.passwords import PasswordProblem, problem_of
from tirek.web.forms import PageForm
from tirek.web.i18n import LANGUAGES

# What a list begins with, where nothing has to be chosen.
NOTHING = "..."
LONGEST_EMAIL = 254
LONGEST_NAME = 60
# Longer than any password that is kept, so that the rule, not the field, says what is wrong.
LONGEST_TYPED = 1000
PASSWORD_PROBLEMS: Mapping[PasswordProblem, object] = MappingProxyType(
    {
        PasswordProblem.SHORT: _l("The password needs at least 10 characters."),
        PasswordProblem.LONG: _l("The password is too long: at most 256 characters."),
        PasswordProblem.PLAIN: _l(
            "This password would be guessed at once. Take three or four words that only you would"
            " put together."
        ),
        PasswordProblem.ADDRESS: _l("The password must not be the same as your e-mail."),
    }
)
LANGUAGE_CHOICES = [SelectChoice(code, name) for code, (_short, name) in LANGUAGES.items()]


def stripped(value: str | None) -> str | None:
    """What was typed without the spaces around it."""
    return value.strip() if value else value


def refuse_weak(field: PasswordField, email: str) -> None:
    """Raise the field's error when this password may not be kept."""
    problem = problem_of(field.data or "", email)
    if problem is not None:
        raise ValidationError(str(PASSWORD_PROBLEMS[problem]))


class AddressForm(PageForm):
    """An e-mail address, to which a link is sent."""

    email = EmailField(
        _l("E-mail"),
        [
            InputRequired(_l("Type your e-mail.")),
            Length(max=LONGEST_EMAIL),
            Regexp(
                r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$",
                message=_l("This is not a whole e-mail address. It looks like name@example.kz."),
            ),
        ],
        filters=[stripped],
    )


class RegisterForm(AddressForm):
    """A new account; only address and password are needed."""

    password = PasswordField(
        _l("Password"), [InputRequired(_l("Think of a password.")), Length(max=LONGEST_TYPED)]
    )
    region = SelectField(_l("Region (you may leave it out)"), validate_choice=True)
    language = SelectField(_l("Language of letters to you"), choices=LANGUAGE_CHOICES)
    name = StringField(
        _l("What to call you (you may leave it out)"),
        [Length(max=LONGEST_NAME)],
        filters=[stripped],
    )

    def offer(self, regions: list[tuple[str, str]]) -> None:
        """Put the regions into the list."""
        self.region.choices = [SelectChoice("", NOTHING), *(SelectChoice(*one) for one in regions)]

    def validate_password(self, field: PasswordField) -> None:
        """Long enough, and not what anybody would try first."""
        refuse_weak(field, self.email.data or "")


class NewPasswordForm(PageForm):
    """A new password by a link; whose it is comes from the link."""

    password = PasswordField(
        _l("New password"), [InputRequired(_l("Think of a password.")), Length(max=LONGEST_TYPED)]
    )

    def __init__(self, email: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._email = email

    def validate_password(self, field: PasswordField) -> None:
        """Long enough, and not what anybody would try first."""
        refuse_weak(field, self._email)


class ChangePasswordForm(NewPasswordForm):
    """A new password from within: the old one proves that it is still the same person."""

    old = PasswordField(
        _l("Password until now"),
        [InputRequired(_l("Type the password you have now.")), Length(max=LONGEST_TYPED)],
    )


class JoinForm(PageForm):
    """The code of a school's letter."""

    code = StringField(
        _l("Code from the school's letter"),
        [InputRequired(_l("Type the code.")), Length(max=40)],
        filters=[stripped],
    )
