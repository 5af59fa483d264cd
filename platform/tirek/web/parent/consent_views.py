"""What a parent agrees to for a child: each purpose with its text, and a yes, no or a way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.consent import ConsentState, ConsentText, ConsentWords, Purpose
from tirek.domain.permissions import Permission
from tirek.services import children, places
from tirek.services.children import Statement
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.parent.forms import YES, ConsentForm
from tirek.web.parent.pages import blueprint, own_child
from tirek.web.transaction import db, unit

NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """One purpose on the page: its text of today, what was said, and the form to answer with."""

    purpose: Purpose
    text: ConsentText
    words: ConsentWords
    act: str
    statements: Sequence[Statement]
    # The text has changed in meaning since the last word.
    is_anew: bool
    form: ConsentForm

    @classmethod
    def of(cls, purpose: Purpose, said: Sequence[Statement], form: ConsentForm) -> Self:
        """The purpose in the language of the page."""
        catalog, lang = unit().catalog, data_lang()
        texts = catalog.consents[purpose]
        words = texts.current.words[lang]
        form.decision.label.text = words.question
        return cls(
            purpose,
            texts.current,
            words,
            catalog.protocol.legal_grounds[texts.current.legal_ground].title[lang],
            said,
            bool(said) and not texts.still_means(said[0].text_version),
            form,
        )

    @property
    def state(self) -> ConsentState | None:
        """The last word, None where nothing was said."""
        return self.statements[0].state if self.statements else None


@blueprint.route("/children/<uuid:child_id>/consent", methods=["GET", "POST"])
@requires(Permission.GIVE_CONSENT)
def consent(child_id: UUID) -> str | tuple[str, int] | Response:
    """What is agreed to, in plain words, and the parent's yes, no or change of mind."""
    child = own_child(child_id)
    sent = _sent_purpose()
    forms = {purpose: _form(purpose) for purpose in Purpose}
    if sent is not None and forms[sent].validate_on_submit():
        agrees = forms[sent].decision.data == YES
        state = children.decide(unit(), child, agrees=agrees, language=data_lang(), purpose=sent)
        flash(_recorded(sent, state), "success")
        return redirect(url_for("parent.home"), 303)
    said = children.statements(unit(), child)
    page = render_template(
        "parent/consent.html",
        child=child,
        asked=[AskedConsent.of(one, said[one], forms[one]) for one in Purpose],
        failed=forms[sent] if sent else None,
        psychologists=places.psychologists(db(), child.school.id),
        center=places.center_of_school(db(), child.school.id),
    )
    return (page, 422) if sent else page


def _sent_purpose() -> Purpose | None:
    """Which purpose an answer is about; None where nothing was sent."""
    if request.method != "POST":
        return None
    wanted = request.form.get("purpose", Purpose.SCREENING.value)
    if wanted not in set(Purpose):
        abort(NOT_FOUND)
    return Purpose(wanted)


def _form(purpose: Purpose) -> ConsentForm:
    """The form of a purpose, whose answer has a name of its own."""
    return ConsentForm(prefix="" if purpose is Purpose.SCREENING else f"{purpose.value}-")


def _recorded(purpose: Purpose, state: ConsentState) -> str:
    match (state, purpose):
        case (ConsentState.GIVEN, _):
            return str(_("Thank you. It is written down that you agree."))
        case (ConsentState.REFUSED, _):
            return str(_("It is written down that you do not agree. That is all right."))
        case (ConsentState.WITHDRAWN, Purpose.SCREENING):
            return str(
                _(
                    "You have taken your consent back. Your child is not asked any more. Help that"
                    " is under way is looked at again by a specialist; in danger it does not wait."
                )
            )
        case _:
            return str(
                _(
                    "You have taken your consent back. Outside danger your child is not handed on"
                    " to the centre. Help that is under way is looked at again by a specialist."
                )
            )
