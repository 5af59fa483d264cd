"""A school's letter: its code is typed here and joins the child to the parent's account."""

import secrets
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.access_code import CodeFormatError
from tirek.domain.errors import DomainError
from tirek.domain.permissions import Permission, may
from tirek.services import joining
from tirek.services.codes import Origin, SlowDownError, UnknownCodeError
from tirek.services.joining import InvitationOverError, Invited, WhyNot
from tirek.web.access import current_actor, public, requires
from tirek.web.parent.pages import blueprint
from tirek.web.parent.register_forms import JoinForm
from tirek.web.sessions import network
from tirek.web.transaction import keep_despite_error, unit

SEE_OTHER = 303
# What the browser's session remembers of a proved code; it lives through signing in.
JOIN, DEVICE = "join", "device"


@blueprint.route("/join", methods=["GET", "POST"])
@public
def join() -> Response:
    """Type the code; then join at once, or first sign in or open an account: it is remembered."""
    form = JoinForm()
    if not form.validate_on_submit():
        return _code_page(form)
    try:
        found = joining.prove(unit(), form.code.data or "", _origin())
    except SlowDownError as error:
        slow = _code_page(form, _problem(error), 429)
        slow.headers["Retry-After"] = str(error.seconds)
        return slow
    except (CodeFormatError, UnknownCodeError, InvitationOverError) as error:
        # The wrong try counts, so it must be kept although the page shows an error.
        keep_despite_error()
        return _code_page(form, _problem(error))
    session[JOIN] = str(found)
    return redirect(url_for("parent.join"), SEE_OTHER)


@blueprint.post("/join/child")
@requires(Permission.KEEP_ACCOUNT)
def join_child() -> Response:
    """Join the child of the remembered code."""
    remembered = _remembered()
    session.pop(JOIN, None)
    if remembered is None:
        flash(str(_("Type the code once more, please: it was not kept this time.")), "note")
        return redirect(url_for("parent.join"), SEE_OTHER)
    try:
        joining.join(unit(), remembered.invitation_id)
    except InvitationOverError as error:
        flash(_problem(error), "note")
        return redirect(url_for("parent.join"), SEE_OTHER)
    flash(str(_("Your child is in your account now.")), "success")
    return redirect(url_for("parent.home"), SEE_OTHER)


@blueprint.post("/join/other")
@public
def join_other() -> Response:
    """Put the remembered code aside and type another one."""
    session.pop(JOIN, None)
    return redirect(url_for("parent.join"), SEE_OTHER)


def _code_page(form: JoinForm, problem: str | None = None, status: int = 200) -> Response:
    actor = current_actor()
    if actor is not None and not may(actor, Permission.KEEP_ACCOUNT):
        return redirect(url_for("public.login"))
    known = None if request.method == "POST" else _remembered()
    page = render_template(
        "parent/join.html", form=form, problem=problem, invited=known, is_known=actor is not None
    )
    is_wrong = (problem or form.errors) and status == 200  # noqa: PLR2004 - nothing said yet
    return make_response(page, 422 if is_wrong else status)


def _remembered() -> Invited | None:
    kept = session.get(JOIN)
    return joining.invited(unit(), UUID(kept)) if kept else None


def _origin() -> Origin:
    return Origin(session.setdefault(DEVICE, secrets.token_urlsafe(16)), network())


def _problem(error: DomainError | CodeFormatError) -> str:
    match error:
        case SlowDownError(seconds=seconds):
            return str(
                _(
                    "Wait %(seconds)s seconds and press the button again. Your code stays here.",
                    seconds=seconds,
                )
            )
        case CodeFormatError():
            return str(
                _(
                    "This is not a whole code. It has 9 letters and digits. Look at the letter"
                    " again."
                )
            )
        case InvitationOverError(reason=reason):
            return _why_not(reason)
        case _:
            return str(
                _("We do not know this code. Check each letter, or ask the school for a new one.")
            )


def _why_not(reason: WhyNot) -> str:
    match reason:
        case WhyNot.OWN:
            return str(_("You have used this code already: the child is in your account."))
        case WhyNot.USED:
            return str(
                _(
                    "This code has been used: it serves one adult, once. The child's other parent"
                    " needs a code of their own. The school gives it."
                )
            )
        case WhyNot.EXPIRED:
            return str(_("The time of this code is over. Ask the school for a new one."))
        case WhyNot.REVOKED:
            return str(_("The school has taken this code back. Ask the school for a new one."))
