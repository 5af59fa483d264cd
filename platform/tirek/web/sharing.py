"""A public lesson's address for others: messengers, a code for the camera, previews.

Only public pages are ever shared. What stands outside of the page itself, where a bystander reads
it, names no hard topic: a lesson about something hard is "lesson 3" there.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode

from flask import url_for
from flask_babel import gettext as _

from tirek.domain.education import Course, Lesson, Memo
from tirek.web.i18n import TRANSLATED, data_lang
from tirek.web.transaction import plant


@dataclass(frozen=True, slots=True)
class Shared:
    """A lesson as strangers see it before they open it."""

    title: str
    description: str
    url: str

    @property
    def whatsapp(self) -> str:
        """The address that opens WhatsApp with the words ready."""
        return "https://wa.me/?" + urlencode({"text": f"{self.title}\n{self.url}"}, quote_via=quote)

    @property
    def telegram(self) -> str:
        """The address that opens Telegram with the words ready."""
        told = {"url": self.url, "text": self.title}
        return "https://t.me/share/url?" + urlencode(told, quote_via=quote)


def shared_lesson(course: Course, lesson: Lesson) -> Shared:
    """How a lesson is told of; of a hard topic only that it is a lesson."""
    words = lesson.text(data_lang())
    description = _("A short lesson for parents, %(num)d minutes.", num=lesson.facts.minutes)
    return Shared(
        title=outside_title(lesson) if lesson.is_sensitive else words.title,
        description=str(description),
        url=whole_url("public.lesson", course_id=course.id, lesson_id=lesson.id),
    )


def outside_title(lesson: Lesson) -> str:
    """A name that tells a bystander nothing."""
    return str(_("Lesson %(number)s for parents", number=lesson.number))


def outside_memo_title(memo: Memo) -> str:
    """A name that tells a bystander nothing."""
    return str(_("Memo %(number)s for parents", number=memo.order))


def whole_url(endpoint: str, **values: object) -> str:
    """The page's address as others reach it, whatever the request called this machine."""
    return plant().base_url + url_for(endpoint, **values)  # type: ignore[arg-type]  # Flask's own Any


def translations_of(endpoint: str, **values: object) -> dict[str, str]:
    """Addresses of the same page in the languages of the texts."""
    return {lang: whole_url(endpoint, lang=lang, **values) for lang in TRANSLATED}


@lru_cache(maxsize=512)
def qr_svg(url: str) -> bytes:
    """The address as a picture for the camera of a telephone."""
    # Loaded when first drawn: a server that starts needs no pictures.
    import segno  # noqa: PLC0415

    picture = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        picture, kind="svg", scale=4, border=4, omitsize=False, svgclass=None, lineclass=None
    )
    return picture.getvalue()
