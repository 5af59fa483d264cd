"""A CSV file of answers: a header row, one person a row, numbers, blank cells for missing answers.

Reads what spreadsheets write: comma, semicolon or tab between cells, a byte-order mark, Windows
line ends, a decimal comma where the semicolon parts the cells. `NA` and `NaN` count as blank. A
million rows are read by numpy; only a file that it cannot read is walked cell by cell, so that
the refusal names line and column.
"""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from tirek.cli.parser import CommandError

DELIMITERS = ",;\t"
BLANKS = frozenset({"", "na", "nan"})
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its columns by name, and the rows as text until somebody asks for numbers."""

    name: str
    columns: tuple[str, ...]
    delimiter: str
    body: str

    @classmethod
    def read(cls, name: str) -> Self:
        """Return the file's table ("-" is stdin); raise CommandError when it is not one."""
        head, _, body = _text(name).partition("\n")
        delimiter = max(DELIMITERS, key=head.count)
        header = next(csv.reader([head], delimiter=delimiter), [])
        columns = tuple(cell.strip() for cell in header)
        _check_header(name, columns)
        return cls(name, columns, delimiter, body)

    def others_than(self, taken: Sequence[str | None]) -> tuple[str, ...]:
        """Return the columns that no option has named."""
        left = tuple(column for column in self.columns if column not in taken)
        if "" in left:
            place = self.columns.index("") + 1
            raise CommandError(
                f"{self.name}, line 1: column {place} has no name; name the items with --items."
            )
        return left

    def known(self, column: str) -> int:
        """Return where the column stands; raise CommandError for a name the header lacks."""
        if column not in self.columns:
            raise CommandError(f"{self.name}, line 1: there is no column {column!r}.")
        return self.columns.index(column)

    def numbers(self, columns: Sequence[str]) -> Numbers:
        """Return the columns as (persons, columns) numbers, blanks as NaN."""
        places = [self.known(column) for column in columns]
        try:
            found = self._fast(places)
        except (ValueError, OverflowError):
            found = self._by_cell(places)
        if np.isinf(found).any():
            found = self._by_cell(places)
        return found

    def labels(self, column: str) -> tuple[str, ...]:
        """Return one column as trimmed text, blanks as ""."""
        place = self.known(column)
        return tuple(
            "" if row[place].strip().lower() in BLANKS else row[place].strip()
            for _, row in self._rows()
        )

    def refuse_at(self, columns: Sequence[str], wrong: npt.NDArray[np.bool_], reason: str) -> None:
        """Raise CommandError with the place of the first True in (persons, columns), if any."""
        if wrong.any():
            person, column = (int(place) for place in np.argwhere(wrong)[0])
            raise CommandError(f"{self.place(person, columns[column])}: {reason}.")

    def place(self, person: int, column: str) -> str:
        """Return where a person's cell stands, in words."""
        for at, (line, _) in enumerate(self._rows()):
            if at == person:
                return f"{self.name}, line {line}, column {column!r}"
        raise IndexError(person)

    def _fast(self, places: Sequence[int]) -> Numbers:
        """Let numpy read the rows; a ValueError means that it cannot."""
        body = self.body
        if self.delimiter == ";":
            body = body.replace(",", ".")
        mark, body = self.delimiter, "\n" + body + "\n"
        for before, after in ((mark, mark), ("\n", mark), (mark, "\n")):
            filled = f"{before}nan{after}"
            # Twice: of three marks in a row only every second gap is found at once.
            body = body.replace(before + after, filled).replace(before + after, filled)
        if not body.strip():
            raise CommandError(f"{self.name} has a header row and nothing below it.")
        found: Numbers = np.loadtxt(
            io.StringIO(body),
            delimiter=mark,
            comments=None,
            usecols=list(places) if len(self.columns) > 1 else None,
            ndmin=2,
        )
        if len(self.columns) > 1:
            self._check_widths(body)
        return found

    def _check_widths(self, body: str) -> None:
        """Raise ValueError for a row longer or shorter than the header; numpy reads past it."""
        if '"' in body:
            raise ValueError("a quoted cell")
        letters = np.frombuffer(body.encode(), dtype=np.uint8)
        ends = np.flatnonzero(letters == ord("\n"))
        begins = ends[:-1][np.diff(ends) > 1]
        marks = np.add.reduceat(letters == ord(self.delimiter), begins, dtype=np.int32)
        if (marks != len(self.columns) - 1).any():
            raise ValueError("a row of another length")

    def _by_cell(self, places: Sequence[int]) -> Numbers:
        """Read cell by cell, so that the first wrong one can be named."""
        rows = [
            [self._number(line, place, row[place]) for place in places]
            for line, row in self._rows()
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(places))

    def _number(self, line: int, place: int, cell: str) -> float:
        written = cell.strip()
        if written.lower() in BLANKS:
            return nan
        if self.delimiter == ";":
            written = written.replace(",", ".")
        try:
            value = float(written)
        except ValueError:
            value = nan
        if not isfinite(value) or "_" in written:
            where = f"{self.name}, line {line}, column {self.columns[place]!r}"
            raise CommandError(f"{where}: {cell.strip()[:40]!r} is no number.")
        return value

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of every row that is not empty; refuse one of other width."""
        reader = csv.reader(io.StringIO(self.body), delimiter=self.delimiter)
        begun = 2
        try:
            for row in reader:
                line, begun = begun, reader.line_num + 2
                if not "".join(row).strip() and len(row) < max(2, len(self.columns)):
                    continue
                if len(row) != len(self.columns):
                    said = f"has {len(row)} cells, the header has {len(self.columns)}"
                    raise CommandError(f"{self.name}, line {line} {said}.")
                yield line, row
        except csv.Error as error:
            raise CommandError(f"{self.name}, line {begun}: {error}.") from error


def _text(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CommandError(f"{name}, line {line}: this is no UTF-8 text.") from error
    if not text.strip():
        raise CommandError(f"{name} is empty.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check_header(name: str, columns: tuple[str, ...]) -> None:
    if not any(columns):
        raise CommandError(f"{name}, line 1: there is no header row.")
    if all(_is_number(column) for column in columns):
        raise CommandError(f"{name}, line 1 holds numbers: a header row with names is needed.")
    for place, column in enumerate(columns):
        if column in columns[:place]:
            shown = repr(column) if column else "without a name"
            raise CommandError(f"{name}, line 1: the column {shown} stands twice.")


def _is_number(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True
