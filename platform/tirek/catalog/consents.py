"""Reads protocols/consents.yaml: what a parent agrees to, word for word, for each purpose."""

from collections.abc import Container, Mapping
from dataclasses import fields as fields_of
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path

from tirek.catalog.canonical import content_hash
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import Data, read
from tirek.domain.consent import ConsentText, ConsentTexts, ConsentWords, Purpose

FILE = "consents.yaml"
LANGUAGES = ("kk", "ru")
SINGLE = ("title", "question")
LISTS = tuple(field.name for field in fields_of(ConsentWords) if field.name not in SINGLE)


def load_consents(folder: Path, acts: Container[str]) -> Mapping[Purpose, ConsentTexts]:
    """Return the texts of every purpose; raise `CatalogError` where one is missing or wrong."""
    with Fields.of(read(folder / FILE)) as fields:
        fields.text("status")
        if fields.text("id") != Path(FILE).stem:
            raise fields.error("id", f"the id must be the file's name, {Path(FILE).stem!r}")
        with fields.fields("purposes") as purposes:
            return {purpose: _texts(purposes, purpose, acts) for purpose in Purpose}


def _texts(purposes: Fields, purpose: Purpose, acts: Container[str]) -> ConsentTexts:
    name = purpose.value
    found = purposes.some(name, purposes.each(name, partial(_version, acts)))
    for earlier, later in pairwise(found):
        if (later.effective_from, later.version) <= (earlier.effective_from, earlier.version):
            raise purposes.error(name, f"version {later.version!r} must stand after what is older")
    return ConsentTexts(found)


def _version(acts: Container[str], fields: Fields) -> ConsentText:
    act = fields.text("legal_ground")
    if act not in acts:
        raise fields.error("legal_ground", f"no legal ground {act!r} stands in the protocol")
    with fields.fields("texts") as texts:
        words = {language: _words(texts, language) for language in LANGUAGES}
    _check_parity(fields, words)
    _check_content(fields, act, words)
    return ConsentText(
        version=fields.text("version"),
        effective_from=_day(fields),
        meaning_changed=fields.boolean("meaning_changed"),
        legal_ground=act,
        words=words,
    )


def _words(texts: Fields, language: str) -> ConsentWords:
    with texts.fields(language) as fields:
        lists = {name: fields.some(name, fields.texts(name)) for name in LISTS}
        return ConsentWords(fields.text("title"), fields.text("question"), **lists)


def _check_parity(fields: Fields, words: Mapping[str, ConsentWords]) -> None:
    """Both languages say as much, sentence for sentence, and neither is a copy of the other."""
    kazakh, russian = (words[language] for language in LANGUAGES)
    for name in LISTS:
        ours, theirs = getattr(kazakh, name), getattr(russian, name)
        if len(ours) != len(theirs):
            raise fields.error("texts", f"{name!r}: {len(ours)} texts in kk, {len(theirs)} in ru")
        if set(ours) & set(theirs):
            raise fields.error("texts", f"{name!r} says the same in two languages")
    if any(getattr(kazakh, name) == getattr(russian, name) for name in SINGLE):
        raise fields.error("texts", "a title or a question says the same in two languages")


def _check_content(fields: Fields, act: str, words: Mapping[str, ConsentWords]) -> None:
    """A text that somebody has agreed to is never edited under its version."""
    said = content_hash({"legal_ground": act, "texts": {key: _data(words[key]) for key in words}})
    if fields.text("content") != said:
        raise fields.error(
            "content",
            "the words were changed under the same version: write a new version below, with"
            f" content {said!r}",
        )


def _data(words: ConsentWords) -> Data:
    single: dict[str, Data] = {name: getattr(words, name) for name in SINGLE}
    return single | {name: list(getattr(words, name)) for name in LISTS}


def _day(fields: Fields) -> date:
    try:
        return date.fromisoformat(fields.text("effective_from"))
    except ValueError:
        reason = "'effective_from' must be a day such as 2026-09-01"
        raise fields.error("effective_from", reason) from None
