"""Servers of centres, whose secrets are shown once, and addresses of authorities."""

from dataclasses import replace
from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.delivery import Channel
from tirek.domain.permissions import Permission
from tirek.domain.protocols import Addressee
from tirek.services import endpoints as addresses
from tirek.services.endpoints import AddressError, Secrets
from tirek.web.access import requires
from tirek.web.admin.blueprint import blueprint
from tirek.web.admin.forms import AuthorityForm, EndpointForm
from tirek.web.admin.views import SEE_OTHER
from tirek.web.transaction import unit


@blueprint.get("/endpoints")
@requires(Permission.KEEP_ADDRESSES)
def endpoints() -> str:
    """List the servers."""
    return _page(_form())


@blueprint.post("/endpoints")
@requires(Permission.KEEP_ADDRESSES)
def endpoint_add() -> tuple[str, int] | str:
    """Add a server, and show its secrets this once."""
    form = _form()
    if form.validate():
        kind, token = Channel(form.kind.data), form.their_token.data or None
        if kind is Channel.FHIR and token is None:
            form.their_token.errors = [_("Type the token that their server asks us for.")]
            return _page(form), 422
        try:
            made = addresses.add(unit(), UUID(form.center.data), kind, form.url.data or "", token)
        except AddressError:
            form.url.errors = [_("An address that begins with https:// and holds no password.")]
        else:
            return _page(_form(is_empty=True), made)
    return _page(form), 422


@blueprint.post("/endpoints/<uuid:endpoint_id>/renew")
@requires(Permission.KEEP_ADDRESSES)
def endpoint_renew(endpoint_id: UUID) -> str:
    """Make new secrets, and show them this once."""
    made = addresses.renew_secrets(unit(), endpoint_id)
    return _page(_form(is_empty=True), made)


@blueprint.post("/endpoints/<uuid:endpoint_id>/<any(on,off):state>")
@requires(Permission.KEEP_ADDRESSES)
def endpoint_switch(endpoint_id: UUID, state: str) -> Response:
    """Use a server or stop using it."""
    addresses.switch(unit(), endpoint_id, is_active=state == "on")
    flash(_("In use from now on.") if state == "on" else _("Not used any more."), "success")
    return redirect(url_for("admin.endpoints"), SEE_OTHER)


@blueprint.get("/endpoints/<uuid:endpoint_id>/renew", endpoint="endpoint_renew_left")
@blueprint.get("/endpoints/<uuid:endpoint_id>/<any(on,off):state>", endpoint="endpoint_switch_left")
@requires(Permission.KEEP_ADDRESSES)
def endpoint_left(endpoint_id: UUID, state: str | None = None) -> Response:
    """Where the language switch of a step leads: back to the list, without the secrets."""
    del endpoint_id, state
    return redirect(url_for("admin.endpoints"))


@blueprint.get("/authorities")
@requires(Permission.KEEP_ADDRESSES)
def authorities() -> str:
    """List both bodies of every region."""
    return render_template("admin/authorities.html", rows=addresses.authorities(unit()))


@blueprint.route("/authorities/<region_iso>/<kind>", methods=["GET", "POST"])
@requires(Permission.KEEP_ADDRESSES)
def authority(region_iso: str, kind: str) -> str | tuple[str, int] | Response:
    """Enter or change one."""
    if kind not in addresses.AUTHORITIES:
        abort(404)
    row = addresses.authority(unit(), region_iso, Addressee(kind))
    form = AuthorityForm(obj=row)
    if form.validate_on_submit():
        changed = replace(
            row,
            name_kk=form.name_kk.data or "",
            name_ru=form.name_ru.data or "",
            email=form.email.data,
            language=form.language.data,
        )
        addresses.set_authority(unit(), changed)
        flash(_("Saved. Notices go to this address from now on."), "success")
        return redirect(url_for("admin.authorities"), SEE_OTHER)
    page = render_template("admin/authority.html", row=row, form=form)
    return (page, 422) if form.errors else page


def _form(*, is_empty: bool = False) -> EndpointForm:
    form = EndpointForm.empty() if is_empty else EndpointForm()
    form.offer(addresses.centers(unit()))
    return form


def _page(form: EndpointForm, made: Secrets | None = None) -> str:
    return render_template(
        "admin/endpoints.html", rows=addresses.all_endpoints(unit()), form=form, made=made
    )
