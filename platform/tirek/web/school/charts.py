"""Earlier rounds as lines; a line is broken where the questions or their words changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from tirek.services.result_rounds import Round
from tirek.web.filters import as_date

Point = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one scale over time, and the places of those that begin anew after a break."""

    scale: str
    number: int
    points: tuple[Point, ...]
    breaks: tuple[int, ...]


def of_rounds(rounds: Sequence[Round]) -> list[Line]:
    """One line for each scale, from two values on."""
    scales = list(dict.fromkeys(scale for one in rounds for scale in one.values))
    drawn = [_line(number, scale, rounds) for number, scale in enumerate(scales, start=1)]
    return [line for line in drawn if len(line.points) > 1]


def _line(number: int, scale: str, rounds: Sequence[Round]) -> Line:
    points: list[Point] = []
    breaks: list[int] = []
    is_broken = False
    for one in rounds:
        # A break stays one where the round after it has no value.
        is_broken = is_broken or one.break_before is not None
        value = one.values.get(scale)
        if value is None:
            continue
        if is_broken and points:
            breaks.append(len(points))
        is_broken = False
        points.append((as_date(one.ended_at), round(float(value), 2)))
    return Line(scale, number, tuple(points), tuple(breaks))
