"""Opening an account, and the links by which an address is confirmed or a password is set anew."""

from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.parents import Errand
from tirek.services import errands, own_accounts, registration
from tirek.services.codes import SlowDownError
from tirek.services.errands import ErrandOverError, OpenErrand
from tirek.services.registration import NewParent
from tirek.web.access import current_actor, public
from tirek.web.i18n import LANGUAGES, current_lang, localised
from tirek.web.parent.pages import blueprint
from tirek.web.parent.register_forms import AddressForm, NewPasswordForm, RegisterForm
from tirek.web.sessions import current_session, network
from tirek.web.transaction import unit

SEE_OTHER = 303
GONE, TOO_MANY = 410, 429


@blueprint.route("/register", methods=["GET", "POST"])
@public
def register() -> str | Response:
    """Open an account; the page after is the same, whether the address has one or not."""
    if current_actor() is not None:
        return redirect(url_for("public.login"))
    form = RegisterForm(data={"language": current_lang()})
    form.offer(region_choices())
    if request.form.get("switch") in LANGUAGES:
        # Nobody has an account yet, so nothing is kept: what was typed is shown again.
        form.language.data = current_lang()
    elif form.validate_on_submit():
        try:
            registration.register(unit(), _new_parent(form), network())
        except SlowDownError as error:
            return slowed("parent/register.html", form, error)
        return redirect(url_for("parent.registered"), SEE_OTHER)
    page = render_template("parent/register.html", form=form, slowed=None)
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/registered")
@public
def registered() -> str:
    """What to do next; names no address, so that a neighbour at the screen learns nothing."""
    return render_template("parent/registered.html", joins="join" in session)


@blueprint.route("/forgot", methods=["GET", "POST"])
@public
def forgot() -> str | Response:
    """Ask for a link to set a new password."""
    form = AddressForm()
    if form.validate_on_submit():
        try:
            registration.ask_for_new_password(unit(), form.email.data or "", network())
        except SlowDownError as error:
            return slowed("parent/forgot.html", form, error)
        return redirect(url_for("parent.forgot_sent"), SEE_OTHER)
    page = render_template("parent/forgot.html", form=form, slowed=None)
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/forgot/sent")
@public
def forgot_sent() -> str:
    """Say that a letter is on its way if there is such an account."""
    return render_template("parent/forgot_sent.html")


@blueprint.route("/errands/<uuid:errand_id>/<secret>", methods=["GET", "POST"])
@public
def errand(errand_id: UUID, secret: str) -> str | Response:
    """What a link is for; only the button does it, for mail programs open links by themselves."""
    try:
        found = errands.find(unit(), errand_id, secret)
        if found.errand is Errand.RESET_PASSWORD:
            return _new_password(found)
        return _confirmed(found)
    except ErrandOverError:
        return make_response(render_template("parent/errand_over.html"), GONE)


def region_choices() -> list[tuple[str, str]]:
    """The regions in this page's language."""
    return [(one.iso, localised(one, "name")) for one in own_accounts.regions(unit())]


def slowed(template: str, form: object, error: SlowDownError) -> Response:
    """The same page with what was typed, asking to wait."""
    page = render_template(template, form=form, slowed=error.seconds)
    answer = make_response(page, TOO_MANY)
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _new_parent(form: RegisterForm) -> NewParent:
    return NewParent(
        form.email.data or "",
        form.password.data or "",
        form.language.data or current_lang(),
        form.region.data or None,
        form.name.data or "",
    )


def _confirmed(found: OpenErrand) -> str | Response:
    if request.method != "POST":
        return render_template("parent/confirm_address.html")
    errands.confirm_address(unit(), found)
    flash(str(_("Thank you. Your address is confirmed.")), "success")
    # Signed in already: to the first page; else to where one signs in, which leads there.
    return redirect(url_for("public.login"), SEE_OTHER)


def _new_password(found: OpenErrand) -> str | Response:
    form = NewPasswordForm(found.email)
    if form.validate_on_submit():
        errands.reset_password(unit(), found, form.password.data or "")
        current_session().forget()
        flash(str(_("The new password is set. Sign in with it.")), "success")
        return redirect(url_for("public.login"), SEE_OTHER)
    page = render_template("parent/new_password.html", form=form, email=found.email)
    return make_response(page, 422 if form.errors else 200)
