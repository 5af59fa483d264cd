"""What stands against entering a file of answers, in words for the psychologist."""

import re
from collections.abc import Callable, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from tirek.catalog.exchange.foreign import Remark
from tirek.domain.answer_entry import Doubt, EntryRefusal, RowDoubt, RowFault, UploadOutcome
from tirek.domain.instruments import Instrument

REFUSALS = {
    EntryRefusal.NOT_OPEN: _l("Answers are entered while the window of the assignment is open."),
    EntryRefusal.STAFFED: _l(
        "These questions are only asked while a psychologist is beside the pupil: an answer from"
        " another day has nobody there. Ask them on the screen, in a window of your own."
    ),
    EntryRefusal.SHORT: _l(
        "This assignment asks fewer questions, each chosen from the answers before it. A file"
        " cannot say how they were chosen."
    ),
    EntryRefusal.GUARDIANS: _l(
        "Parents answer from their own accounts; a file does not say which parent answered."
    ),
    EntryRefusal.SCHOOL_LEVEL: _l("This questionnaire is counted for the whole school only."),
    EntryRefusal.NOT_ALLOWED: _l("Nobody may begin this questionnaire any more."),
}

FAULTS = {
    RowFault.NO_CODE: _l("there is no school code"),
    RowFault.UNKNOWN_PUPIL: _l("no pupil of the school has this code"),
    RowFault.OTHER_CLASS: _l("this pupil is in another class"),
    RowFault.TWICE: _l("this code stands in the file more than once"),
    RowFault.ANSWERED: _l("this pupil has already begun or answered it here"),
    RowFault.NO_CONSENT: _l("there is no consent of a parent yet"),
    RowFault.CONSENT_REFUSED: _l("the parent has refused or withdrawn the consent"),
    RowFault.OUTSIDE_AGE: _l("the pupil's age is outside those of this questionnaire"),
    RowFault.LANGUAGE: _l("the language is neither kk nor ru"),
    RowFault.DAY_UNREADABLE: _l("the day of the answers cannot be read; write it as 2026-11-02"),
    RowFault.DAY_TO_COME: _l("the day of the answers is still to come"),
    RowFault.DAY_BEFORE: _l("the day of the answers lies before this round"),
    RowFault.NO_ANSWERS: _l("there is not one answer in it"),
}

OUTCOMES = {
    UploadOutcome.ENTERED: _l("The answers were entered."),
    UploadOutcome.REFUSED: _l("Nothing was entered."),
    UploadOutcome.REPLACED: _l("A corrected file was entered in its place."),
    UploadOutcome.EXPIRED: _l("Nobody confirmed it within an hour, so it was thrown away."),
}

_PLACE = re.compile(r"(?:(line|case) (\d+)|the (header|file))(?:, column (.+))?|column (.+)")


