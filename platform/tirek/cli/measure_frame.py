"""What every verb of `tirek measure` shares: its file, its items, its refusals, its page."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Self

import numpy as np

from tirek.cli.measure_table import Numbers, Table
from tirek.cli.parser import CommandError
from tirek.domain.measurement.errors import UnmeasurableError

Figures = Mapping[str, object]
TWO = 2


def add_verb(
    verbs: "_SubParsersAction[ArgumentParser]",
    name: str,
    figures: Callable[[Namespace], Figures],
    help_text: str,
) -> ArgumentParser:
    """Register a verb that turns its arguments into figures, shown as a page or as JSON."""
    verb = verbs.add_parser(name, help=help_text)
    verb.add_argument("file", metavar="FILE.csv", help='items as columns, "-" for stdin')
    verb.add_argument("--json", action="store_true", help="for machines")
    verb.set_defaults(run=partial(_run, figures))
    return verb


def with_items(verb: ArgumentParser) -> ArgumentParser:
    """Add the options that say which columns are items and which way they point."""
    verb.add_argument("--items", type=_names, metavar="A,B,C", help="columns (default: all)")
    verb.add_argument(
        "--reverse", type=_names, default=(), metavar="A,B", help="counted as min + max - answer"
    )
    verb.add_argument("--min", type=number, help="the lowest answer there can be")
    verb.add_argument("--max", type=number, help="the highest answer there can be")
    return verb


@dataclass(frozen=True, slots=True)
class Answers:
    """The items of a file: (persons, items) numbers in their key's direction, blanks as NaN."""

    table: Table
    items: tuple[str, ...]
    given: Numbers

    @classmethod
    def read(cls, arguments: Namespace, *besides: str | None) -> Self:
        """Return the items asked for: those named, or all columns that no other option names."""
        table = Table.read(arguments.file)
        items = arguments.items or table.others_than(besides)
        _check_reverse(arguments, items)
        given = table.numbers(items)
        _check_range(arguments, table, items, given)
        turned = [items.index(item) for item in arguments.reverse]
        if turned:
            given[:, turned] = arguments.min + arguments.max - given[:, turned]
        return cls(table, items, given)


def _check_reverse(arguments: Namespace, items: tuple[str, ...]) -> None:
    for item in arguments.reverse:
        if item not in items:
            raise CommandError(f"{arguments.file}: --reverse names {item!r}, which is no item.")
    ends = (arguments.min, arguments.max)
    if None not in ends and not arguments.min < arguments.max:
        raise CommandError("--min must be below --max.")
    if arguments.reverse and None in ends:
        raise CommandError("--reverse needs --min and --max: the ends of the answers' range.")


def _check_range(
    arguments: Namespace, table: Table, items: tuple[str, ...], given: Numbers
) -> None:
    if arguments.min is not None:
        table.refuse_at(items, given < arguments.min, f"the answer is below {arguments.min:g}")
    if arguments.max is not None:
        table.refuse_at(items, given > arguments.max, f"the answer is above {arguments.max:g}")


def number(written: str) -> float:
    """Read a finite number."""
    value = float(written)
    if not isfinite(value):
        raise ValueError(written)
    return value


def _names(written: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in written.split(","))
    for place, name in enumerate(names):
        if not name:
            raise CommandError(f"A list of columns has an empty name in it: {written!r}.")
        if name in names[:place]:
            raise CommandError(f"A list of columns names {name!r} twice.")
    return names


def _run(figures: Callable[[Namespace], Figures], arguments: Namespace) -> int:
    try:
        found = plain(figures(arguments))
    except UnmeasurableError as error:
        raise CommandError(f"{arguments.file}: {error}.") from error
    shown = [json.dumps(found, ensure_ascii=False, allow_nan=False)]
    try:
        sys.stdout.writelines(f"{line}\n" for line in (shown if arguments.json else lines(found)))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough (`| head`); nothing may be flushed to them at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def plain(found: object) -> object:
    """Return figures as JSON knows them: numpy's numbers as Python's, no number as None."""
    match found:
        case np.ndarray():
            return plain(found.tolist())
        case np.generic():
            return plain(found.item())
        case Mapping():
            return {str(name): plain(value) for name, value in found.items()}
        case list() | tuple():
            return [plain(value) for value in found]
        case float() if not isfinite(found):
            return None
        case _:
            return found


def lines(found: object, indent: str = "") -> Iterator[str]:
    """Return figures for a reader: a name and its value, or a table of equal rows."""
    if not isinstance(found, Mapping):
        raise TypeError("figures have names")
    if rows := _rows(found):
        yield from _table(rows)
        return
    width = max((len(name) for name in found), default=0) + TWO
    for name, value in found.items():
        if rows := _rows(value):
            yield f"{indent}{name}"
            yield from (f"{indent}  {line}" for line in _table(rows))
        elif isinstance(value, Mapping):
            yield f"{indent}{name}"
            yield from lines(value, indent + "  ")
        else:
            yield f"{indent}{name:{width}}{_shown(value)}"


def _rows(value: object) -> dict[str, Mapping[str, object]]:
    """Return what can stand as a table: rows that are all mappings, by name or in a list."""
    named = value if isinstance(value, Mapping) else {}
    if isinstance(value, list):
        named = {str(number): row for number, row in enumerate(value, start=1)}
    rows = {name: row for name, row in named.items() if isinstance(row, Mapping)}
    return rows if rows and len(rows) == len(named) else {}


def _table(rows: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    heads = list(dict.fromkeys(head for row in rows.values() for head in row))
    cells = [["", *heads]]
    cells += [[name, *(_shown(row.get(head)) for head in heads)] for name, row in rows.items()]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads) + 1)]
    for first, *rest in cells:
        shown = "  ".join(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield f"{first:{widths[0]}}  {shown}".rstrip()


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.6g}"
        case list():
            return " .. ".join(_shown(each) for each in value)
        case _:
            return str(value)
