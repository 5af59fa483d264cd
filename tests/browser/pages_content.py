"""Memos and what belongs to kept courses, for the walk over every page."""

from tests.browser.visit import Visit, Weight, Who
from tirek.config import ROOT

NOT_CONTENT_PAGES = {
    "offline.worker": "a script; test_offline.py sees it at work",
    "offline.media": "recordings and pictures",
    "public.course_zip": "a file",
    "public.material_qr": "a picture",
}
MEMOS = sorted(path.stem for path in ROOT.glob("content/materials/*.yml"))


def content_pages() -> list[Visit]:
    """Every memo as a page and on paper, and the list with its answers."""
    visitor, middle = Who.VISITOR, Weight.MIDDLE
    return [
        Visit("public.materials", visitor, "/materials", middle),
        Visit("public.materials", visitor, "/materials?q=111", middle, "found"),
        Visit("public.materials", visitor, "/materials?q=qqqqqq", middle, "nothing"),
        *(
            Visit("public.material", visitor, f"/materials/{memo}", middle, memo)
            for memo in MEMOS
        ),
        *(
            Visit("public.material_on_paper", visitor, f"/materials/{memo}/print", middle, memo)
            for memo in ("calm-in-ten-seconds", "exam-week")
        ),
    ]  # fmt: skip
