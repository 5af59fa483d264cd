"""Reads clocks and ladders: time limits, and whom to call when they run out."""

from collections.abc import Iterator
from itertools import count, pairwise

from tirek.catalog.errors import CatalogError
from tirek.catalog.fields import Fields
from tirek.catalog.yaml_subset import ScalarNode
from tirek.domain.clocks import Clock
from tirek.domain.ladder import Post, Rung

AT_ONCE = "at_once"


def clock(fields: Fields, name: str) -> Clock:
    """Return a time limit: either minutes or working days."""
    with fields.fields(name) as limits:
        minutes = limits.maybe_integer("minutes") or 0
        working_days = limits.maybe_integer("working_days") or 0
    try:
        return Clock(minutes, working_days)
    except ValueError as error:
        raise fields.error(name, str(error)) from None


def ladder(fields: Fields, name: str) -> tuple[Rung, ...]:
    """Return the rungs in their order, numbered from 1; refuse a ladder that leads nowhere."""
    numbers = count(1)
    found = fields.some(name, fields.each(name, lambda rung: _rung(next(numbers), rung)))
    for line, reason in _faults(found):
        raise CatalogError(fields.path, line, reason)
    return tuple(rung for _, rung in found)


def overdue_ladder(fields: Fields, name: str) -> tuple[Rung, ...]:
    """Return a ladder that begins at the moment the promise is broken."""
    rungs = ladder(fields, name)
    if rungs[0].after is not None:
        raise fields.error(name, f"the first rung of {name!r} must come {AT_ONCE}")
    return rungs


def _rung(number: int, fields: Fields) -> tuple[int, Rung]:
    is_breach = fields.maybe_true("breach")
    posts = tuple(_post(fields, post) for post in fields.texts("posts"))
    if not posts and not is_breach:
        raise fields.error("posts", "this rung calls nobody: name a post, or make it the breach")
    if len(set(posts)) < len(posts):
        raise fields.error("posts", "a post stands on this rung a second time")
    return fields.mapping.line, Rung(number, _after(fields), posts, is_breach)


def _post(fields: Fields, name: str) -> Post:
    if name not in set(Post):
        raise fields.error("posts", f"a post must be one of: {', '.join(Post)}")
    return Post(name)


def _after(fields: Fields) -> Clock | None:
    if not isinstance(fields.node("after"), ScalarNode):
        return clock(fields, "after")
    if fields.text("after") != AT_ONCE:
        raise fields.error("after", f"'after' must be a time limit, or {AT_ONCE}")
    return None


def _faults(found: tuple[tuple[int, Rung], ...]) -> Iterator[tuple[int, str]]:
    for (_, rung), (line, following) in pairwise(found):
        if not _is_later(following.after, rung.after):
            yield line, "each rung must come later than the one before it, on every calendar"
        if rung.is_breach:
            yield line, "nothing can follow a breach record: it is the last rung"
    line, last = found[-1]
    if not last.is_breach:
        yield line, "the last rung must be a breach record (breach: true)"


def _is_later(later: Clock | None, sooner: Clock | None) -> bool:
    if later is None or sooner is None:
        return later is not None
    return sooner != later and sooner.never_later_than(later)
