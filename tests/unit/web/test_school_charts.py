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


def test_a_line_is_broken_where_the_questions_changed(app: Flask) -> None:
    rounds = [
        a_round(1, None, 3),
        a_round(2, None, 5),
        a_round(3, Break.WORDING, None),
        a_round(4, None, 9),
        a_round(5, None, 8),
    ]
    with app.test_request_context("/ru/"):
        (line,) = of_rounds(rounds)
    assert [value for _day, value in line.points] == [3, 5, 9, 8]
    # Nobody could compute the first value after the change: it is a change all the same.
    assert line.breaks == (2,)


def test_what_stands_on_both_sides_of_a_break_is_two_dots(app: Flask) -> None:
    with app.test_request_context("/ru/"):
        (line,) = of_rounds([a_round(1, None, 3), a_round(2, Break.STRUCTURE, 5)])
        assert line.breaks == (1,)
        assert of_rounds([a_round(1, None, 3), a_round(2, None, None)]) == []
