"""Drafts of instruments: uploading, what they change, previews and remarks, taking them back."""

from typing import Any
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer

from tirek.domain.draft_upload import MOST_FILES, MOST_UPLOADED, UnusableFilesError
from tirek.domain.instruments import Instrument
from tirek.domain.permissions import Permission
from tirek.services import drafts, library, release_signing, replays
from tirek.services.drafts import Comparison
from tirek.services.release_signing import Seen
from tirek.web.access import catalog, requires
from tirek.web.i18n import data_lang
from tirek.web.oversight import instrument_pages as pages
from tirek.web.oversight.blueprint import blueprint
from tirek.web.oversight.finding_words import refused_place_in_words
from tirek.web.oversight.instrument_forms import SignForm
from tirek.web.oversight.instrument_pages import SEE_OTHER, WRONG, Place
from tirek.web.oversight.instrument_rules import named_by, texts_left_behind
from tirek.web.oversight.instrument_views import NOBODY_YET
from tirek.web.oversight.instrument_words import FAULTS
from tirek.web.transaction import unit

UPLOAD = "oversight.instrument_drafts"


@blueprint.url_value_preprocessor
def _let_folders_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """A folder of an instrument is larger than any form; said before anything reads the request."""
    if endpoint == UPLOAD:
        request.max_content_length = MOST_UPLOADED


