"""What lints find is told in the reader's language, whatever the lint."""

import ast
import re
from pathlib import Path

import pytest

import tirek
from tests.finding_words import SAID
from tirek.web.oversight.finding_sentences import SENTENCES
from tirek.web.oversight.finding_words import find_in_words, refused_place_in_words

CATALOG = Path(tirek.__file__).parent / "catalog"
READERS = "yaml_subset fields cases structure scoring interpretation conditions calibration wording"
SOURCES = [
    *(CATALOG / "instrument_lints").glob("*.py"),
    *(CATALOG / f"{name}.py" for name in [*READERS.split(), "todo", "instrument_files"]),
]
PHRASE = re.compile(r"[a-z]+ [a-z]+", re.IGNORECASE)


def phrases(source: Path) -> list[str]:
    """Whatever a module says in two English words or more, outside its docstrings."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    silent = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    said = [one for one in ast.walk(tree) if isinstance(one, ast.Constant)]
    texts = [one.value for one in said if isinstance(one.value, str) and id(one) not in silent]
    return [text for text in texts if text.isascii() and PHRASE.search(text)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_every_phrase_of_a_lint_stands_in_a_sentence(source: Path) -> None:
    assert [one for one in phrases(source) if not any(one in said for said in SENTENCES)] == []


def test_what_an_import_leaves_to_do_stands_in_a_sentence() -> None:
    imports = "".join(one.read_text("utf-8") for one in (CATALOG / "exchange").glob("*.py"))
    left = [one for one in re.findall(r'todo\(f?"([^"{]+)', imports) if " " in one.strip()]
    assert len(left) > 10
    assert [one for one in left if not any(one in said for said in SENTENCES)] == []


def test_what_a_file_says_stays_as_it_is_and_is_never_markup() -> None:
    _kk, ru = SAID
    reason = "case a 1: total is 3 (mild), expected not computable (x) (scoring.yaml:12)"
    assert find_in_words(reason, ru) == (
        "пример a 1, шкала total: получилось 3 (mild);"
        " ожидалось «не вычисляется» (x) (scoring.yaml:12)"
    )
    assert find_in_words('there is no item "q\'5"', ru) == "вопроса «q&#39;5» нет"
    assert find_in_words("key '<b>' stands here a second time", ru) == (
        "имя «&lt;b&gt;» стоит здесь второй раз"
    )
    assert find_in_words("not YAML: <odd>", ru) == (
        'не читается как YAML: <span lang="en">&lt;odd&gt;</span>'
    )
    assert find_in_words("what nobody ever wrote", ru) is None
    assert refused_place_in_words("structure.yaml:2: the file is empty", ru) == (
        "structure.yaml:2: файл пуст"
    )
    assert refused_place_in_words("<a>.exe", ru) == "&lt;a&gt;.exe"
