"""Signing, trying, approving and retiring: what two methodologists do with a release."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tirek.domain.permissions import Permission
from tirek.services import drafts, library, pilots, release_signing, replays
from tirek.services.release_signing import NotSignableError, NotSignedError, Seen
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.oversight.blueprint import blueprint
from tirek.web.oversight.instrument_draft_views import draft_page, sign_form
from tirek.web.oversight.instrument_forms import PilotForm, RetireForm, SignForm
from tirek.web.oversight.instrument_pages import SEE_OTHER, WRONG
from tirek.web.oversight.instrument_words import HINDRANCES
from tirek.web.transaction import unit

Shown = str | tuple[str, int] | Response
# What there is to look at in a release: it has no changes and no replay, a draft has.
LOOKED_AT = (Seen.PREVIEW, Seen.WORDING, Seen.LINTS, Seen.CASES)


@blueprint.route("/instrument-drafts/<uuid:draft_id>/sign", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_sign(draft_id: UUID) -> Shown:
    """Put one's name under a draft's content."""
    form = sign_form(draft_id)
    if not form.validate_on_submit():
        page = draft_page(draft_id, form)
        return (page, WRONG) if form.errors else page
    try:
        release_signing.sign_draft(unit(), draft_id, form.statement)
    except NotSignableError as error:
        form.form_errors = [HINDRANCES[one] for one in error.hindrances]
        return draft_page(draft_id, form), WRONG
    flash(_("Your signature is kept."), "success")
    return redirect(url_for("oversight.instrument_draft", draft_id=draft_id), SEE_OTHER)


@blueprint.route("/instrument-drafts/<uuid:draft_id>/replay", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_replay(draft_id: UUID) -> Response:
    """Ask for a replay; followed as a link it only leads back to the draft."""
    if request.method == "GET":
        drafts.get(unit(), draft_id)
        return redirect(url_for("oversight.instrument_draft", draft_id=draft_id))
    replay_id = replays.request(unit(), draft_id)
    flash(_("The replay will begin within seconds. You may leave this page."), "success")
    return redirect(_replay_url(draft_id, replay_id), SEE_OTHER)


@blueprint.get("/instrument-drafts/<uuid:draft_id>/replays/<uuid:replay_id>")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_replay(draft_id: UUID, replay_id: UUID) -> str:
    """How far a replay has come, or what it found."""
    found = drafts.find(unit(), draft_id)
    files = drafts.reading(found).files if found else None
    return render_template(
        "oversight/instruments/replay.html",
        instrument=files.instrument if files else None,
        text_lang=data_lang(),
        row=replays.get(unit(), draft_id, replay_id),
        draft_id=draft_id,
        regions={region.iso: region for region in pilots.regions(unit())},
    )


@blueprint.route(
    "/instrument-drafts/<uuid:draft_id>/replays/<uuid:replay_id>/cancel", methods=["GET", "POST"]
)
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_replay_cancel(draft_id: UUID, replay_id: UUID) -> Response:
    """Stop a replay; followed as a link it only leads back."""
    replays.get(unit(), draft_id, replay_id)
    if request.method == "GET":
        return redirect(_replay_url(draft_id, replay_id))
    replays.cancel(unit(), draft_id, replay_id)
    flash(_("The replay is stopped."), "success")
    return redirect(_replay_url(draft_id, replay_id), SEE_OTHER)


@blueprint.get("/instrument-releases/<uuid:release_id>")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_release(release_id: UUID) -> str:
    """One release: signatures, regions of its trial, and what may be done next."""
    return _release_page(release_id)


@blueprint.route("/instrument-releases/<uuid:release_id>/sign", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_release_sign(release_id: UUID) -> Shown:
    """Put one's name under a release."""
    form = SignForm.about(LOOKED_AT)
    if not form.validate_on_submit():
        page = _release_page(release_id, sign=form)
        return (page, WRONG) if form.errors else page
    try:
        release_signing.sign_release(unit(), release_id, form.statement)
    except NotSignableError as error:
        form.form_errors = [HINDRANCES[one] for one in error.hindrances]
        return _release_page(release_id, sign=form), WRONG
    flash(_("Your signature is kept."), "success")
    return redirect(_release_url(release_id), SEE_OTHER)


