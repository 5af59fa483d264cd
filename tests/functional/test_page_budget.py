"""Every lesson opens on a bad line: its size, and that reading it never asks the database."""

import gzip
import re
from time import process_time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.world import the_catalog

KB = 1024
# The table of the plan: lesson pages 14 KB of HTML, one stylesheet of 10, a script of 6, 60 in all.
HTML, EVERYTHING, REQUESTS = 14 * KB, 60 * KB, 8
# 5,000 parents, a page each in 30 s, are 167 a second: a third of one core at 2 ms.
CPU_SECONDS = 0.002
LESSONS = [
    (course.id, lesson.id) for course in the_catalog().courses.values() for lesson in course.lessons
]
ASSET = re.compile(r'<(?:link rel="(?:stylesheet|icon)"|script)[^>]*?(?:href|src)="([^"]+)"')


@pytest.fixture
def client(built: Flask) -> FlaskClient:
    """The application with no database behind it: asking one would be an error."""
    return built.test_client()


def packed(client: FlaskClient, path: str) -> int:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, path
    return len(answer.data)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_every_lesson_fits_the_budget_without_a_database(client: FlaskClient, lang: str) -> None:
    assert len(LESSONS) == 87
    sizes: dict[str, int] = {}
    for course, lesson in LESSONS:
        path = f"/{lang}/courses/{course}/{lesson}"
        page = client.get(path).text
        assets = {url for url in ASSET.findall(page) if url.startswith("/static/")}
        html = packed(client, path)
        assert html <= HTML, path
        assert 2 <= len(assets) + 1 <= REQUESTS
        sizes[path] = html + sum(packed(client, url) for url in assets)
        assert packed(client, f"{path}/print") <= HTML
    assert max(sizes.values()) <= EVERYTHING, max(sizes.items(), key=lambda one: one[1])


@pytest.mark.parametrize("path", ["/kk/courses", "/ru/courses", "/ru/courses/safe-child"])
def test_lists_of_courses_fit_too(client: FlaskClient, path: str) -> None:
    assert packed(client, path) <= HTML
    assert packed(client, "/ru/courses?q=ребёнок") <= HTML


def test_a_kept_page_costs_little(client: FlaskClient) -> None:
    path = "/kk/courses/calm-parent/repair"
    first = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(first.data).startswith(b"<!DOCTYPE html>")
    start = process_time()
    for _again in range(200):
        client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (process_time() - start) / 200 < CPU_SECONDS
