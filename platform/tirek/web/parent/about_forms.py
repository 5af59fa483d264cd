"""What a parent says before questions about themselves, and how to be reached."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.validators import InputRequired, Length, ValidationError

from tirek.services.help_requests import LONGEST_WORDS
from tirek.web.forms import PageForm

OTHER = "other"
NOTHING = "..."
OLDEST = 17
LONGEST_PHONE = 30


class AboutForm(PageForm):
    """Of which child the parent thinks; the region only where no centre is known without it."""

    child = RadioField(_l("Which child do you think of?"), [InputRequired(_l("Choose one child."))])
    age = SelectField(_l("Age of this child, in full years"), validate_choice=True)
    course = SelectField(_l("Do you answer because of a course?"), validate_choice=True)
    region = SelectField(_l("Where do you live?"), validate_choice=True)

    def offer(
        self,
        children: Sequence[tuple[str, str]],
        courses: Sequence[tuple[str, str]],
        regions: Sequence[tuple[str, str]],
    ) -> None:
        """Put the choices of this parent in; without regions none is asked for."""
        another = _l("Another child") if children else _l("My child")
        self.child.choices = [
            *(SelectChoice(*one) for one in children),
            SelectChoice(OTHER, another),
        ]
        ages = (SelectChoice(str(age), str(age)) for age in range(OLDEST + 1))
        self.age.choices = [SelectChoice("", NOTHING), *ages]
        self.course.choices = [
            SelectChoice("", _l("No")),
            *(SelectChoice(*one) for one in courses),
        ]
        if regions:
            chosen = [SelectChoice("", NOTHING), *(SelectChoice(*one) for one in regions)]
            self.region.choices = chosen
        else:
            del self.region

    def validate_age(self, field: SelectField) -> None:
        """A child that we know nothing of needs an age."""
        if self.child.data == OTHER and not field.data:
            raise ValidationError(str(_l("Say how old this child is.")))

    def validate_region(self, field: SelectField) -> None:
        """Whoever may need a person must be somewhere."""
        if not field.data:
            raise ValidationError(str(_l("Choose your region.")))


class ReachForm(PageForm):
    """On which number to call, and when it is safe."""

    region = SelectField(_l("Where do you live?"), validate_choice=True)
    phone = StringField(_l("Telephone on which we may call"), [Length(max=LONGEST_PHONE)])
    words = TextAreaField(
        _l("When is it a good time, and what should we know? (you may leave it out)"),
        [Length(max=LONGEST_WORDS, message=_l("At most 300 characters, please."))],
    )

    # Whoever asks to be called has a number; after a hard answer nothing more is demanded.
    needs_phone = False

    def validate_phone(self, field: StringField) -> None:
        """A number, where there is no other way to call."""
        if self.needs_phone and not (field.data or "").strip():
            raise ValidationError(str(_l("Give the number on which we may call you.")))

    def offer(self, regions: Sequence[tuple[str, str]]) -> None:
        """Ask for a region only where no centre is known without it."""
        if regions:
            chosen = [SelectChoice("", NOTHING), *(SelectChoice(*one) for one in regions)]
            self.region.choices = chosen
        else:
            del self.region

    def validate_region(self, field: SelectField) -> None:
        """Without it nobody can be called."""
        if not field.data:
            raise ValidationError(str(_l("Choose your region.")))
