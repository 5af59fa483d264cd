from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from flask import Flask

from tirek.domain.rounds import Asked, Break
from tirek.services.result_rounds import Round
from tirek.services.runs import AdministrationKey
from tirek.web.school.charts import of_rounds


def a_round(month: int, broken: Break | None, value: int | None) -> Round:
    return Round(
        AdministrationKey(2026, uuid4()),
        datetime(2026, month, 10, 6, tzinfo=UTC),
        Asked("1.0.0", "kk", "1.0.0"),
        broken,
        {"total": None if value is None else Decimal(value)},
    )


def test_a_line_ends_where_the_questions_changed(app: Flask) -> None:
    rounds = [
        a_round(1, None, 3),
        a_round(2, None, 5),
        a_round(3, Break.WORDING, 9),
        a_round(4, None, 8),
    ]
    with app.test_request_context("/ru/"):
        lines = of_rounds(rounds)
    assert [[value for _day, value in line.points] for line in lines] == [[3, 5], [9, 8]]
    assert len({line.number for line in lines}) == 2


def test_a_single_value_and_a_missing_one_draw_no_line(app: Flask) -> None:
    with app.test_request_context("/ru/"):
        assert of_rounds([a_round(1, None, 3), a_round(2, Break.STRUCTURE, 5)]) == []
        assert of_rounds([a_round(1, None, 3), a_round(2, None, None)]) == []
