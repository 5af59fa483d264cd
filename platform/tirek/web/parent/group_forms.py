"""What a parent fills in about a group: a code, a name, a question."""

from uuid import uuid4

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from tirek.domain.cohorts import NAME_MOST, QUESTION_MOST
from tirek.web.forms import PageForm

LONGEST_CODE = 40


class CodeForm(PageForm):
    """The code of a group."""

    code = StringField(
        _l("Code of the group"),
        [
            DataRequired(_l("Type the code of the group.")),
            Length(max=LONGEST_CODE, message=_l("No open group has this code.")),
        ],
    )


class JoinForm(PageForm):
    """Under which name somebody takes part."""

    shown_name = StringField(
        _l("Name in the group"),
        [
            DataRequired(_l("Write a name, any you like.")),
            Length(max=NAME_MOST, message=_l("At most 40 characters.")),
        ],
    )


class QuestionForm(PageForm):
    """A question to the facilitator."""

    made_id = HiddenField()
    words = TextAreaField(
        _l("Your question, without names"),
        [
            DataRequired(_l("Write your question.")),
            Length(max=QUESTION_MOST, message=_l("At most 500 characters.")),
        ],
    )

    def prepare(self) -> None:
        """Give the page an id for its question, so that a second press asks nothing."""
        self.made_id.data = self.made_id.data or str(uuid4())
