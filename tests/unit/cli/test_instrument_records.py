"""`tirek instruments rescore` and `code-book`: a sentence for each fault, totals computed anew."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from tests.world import the_catalog
from tirek.catalog.exchange.records import csv_records
from tirek.catalog.exchange.records.record import Record, Scored
from tirek.cli import main
from tirek.domain.instruments import Answer
from tirek.domain.scoring import score

WHO = the_catalog().instruments["who-5"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    answers = {item.id: Answer.read("2") for item in WHO.items}
    one = Scored(Record("", {"record": "a"}, answers), score(WHO, answers), ())
    path = tmp_path / "table.csv"
    path.write_bytes(csv_records.write(WHO, [one]))
    return path


def change(path: Path, column: str, value: str) -> None:
    rows = list(csv.reader(StringIO(path.read_text("utf-8-sig"))))
    rows[1][rows[0].index(column)] = value
    sheet = StringIO()
    csv.writer(sheet).writerows(rows)
    path.write_text(sheet.getvalue(), "utf-8")


def run(capfdbinary, *words: str) -> tuple[int, str, str]:
    code = main(["instruments", *words])
    out, err = capfdbinary.readouterr()
    return code, out.decode("utf-8-sig"), err.decode()


def test_a_table_comes_back_scored(table: Path, capfdbinary) -> None:
    code, out, err = run(capfdbinary, "rescore", "who-5", str(table))
    assert (code, err) == (0, "")
    [row] = csv.DictReader(StringIO(out))
    assert (row["raw"], row["raw_state"]) == ("10", "computed")


def test_a_total_that_is_not_so_is_named_and_replaced(table: Path, capfdbinary) -> None:
    change(table, "raw", "25")
    code, out, err = run(capfdbinary, "rescore", "who-5", str(table))
    assert code == 1
    assert "table.csv: line 2: raw is said to be 25, but is 10; not taken." in err
    assert next(csv.DictReader(StringIO(out)))["raw"] == "10"


def test_one_wrong_cell_and_nothing_is_written(table: Path, capfdbinary, tmp_path: Path) -> None:
    change(table, "q1", "7")
    out = tmp_path / "out.csv"
    code, _, err = run(capfdbinary, "rescore", "who-5", str(table), "--out", str(out))
    assert code == 2
    assert "line 2, column q1" in err
    assert "Traceback" not in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rescore", "none", "x.csv"], "no instrument 'none'"),
        (["rescore", "who-5", "/nowhere/x.csv"], "cannot be read"),
        (["code-book", "none"], "no instrument 'none'"),
    ],
)
def test_what_is_not_there_is_one_sentence(words: list[str], said: str, capfdbinary) -> None:
    code, _, err = run(capfdbinary, *words)
    assert code == 2
    assert said in err


def test_the_code_book_is_printed(capfdbinary) -> None:
    code, out, _ = run(capfdbinary, "code-book", "who-5")
    assert code == 0
    assert WHO.hashes.release in out
