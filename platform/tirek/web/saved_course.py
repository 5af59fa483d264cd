"""A course to keep: one folder of plain pages that open without a network and without us.

The same for everybody, so it is made once for each state of the texts and then handed out.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app, render_template

from tirek.domain.education import Course
from tirek.web.assets import FOLDER
from tirek.web.i18n import current_lang, data_lang
from tirek.web.sharing import outside_title, whole_url

EXTENSION = "tirek.saved_courses"
STYLE = "print.css"
# Measured in bytes, unpacked: what a lesson's page has beside its cards; stylesheet and scripts.
PAGE_AROUND = 16_000
SHARED_FILES = 60_000
# Zip knows no day before 1980; the same texts must make the same file.
_DAY = (2026, 1, 1, 0, 0, 0)
_PICTURE = re.compile(r'src="/media/([a-z0-9-]+)/([a-z0-9-]+\.(?:svg|webp))"')
_MARK_LENGTH = 12


@dataclass(frozen=True, slots=True)
class SavedCourse:
    """A ready zip; its name tells a bystander the number of a course and nothing else."""

    name: str
    content: bytes
    mark: str

    @property
    def size(self) -> int:
        """What it takes to fetch."""
        return len(self.content)

    @property
    def digest(self) -> str:
        """What tells this file from any other of its name."""
        return hashlib.sha256(self.content).hexdigest()[:_MARK_LENGTH]


def install(app: Flask) -> None:
    """Offer the saved course and its size to templates."""
    app.jinja_env.globals.update(saved_course=saved_course, copy_size=copy_size)


def copy_size(course: Course) -> int:
    """About how much a device keeps: the words of the lessons, and around each the page itself."""
    said = (card for lesson in course.lessons for card in lesson.text(data_lang()).cards)
    words = sum(len(card.html.encode()) for card in said)
    return words + PAGE_AROUND * (len(course.lessons) + 1) + SHARED_FILES


def course_mark(course: Course) -> str:
    """A mark that changes whenever a word that a saved copy holds does."""
    lang = data_lang()
    texts = [course.text(lang).title, course.text(lang).summary, course.text(lang).audience]
    texts += [f"{lesson.id} {lesson.text(lang).digest}" for lesson in course.lessons]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:_MARK_LENGTH]


def saved_course(course: Course) -> SavedCourse:
    """The course as a zip; made when first asked for, kept as long as its words stay the same."""
    shelf: dict[tuple[str, str], SavedCourse] = current_app.extensions.setdefault(EXTENSION, {})
    # English pages hold Russian lessons, but not the same words around them.
    key, mark = (course.id, current_lang()), course_mark(course)
    found = shelf.get(key)
    if found is None or found.mark != mark:
        name = f"tirek-{course.order}-{current_lang()}"
        found = shelf[key] = SavedCourse(f"{name}.zip", _packed(name, course), mark)
    return found


def _packed(folder: str, course: Course) -> bytes:
    files = {**dict(_pages(course)), **dict(_pictures(course))}
    files[STYLE] = (FOLDER / STYLE).read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", _DAY), content, _how(name))
    return packed.getvalue()


def _how(name: str) -> int:
    return zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED


def _pages(course: Course) -> Iterator[tuple[str, bytes]]:
    lang = data_lang()
    shared = {"course": course, "text_lang": lang, "style": STYLE}
    home = whole_url("public.course", course_id=course.id)
    yield "index.html", render_template("public/saved_course.html", url=home, **shared).encode()
    for lesson in course.lessons:
        page = render_template(
            "public/saved_lesson.html",
            lesson=lesson,
            following=course.lesson_after(lesson.id),
            outside_title=outside_title(lesson),
            url=whole_url("public.lesson", course_id=course.id, lesson_id=lesson.id),
            **shared,
        )
        yield f"{lesson.number:02}.html", _PICTURE.sub(r'src="\2"', page).encode()


def _pictures(course: Course) -> Iterator[tuple[str, bytes]]:
    for lesson in course.lessons:
        for card in lesson.text(data_lang()).cards:
            for folder, name in _PICTURE.findall(card.html):
                yield name, (Path(current_app.config["MEDIA"]) / folder / name).read_bytes()
