"""What anybody sees without a login, in every language, also on a bad day."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from html5lib import HTMLParser
from sqlalchemy.orm import Session

from tests.world import PASSWORD, World, a_vault, a_world, the_catalog
from tirek.app import create_app
from tirek.config import Config, Keys
from tirek.web.transaction import plant

PATHS = ["/", "/help", "/privacy", "/courses", "/courses/calm-parent", "/login"]
PATHS += ["/courses/calm-parent/good-enough", f"/courses?q={quote('школа')}"]
PATHS += [f"/courses?q={quote('самоубийство')}"]
LESSON = "/courses/calm-parent/repair"
LANGUAGES = {"kk", "ru", "en"}


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    assert config.database_url is not None
    app = create_app(config, config.database_url, the_catalog())
    yield app
    with app.app_context():
        plant().engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    built = a_world(system, the_catalog(), a_vault(keys))
    system.commit()
    return built


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def assert_sound(page: str, lang: str) -> None:
    """Valid HTML, one heading that the title repeats, no id twice, help where it always is."""
    parser = HTMLParser(strict=False, namespaceHTMLElements=False)
    tree = parser.parse(page)
    assert parser.errors == []
    heading = "".join(tree.find(".//h1").itertext())
    # Of a hard topic the title tells a bystander nothing.
    is_hard = tree.find(".//a[@data-exit]") is not None
    assert tree.find(".//title").text.startswith(heading) or is_hard
    assert tree.get("lang") == lang
    assert len(tree.findall(".//h1")) == 1
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert f'href="/{lang}/help"' in page


def sign_in(client: FlaskClient, email: str) -> None:
    sent = {"email": email, "password": PASSWORD, "csrf_token": token(client.get("/ru/login").text)}
    assert client.post("/ru/login", data=sent).status_code in {302, 303}


@pytest.mark.parametrize("path", [*PATHS, LESSON, "/nowhere"])
def test_every_page_is_sound_in_every_language(client: FlaskClient, path: str) -> None:
    for lang in LANGUAGES:
        answer = client.get(f"/{lang}{path}")
        assert answer.status_code == (404 if path == "/nowhere" else 200)
        assert_sound(answer.text, lang)
        for other in LANGUAGES - {lang}:
            target = f"/{other}/" if path == "/nowhere" else f"/{other}{path}"
            assert f'href="{target}"' in answer.text


def test_the_bare_address_leads_to_kazakh(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/kk/"


def test_help_names_every_centre_and_says_when_a_number_is_missing(
    client: FlaskClient, world: World, system: Session
) -> None:
    world.home.center.phone = "+7 (727) 000-00-00"
    system.commit()
    page = client.get("/ru/help").text
    assert world.home.center.name_ru in page
    assert 'href="tel:+77270000000"' in page
    assert world.neighbour.center.name_ru in page
    assert 'href="tel:111"' in page


def test_the_large_text_version_is_a_cookie_and_leads_back(client: FlaskClient) -> None:
    answer = client.get("/ru/vision/on?next=/ru/help")
    assert answer.headers["Location"] == "/ru/help"
    assert 'class="govuk-template vision"' in client.get("/ru/").text
    client.get("/ru/vision/off?next=/ru/help")
    assert "vision" not in client.get("/ru/").text.split(">")[1]


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "", "help"]
)
def test_the_way_back_never_leads_elsewhere(client: FlaskClient, target: str) -> None:
    answer = client.get("/ru/vision/on", query_string={"next": target})
    assert answer.headers["Location"] == "/ru/"


def test_reading_needs_no_account_and_leaves_no_cookie(client: FlaskClient) -> None:
    answer = client.get(f"/kk{LESSON}")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert "<form" not in answer.text


def test_a_stranger_cannot_mark_a_lesson(client: FlaskClient) -> None:
    stale = client.post(f"/ru{LESSON}")
    assert stale.status_code == 400
    sent = {"csrf_token": token(client.get("/ru/login").text)}
    assert "/ru/login" in client.post(f"/ru{LESSON}", data=sent).headers["Location"]


def test_a_parent_reads_marks_and_finds_the_mark_in_the_other_language(
    client: FlaskClient, world: World
) -> None:
    sign_in(client, world.school.guardian.account.email)
    page = client.get(f"/ru{LESSON}")
    assert page.headers["Cache-Control"] == "no-store"
    answer = client.post(f"/ru{LESSON}", data={"csrf_token": token(page.text)})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/ru/courses/calm-parent/good-enough"
    assert client.get("/kk/courses/calm-parent").text.count("tag--done") == 1


@pytest.mark.parametrize("path", ["/courses/none", "/courses/calm-parent/none"])
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(f"/kk{path}").status_code == 404


def test_only_approved_texts_are_read_where_the_site_says_so(
    app: Flask, client: FlaskClient
) -> None:
    app.config["TEXTS_IN_REVIEW"] = False
    assert client.get("/kk/courses/calm-parent").status_code == 404
    assert "calm-parent" not in client.get("/kk/courses").text


def test_a_wrong_login_keeps_the_name_and_not_the_password(
    client: FlaskClient,
) -> None:
    sent = {
        "email": "nobody@example.org",
        "password": "mistyped secret",
        "csrf_token": token(client.get("/en/login").text),
    }
    answer = client.post("/en/login", data=sent)
    assert answer.status_code == 422
    assert "<title>Error: Sign in" in answer.text
    assert "nobody@example.org" in answer.text
    assert "mistyped secret" not in answer.text


def test_signing_out_clears_the_device(client: FlaskClient, world: World) -> None:
    sign_in(client, world.school.guardian.account.email)
    sent = {"csrf_token": token(client.get("/ru/courses").text)}
    answer = client.post("/ru/logout", data=sent)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get(answer.headers["Location"]).status_code == 200
