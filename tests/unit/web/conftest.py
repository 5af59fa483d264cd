"""A bare Flask app with the shared web pieces, and no database behind it."""

from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from flask import Blueprint, Flask, render_template_string, request, session

from tirek.web import assets, compression, filters, headers, i18n

TEXTS = {
    "kk": {"%(time)s left": "%(time)s қалды"},
    "ru": {"%(time)s left": "осталось %(time)s", "due now": "срок сейчас"},
}


def compiled(folder: Path, *languages: str) -> Path:
    for lang in languages:
        target = folder / lang / "LC_MESSAGES"
        target.mkdir(parents=True)
        catalog = Catalog(locale=lang)
        for english, words in TEXTS[lang].items():
            catalog.add(english, words)
        with (target / "messages.mo").open("wb") as file:
            write_mo(file, catalog)
    return folder


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.css").write_text("p{margin:0}" * 300)
    return folder


@pytest.fixture
def app(tmp_path: Path, static_folder: Path) -> Flask:
    app = Flask("bare", static_folder=None)
    app.secret_key = "only for this test"
    i18n.install(app, compiled(tmp_path, "kk", "ru"))
    filters.install(app)
    assets.install(app, static_folder)
    headers.install(app)
    compression.install(app)
    _pages(app)
    return app


def _pages(app: Flask) -> None:
    public = Blueprint("public", __name__)

    @public.get("/")
    def home() -> str:
        return "home"

    @public.get("/help")
    def help_page() -> str:
        return "help " * 400

    @public.post("/sent")
    def sent() -> str:
        return "sent"

    @public.get("/leaving")
    def leaving() -> str:
        headers.forget_on_device()
        return "left"

    @public.get("/remembers")
    def remembers() -> str:
        session["seen"] = True
        return "hello"

    school = Blueprint("school", __name__, url_prefix="/school")

    @school.get("/classes/<name>")
    def classroom(name: str) -> str:
        template = "{{ name }} {{ switch_url('ru') }} {{ url_for('school.classroom', name='8') }}"
        return render_template_string(template, name=name)

    i18n.register(app, public)
    i18n.register(app, school)

    @app.get("/healthz")
    def healthz() -> str:
        return request.path
