"""The parent's first page as a list of what there is to do, and the consent for each child."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.consent import ConsentState
from tirek.domain.permissions import Permission
from tirek.services import children, consents, places
from tirek.services.children import Asked, Child
from tirek.web.access import requires
from tirek.web.i18n import current_lang
from tirek.web.parent.forms import YES, ConsentForm
from tirek.web.parent.home_parts import home_part, shown_parts
from tirek.web.parent.join_views import JOIN
from tirek.web.parent.pages import blueprint, own_child
from tirek.web.transaction import db, unit


@dataclass(frozen=True, slots=True)
class ChildTasks:
    """A child with what the parent has said and what waits."""

    child: Child
    consent: ConsentState | None
    asked: list[Asked]


@blueprint.get("")
@requires(Permission.ANSWER_ABOUT_CHILD)
def home() -> str:
    """What there is to do, each room's part in its place."""
    return render_template("parent/home.html", parts=shown_parts())


@home_part("joining", place=10)
def _joining() -> Mapping[str, object] | None:
    """The code of a school's letter that was typed before signing in."""
    return {} if JOIN in session else None


@home_part("children", place=40)
def _children() -> Mapping[str, object]:
    """My children with what waits for each."""
    own = children.of_guardian(unit())
    said = children.consented(unit(), own)
    return {
        "tasks": [
            ChildTasks(child, said.get(child.id), children.asked_about(unit(), child))
            for child in own
        ]
    }


@blueprint.route("/children/<uuid:child_id>/consent", methods=["GET", "POST"])
@requires(Permission.GIVE_CONSENT)
def consent(child_id: UUID) -> str | tuple[str, int] | Response:
    """What the screening is, in plain words, and the parent's yes, no or change of mind."""
    child = own_child(child_id)
    form = ConsentForm()
    if form.validate_on_submit():
        agrees = form.decision.data == YES
        state = children.decide(unit(), child, agrees=agrees, language=current_lang())
        flash(_recorded(state), "success")
        return redirect(url_for("parent.home"), 303)
    said = children.statements(unit(), child)
    page = render_template(
        "parent/consent.html",
        form=form,
        child=child,
        statements=said,
        state=said[0].state if said else None,
        text_version=consents.TEXT_VERSION,
        psychologists=places.psychologists(db(), child.school.id),
        center=places.center_of_school(db(), child.school.id),
    )
    return (page, 422) if form.errors else page


def _recorded(state: ConsentState) -> str:
    match state:
        case ConsentState.GIVEN:
            return str(_("Thank you. It is written down that you agree."))
        case ConsentState.REFUSED:
            return str(_("It is written down that you do not agree. That is all right."))
        case ConsentState.WITHDRAWN:
            return str(
                _(
                    "You have taken your consent back. Your child is not asked any more. Help that"
                    " is under way is looked at again by a specialist; in danger it does not wait."
                )
            )