def place_in_words(place: str) -> str:
    """Where in the file: a line, a case of SPSS, a column; places of FHIR are names already."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return place
    kind, number, whole, column, alone = found.groups()
    words = {
        "line": _("line %(number)s", number=number),
        "case": _("case %(number)s", number=number),
        "header": _("the header"),
        "file": _("the file"),
        None: "",
    }
    parts = [words[kind or whole]]
    if column or alone:
        parts.append(_("column %(name)s", name=column or alone))
    return ", ".join(part for part in parts if part)


_Say = Callable[[Sequence[str]], str]
# The sentences of the readers, which the command line prints in English.
_SENTENCES: tuple[tuple[re.Pattern[str], _Say], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (r"is empty", lambda _g: _("is empty")),
        (r"is larger than (\d+) MB", lambda g: _("is larger than %(size)s MB", size=g[0])),
        (r"holds more than (\d+) rows", lambda g: _("holds more than %(most)s rows", most=g[0])),
        (
            r"is packed \(.*\)",
            lambda _g: _(
                "is an Excel workbook or a packed folder: save the sheet as “CSV UTF-8” first"
            ),
        ),
        (
            r"is not UTF-8",
            lambda _g: _("is not UTF-8: choose “CSV UTF-8” when you save it in Excel"),
        ),
        (r"is not (CSV|JSON)(?:: .*)?", lambda g: _("cannot be read as %(kind)s", kind=g[0])),
        (r"is no \.sav file.*", lambda _g: _("cannot be read as a file of SPSS")),
        (r"has no header", lambda _g: _("has no names of columns")),
        (r"has no rows below its header", lambda _g: _("has no rows below the names of columns")),
        (r"names no item of (.+)", lambda _g: _("names no question of this questionnaire")),
        (r"lacks the items (.+)", lambda g: _("has no columns for %(items)s", items=g[0])),
        (r"stands twice in the header", lambda _g: _("stands twice in the header")),
        (
            r"has (\d+) cells, the header (\d+)",
            lambda g: _("has %(cells)s cells, the header %(head)s", cells=g[0], head=g[1]),
        ),
        (
            r"(\S+) has no option ['\"](.*)['\"]; it has (.+)",
            lambda g: _(
                "%(item)s has no answer “%(said)s”; it has %(known)s",
                item=g[0],
                said=g[1],
                known=g[2],
            ),
        ),
        (
            r"['\"](.*)['\"] is no (?:number|score)",
            lambda g: _("“%(said)s” is no number", said=g[0]),
        ),
        (r"is unknown and was passed over", lambda _g: _("is unknown and is passed over")),
        (
            r"lacks \S+: whether forms were finished is not said",
            lambda _g: _("does not say whether the forms were finished"),
        ),
        (
            r"holds no finished QuestionnaireResponse",
            lambda _g: _("holds no finished questionnaire"),
        ),
        (
            r"is not finished, but its answers call for somebody",
            lambda _g: _(
                "is not finished, but its answers call for somebody: finish it there and send it"
                " again, or refer the pupil by hand"
            ),
        ),
        (r"holds more than one answer", lambda _g: _("holds more than one answer")),
        (
            r"is .* and was passed over",
            lambda _g: _("is no finished questionnaire and is passed over"),
        ),
        (
            r"was answered on a structure with another hash than ours",
            lambda _g: _("answers other questions than the ones that this class is asked"),
        ),
    )
)
_CLAIM = re.compile(r"(\S+) is said to be (\S+), but is (?:not computable \(.*\)|(\S+)); not taken")


def sentence(remark: Remark) -> Markup:
    """One thing that a reader said, with its place; what has no translation stays English."""
    place = place_in_words(remark.place)
    for pattern, say in _SENTENCES:
        found = pattern.fullmatch(remark.text)
        if found is not None:
            said = say([group or "" for group in found.groups()])
            return Markup("{}: {}.").format(place, said)
    return Markup('{}: <span lang="en">{}</span>.').format(place, remark.text)


def refuted_total(remark: Remark, instrument: Instrument, lang: str) -> Markup:
    """A total of the file that the answers do not give."""
    found = _CLAIM.fullmatch(remark.text)
    if found is None:
        return sentence(remark)
    scale, said, ours = found.groups()
    name = Markup('<span lang="{}">{}</span>').format(lang, instrument.text(lang, f"scale.{scale}"))
    facts = {"scale": name, "said": said, "ours": ours}
    # Marked up, so that what is put in for a name is escaped.
    text = (
        _("%(scale)s: the file says %(said)s, but too many answers are missing. Ours counts.")
        if ours is None
        else _("%(scale)s: the file says %(said)s, the answers give %(ours)s. Ours counts.")
    )
    return Markup(text) % facts  # noqa: S704 - a translation of ours


def doubt_in_words(doubt: Doubt) -> str:
    """Why a row may be about another child."""
    facts = {"said": doubt.said, "ours": doubt.ours}
    if doubt.kind is RowDoubt.AGE:
        text = _("The file says age %(said)s, our list %(ours)s: is it this pupil?", **facts)
    else:
        text = _("The file says sex %(said)s, our list %(ours)s: is it this pupil?", **facts)
    return str(text)