@blueprint.route("/instrument-releases/<uuid:release_id>/pilot", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_release_pilot(release_id: UUID) -> Shown:
    """Open regions for a trial."""
    form = _pilot_form(release_id)
    if not form.validate_on_submit():
        page = _release_page(release_id, pilot=form)
        return (page, WRONG) if form.errors else page
    opened = pilots.start(unit(), release_id, form.regions.data or [])
    text = ngettext(
        "The trial begins in %(num)s region.", "The trial begins in %(num)s regions.", opened
    )
    flash(text, "success")
    return redirect(_release_url(release_id), SEE_OTHER)


@blueprint.route(
    "/instrument-releases/<uuid:release_id>/pilot/<uuid:pilot_id>/stop", methods=["GET", "POST"]
)
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_pilot_stop(release_id: UUID, pilot_id: UUID) -> str | Response:
    """Say what the end of the trial in one region would do, and end it."""
    release = library.release(unit(), release_id)
    closing = pilots.find_closing(unit(), release_id, pilot_id)
    if closing is not None and request.method == "GET":
        return render_template(
            "oversight/instruments/pilot_stop.html", release=release, closing=closing
        )
    if closing is not None:
        pilots.stop(unit(), release_id, pilot_id)
        flash(_("The trial there is over: nothing new is assigned."), "success")
    return redirect(_release_url(release_id), SEE_OTHER)


@blueprint.route("/instrument-releases/<uuid:release_id>/approve", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_release_approve(release_id: UUID) -> Shown:
    """Let a release be used everywhere; followed as a link it only leads back."""
    library.release(unit(), release_id)
    if request.method == "GET":
        return redirect(_release_url(release_id))
    try:
        release_signing.approve(unit(), release_id)
    except NotSignedError:
        flash(_("Two methodologists must sign first."), "note")
        return redirect(_release_url(release_id), SEE_OTHER)
    flash(_("Approved: it may be assigned everywhere."), "success")
    return redirect(_release_url(release_id), SEE_OTHER)


@blueprint.route("/instrument-releases/<uuid:release_id>/retire", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_release_retire(release_id: UUID) -> Shown:
    """Ask why, and retire a release."""
    release = library.release(unit(), release_id)
    form = RetireForm()
    if form.validate_on_submit():
        release_signing.retire(unit(), release_id, form.reason.data or "")
        flash(_("Retired: it is assigned no more."), "success")
        return redirect(_release_url(release_id), SEE_OTHER)
    page = render_template("oversight/instruments/retire.html", release=release, form=form)
    return (page, WRONG) if form.errors else page


def _release_page(
    release_id: UUID, sign: SignForm | None = None, pilot: PilotForm | None = None
) -> str:
    release = library.release(unit(), release_id)
    signed = release_signing.signatures(unit(), release.instrument_id, release.hash)
    instrument = catalog().instruments.get(release.instrument_id)
    return render_template(
        "oversight/instruments/release.html",
        release=release,
        instrument=instrument,
        is_current=instrument is not None and instrument.hashes.release == release.hash,
        text_lang=data_lang(),
        signed=signed,
        is_signed=release_signing.are_enough(signed),
        mine=any(one.account_id == unit().actor.account_id for one in signed),
        hindrances=release_signing.release_hindrances(unit(), release),
        regions=pilots.of_release(unit(), release_id),
        sign=sign or SignForm.about(LOOKED_AT),
        pilot=pilot or _pilot_form(release_id),
    )


def _pilot_form(release_id: UUID) -> PilotForm:
    opened = {one.region.iso for one in pilots.of_release(unit(), release_id)}
    return PilotForm.offering(unit(), opened)


def _release_url(release_id: UUID) -> str:
    return url_for("oversight.instrument_release", release_id=release_id)


def _replay_url(draft_id: UUID, replay_id: UUID) -> str:
    return url_for("oversight.instrument_replay", draft_id=draft_id, replay_id=replay_id)
