import gzip
from pathlib import Path

from flask import Flask

from tirek.web import assets


def address(app: Flask) -> str:
    with app.test_request_context("/kk/"):
        return str(app.jinja_env.globals["static_url"]("app.css"))


def test_a_file_under_its_mark_is_kept_for_ever(app: Flask) -> None:
    answer = app.test_client().get(address(app))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers


def test_a_file_under_an_old_mark_is_asked_for_again(app: Flask) -> None:
    answer = app.test_client().get("/static/app.css?v=0000000000")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_files_travel_packed(app: Flask, static_folder: Path) -> None:
    answer = app.test_client().get(address(app), headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.data) == (static_folder / "app.css").read_bytes()
    assert len(answer.data) < 200
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_a_file_already_held_is_not_sent_again(app: Flask) -> None:
    client = app.test_client()
    mark = client.get(address(app)).headers["ETag"]
    assert client.get(address(app), headers={"If-None-Match": mark}).status_code == 304


def test_the_mark_follows_the_content(app: Flask, static_folder: Path) -> None:
    (static_folder / "app.css").write_text("p{margin:1px}")
    other = Flask("other", static_folder=None)
    assets.install(other, static_folder)
    assert address(other) != address(app)


def test_what_is_not_ours_is_not_served(app: Flask) -> None:
    assert app.test_client().get("/static/../conftest.py").status_code == 404


def test_javascript_is_served_as_javascript() -> None:
    app = Flask("real", static_folder=None)
    assets.install(app)
    assert app.test_client().get("/static/app.js").mimetype in {
        "text/javascript",
        "application/javascript",
    }
