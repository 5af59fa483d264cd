# ruff: noqa: E501 - one fault a line
"""Each fault that the courses must not have, planted alone in a copy of all of them, is found.

By the command that authors and CI run, with the file, the line and one sentence.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from tests.builders_content import CONTENT
from tirek.cli import main

FOUND = re.compile(r"(.+?):(\d+): \[([a-z-]+)\] (.+)")

Change = Callable[[str], str]


@dataclass(frozen=True)
class Fault:
    """What is done to one file, and where and as what it must be found."""

    name: str
    file: str
    change: Change
    lint: str
    # Words on the line that must be named; None: the first line.
    at: str | None
    # Where it is found, if that is another file.
    found_in: str | None = None


def put(old: str, new: str) -> Change:
    """`new` where `old` stands first."""

    def change(text: str) -> str:
        assert old in text, f"{old!r} is not there: the fault must be planted, not missed"
        return text.replace(old, new, 1)

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    return change


def gone(_text: str) -> str:
    return ""


STOP_RU, STOP_KK = (f"{lang}/calm-parent/02-ten-second-stop.md" for lang in ("ru", "kk"))
MONEY_KK = "kk/digital-family/05-easy-money.md"
SIGNED = (
    'review: {content: "2026-09-01 ps", language: "2026-09-01 ed", child_safety: "2026-09-01 ps"'
)
UNSIGNED = "review: {content: null, language: null, child_safety: null"
AUDIO = "audio: {file: a.ru.opus, seconds: 268, voice: %s, text_hash: %s}"
LONG = "Дочери 14 лет, " + "очень " * 20 + "скоро."

FAULTS = [
    # The two languages.
    Fault("a lesson missing", "kk/teen/06-first-love.md", gone, "format", None),
    Fault("a stray file", "kk/teen/09-extra.md", lambda _text: "# Extra", "files", None),
    Fault("a stray memo", "ru/materials/extra.md", lambda _text: "# Extra", "files", None),
    Fault("other card id", STOP_KK, put("{#door}", "{#gate}"), "cards", "{#gate}"),
    Fault("a step less", STOP_KK, put("1. Іштей «Тоқта» деңіз.\n", ""), "steps", "{#how}"),
    Fault(
        "a choice less",
        STOP_KK,
        lambda text: re.sub(r"\( \) c\..*?(?=\n:::)", "", text, flags=re.DOTALL),
        "choices",
        "{#c1",
    ),
    Fault("other number", STOP_KK, put("Қызы 14 жаста", "Қызы 15 жаста"), "numbers", "{#door}"),
    Fault(
        "other number in a title", STOP_KK, put("# 10 секунд", "# 12 секунд"), "numbers", "# 12"
    ),
    Fault("other month", MONEY_KK, put("16 қыркүйек", "16 қазан"), "dates", "{#why}"),
    Fault("other facts", "kk/teen/06-first-love.md", put("print: true", "print: false"), "facts", "print: false"),
    Fault("Russian in the Kazakh place", "kk/teen/06-first-love.md", lambda _text: (CONTENT / "ru/teen/06-first-love.md").read_text(encoding="utf-8").replace("lang: ru\n", "lang: kk\n", 1), "foreign", "{#why}"),
    # Translations that lag, and signatures.
    Fault("source changed", STOP_RU, put("Часто этого", "Обычно этого"), "stale", "source_hash: ", STOP_KK),
    Fault(
        "lagging for 31 days",
        STOP_KK,
        both(
            lambda text: re.sub(r"source_hash: \w+", f"source_hash: {'a' * 64}", text),
            put("status:", 'outdated_since: "2026-10-01"\nstatus:'),
        ),
        "stale",
        "source_hash: ",
    ),
    Fault("approved, unsigned", STOP_RU, put("status: in_review", "status: approved"), "review", "review: "),
    Fault("review overdue", STOP_RU, put(UNSIGNED + ", due: null", SIGNED + ', due: "2026-10-01"'), "review", "review: "),
    Fault("signed in the future", STOP_RU, put("content: null", 'content: "2199-01-01 ps"'), "review", "review: "),
    Fault("no source", "ru/teen/06-first-love.md", lambda text: re.sub(r"sources: .*", "sources: []", text), "sources", "sources: []"),
    Fault("unknown source", STOP_RU, put("sources: [who-2023", "sources: [who-2032"), "sources", "sources: ["),
    # Letters and words.
    Fault("Latin i for і", STOP_KK, put("Бір қадам", "Бiр қадам"), "look-alike", "Бiр қадам"),
    Fault("Latin H for Һ", STOP_KK, put("Кейде бірде", "Hәм бірде"), "look-alike", "Hәм"),
    Fault("Latin o in Russian", STOP_RU, put("Скажите себе", "Скажите сeбе"), "look-alike", "сeбе"),
    Fault("Kazakh letter in Russian", STOP_RU, put("Скажите", "Скажіте"), "look-alike", "Скажіте"),
    Fault("a term with о for ө", STOP_KK, put("көмексіз", "комексіз"), "spelling", "комексіз"),
    Fault("a label, ru", STOP_RU, put("он и правда", "трудный подросток и правда"), "forbidden", "трудный"),
    Fault("a label, kk", STOP_KK, put("ол шынымен", "қиын балаға ол шынымен"), "forbidden", "қиын"),
    Fault("a diagnosis", "ru/special-needs/_course.md", put(":::summary\n", ":::summary\nЭто диагноз. "), "forbidden", "диагноз"),
    Fault("capitals", STOP_RU, put("Отец идёт следом.", "ОТЕЦ ИДЁТ.\n\nОТЕЦ ИДЁТ СЛЕДОМ."), "capitals", "ОТЕЦ ИДЁТ СЛЕДОМ"),
    Fault("a short number to call", STOP_RU, put("Скажите себе", "Звоните 111. Скажите себе"), "phone", "Звоните 111"),
    Fault("a long number to call", STOP_KK, put("Іштей", "+7 (727) 250-00-00. Іштей"), "phone", "250-00"),
    Fault("a link to elsewhere", STOP_RU, put("Скажите", "Вот [сайт](https://example.org). Скажите"), "link", "example.org"),
    # Sizes.
    Fault("a title of one word", STOP_RU, put("# Пауза в 10 секунд", "# Пауза"), "title", "# Пауза"),
    Fault("a long card", STOP_RU, put("Дочери 14 лет.", "Дочери 14 лет. " + "Да. " * 60), "size", "{#door}"),
    Fault("a long lesson", STOP_RU, put("Дочери 14 лет.", "Дочери 14 лет. " + "Да. " * 300), "size", "# Пауза"),
    Fault("a long sentence", STOP_RU, put("Дочери 14 лет.", LONG), "sentence", "очень очень"),
    Fault("long sentences on average", "ru/calm-parent/_course.md", lambda text: re.sub(r"(?s)(:::summary\n).*?\n:::", r"\1" + "Здесь говорится о том, как взрослому беречь силы, когда их совсем мало осталось.\n:::", re.sub(r"(?s)(:::audience\n).*?\n:::", r"\1" + "Этот курс для всех взрослых, которые растят детей и иногда очень сильно устают.\n:::", text)), "sentence", "# "),
    Fault("minutes that do not fit", STOP_RU, put("minutes: 5", "minutes: 8"), "minutes", "minutes: 8"),
    Fault("a task that asks nothing", STOP_RU, put("когда пауза далась легче всего?", "вот и всё."), "question", "{#calm-moments}"),
    Fault("a memo of two pages", "ru/materials/exam-week.md", put("## ", "Да. " * 120 + "\n\n## "), "size", "# "),
    # Pictures and recordings.
    Fault("a picture without words", STOP_RU, put("Дочери 14", "![](door.svg) Дочери 14"), "image", "door.svg"),
    Fault("a picture in one language", STOP_KK, put("Қызы 14", "![Есік](door.svg) Қызы 14"), "image", "# 10"),
    Fault("a picture from elsewhere", STOP_RU, put("Дочери 14", "![Дверь](https://example.org/d.svg) 14"), "format", "d.svg"),
    Fault("a recording of another text", STOP_RU, put("audio: null", AUDIO % ("human", "old")), "audio", "audio: "),
    Fault("a machine's voice", STOP_RU, put("audio: null", AUDIO % ("robot", "old")), "audio", "audio: "),
    Fault("heard in one language", STOP_RU, put("audio: null", AUDIO % ("human", "old")), "audio", "audio: null", STOP_KK),
    # Courses.
    Fault("a lesson in two courses", "courses/youth/course.yml", put("lessons:\n", "lessons:\n  - first-love\n"), "unique", "lessons:"),
    Fault("two courses in one place", "courses/youth/course.yml", lambda text: re.sub(r"order: \d+", "order: 8", text), "unique", "order: 8"),
    Fault("a short path of 4 days", "courses/calm-parent/course.yml", put("  - {day: 5, lesson: support-for-me}\n", ""), "format", "core_path:"),
    Fault("an unknown skill", STOP_RU, put("skills: [pause]", "skills: [flying]"), "skills", "skills: [flying]"),
    Fault("no 15 minutes at the start", "ru/teen/01-arguing-is-growing.md", put("{#fifteen-minutes}", "{#today}"), "frame", "{#today}"),
    Fault("nobody to ask at the end", "kk/teen/08-more-than-mood.md", put("{#who-to-ask}", "{#help}"), "frame", "{#help}"),
    Fault("a memo that leads nowhere", "materials/exam-week.yml", put("youth/ent-calm", "youth/none"), "files", "lessons:"),
    # What stops the start as well.
    Fault("an unknown key", STOP_RU, put("print: true", "print: true\ncolour: blue"), "format", "colour"),
    Fault("raw HTML", STOP_RU, put("Дочери 14", "<b>Дочери</b> 14"), "format", "<b>"),
    Fault("a choice unexplained", STOP_RU, put("> Ребёнку страшно", "Ребёнку страшно"), "format", "Ребёнку страшно"),
    Fault("a forbidden word list in disorder", "glossary.yml", put("- {id: lesson, kk", "- {id: course, kk"), "format", "terms:"),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of content/, once: each test takes its fault out again."""
    return copytree(CONTENT, tmp_path_factory.mktemp("planted") / "content")


