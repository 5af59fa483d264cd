"""The approved words in both languages, the forbidden ones, and the list of sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tirek.catalog.content.front import day, identifier
from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import read
from tirek.domain.education import Source

# Russian is written with and without the dots.
ANY_E = re.compile("[\u0435\u0451]")
EITHER_E = "[\u0435\u0451]"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing and its approved word in each language."""

    id: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Words that no text may use, and what to say instead."""

    lang: str
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True, slots=True)
class Glossary:
    """What lessons may and may not say; `skills` is the closed list that lessons choose from."""

    terms: tuple[Term, ...] = ()
    skills: tuple[Term, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    latin: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()


def read_glossary(path: Path) -> Glossary:
    """Return the glossary; raise CatalogError at its first fault."""
    with Fields.of(read(path)) as fields:
        glossary = Glossary(
            terms=fields.each("terms", _term),
            skills=fields.each("skills", _term),
            forbidden=fields.each("forbidden", _forbidden),
            latin=frozenset(word.lower() for word in fields.texts("latin")),
            links=frozenset(fields.texts("links")),
        )
    _refuse_twins(fields, "terms", glossary.terms)
    _refuse_twins(fields, "skills", glossary.skills)
    return glossary


def read_sources(path: Path) -> dict[str, Source]:
    """Return the sources by id; raise CatalogError at the first fault."""
    document = read(path)
    sources = {}
    for source_id, node in Fields.of(document).mapping.entries.items():
        with Fields(path, node) as fields:
            sources[source_id] = _source(source_id, fields)
    return sources


def pattern(words: str) -> re.Pattern[str]:
    """Return what finds these words; a `*` stands for any ending."""
    parts = [ANY_E.sub(EITHER_E, re.escape(word)).replace(r"\*", r"\w*") for word in words.split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)", re.IGNORECASE)


def _source(source_id: str, fields: Fields) -> Source:
    fields.text("note")
    return Source(
        id=source_id,
        lang=fields.text("lang"),
        citation=fields.text("citation"),
        licence=fields.text("licence"),
        url=fields.nullable_text("url"),
        read=day(fields, "read"),
    )


def _term(fields: Fields) -> Term:
    return Term(identifier(fields, "id"), {"kk": fields.text("kk"), "ru": fields.text("ru")})


def _forbidden(fields: Fields) -> Forbidden:
    return Forbidden(fields.text("lang"), pattern(fields.text("words")), fields.text("instead"))


def _refuse_twins(fields: Fields, name: str, terms: tuple[Term, ...]) -> None:
    ids = [term.id for term in terms]
    twins = sorted({twin for twin in ids if ids.count(twin) > 1})
    if twins:
        line = fields.mapping.key_lines[name]
        raise CatalogError(fields.path, line, f"{name} names {', '.join(twins)} more than once")
