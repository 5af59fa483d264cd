"""Reads one text in several languages."""

from tirek.catalog.fields import Fields


def texts_in(languages: tuple[str, ...], fields: Fields, name: str) -> dict[str, str]:
    """Return the text of each language; a missing one is an error, and so is a copied one."""
    with fields.fields(name) as by_language:
        texts = {language: by_language.text(language) for language in languages}
        if len(set(texts.values())) < len(languages):
            raise by_language.error(languages[1], f"{name!r} says the same in two languages")
        return texts
