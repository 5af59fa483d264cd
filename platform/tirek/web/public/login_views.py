"""Signing in and out of adults' accounts."""

from uuid import UUID

from flask import abort, redirect, render_template, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response

from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES, Role
from tirek.services import accounts, audit
from tirek.web import headers
from tirek.web.access import SignedIn, current_actor, idle_minutes, public
from tirek.web.i18n import current_lang
from tirek.web.public.forms import LoginForm, TotpForm
from tirek.web.public.views import blueprint, own_path
from tirek.web.sessions import current_session, network
from tirek.web.transaction import keep_despite_error, unit

# Between password and second factor: long enough to find the telephone.
HALF_WAY_MINUTES = 10
# What a parent has proved before signing in: a school's invitation, by its id.
LIVES_ON = ("join",)
# A deputy director and an observer have no pages of their own yet.
AREAS = (
    {Role.GUARDIAN: "parent"}
    | dict.fromkeys(SCHOOL_ROLES - {Role.DEPUTY_DIRECTOR}, "school")
    | dict.fromkeys(PSC_ROLES, "psc")
    | dict.fromkeys((Role.REGIONAL_COORDINATOR, Role.NATIONAL_DUTY), "oversight")
    | {Role.ADMINISTRATOR: "admin", Role.METHODOLOGIST: "oversight/instruments"}
)


@blueprint.route("/login", methods=["GET", "POST"])
@public
def login() -> str | tuple[str, int] | Response:
    """Ask for name and password; then, of staff, for the second factor."""
    actor = current_actor()
    if actor is not None and request.method == "GET":
        return redirect(home_of(actor.role))
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("public/login.html", form=form, failed=False)
    try:
        account = accounts.check_password(
            unit(), form.email.data or "", form.password.data or "", network()
        )
    except accounts.WrongLoginError:
        keep_despite_error()
        return render_template("public/login.html", form=form, failed=True), 422
    if not accounts.needs_totp(account):
        return _enter(account, request.args.get("next"))
    opened = current_session()
    target = request.args.get("next")
    opened.begin(opened.scope, account_id=account.id, idle_minutes=HALF_WAY_MINUTES)
    session["half_way"] = str(account.id)
    session["next"] = target
    return redirect(url_for("public.totp"))


@blueprint.route("/login/code", methods=["GET", "POST"])
@public
def totp() -> str | tuple[str, int] | Response:
    """Ask for the second factor."""
    half_way = session.get("half_way")
    account = accounts.find_active(unit(), UUID(half_way)) if half_way else None
    if account is None:
        return redirect(url_for("public.login"))
    form = TotpForm()
    if not form.validate_on_submit():
        return render_template("public/totp.html", form=form, failed=False)
    try:
        accounts.check_totp(unit(), account, form.code.data or "", network())
    except accounts.WrongTotpError:
        keep_despite_error()
        return render_template("public/totp.html", form=form, failed=True), 422
    return _enter(account, session.get("next"))


@blueprint.post("/logout")
@public
def logout() -> Response:
    """End the session on the server, and tell the browser to forget."""
    current_session().forget()
    headers.forget_on_device()
    return redirect(url_for("public.signed_out"))


@blueprint.get("/signed-out")
@public
def signed_out() -> str:
    """Say that nobody is signed in here any more."""
    return render_template("public/signed_out.html")


def home_of(role: Role | None) -> str:
    """The first page of a person's own area."""
    if role is Role.STUDENT:
        return url_for("student.resume")
    area = AREAS.get(role) if role else None
    return f"/{current_lang()}/{area}" if area else url_for("public.home")


def _enter(account: accounts.Login, target: str | None) -> Response:
    if not account.is_active:
        abort(403)
    actor = accounts.actor_of(account)
    # A new session in place of the one that typed the password: a token known before is worth
    # nothing afterwards.
    idle = idle_minutes(actor.role)
    kept = {name: session[name] for name in LIVES_ON if name in session}
    current_session().begin(actor.scope, account_id=account.id, idle_minutes=idle)
    session.update(kept)
    login_user(SignedIn(actor, account.language))
    audit.record(unit(actor), "login", "account", account.id)
    safe = own_path(target) if target else None
    return redirect(safe or home_of(actor.role))
