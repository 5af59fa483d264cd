"""Small cells: a count of a few people may tell who they are, so it is not shown.

Cells from 1 to 4 are hidden; where exactly one cell of a sum would be hidden, the next smallest
goes with it, because the one alone could be found by subtraction (Hundepool et al., Statistical
Disclosure Control, 2012, ch. 4: primary and secondary suppression). A zero is shown.
"""

from collections.abc import Sequence

SMALLEST_SHOWN = 5


def is_small(count: int) -> bool:
    """Whether so few people are behind a figure that it must not be shown."""
    return 0 < count < SMALLEST_SHOWN


def hide_small(counts: Sequence[int]) -> tuple[int | None, ...]:
    """The cells of one sum with the small ones, and what would give them away, as None."""
    return hide_next([None if is_small(count) else count for count in counts], counts)


def hide_next(shown: Sequence[int | None], counts: Sequence[int]) -> tuple[int | None, ...]:
    """Cells of a sum of which exactly one is hidden, with the next smallest hidden as well.

    `counts` are the cells as they are. With no hidden cell, or more than one, nothing changes; nor
    where all the others are zero: then the sum itself is that cell, and hidden by its own size.
    """
    others = [(count, place) for place, count in enumerate(counts) if shown[place]]
    if sum(cell is None for cell in shown) != 1 or not others:
        return tuple(shown)
    smallest = min(others)[1]
    return tuple(None if place == smallest else cell for place, cell in enumerate(shown))


def hide_steps(counts: Sequence[int]) -> tuple[int | None, ...]:
    """The steps of a funnel, each a part of the one before: cut where a step or a loss is small.

    Who left between two steps is a group as well, so a loss of 1 to 4 people hides the later step;
    whatever comes after a hidden step is hidden too. `counts` never rise.
    """
    shown: list[int | None] = []
    for count in counts:
        before = shown[-1] if shown else count
        if before is None or is_small(count) or is_small(before - count):
            shown.append(None)
        else:
            shown.append(count)
    return tuple(shown)
