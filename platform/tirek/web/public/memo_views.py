"""Memos for parents: one sheet each, to read, print, hang up or hand out."""

from flask import Response, abort, render_template, request

from tirek.domain.education import Memo
from tirek.domain.search import LONGEST_QUERY, Piece
from tirek.web.access import catalog, public
from tirek.web.i18n import data_lang
from tirek.web.kept_pages import kept
from tirek.web.lessons import find_served, served_memos
from tirek.web.public.views import blueprint
from tirek.web.sharing import outside_memo_title, qr_svg, translations_of, whole_url

# The picture of an address changes only with the address.
_MONTH = 30 * 24 * 60 * 60


@blueprint.get("/materials")
@public
@kept()
def materials() -> str:
    """All memos, or those with the words asked for."""
    words = " ".join(request.args.get("q", "")[:LONGEST_QUERY].split())
    memos = served_memos()
    found = _found(memos, words) if words else [(memo, None) for memo in memos]
    return render_template(
        "public/materials.html",
        words=words,
        found=found,
        is_hard=any(memo.is_sensitive for memo, _excerpt in found) and bool(words),
        text_lang=data_lang(),
        translations=translations_of("public.materials"),
    )


@blueprint.get("/materials/<memo_id>")
@public
@kept()
def material(memo_id: str) -> str:
    """One memo, with whom to call on the same page."""
    memo = _memo(memo_id)
    return render_template(
        "public/material.html",
        memo=memo,
        lessons=_deeper(memo),
        text_lang=data_lang(),
        outside_title=outside_memo_title(memo),
        translations=translations_of("public.material", memo_id=memo.id),
    )


@blueprint.get("/materials/<memo_id>/print")
@public
@kept()
def material_on_paper(memo_id: str) -> str:
    """The memo on one side of A4, with whom to call and the way back here."""
    memo = _memo(memo_id)
    return render_template(
        "public/material_print.html",
        memo=memo,
        text_lang=data_lang(),
        outside_title=outside_memo_title(memo),
        url=whole_url("public.material", memo_id=memo.id),
    )


@blueprint.get("/materials/<memo_id>/qr.svg")
@public
def material_qr(memo_id: str) -> Response:
    """The memo's address for the camera of a telephone."""
    url = whole_url("public.material", memo_id=_memo(memo_id).id)
    picture = Response(qr_svg(url), mimetype="image/svg+xml")
    picture.headers["Cache-Control"] = f"public, max-age={_MONTH}"
    return picture


def _memo(memo_id: str) -> Memo:
    return next((memo for memo in served_memos() if memo.id == memo_id), None) or abort(404)


def _found(memos: list[Memo], words: str) -> list[tuple[Memo, tuple[Piece, ...] | None]]:
    by_id = {memo.id: memo for memo in memos}
    index = catalog().memo_searches[data_lang()]
    findings = index.find(words, by_id)
    return [(by_id[one], index.excerpt(findings, one)) for one in findings.ids]


def _deeper(memo: Memo) -> list[tuple[str, str, str]]:
    """Lessons on the same: course, lesson and title, as far as they may be read."""
    lang = data_lang()
    courses = ((find_served(course), lesson_id) for course, lesson_id in memo.lessons)
    return [
        (course.id, lesson.id, lesson.text(lang).title)
        for course, lesson_id in courses
        if course is not None
        for lesson in course.lessons
        if lesson.id == lesson_id
    ]
