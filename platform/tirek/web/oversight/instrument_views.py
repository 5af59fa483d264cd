"""The library of instruments: what there is, where it comes from, and what lints say now."""

from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from tirek.domain.instruments import ReleaseStatus, Subject
from tirek.domain.permissions import Permission
from tirek.services import drafts, library, licences, pilots, release_signing, wording_review
from tirek.services.library import LibraryQuery, LicenceStand, Sort
from tirek.web.access import requires
from tirek.web.i18n import data_lang
from tirek.web.oversight import instrument_pages as pages
from tirek.web.oversight.blueprint import blueprint
from tirek.web.oversight.finding_words import in_words
from tirek.web.oversight.instrument_pages import Place
from tirek.web.oversight.instrument_rules import condition_in_words
from tirek.web.oversight.instrument_versions import steps_in_words, versions_in_words
from tirek.web.oversight.instrument_words import WORDS, library_word
from tirek.web.transaction import unit

NOBODY_YET = UUID(int=0)
LAST_PAGE = 100_000
E = TypeVar("E", bound=StrEnum)

blueprint.record_once(
    lambda state: state.app.jinja_env.filters.update(
        library_word=library_word,
        finding_in_words=in_words,
        text_anchor=pages.anchor_of,
        condition_in_words=condition_in_words,
        steps_in_words=steps_in_words,
        versions_in_words=versions_in_words,
    )
)


@blueprint.get("/instruments")
@requires(Permission.KEEP_INSTRUMENTS)
def instruments() -> str:
    """List the instruments that fit the choice."""
    query = _query()
    return render_template(
        "oversight/instruments/list.html",
        found=library.entries(unit(), query, data_lang()),
        drafts=drafts.live(unit()),
        query=query,
        kept=_kept(query),
        words=WORDS,
        text_lang=data_lang(),
    )


@blueprint.get("/instruments/<instrument_id>")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument(instrument_id: str) -> str:
    """All facts of one instrument; with `check=1` also what lints and golden cases say now."""
    entry = library.entry(unit(), instrument_id)
    found = entry.instrument
    current = library.current(unit(), found)
    return render_template(
        "oversight/instruments/one.html",
        entry=entry,
        instrument=found,
        place=_place(instrument_id),
        releases=library.releases(unit(), instrument_id),
        current=current,
        signed=(signed := release_signing.signatures(unit(), found.id, found.hashes.release)),
        is_signed=release_signing.are_enough(signed),
        regions=pilots.of_release(unit(), current.id) if current else [],
        drafts=drafts.live(unit(), instrument_id),
        licences=licences.records(unit(), instrument_id),
        remarks=wording_review.open_counts(unit(), [found]),
        check=library.run_checks(unit(), found) if request.args.get("check") else None,
        text_languages=pages.language_names(),
        text_lang=data_lang(),
    )


@blueprint.get("/instruments/<instrument_id>/preview")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_preview(instrument_id: str) -> str:
    """The pages as somebody who answers sees them."""
    return pages.preview_page(_place(instrument_id))


@blueprint.route("/instruments/<instrument_id>/wording", methods=["GET", "POST"])
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_wording(instrument_id: str) -> str | tuple[str, int] | Answer:
    """Every text side by side, and remarks on it."""
    place = _place(instrument_id)
    return pages.remark(place) if request.method == "POST" else pages.wording_page(place)


@blueprint.route(
    "/instruments/<instrument_id>/wording/<uuid:remark_id>/end", methods=["GET", "POST"]
)
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_remark_end(instrument_id: str, remark_id: UUID) -> Answer:
    """Say what became of a remark; followed as a link it only leads back."""
    place = _place(instrument_id)
    if request.method == "GET":
        return redirect(place.wording)
    return pages.end_remark(place, remark_id)


@blueprint.get("/instruments/<instrument_id>/remarks.csv")
@requires(Permission.KEEP_INSTRUMENTS)
def instrument_remarks_file(instrument_id: str) -> Response:
    """The open remarks as a table."""
    return pages.wording_file(_place(instrument_id))


def _place(instrument_id: str) -> Place:
    found = library.get(unit(), instrument_id)
    given: dict[str, Any] = {"instrument_id": instrument_id}
    return Place(
        found,
        pages.title_of(found),
        url_for("oversight.instrument", **given),
        url_for("oversight.instrument_preview", **given),
        url_for("oversight.instrument_wording", **given),
        url_for("oversight.instrument_remarks_file", **given),
        url_for("oversight.instrument_remark_end", remark_id=NOBODY_YET, **given),
    )


def _query() -> LibraryQuery:
    """What the address asks for; words that are not ours are passed over."""
    return LibraryQuery(
        words=request.args.get("q", "").strip()[:100],
        status=_member("status", ReleaseStatus),
        subject=_member("subject", Subject),
        licence=_member("licence", LicenceStand),
        sort=_member("sort", Sort) or Sort.NAME,
        page=max(1, min(request.args.get("page", 1, type=int), LAST_PAGE)),
    )


def _member(name: str, kind: type[E]) -> E | None:
    asked = request.args.get(name)
    return kind(asked) if asked in set(kind) else None


def _kept(query: LibraryQuery) -> dict[str, str]:
    chosen = {
        "q": query.words,
        "status": query.status,
        "subject": query.subject,
        "licence": query.licence,
        "sort": None if query.sort is Sort.NAME else query.sort,
    }
    return {name: str(value) for name, value in chosen.items() if value}
