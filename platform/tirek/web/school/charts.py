"""Earlier rounds as lines; a line ends where the questions changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tirek.services.results import Round
from tirek.web.filters import as_date

Point = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one scale while the questions stayed the same."""

    scale: str
    number: int
    points: tuple[Point, ...]


def of_rounds(rounds: Sequence[Round]) -> list[Line]:
    """One line for each scale and each unchanged set of questions, from two values on."""
    scales = list(dict.fromkeys(scale for one in rounds for scale in one.values))
    lines: list[Line] = []
    for scale in scales:
        for _same, run in groupby(rounds, key=lambda one: one.structure_hash):
            points = _points(run, scale)
            if len(points) > 1:
                lines.append(Line(scale, len(lines) + 1, points))
    return lines


def _points(rounds: Iterable[Round], scale: str) -> tuple[Point, ...]:
    values = ((as_date(one.ended_at), one.values.get(scale)) for one in rounds)
    return tuple((day, float(value)) for day, value in values if value is not None)
