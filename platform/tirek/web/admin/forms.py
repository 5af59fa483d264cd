"""What administrators fill in: servers of centres, and addresses of authorities."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, Regexp

from tirek.domain.delivery import Channel
from tirek.services.oversight import Place
from tirek.web.forms import PageForm
from tirek.web.i18n import localised

LONGEST_URL, LONGEST_NAME, LONGEST_TOKEN = 300, 300, 500
# As much as a mail server needs; whether somebody reads it there only a letter can tell.
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


def _stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class EndpointForm(PageForm):
    """A centre's own server."""

    center = SelectField(
        _l("Support centre"), [InputRequired(_l("Choose a support centre."))], coerce=str
    )
    kind = RadioField(
        _l("How is it told?"),
        [InputRequired(_l("Choose a kind."))],
        choices=[
            SelectChoice(Channel.WEBHOOK.value, _l("Signed webhook")),
            SelectChoice(Channel.FHIR.value, _l("FHIR R4: ServiceRequest and Task")),
        ],
    )
    url = StringField(
        _l("Address (https)"),
        [InputRequired(_l("Type the address.")), Length(max=LONGEST_URL)],
        filters=[_stripped],
    )
    their_token = PasswordField(
        _l("Token that their FHIR server lets us in with"), [Length(max=LONGEST_TOKEN)]
    )

    @classmethod
    def empty(cls) -> Self:
        """A form for the next one, beside the answer to the one that was sent."""
        form = cls()
        form.process(None)
        return form

    def offer(self, centers: Iterable[tuple[UUID, Place]]) -> None:
        """Allow exactly the centres that there are."""
        self.center.choices = [SelectChoice("", _l("Choose a support centre"))] + [
            SelectChoice(str(center_id), localised(place, "name")) for center_id, place in centers
        ]


class AuthorityForm(PageForm):
    """Where the notices to one body of one region go."""

    name_kk = StringField(
        _l("Name in Kazakh"),
        [InputRequired(_l("Type the name.")), Length(max=LONGEST_NAME)],
        filters=[_stripped],
    )
    name_ru = StringField(
        _l("Name in Russian"),
        [InputRequired(_l("Type the name.")), Length(max=LONGEST_NAME)],
        filters=[_stripped],
    )
    email = EmailField(
        _l("E-mail for notices"),
        [
            InputRequired(_l("Type the e-mail address.")),
            Length(max=LONGEST_NAME),
            Regexp(EMAIL, message=_l("This is no e-mail address.")),
        ],
        filters=[_stripped],
    )
    language = RadioField(
        _l("Language of the notices"),
        [InputRequired(_l("Choose a language."))],
        choices=[SelectChoice("kk", "Қазақша"), SelectChoice("ru", "Русский")],
    )
