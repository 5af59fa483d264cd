"""The courses that readers of this page's language may see."""

from dataclasses import replace

from flask import current_app

from tirek.domain.education import Course, Memo, TextStatus, is_served
from tirek.web.access import catalog
from tirek.web.i18n import data_lang


def served_courses() -> list[Course]:
    """Every course with something to read, in the suggested order."""
    shown = (_as_served(course) for course in catalog().courses.values())
    return sorted((course for course in shown if course.lessons), key=lambda one: one.order)


def find_served(course_id: str) -> Course | None:
    """One of them; None when there is none, or nothing in it may be read yet."""
    found = catalog().courses.get(course_id)
    shown = _as_served(found) if found is not None else None
    return shown if shown is not None and shown.lessons else None


def served_memos() -> list[Memo]:
    """Every memo that may be read, in the suggested order."""
    memos = catalog().memos.values()
    return [memo for memo in memos if _may_be_read(memo.text(data_lang()).status)]


def _as_served(course: Course) -> Course:
    """Leave out what readers of this language may not see yet; no lessons if it is all of it."""
    if not _may_be_read(course.text(data_lang()).status):
        return replace(course, lessons=())
    lessons = (one for one in course.lessons if _may_be_read(one.text(data_lang()).status))
    return replace(course, lessons=tuple(lessons))


def _may_be_read(status: TextStatus) -> bool:
    """Texts in review are shown, and marked so, only where the site says it wants them."""
    wanted = bool(current_app.config.get("TEXTS_IN_REVIEW", True))
    return is_served(status, with_texts_in_review=wanted)
