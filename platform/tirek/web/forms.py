"""The form every page's form grows from: the request's language, no token of its own."""

from typing import Any

from flask import request
from wtforms import Form
from wtforms.form import BaseForm
from wtforms.i18n import get_translations
from wtforms.meta import DefaultMeta

from tirek.web.i18n import current_lang


class PageForm(Form):
    """A form of one page; `CSRFProtect` has checked every POST before it is read."""

    class Meta(DefaultMeta):
        """WTForms' own messages in the language of the address."""

        def get_translations(self, form: BaseForm) -> Any:  # noqa: ARG002 - WTForms' signature
            """Find the messages of this request's language."""
            return get_translations([current_lang()])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(request.form if request.method == "POST" else None, **kwargs)

    def validate_on_submit(self) -> bool:
        """Whether the form was sent and everything in it is right."""
        return request.method == "POST" and self.validate()
