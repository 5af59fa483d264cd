from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from tests.unit.web.conftest import compiled
from tirek.web import i18n


def test_the_switch_keeps_the_page_and_its_query(app: Flask) -> None:
    page = app.test_client().get("/kk/school/classes/7А?page=2&tag=a&tag=b").text
    # Jinja escapes the ampersand, browsers read it back.
    assert page.split()[1] == "/ru/school/classes/7%D0%90?page=2&amp;tag=a&amp;tag=b"


def test_links_stay_in_the_language_of_the_page(app: Flask) -> None:
    assert app.test_client().get("/ru/school/classes/7").text.endswith("/ru/school/classes/8")


def test_a_query_cannot_steer_the_switch_to_another_host(app: Flask) -> None:
    page = app.test_client().get("/kk/school/classes/7?_external=1&_scheme=ftp&lang=en").text
    assert page.split()[1].startswith("/ru/school/classes/7?")


@pytest.mark.parametrize(
    ("path", "lang"),
    [("/ru/help", "ru"), ("/en/", "en"), ("/kk/nowhere", "kk"), ("/healthz", "kk"), ("/", "kk")],
)
def test_the_address_decides_the_language(app: Flask, path: str, lang: str) -> None:
    with app.test_request_context(path):
        assert i18n.current_lang() == lang


def test_an_unknown_language_is_no_page(app: Flask) -> None:
    assert app.test_client().get("/de/help").status_code == 404


def test_a_page_that_does_not_exist_switches_to_the_first_page(app: Flask) -> None:
    with app.test_request_context("/kk/nowhere"):
        assert i18n.switch_url("ru") == "/ru/"


@pytest.mark.parametrize(
    ("path", "text"), [("/kk/", "Абай облысы"), ("/ru/", "область Абай"), ("/en/", "Abai")]
)
def test_data_are_shown_in_the_language_of_the_page(app: Flask, path: str, text: str) -> None:
    region = SimpleNamespace(name_kk="Абай облысы", name_ru="область Абай", name_en="Abai")
    with app.test_request_context(path):
        assert i18n.localised(region, "name") == text


def test_data_without_english_are_shown_in_russian_on_english_pages(app: Flask) -> None:
    center = SimpleNamespace(name_kk="Орталық", name_ru="Центр", address_kk=None, address_ru=None)
    with app.test_request_context("/en/"):
        assert i18n.localised(center, "name") == "Центр"
        assert i18n.localised(center, "address") == ""


def test_the_server_does_not_start_half_translated(tmp_path: Path) -> None:
    with pytest.raises(i18n.TranslationsMissingError, match="for ru in"):
        i18n.install(Flask("bare"), compiled(tmp_path, "kk"))