@pytest.fixture
def planted(copy: Path) -> Iterator[Callable[[Fault], Path]]:
    """Plants one fault, and takes it out at the end."""
    before: list[tuple[Path, bytes | None]] = []

    def plant(fault: Fault) -> Path:
        path = copy / fault.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        before.append((path, path.read_bytes() if path.exists() else None))
        changed = fault.change(text)
        assert changed != text, "the fault must be planted, not missed"
        if changed:
            path.write_text(changed, encoding="utf-8")
        else:
            path.unlink()
        return copy

    yield plant
    for path, content in before:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)


def found(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[tuple[str, ...]]]:
    code = main(["content", "lint", "--root", str(root)])
    lines = capsys.readouterr().out.splitlines()
    return code, [match.groups() for line in lines if (match := FOUND.fullmatch(line))]


def test_more_than_enough_faults_are_planted() -> None:
    assert len(FAULTS) >= 25
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_the_copy_has_no_fault(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(copy, capsys) == (0, [])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_at_its_line(
    planted: Callable[[Fault], Path], fault: Fault, capsys: pytest.CaptureFixture[str]
) -> None:
    root = planted(fault)

    code, findings = found(root, capsys)

    file = fault.found_in or fault.file
    ours = [one for one in findings if one[0].endswith(file) and one[2] == fault.lint]
    assert code == 1
    assert ours, findings
    lines = (root / file).read_text(encoding="utf-8").split("\n") if fault.at else []
    named = [lines[int(line) - 1] if fault.at else "" for _path, line, _lint, _reason in ours]
    assert any((fault.at or "") in line for line in named), (ours, named)
    for _path, _line, _lint, reason in ours:
        assert not re.search(r"[.!?] \S", reason), "one sentence"
