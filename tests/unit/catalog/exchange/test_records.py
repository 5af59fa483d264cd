"""Tables of answers: what goes out comes back, totals are computed anew, one fault stops all."""

import csv
from fractions import Fraction
from io import StringIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyreadstat
import pytest

from tests.world import the_catalog
from tirek.catalog.exchange.foreign import ExchangeError
from tirek.catalog.exchange.records import code_book, csv_records, redcap_records, sav
from tirek.catalog.exchange.records.record import Record, Scored, TableError, rescored
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.scoring import score

INSTRUMENTS = the_catalog().instruments
FORMATS = (csv_records, redcap_records, sav)
BLANKS = (AnswerState.DECLINED, AnswerState.SKIPPED, AnswerState.UNSEEN)
each_format = pytest.mark.parametrize("form", FORMATS)


def sheets(instrument: Instrument, number: int = 25, seed: int = 1) -> list[Scored]:
    """Random people, with every kind of blank."""
    random = Random(f"{instrument.id} {seed}")  # noqa: S311 - no secret
    found = []
    for person in range(number):
        answers = {
            item.id: Answer(random.choice(BLANKS))
            if random.random() < 0.1
            else Answer.read(random.choice(instrument.options(item.id)).code)
            for item in instrument.items
        }
        facts = {"record": f"301-{person:03}", "language": "kk", "age": "14", "sex": "f"}
        record = Record("", facts | {"ended": "2026-11-22"}, answers)
        found.append(Scored(record, score(instrument, answers), ()))
    return found


@each_format
@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_what_goes_out_comes_back_with_its_blanks_and_scores(form, name: str) -> None:
    instrument = INSTRUMENTS[name]
    before = sheets(instrument)
    table = form.read(instrument, form.write(instrument, before))
    assert table.remarks == ()
    after = list(rescored(instrument, table.records))
    assert [one.record.answers for one in after] == [one.record.answers for one in before]
    assert [one.scores for one in after] == [one.scores for one in before]
    assert [one.record.facts for one in after] == [one.record.facts for one in before]
    # The totals of the file are compared, and agree.
    assert [one.refuted for one in after] == [()] * len(before)
    computed = sum(one.value is not None for each in before for one in each.scores)
    assert sum(len(one.record.claimed) for one in after) == computed


@each_format
def test_a_total_that_is_not_so_is_named_and_not_taken(form) -> None:
    instrument = INSTRUMENTS["phq-a"]
    [one] = sheets(instrument, 1)
    full = {item.id: Answer.read("1") for item in instrument.items}
    lie = tuple(
        score if score.scale != "total" else type(score)("total", Fraction(27), None, 9)
        for score in one.scores
    )
    told = Scored(Record("", one.record.facts, full), lie, ())
    [read] = rescored(instrument, form.read(instrument, form.write(instrument, [told])).records)
    assert {each.scale: each.value for each in read.scores}["total"] == 9
    sentences = [remark.text for remark in read.refuted]
    assert any("total is said to be 27, but is 9; not taken" in said for said in sentences)


def test_a_total_where_nothing_is_computable_is_refuted_too() -> None:
    instrument = INSTRUMENTS["phq-a"]
    answers = {f"q{n}": Answer(AnswerState.SKIPPED) for n in range(1, 14)}
    [read] = rescored(instrument, [Record("line 2", {}, answers, {"total": Fraction(0)})])
    assert "not computable" in read.refuted[0].text
    assert read.scores[0].value is None


def a_sheet(instrument: Instrument) -> list[list[str]]:
    text = csv_records.write(instrument, sheets(instrument, 3)).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def written(rows: list[list[str]], delimiter: str = ",") -> bytes:
    sheet = StringIO()
    csv.writer(sheet, delimiter=delimiter).writerows(rows)
    return sheet.getvalue().encode()


def test_one_wrong_cell_stops_all_and_every_wrong_cell_is_named() -> None:
    instrument = INSTRUMENTS["phq-a"]
    rows = a_sheet(instrument)
    place = rows[0].index("q3")
    rows[1][place], rows[3][place] = "9", "yes"
    rows[2][rows[0].index("total")] = "many"
    with pytest.raises(TableError) as caught:
        csv_records.read(instrument, written(rows))
    assert [one.place for one in caught.value.sentences] == [
        "line 2, column q3", "line 3, column total", "line 4, column q3",
    ]  # fmt: skip
    assert "no option '9'" in caught.value.sentences[0].text


def test_a_column_that_is_missing_is_no_blank() -> None:
    instrument = INSTRUMENTS["phq-a"]
    rows = a_sheet(instrument)
    place = rows[0].index("q9")
    with pytest.raises(TableError, match="lacks the items q9"):
        csv_records.read(instrument, written([row[:place] + row[place + 1 :] for row in rows]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no header"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a,b\n1,2\n", "names no item"),
        (b"q1,q1\n1,2\n", "twice"),
        (b'q1,q2,q3,q4,q5\n1,2,3,4,"5', "CSV"),
    ],
)
def test_a_broken_table_is_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        csv_records.read(INSTRUMENTS["who-5"], content)
    assert said in str(caught.value)


