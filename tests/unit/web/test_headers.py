import gzip

import pytest
from flask import Flask


def test_nothing_foreign_runs_and_nobody_may_frame_us(app: Flask) -> None:
    headers = app.test_client().get("/kk/").headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_tls_is_kept_for_a_year(app: Flask) -> None:
    headers = app.test_client().get("/kk/", base_url="https://tirek.example").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_public_page_may_be_kept_for_a_minute(app: Flask) -> None:
    headers = app.test_client().get("/kk/").headers
    assert headers["Cache-Control"] == "private, max-age=60"
    assert "Cookie" in headers["Vary"]


@pytest.mark.parametrize("path", ["/kk/school/classes/7", "/kk/remembers", "/kk/nowhere"])
def test_everything_else_is_never_kept(app: Flask, path: str) -> None:
    assert app.test_client().get(path).headers["Cache-Control"] == "no-store"


def test_nothing_is_kept_of_somebody_we_know(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("tirek", "token")
    assert client.get("/kk/").headers["Cache-Control"] == "no-store"
    assert client.post("/kk/sent").headers["Cache-Control"] == "no-store"


def test_the_choice_of_large_text_is_not_a_person(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("vision", "on")
    assert client.get("/kk/").headers["Cache-Control"] == "private, max-age=60"


def test_leaving_clears_the_device(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/kk/leaving").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/kk/").headers


def test_pages_travel_packed(app: Flask) -> None:
    client = app.test_client()
    packed = client.get("/kk/help", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == client.get("/kk/help").data
    assert "Content-Encoding" not in client.get("/kk/", headers={"Accept-Encoding": "gzip"}).headers
