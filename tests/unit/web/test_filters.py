from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from tirek.web import filters

NOW = datetime(2026, 9, 1, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_dates_look_alike_in_every_language_and_are_kazakhstans(app: Flask, lang: str) -> None:
    with app.test_request_context(f"/{lang}/"):
        # 20:30 UTC is already the next day in Almaty (UTC+5).
        assert filters.as_date(NOW) == "02.09.2026"
        assert filters.as_datetime(NOW) == "02.09.2026 01:30"
        assert filters.as_time(NOW) == "01:30"
        assert filters.as_date(date(2026, 9, 1)) == "01.09.2026"
        assert filters.as_date(None) == ""


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=119, seconds=59), "осталось 119 минут"),
        (timedelta(hours=2), "осталось 2 часа"),
        (timedelta(hours=47, minutes=59), "осталось 47 часов"),
        (timedelta(days=2, hours=23), "осталось 2 дня"),
        (timedelta(days=21), "осталось 21 день"),
        (timedelta(seconds=30), "срок сейчас"),
    ],
)
def test_time_left_is_never_rounded_up(app: Flask, left: timedelta, words: str) -> None:
    with app.test_request_context("/ru/"):
        assert filters.deadline(NOW + left, NOW) == words


def test_a_late_deadline_says_by_how_much(app: Flask) -> None:
    with app.test_request_context("/en/"):
        assert filters.deadline(NOW - timedelta(hours=3, minutes=50), NOW) == "late by 3 hours"
        assert filters.clock_class(NOW - timedelta(hours=3), NOW) == "clock clock--late"
        assert filters.clock_class(NOW + timedelta(minutes=50), NOW) == "clock clock--soon"
        assert filters.clock_class(NOW + timedelta(hours=5), NOW) == "clock"


@pytest.mark.parametrize(
    ("lang", "words"), [("kk", "5 күн бұрын"), ("ru", "5 дней назад"), ("en", "5 days ago")]
)
def test_ago(app: Flask, lang: str, words: str) -> None:
    with app.test_request_context(f"/{lang}/"):
        assert filters.ago(NOW - timedelta(days=5, hours=3), NOW) == words


@pytest.mark.parametrize("count", [0, 1, 2, 5, 11, 21, 22, 25, 101])
def test_kazakh_nouns_stay_singular_after_a_number(app: Flask, count: int) -> None:
    with app.test_request_context("/kk/"):
        assert filters.span(timedelta(days=count + 2)).endswith(" күн")


def test_numbers_follow_the_language(app: Flask) -> None:
    with app.test_request_context("/ru/"):
        assert filters.number(12345.5) == "12\u00a0345,5"
        assert filters.percent(0.26) == "26\u00a0%"
        assert filters.number(None) == filters.percent(None) == ""
