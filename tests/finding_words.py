"""Whether a methodologist can read what a lint or a golden case finds."""

from collections.abc import Iterable

from babel.support import Translations
from markupsafe import escape

from tirek.config import ROOT
from tirek.web.oversight.finding_words import find_in_words

SAID = [Translations.load(ROOT / "translations", [lang]).gettext for lang in ("kk", "ru")]


def without_words(reasons: Iterable[str]) -> list[str]:
    """The reasons that would stand on the page in English: no sentence, or no translation."""
    return [
        reason
        for reason in reasons
        for say in SAID
        if find_in_words(reason, say) in {None, escape(reason)}
    ]
