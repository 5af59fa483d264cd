"""What readers said of the lessons, for those who write them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from tirek.domain.permissions import Permission
from tirek.services import feedback_desk
from tirek.services.feedback_desk import VERDICTS, FeedbackQuery, LessonCount, Voice
from tirek.services.lesson_feedback import Verdict
from tirek.web.access import catalog, requires
from tirek.web.csv_files import csv_file
from tirek.web.filters import as_date
from tirek.web.i18n import LANGUAGES, TRANSLATED, data_lang
from tirek.web.oversight.blueprint import blueprint
from tirek.web.oversight.views import SEE_OTHER
from tirek.web.transaction import unit

SHOWS = ("new", "read", "all")
LAST_PAGE = 100_000
WORDS: Mapping[str, Any] = {
    Verdict.USEFUL.value: _l("Useful"),
    Verdict.PARTLY.value: _l("Partly"),
    Verdict.NOT_USEFUL.value: _l("Not useful"),
}


@blueprint.get("/feedback")
@requires(Permission.READ_FEEDBACK)
def feedback() -> str:
    """Counts by lesson and language, and what was written."""
    query = _query()
    return render_template(
        "oversight/feedback.html",
        counts=feedback_desk.counts(unit(), query),
        found=feedback_desk.voices(unit(), query),
        query=query,
        kept=_kept(query),
        courses=catalog().courses.values(),
        verdicts=WORDS,
        language_names={lang: LANGUAGES[lang][1] for lang in TRANSLATED},
        text_lang=data_lang(),
    )


@blueprint.get("/feedback.csv")
@requires(Permission.READ_FEEDBACK)
def feedback_file() -> Response:
    """The words that the choice shows, as a table."""
    head = (
        _("Day"), _("Course"), _("Lesson"), _("Language"), _("Version of the text"), _("Verdict"),
        _("Words"), _("Read"),
    )  # fmt: skip
    return csv_file("lessons", head, map(_row, feedback_desk.all_voices(unit(), _query())))


@blueprint.get("/feedback-counts.csv")
@requires(Permission.READ_FEEDBACK)
def feedback_counts_file() -> Response:
    """The counts as a table."""
    head = (
        _("Course"), _("Lesson"), _("Language"), *(WORDS[verdict] for verdict in VERDICTS),
        _("Words not read yet"),
    )  # fmt: skip
    counts = feedback_desk.counts(unit(), _query())
    rows = (
        (*_place(one), one.lang, *(one.verdicts[verdict] for verdict in VERDICTS), one.unread)
        for one in counts
    )
    return csv_file("lessons-counts", head, rows)


@blueprint.post("/feedback/read")
@requires(Permission.READ_FEEDBACK)
def feedback_read() -> Answer:
    """Write down that these words have been read."""
    name = "shown" if request.form.get("do") == "all" else "read"
    marked = feedback_desk.mark_read(unit(), _ids(name))
    if marked:
        text = ngettext(
            "%(num)s comment is marked as read.", "%(num)s comments are marked as read.", marked
        )
        flash(text, "success")
    else:
        flash(_("Nothing was ticked, or it was read before."), "note")
    return redirect(url_for("oversight.feedback", **_kept(_query())), SEE_OTHER)


@blueprint.get("/feedback/read")
@requires(Permission.READ_FEEDBACK)
def feedback_read_left() -> Answer:
    """Where the language switch of a sent form leads: back to the list."""
    return redirect(url_for("oversight.feedback"))


def _ids(name: str) -> list[UUID]:
    found = []
    for sent in request.form.getlist(name):
        try:
            found.append(UUID(sent))
        except ValueError:
            continue
    return found


def _query() -> FeedbackQuery:
    """What the address asks for; words that are not ours are passed over."""
    courses = catalog().courses
    asked = {name: request.args.get(name, "") for name in ("course", "lesson", "lang", "verdict")}
    course = courses.get(asked["course"])
    lessons = {lesson.id for lesson in course.lessons} if course else set()
    show = request.args.get("show", "new")
    return FeedbackQuery(
        course_id=course.id if course else None,
        lesson_id=asked["lesson"] if asked["lesson"] in lessons else None,
        lang=asked["lang"] if asked["lang"] in TRANSLATED else None,
        verdict=asked["verdict"] if asked["verdict"] in VERDICTS else None,
        show=show if show in SHOWS else "new",
        page=max(1, min(request.args.get("page", 1, type=int), LAST_PAGE)),
    )


def _kept(query: FeedbackQuery) -> dict[str, Any]:
    """The choice as it goes on to the next page and into the files."""
    chosen = {
        "course": query.course_id,
        "lesson": query.lesson_id,
        "lang": query.lang,
        "verdict": query.verdict,
        "show": query.show,
    }
    return {name: value for name, value in chosen.items() if value}


def _row(one: Voice) -> tuple[object, ...]:
    is_read = _("yes") if one.is_read else _("no")
    said = (one.lang, one.rev, WORDS[one.verdict], one.words, is_read)
    return (as_date(one.said_on), *_place(one), *said)


def _place(one: Voice | LessonCount) -> tuple[str, str]:
    """Course and lesson in the language of the words; by their ids where they have gone."""
    return (
        one.course.text(one.lang).title if one.course else one.course_id,
        one.lesson.text(one.lang).title if one.lesson else one.lesson_id,
    )
