"""A parent's own account: address, language, region, telephone, password."""

from flask import flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import login_user
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import own_accounts, own_children, registration
from tirek.services.accounts import WrongLoginError
from tirek.services.codes import SlowDownError
from tirek.services.own_accounts import NoPhoneError
from tirek.services.registration import AddressConfirmedError
from tirek.web.access import SignedIn, current_actor, idle_minutes, requires
from tirek.web.parent.account_forms import AboutForm, PhoneForm
from tirek.web.parent.home_parts import home_part
from tirek.web.parent.pages import blueprint
from tirek.web.parent.register_forms import ChangePasswordForm
from tirek.web.parent.register_views import region_choices
from tirek.web.sessions import current_session, network
from tirek.web.transaction import keep_despite_error, unit

SEE_OTHER = 303


@home_part("address", place=15)
def _address_on_home() -> dict[str, object] | None:
    """That letters wait for the address to be confirmed."""
    return None if registration.has_confirmed_address(unit()) else {}


@blueprint.get("/account")
@requires(Permission.KEEP_ACCOUNT)
def account() -> str:
    """Everything that is kept of this parent, each with the way to change it."""
    return render_template(
        "parent/account.html",
        account=own_accounts.own(unit()),
        children=own_children.of_parent(unit()),
    )


@blueprint.post("/account/confirm")
@requires(Permission.KEEP_ACCOUNT)
def account_confirm() -> Response:
    """Send the link that confirms the address once more."""
    try:
        registration.send_confirmation_again(unit())
    except AddressConfirmedError:
        flash(str(_("Your address is confirmed already.")), "note")
    except SlowDownError:
        flash(str(_("Letters are on their way already. Look again in ten minutes.")), "note")
    else:
        flash(str(_("A letter is on its way. Its link works for 3 days.")), "success")
    return redirect(url_for("parent.account"), SEE_OTHER)


@blueprint.route("/account/about", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def account_about() -> str | Response:
    """Change language, region and name."""
    known = own_accounts.own(unit())
    form = AboutForm(
        data={
            "language": known.language,
            "region": known.region.iso if known.region else "",
            "name": known.display_name,
        }
    )
    form.offer(region_choices())
    if form.validate_on_submit():
        own_accounts.change_about(
            unit(),
            language=form.language.data,
            region_iso=form.region.data or None,
            display_name=form.name.data or "",
        )
        flash(str(_("Saved.")), "success")
        return redirect(url_for("parent.account", lang=form.language.data), SEE_OTHER)
    page = render_template("parent/account_about.html", form=form)
    return make_response(page, 422 if form.errors else 200)


@blueprint.route("/account/phone", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def account_phone() -> str | Response:
    """Keep a telephone, or take it away."""
    form = PhoneForm()
    if form.validate_on_submit():
        try:
            own_accounts.set_phone(unit(), form.phone.data or "")
        except NoPhoneError:
            wrong = _("This is no telephone of Kazakhstan. It looks like +7 701 234 56 78.")
            form.phone.errors = [str(wrong)]
        else:
            flash(str(_("Saved.")), "success")
            return redirect(url_for("parent.account"), SEE_OTHER)
    known = own_accounts.own(unit())
    page = render_template("parent/account_phone.html", form=form, known=known.phone)
    return make_response(page, 422 if form.errors else 200)


@blueprint.route("/account/password", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def account_password() -> str | Response:
    """Change the password; every other device is signed out."""
    email = own_accounts.own(unit()).email
    form = ChangePasswordForm(email)
    if form.validate_on_submit():
        try:
            own_accounts.change_password(
                unit(), form.old.data or "", form.password.data or "", network()
            )
        except WrongLoginError:
            keep_despite_error()
            form.old.errors = [str(_("This is not the password you have now."))]
        else:
            _begin_anew()
            flash(str(_("The password is changed. Other devices are signed out.")), "success")
            return redirect(url_for("parent.account"), SEE_OTHER)
    page = render_template("parent/account_password.html", form=form, email=email)
    return make_response(page, 422 if form.errors else 200)


def _begin_anew() -> None:
    """All sessions of the account have ended; this browser stays, under a new one."""
    actor = current_actor()
    if actor is None:
        return
    language = own_accounts.own(unit()).language
    opened = current_session()
    opened.begin(actor.scope, account_id=actor.account_id, idle_minutes=idle_minutes(actor.role))
    login_user(SignedIn(actor, language))
