"""What researchers get: sums by course, language and scale in one flat table, nobody in it."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from tirek.services.course_figures import STEPS, Funnel
from tirek.services.effect import Effect

# Read by programs, so the same in every language; the page beside the link explains each column.
HEAD = ("table", "course", "language", "instrument", "scale", "measure", "value")
HIDDEN = "<5"


def write(funnels: Iterable[Funnel], effects: Iterable[Effect]) -> str:
    """The table as CSV (RFC 4180, UTF-8); a figure of fewer than five people is `<5`.

    What that would give away is marked the same, and a change is absent below ten pairs.
    """
    page = StringIO()
    writer = csv.writer(page)
    writer.writerow(HEAD)
    writer.writerows(_funnel_rows(funnels))
    writer.writerows(_effect_rows(effects))
    return page.getvalue()


def _funnel_rows(funnels: Iterable[Funnel]) -> Iterator[tuple[object, ...]]:
    for one in funnels:
        place = ("funnel", one.course.id, one.language or "both", "", "")
        for name, value in zip((*STEPS, "core_path"), (*one.steps, one.core_path), strict=True):
            yield (*place, name, HIDDEN if value is None else value)


def _effect_rows(effects: Iterable[Effect]) -> Iterator[tuple[object, ...]]:
    for one in effects:
        place = ("change", one.course.id, "both", one.instrument_id, one.scale_id)
        if one.change is None:
            yield (*place, "pairs", "<10")
            continue
        change = one.change
        yield (*place, "pairs", change.pairs)
        for name in ("before", "after", "mean", "low", "high"):
            yield (*place, name, f"{getattr(change, name):.2f}")