@blueprint.route("/instrument-drafts", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_drafts() -> str | tuple[str, int] | Answer:
    """The drafts that are being looked at, and a new one."""
    if request.method == "GET":
        return _drafts_page(None)
    base_id = request.form.get("base") or None
    sent = [
        (one.filename or "", one.read())
        for one in request.files.getlist("files")[: MOST_FILES + 1]
        if one.filename
    ]
    try:
        draft = drafts.upload(unit(), sent, base_id)
    except UnusableFilesError as error:
        said = (str(FAULTS[error.fault]), refused_place_in_words(error.place))
        return _drafts_page(Markup(" ").join(filter(None, said))), WRONG
    flash(_("The draft is kept. Nobody is asked by it."), "success")
    return redirect(url_for("oversight.instrument_draft", draft_id=draft.id), SEE_OTHER)


@blueprint.get("/instrument-drafts/<uuid:draft_id>")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft(draft_id: UUID) -> str:
    """One draft: what is wrong with it, what it changes, replays and signatures."""
    return draft_page(draft_id, sign_form(draft_id))


@blueprint.get("/instrument-drafts/<uuid:draft_id>/changes")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_changes(draft_id: UUID) -> str:
    """Every change against the newest files, or against a release that was chosen."""
    draft = drafts.get(unit(), draft_id)
    releases = library.releases(unit(), draft.instrument_id)
    asked = request.args.get("against", "")
    against = next((one for one in releases if str(one.id) == asked), None)
    compared = drafts.compare(unit(), draft, against)
    instrument = drafts.reading(draft).instrument
    return render_template(
        "oversight/instruments/changes.html",
        draft=draft,
        releases=releases,
        against=against,
        compared=compared,
        left_behind=_left_behind(instrument, compared),
        instrument=instrument,
        named_by=named_by,
        text_lang=data_lang(),
    )


@blueprint.get("/instrument-drafts/<uuid:draft_id>/preview")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_preview(draft_id: UUID) -> str:
    """The pages of a draft as somebody who answers would see them."""
    return pages.preview_page(_place(draft_id))


@blueprint.route("/instrument-drafts/<uuid:draft_id>/wording", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_wording(draft_id: UUID) -> str | tuple[str, int] | Answer:
    """Every text of a draft side by side, and remarks on it."""
    place = _place(draft_id)
    return pages.remark(place) if request.method == "POST" else pages.wording_page(place)


@blueprint.route(
    "/instrument-drafts/<uuid:draft_id>/wording/<uuid:remark_id>/end", methods=["GET", "POST"]
)
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_remark_end(draft_id: UUID, remark_id: UUID) -> Answer:
    """Say what became of a remark; followed as a link it only leads back."""
    place = _place(draft_id)
    if request.method == "GET":
        return redirect(place.wording)
    return pages.end_remark(place, remark_id)


@blueprint.get("/instrument-drafts/<uuid:draft_id>/remarks.csv")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_remarks_file(draft_id: UUID) -> Response:
    """The open remarks on a draft as a table."""
    return pages.wording_file(_place(draft_id))


@blueprint.route("/instrument-drafts/<uuid:draft_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_withdraw(draft_id: UUID) -> Answer:
    """Take a draft back; followed as a link it only leads back."""
    if request.method == "GET":
        drafts.get(unit(), draft_id)
        return redirect(url_for("oversight.instrument_draft", draft_id=draft_id))
    drafts.withdraw(unit(), draft_id)
    flash(_("The draft is withdrawn."), "success")
    return redirect(url_for(UPLOAD), SEE_OTHER)


@blueprint.get("/instruments/<instrument_id>/folder.zip")
@blueprint.get("/instrument-drafts/<uuid:draft_id>/bundle.zip")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_draft_bundle(draft_id: UUID | None = None, instrument_id: str = "") -> Response:
    """A folder: a signed draft's for the repository, or the one in use, to be changed."""
    if draft_id is None:
        return _zip(instrument_id, library.folder(unit(), instrument_id))
    draft = drafts.get(unit(), draft_id)
    packed = release_signing.bundle(unit(), draft)
    return _zip(f"{draft.instrument_id}-{draft.hash[:8]}", packed)


def _zip(name: str, packed: bytes) -> Response:
    answer = Response(packed, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer


def sign_form(draft_id: UUID) -> SignForm:
    """What there is to look at in a draft: a replay only where one can be run."""
    draft = drafts.get(unit(), draft_id)
    can_replay = _may_replay(drafts.compare(unit(), draft))
    return SignForm.about(one for one in Seen if can_replay or one is not Seen.REPLAY)


def draft_page(draft_id: UUID, form: SignForm) -> str:
    """The page of one draft with a form to sign it."""
    draft = drafts.get(unit(), draft_id)
    reading = drafts.reading(draft)
    compared = drafts.compare(unit(), draft)
    signed = release_signing.signatures(unit(), draft.instrument_id, draft.hash)
    return render_template(
        "oversight/instruments/draft.html",
        draft=draft,
        uploader=drafts.uploader(unit(), draft),
        reading=reading,
        compared=compared,
        left_behind=_left_behind(reading.instrument, compared),
        needs_replay=compared is not None and release_signing.needs_replay(compared),
        may_replay=_may_replay(compared),
        replays=replays.of_draft(unit(), draft_id),
        hindrances=release_signing.draft_hindrances(unit(), draft),
        signed=signed,
        is_signed=release_signing.are_enough(signed),
        mine=any(one.account_id == unit().actor.account_id for one in signed),
        form=form,
    )


def _left_behind(new: Instrument | None, compared: Comparison | None) -> list[tuple[str, str]]:
    change = compared.change if compared else None
    return texts_left_behind(change, new) if new and change else []


def _may_replay(compared: Comparison | None) -> bool:
    change = compared.change if compared else None
    if change is None or change.part("structure"):
        return False
    return bool(change.part("scoring") or change.part("interpretation"))


def _drafts_page(error: str | None) -> str:
    return render_template(
        "oversight/instruments/drafts.html",
        drafts=drafts.live(unit()),
        instruments=catalog().instruments.values(),
        text_lang=data_lang(),
        error=error,
        base=request.form.get("base") or request.args.get("base", ""),
    )


def _place(draft_id: UUID) -> Place:
    draft = drafts.get(unit(), draft_id)
    found = drafts.reading(draft).files
    if found is None:
        # What cannot be read cannot be shown; the draft's own page says why.
        abort(404)
    given: dict[str, Any] = {"draft_id": draft_id}
    return Place(
        found.instrument,
        f"{draft.instrument_id} {draft.label}",
        url_for("oversight.instrument_draft", **given),
        url_for("oversight.instrument_draft_preview", **given),
        url_for("oversight.instrument_draft_wording", **given),
        url_for("oversight.instrument_draft_remarks_file", **given),
        url_for("oversight.instrument_draft_remark_end", remark_id=NOBODY_YET, **given),
    )
