"""Deleting the account: what goes and what stays in plain words, then the password once more."""

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import account_erasure, own_accounts
from tirek.services.accounts import WrongLoginError
from tirek.web import headers
from tirek.web.access import public, requires
from tirek.web.parent.account_forms import EraseForm
from tirek.web.parent.pages import blueprint
from tirek.web.sessions import current_session, network
from tirek.web.transaction import keep_despite_error, unit

SEE_OTHER = 303


@blueprint.get("/account/delete")
@requires(Permission.KEEP_ACCOUNT)
def account_delete() -> str:
    """What goes, what stays, and that nothing has happened yet."""
    return render_template("parent/account_delete.html")


@blueprint.route("/account/delete/sure", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def account_delete_sure() -> str | Response:
    """The password once more; then everything is gone."""
    form = EraseForm()
    email = own_accounts.own(unit()).email
    if form.validate_on_submit():
        try:
            account_erasure.erase(unit(), form.password.data or "", network())
        except WrongLoginError:
            keep_despite_error()
            form.password.errors = [str(_("This is not the password you have now."))]
        else:
            current_session().forget()
            headers.forget_on_device()
            return redirect(url_for("parent.account_deleted"), SEE_OTHER)
    page = render_template("parent/account_delete_sure.html", form=form, email=email)
    return make_response(page, 422 if form.errors else 200)


@blueprint.get("/account/deleted")
@public
def account_deleted() -> str:
    """It is done."""
    return render_template("parent/account_deleted.html")