def test_rows_of_another_length_and_empty_tables_are_refused() -> None:
    instrument = INSTRUMENTS["who-5"]
    rows = a_sheet(instrument)
    with pytest.raises(TableError, match="line 3"):
        csv_records.read(instrument, written([rows[0], rows[1], rows[2][:-1]]))
    with pytest.raises(TableError, match="no rows"):
        csv_records.read(instrument, written(rows[:1]))


def test_a_header_of_many_names_is_read_once() -> None:
    # Two megabytes of names held a web process for hours.
    names = ",".join(f"c{number}" for number in range(150_000))
    with pytest.raises(TableError, match="lacks the items"):
        csv_records.read(INSTRUMENTS["phq-a"], f"{names},q1\n1".encode())


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda lines: [lines[0], lines[1] + ",0", *lines[2:]], "cells, the header"),
        (lambda lines: [lines[0], '"' + lines[1].replace(",", '"x,', 1), *lines[2:]], "is not CSV"),
        (lambda lines: [line + (",note,note" if not n else ",,") for n, line in enumerate(lines)],
         "stands twice"),
    ],
)  # fmt: skip
def test_a_broken_line_hides_no_other(broken, said: str) -> None:
    instrument = INSTRUMENTS["phq-a"]
    lines = csv_records.write(instrument, sheets(instrument)).decode().split("\r\n")[:-1]
    content = "\r\n".join(broken(lines)).encode()
    with pytest.raises(TableError, match=said) as caught:
        csv_records.read(instrument, content)
    last = csv_records.read(instrument, "\r\n".join([lines[0], lines[-1]]).encode()).records[0]
    assert caught.value.legible[-1].answers == last.answers


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_spreadsheets_do_to_a_table_is_understood(delimiter: str) -> None:
    instrument = INSTRUMENTS["who-5"]
    rows = a_sheet(instrument)
    place = rows[0].index("q1")
    rows[1][place] = "2.0"
    rows[0].append("a note of our own")
    for row in rows[1:]:
        row.append("x")
    table = csv_records.read(instrument, b"\xef\xbb\xbf" + written(rows, delimiter))
    assert table.records[0].answers["q1"] == Answer.read("2")
    assert [one.place for one in table.remarks] == ["column a note of our own"]


def test_no_cell_is_run_as_a_formula() -> None:
    instrument = INSTRUMENTS["who-5"]
    one = sheets(instrument, 1)[0]
    bad = Scored(
        Record("", {**one.record.facts, "record": "=1+1"}, one.record.answers), one.scores, ()
    )
    text = csv_records.write(instrument, [bad]).decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=1+1" not in text


def test_a_sav_file_has_labels_in_both_languages_and_missing_values_with_words() -> None:
    instrument = INSTRUMENTS["phq-a"]
    content = sav.write(instrument, sheets(instrument))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.sav"
        path.write_bytes(content)
        plain, meta = pyreadstat.read_sav(path, output_format="dict")
    for item in instrument.items:
        label = meta.column_names_to_labels[item.id]
        for lang in ("kk", "ru"):
            assert instrument.text(lang, f"{item.id}.topic") in label
        values = meta.variable_value_labels[item.id]
        assert set(values) == {*(float(o.code) for o in instrument.options(item.id)), -98, -97, -96}
        assert instrument.text("kk", f"{item.options}.0") in values[0]
        # SPSS itself leaves them out of every sum.
        assert not {*plain[item.id]} & {-98.0, -97.0, -96.0}
        assert {*plain[item.id]} & {0.0}
    assert instrument.hashes.release in " ".join(meta.notes)


def test_a_file_that_is_no_sav_is_a_sentence() -> None:
    with pytest.raises(ExchangeError, match=r"no \.sav file"):
        sav.read(INSTRUMENTS["who-5"], b"$FL2 but not really")


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_the_code_book_names_every_column_in_both_languages(name: str) -> None:
    instrument = INSTRUMENTS[name]
    text = code_book.write(instrument).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    named = {row["variable"] for row in rows}
    assert set(csv_records.columns(instrument)) <= named
    # What a release is called, and its hashes, are the same in every language.
    assert all(row["kk"] and row["ru"] for row in rows if row["kind"] != "release")
    may = instrument.structure.licence.may["export_wording"]
    for item in instrument.items:
        strings = instrument.wording("kk").strings
        if f"{item.id}.text" in strings and not may:
            assert strings[f"{item.id}.text"] not in text
    assert instrument.hashes.release in text
