"""The three interface languages: one address per language, one switch that keeps the page."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from babel.support import NullTranslations, Translations
from flask import Blueprint, Flask, current_app, g, request, url_for
from flask_babel import Babel

DEFAULT = "kk"
# Names stand in their own language: whoever needs the switch cannot read the others.
LANGUAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kk": ("Қаз", "Қазақша"),
        "ru": ("Рус", "Русский"),  # noqa: RUF001
        "en": ("Eng", "English"),
    }
)
# English is the language of the source strings; these two must be compiled.
TRANSLATED = ("kk", "ru")
# School data and names exist in Kazakh and Russian only.
_DATA_LANGUAGE: Mapping[str, str] = MappingProxyType({"kk": "kk", "ru": "ru", "en": "ru"})
_PREFIX = f"/<any({','.join(LANGUAGES)}):lang>"


class TranslationsMissingError(Exception):
    """The compiled translations of a language are not there, so its pages would be in English."""


def current_lang() -> str:
    """Language of the address being answered; Kazakh where the address names none."""
    first = request.path.strip("/").split("/", 1)[0]
    return first if first in LANGUAGES else DEFAULT


def data_lang() -> str:
    """Language in which data kept in Kazakh and Russian are shown on this page."""
    return _DATA_LANGUAGE[current_lang()]


def localised(row: object, field: str) -> str:
    """Text of `<field>_kk` or `<field>_ru`, whichever this page shows; English where there is."""
    own = getattr(row, f"{field}_{current_lang()}", None)
    return str(own or getattr(row, f"{field}_{data_lang()}") or "")


def switch_url(lang: str) -> str:
    """Address of this very page in another language, with the same question mark part."""
    if request.endpoint is None or not _speaks(current_app, request.endpoint):
        return url_for("public.home", lang=lang)
    path = url_for(request.endpoint, **{**(request.view_args or {}), "lang": lang})
    query = urlencode(list(request.args.items(multi=True)))
    return f"{path}?{query}" if query else path


def register(app: Flask, blueprint: Blueprint) -> None:
    """Mount a person's pages below the language of the address."""
    app.register_blueprint(blueprint, url_prefix=_PREFIX + (blueprint.url_prefix or ""))


def install(app: Flask, translations: Path) -> None:
    """Set languages, time zone, links and the switch for the whole site."""
    _require_compiled(translations)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(translations)
    Babel(
        app,
        default_locale=DEFAULT,
        default_timezone="Asia/Almaty",
        locale_selector=current_lang,
    )
    app.url_value_preprocessor(_take_language_from_address)
    app.url_defaults(_keep_language_in_links(app))
    app.jinja_env.globals.update(
        current_lang=current_lang, data_lang=data_lang, switch_url=switch_url, languages=LANGUAGES
    )
    app.jinja_env.filters["localised"] = localised
    _translate_templates(app, translations)
    app.context_processor(_language_context)


def _translate_templates(app: Flask, translations: Path) -> None:
    """Give templates the catalogue of the address's language at once.

    Flask-Babel works it out anew for each string, which was an eighth of the time of a page.
    """
    shelf: dict[str, NullTranslations] = {
        lang: Translations.load(translations, [lang]) if lang in TRANSLATED else NullTranslations()
        for lang in LANGUAGES
    }

    def one(text: str) -> str:
        return shelf[current_lang()].gettext(text)

    def some(single: str, many: str, number: int) -> str:
        return shelf[current_lang()].ngettext(single, many, number)

    app.jinja_env.install_gettext_callables(one, some, newstyle=True)  # type: ignore[attr-defined]


def _language_context() -> dict[str, Any]:
    return {"lang": current_lang(), "help_url": url_for("public.help_page")}


def _take_language_from_address(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        g.lang = values.pop("lang", DEFAULT)


def _keep_language_in_links(app: Flask) -> Callable[[str, dict[str, Any]], None]:
    def fill(endpoint: str, values: dict[str, Any]) -> None:
        if "lang" not in values and _speaks(app, endpoint):
            values["lang"] = current_lang()

    return fill


def _speaks(app: Flask, endpoint: str) -> bool:
    return app.url_map.is_endpoint_expecting(endpoint, "lang")


def _require_compiled(translations: Path) -> None:
    missing = [
        lang
        for lang in TRANSLATED
        if not (translations / lang / "LC_MESSAGES" / "messages.mo").is_file()
    ]
    if missing:
        raise TranslationsMissingError(
            f"No compiled translations for {' and '.join(missing)} in {translations}:"
            " run `make install`, which compiles them."
        )
