"""Earlier rounds as lines; a line ends where the questions or their words changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tirek.services.result_rounds import Round
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
        for run in unbroken(rounds):
            points = _points(run, scale)
            if len(points) > 1:
                lines.append(Line(scale, len(lines) + 1, points))
    return lines


def unbroken(rounds: Sequence[Round]) -> list[list[Round]]:
    """The rounds in stretches within which they may be compared."""
    stretches: list[list[Round]] = []
    for one in rounds:
        if one.break_before is not None or not stretches:
            stretches.append([])
        stretches[-1].append(one)
    return stretches


def _points(rounds: Iterable[Round], scale: str) -> tuple[Point, ...]:
    values = ((as_date(one.ended_at), one.values.get(scale)) for one in rounds)
    return tuple((day, float(value)) for day, value in values if value is not None)
