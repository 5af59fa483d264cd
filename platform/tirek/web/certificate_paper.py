"""A certificate as a PDF of one page, in Kazakh or Russian, with our own letters in it."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from tirek.domain.certificate import pretty
from tirek.services.certificates import CertificateFacts
from tirek.web.filters import as_date

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

FONT = "NotoSans"
LETTERS = Path(__file__).parent / "fonts" / "NotoSans.ttf"
INK, QUIET, LINE = "#1b1b1b", "#505a5f", "#0d4452"
# A4 lying on its side, in points.
WIDTH, HEIGHT = 842.0, 595.0
MARGIN = 60.0
QR_SIDE, QR_BORDER = 96.0, 4


@dataclass(frozen=True, slots=True)
class Column:
    """Where lines stand."""

    left: float
    width: float
    is_centred: bool


WHOLE = Column(MARGIN, WIDTH - 2 * MARGIN, is_centred=True)
BESIDE_QR = Column(MARGIN + QR_SIDE + 18, WIDTH - 2 * MARGIN - QR_SIDE - 18, is_centred=False)


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed; `name` is only ever here."""

    facts: CertificateFacts
    lang: str
    course_title: str
    # The page that checks codes, and that page with this code.
    check_url: str
    link: str
    name: str = ""


def draw(paper: Paper) -> bytes:
    """Print it."""
    # Slow to import, and needed by few: see the guard test of create_app().
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    _letters()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), lang=paper.lang)
    # What a file manager shows of a file must say as little as its name.
    canvas.setTitle("Tirek")
    canvas.setAuthor("Tirek")
    canvas.setSubject("")
    with force_locale(paper.lang):
        _frame(canvas)
        _words(canvas, paper)
        _proof(canvas, paper)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


@cache
def _letters() -> None:
    """Read the font once in each process."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    pdfmetrics.registerFont(TTFont(FONT, LETTERS))


def _frame(canvas: "Canvas") -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(2)
    canvas.roundRect(28, 28, WIDTH - 56, HEIGHT - 56, 12)


def _words(canvas: "Canvas", paper: Paper) -> None:
    facts = paper.facts
    at = _put(canvas, HEIGHT - 92, "Tirek", 16, LINE)
    at = _put(canvas, at - 34, _("Certificate"), 40, INK)
    if paper.name:
        at = _put(canvas, at - 22, paper.name, 24, INK)
    at = _put(canvas, at - 24, _("A course for parents was read to the end:"), 15, QUIET)
    at = _put(canvas, at - 16, paper.course_title, 28, INK)
    length = ngettext("%(num)s lesson", "%(num)s lessons", facts.lessons)
    minutes = ngettext("%(num)s minute", "%(num)s minutes", facts.minutes)
    _put(canvas, at - 18, f"{length}, {minutes} · {as_date(facts.issued_at)}", 15, INK)


def _proof(canvas: "Canvas", paper: Paper) -> None:
    """The code, in letters and as a picture, and what it does and does not say."""
    _qr(canvas, paper.link, MARGIN, 56)
    at = _put(canvas, 132, pretty(paper.facts.code), 20, INK, BESIDE_QR)
    lines = (
        _("Anybody can check this code at %(address)s", address=paper.check_url),
        _("The check shows the course, the day and the length. We keep no name."),
        _("It says that lessons were read; it is no document of education."),
    )
    for line in lines:
        at = _put(canvas, at - 2, line, 10.5, QUIET, BESIDE_QR)


def _put(
    canvas: "Canvas",
    top: float,
    text: str,
    size: float,
    colour: str,
    column: Column = WHOLE,
) -> float:
    """Write a paragraph into a column; returns where the next one begins."""
    from reportlab.lib.utils import simpleSplit  # noqa: PLC0415

    widest = max(canvas.stringWidth(word, FONT, size) for word in text.split() or [""])
    # A word that is wider than its column is written smaller, never cut.
    size = min(size, size * column.width / max(widest, 1))
    canvas.setFillColor(colour)
    canvas.setFont(FONT, size)
    for line in simpleSplit(text, FONT, size, column.width):
        if column.is_centred:
            canvas.drawCentredString(column.left + column.width / 2, top - size * 0.8, line)
        else:
            canvas.drawString(column.left, top - size * 0.8, line)
        top -= size * 1.3
    return top


def _qr(canvas: "Canvas", link: str, left: float, bottom: float) -> None:
    import segno  # noqa: PLC0415

    rows = segno.make(link, error="m").matrix
    side = QR_SIDE / (len(rows) + 2 * QR_BORDER)
    canvas.setFillColor(INK)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                place = left + (x + QR_BORDER) * side, bottom + QR_SIDE - (y + QR_BORDER + 1) * side
                canvas.rect(*place, side, side, stroke=0, fill=1)
