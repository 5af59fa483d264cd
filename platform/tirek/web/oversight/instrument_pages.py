"""What pages of instruments and of drafts share: previews, texts side by side, and their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from tirek.domain.instruments import Instrument
from tirek.domain.life import CommentEnd
from tirek.services import wording_review
from tirek.services.wording_review import EmptyRemarkError, TextPair, UnknownTextError
from tirek.web.csv_files import csv_file
from tirek.web.filters import as_date
from tirek.web.i18n import LANGUAGES, TRANSLATED, data_lang
from tirek.web.transaction import unit

SEE_OTHER, WRONG = 303, 422
OPEN, ALL = "open", "all"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose texts these are, and where its pages lie."""

    instrument: Instrument
    title: str
    back: str
    preview: str
    wording: str
    wording_file: str
    # The address at which a remark is ended, with {} in place of its id.
    end: str

    def end_url(self, remark_id: object) -> str:
        """Where a remark is ended."""
        return self.end.replace("00000000-0000-0000-0000-000000000000", str(remark_id))


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One item in every language, as somebody who answers sees it."""

    id: str
    number: int
    texts: Mapping[str, str]
    options: Mapping[str, list[tuple[str, str]]]
    # A calm word that stands on the page after a hard question.
    pauses: Mapping[str, str]
    critical: str | None
    is_scored: bool
    condition: str | None


def language_names() -> dict[str, str]:
    """The languages of texts by their own names."""
    return {lang: LANGUAGES[lang][1] for lang in TRANSLATED}


def preview_page(place: Place) -> str:
    """Everything that is asked, item by item, in both languages."""
    instrument = place.instrument
    return render_template(
        "oversight/instruments/preview.html",
        place=place,
        instrument=instrument,
        strings={lang: instrument.wordings[lang].strings for lang in TRANSLATED},
        items=[_item(instrument, number) for number in range(len(instrument.items))],
        declines=_declines(instrument),
        text_languages=language_names(),
    )


def wording_page(place: Place, error: str | None = None) -> str:
    """Every text side by side, with its remarks."""
    found = wording_review.pairs(unit(), place.instrument)
    show = request.args.get("show", ALL)
    words = request.args.get("q", "").strip()
    return render_template(
        "oversight/instruments/wording.html",
        place=place,
        instrument=place.instrument,
        pairs=[pair for pair in found if _fits(pair, show, words)],
        show=show,
        q=words,
        text_languages=language_names(),
        open_number=sum(one.is_open for pair in found for one in pair.remarks),
        error=error,
        sent=request.form,
    )


def remark(place: Place) -> str | tuple[str, int] | Answer:
    """Keep a remark that was sent from the page, or say what is missing."""
    sent = request.form
    key = sent.get("key", "")
    try:
        wording_review.add(
            unit(), place.instrument, sent.get("language", ""), key, sent.get("words", "")
        )
    except EmptyRemarkError:
        return wording_page(place, _("Write what you remark, in at most 2000 letters.")), WRONG
    except UnknownTextError:
        return wording_page(place, _("Choose a language.")), WRONG
    flash(_("The remark is kept."), "success")
    return redirect(f"{place.wording}#{anchor_of(key)}", SEE_OTHER)


def end_remark(place: Place, remark_id: Any) -> Answer:
    """Say what became of a remark, and go back to the texts."""
    how = CommentEnd.CHANGED if request.form.get("how") == CommentEnd.CHANGED else CommentEnd.KEPT
    wording_review.end(unit(), place.instrument, remark_id, how)
    flash(_("The remark is ended."), "success")
    return redirect(place.wording, SEE_OTHER)


def wording_file(place: Place) -> Response:
    """The open remarks as a table, each with its text."""
    head = (_("Language"), _("Key"), _("Text"), _("Remark"), _("Who"), _("Day"))
    rows = (
        (
            one.language,
            one.key,
            place.instrument.text(one.language, one.key),
            one.words,
            one.author,
            as_date(one.created_at),
        )
        for one in wording_review.open_remarks(unit(), place.instrument)
    )
    return csv_file("remarks", head, rows)


def anchor_of(key: str) -> str:
    """The place of one text on the page; an id holds no dot."""
    return "t-" + key.replace(".", "-")


def title_of(instrument: Instrument) -> str:
    """Its title in the language of the page, or of our texts."""
    return instrument.text(data_lang(), "title")


def _fits(pair: TextPair, show: str, words: str) -> bool:
    said = " ".join((pair.key, *pair.texts.values())).casefold()
    return words.casefold() in said and (show != OPEN or any(one.is_open for one in pair.remarks))


def _item(instrument: Instrument, place: int) -> PreviewItem:
    item = instrument.items[place]
    return PreviewItem(
        id=item.id,
        number=place + 1,
        texts={lang: _text(instrument, lang, item.id) for lang in TRANSLATED},
        options={
            lang: [
                (option.code, instrument.text(lang, f"{item.options}.{option.code}"))
                for option in instrument.options(item.id)
            ]
            for lang in TRANSLATED
        },
        pauses={
            lang: instrument.text(lang, f"safety.{item.critical}")
            for lang in TRANSLATED
            if item.critical
        },
        critical=item.critical,
        is_scored=item.is_scored,
        condition=str(item.show_if) if item.show_if else None,
    )


def _text(instrument: Instrument, lang: str, item_id: str) -> str:
    """The question, or its topic where the words are the rights-holder's and not here."""
    strings = instrument.wordings[lang].strings
    return strings.get(f"{item_id}.text") or strings[f"{item_id}.topic"]


def _declines(instrument: Instrument) -> dict[str, str | None]:
    """The words of the last row of every question, in the language of the texts."""
    found: dict[str, str | None] = dict.fromkeys(TRANSLATED)
    if instrument.structure.may_decline:
        for lang in TRANSLATED:
            with force_locale(lang):
                found[lang] = str(_("I would rather not say"))
    return found
