from pathlib import Path

import pytest

from tests.builders_content import one_course
from tirek.catalog.content import load_courses
from tirek.catalog.errors import CatalogError
from tirek.domain.education import Audio, CardKind, Sensitivity, TextStatus

CONTENT = Path(__file__).resolve().parents[3] / "content"
LESSON = "ru/calm-parent/02-ten-second-stop.md"
PAGE = "kk/calm-parent/_course.md"
PLAN = "courses/calm-parent/course.yml"

# file, what stands there, what is planted instead, part of the reason given
FAULTS = [
    (LESSON, "print: true\n", "print: true\ncolour: blue\n", "unknown field 'colour'"),
    (LESSON, "rev: 1", "rev: 1\nrev: 2", "second time"),
    (LESSON, "rev: 1", "rev: 0", "at least 1"),
    (LESSON, "lang: ru", "lang: en", "must be one of"),
    (LESSON, "lang: ru", "lang: kk", "lies under 'ru'"),
    (LESSON, "course: calm-parent", "course: calm-child", "lies under 'calm-parent'"),
    (LESSON, "id: ten-second-stop", "id: ten-minute-stop", "lies under"),
    (LESSON, "id: ten-second-stop", "id: Ten", "is not an id"),
    (LESSON, "status: in_review", "status: done", "must be one of"),
    (LESSON, "sensitive: none", "sensitive: maybe", "must be one of"),
    (LESSON, "audience: [parent,", "audience: [uncle,", "cannot be 'uncle'"),
    (LESSON, "ages: [0, 17]", "ages: [17, 0]", "[youngest, oldest]"),
    (LESSON, "ages: [0, 17]", "ages: [0.5, 17]", "[youngest, oldest]"),
    (LESSON, "source_hash: null", "source_hash: 9f2c", "never by hand"),
    (LESSON, "source_hash: null", f"source_hash: {'a' * 64}", "an original has no source"),
    (LESSON, "content: null", "content: yesterday", "2026-11-22 who"),
    (LESSON, "content: null", 'content: "2026-13-01 who"', "cannot be '2026-13-01'"),
    (LESSON, "due: null", "due: soon", "cannot be 'soon'"),
    (LESSON, "audio: null", "audio: {file: x.opus}", "is missing"),
    (LESSON, "# Пауза в 10 секунд\n", "Пауза в 10 секунд\n", "must start with '# '"),
    (LESSON, ":::card{#why}", ":::card{#what}", "no such card"),
    (LESSON, ":::card{#why}", ":::card{why}", "is not '#id' or 'key=word'"),
    (LESSON, ":::card{#why}", "::: card", "a block opens as"),
    (LESSON, ":::card{#why}", "Слова.\n\n:::card{#why}", "text outside"),
    (LESSON, ":::card{#how}", ":::card{#why}", "stands here again"),
    (LESSON, ":::example{#door}", ":::example", "no such card"),
    (LESSON, "## Зачем останавливаться\n", "", "starts with '## '"),
    (LESSON, "## Зачем останавливаться\n", "## Зачем\n:::\n\n:::card{#why-2}\n", "says nothing"),
    (LESSON, ":::\n\n:::card{#how}", "\n:::card{#how}", "may not open inside another"),
    (LESSON, ":::check{#c1 type=choice}", ":::check{#c1}", "type=choice"),
    (LESSON, ":::try{#calm-moments}", ":::try{#calm-moments type=choice}", "type=choice"),
    (LESSON, "> Ребёнку страшно", "Ребёнку страшно", "explained by a line"),
    (LESSON, "( ) b.", "( ) d.", "a, b, c in order"),
    (LESSON, "( ) b.", "(x) b.", "expected '( ) a. '"),
    (LESSON, "( ) a. «Не выдумывай!»", "( ) a. * «Не выдумывай!»", "one plain sentence"),
    (LESSON, "Дочери 14 лет.", "<b>Дочери</b> 14 лет.", "raw HTML"),
    (
        LESSON,
        "Дочери 14 лет.",
        "![дверь](https://example.org/door.svg) 14 лет.",
        "a file of media/",
    ),
    (LESSON, "Дочери 14 лет.", "![дверь](../door.svg) 14 лет.", "a file of media/"),
    (LESSON, "Дочери 14 лет.", "![дверь](door.png) 14 лет.", "a file of media/"),
    (LESSON, "Дочери 14 лет.", "*Дочери* 14 лет.", "em_open is not shown"),
    (LESSON, "Дочери 14 лет.", "### Дочь\nДочери 14 лет.", "heading_open is not shown"),
    (PAGE, ":::audience", ":::readers", "a course page has"),
    (PAGE, "rev: 1", "rev: 1\nminutes: 5", "unknown field 'minutes'"),
    (PLAN, "id: calm-parent", "id: calm-child", "the folder 'calm-parent'"),
    (PLAN, "strand: A", "strand: D", "must be one of"),
    (PLAN, "  - repair\n", "  - repair\n  - repair\n", "named once each"),
    (PLAN, "{day: 5,", "{day: 6,", "days 1 to 5"),
    (PLAN, "{day: 5, lesson: support-for-me}", "{day: 5, lesson: repair}", "in order"),
    ("sources.bib.yml", "  licence: ", "  colour: ", "is missing"),
    ("glossary.yml", "latin: []", "latin: {}", "must be a list"),
]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return one_course(tmp_path)


def test_a_course_comes_with_both_languages_and_the_same_cards() -> None:
    course = load_courses(CONTENT)["calm-parent"]

    assert {lang: course.text(lang).title for lang in ("kk", "ru")} == {
        "kk": "Сабырлы ата-ана",
        "ru": "Спокойный родитель",
    }
    for lesson in course.lessons:
        assert [card.id for card in lesson.text("kk").cards] == [
            card.id for card in lesson.text("ru").cards
        ]


def test_cards_are_rendered_once_and_choices_come_explained() -> None:
    stop = load_courses(CONTENT)["calm-parent"].lesson("ten-second-stop")
    how, check = stop.text("ru").card("how"), stop.text("ru").card("c1")

    assert how.kind is CardKind.HOW
    assert how.html.startswith("<ol>\n<li>Скажите себе: «Стоп».</li>")
    assert [choice.id for choice in check.choices] == ["a", "b", "c"]
    assert check.choices[0].label == "«Не выдумывай!»"
    assert check.choices[0].explanation.startswith("Ребёнку страшно")
    assert "Не выдумывай" not in check.html


def test_a_lesson_knows_its_sources_and_its_topic() -> None:
    support = load_courses(CONTENT)["calm-parent"].lesson("support-for-me")

    assert support.facts.sensitivity is Sensitivity.SELF_HARM
    assert support.is_sensitive
    assert [source.id for source in support.sources] == list(support.facts.sources)


def test_a_changed_source_marks_its_translation_outdated(content: Path) -> None:
    lesson = content / LESSON
    text = lesson.read_text(encoding="utf-8").replace("Дочери 14 лет.", "Дочери 14 лет. Зима.")
    lesson.write_text(text, encoding="utf-8")

    stop = load_courses(content)["calm-parent"].lesson("ten-second-stop")

    assert (stop.text("kk").is_outdated, stop.text("ru").is_outdated) == (True, False)


def test_a_recording_is_offered_only_of_this_text_and_in_both_formats(content: Path) -> None:
    lesson, media = content / LESSON, content / "media" / "calm-parent"
    digest = load_courses(content)["calm-parent"].lesson("ten-second-stop").text("ru").digest
    silent = lesson.read_text(encoding="utf-8")
    media.mkdir(parents=True)
    (media / "stop.ru.opus").write_bytes(b"small")

    def heard(text_hash: str) -> Audio | None:
        audio = f"{{file: stop.ru.opus, seconds: 268, voice: human, text_hash: {text_hash}}}"
        lesson.write_text(silent.replace("audio: null", f"audio: {audio}"), encoding="utf-8")
        return load_courses(content)["calm-parent"].lesson("ten-second-stop").text("ru").audio

    assert heard(digest) is None
    (media / "stop.ru.mp3").write_bytes(b"larger file")
    assert heard("another") is None
    audio = heard(digest)

    assert audio is not None
    assert (audio.seconds, audio.minutes) == (268, 4)
    assert [(one.name, one.mimetype, one.size) for one in audio.files] == [
        ("stop.ru.opus", "audio/ogg", 5),
        ("stop.ru.mp3", "audio/mpeg", 11),
    ]


def test_a_picture_lies_beside_the_texts_and_says_what_is_seen(content: Path) -> None:
    path = content / LESSON
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Дочери 14 лет.", "![Дверь дома](door.svg)"), encoding="utf-8")

    card = load_courses(content)["calm-parent"].lesson("ten-second-stop").text("ru").card("door")

    assert 'src="/media/calm-parent/door.svg"' in card.html
    assert 'alt="Дверь дома"' in card.html
    assert 'loading="lazy"' in card.html


def test_signatures_are_read_as_a_day_and_a_name(content: Path) -> None:
    lesson = content / LESSON
    text = lesson.read_text(encoding="utf-8")
    signed = text.replace("content: null", 'content: "2026-09-01 a psychologist"')
    lesson.write_text(signed, encoding="utf-8")

    review = load_courses(content)["calm-parent"].lesson("ten-second-stop").text("ru").review

    assert review.content is not None
    assert (review.content.on.isoformat(), review.content.by) == ("2026-09-01", "a psychologist")
    assert not review.is_complete


def test_what_is_not_approved_says_so() -> None:
    course = load_courses(CONTENT)["calm-parent"]
    unsigned = [
        text
        for lesson in course.lessons
        for text in lesson.texts.values()
        if not text.review.is_complete
    ]

    assert TextStatus.APPROVED not in {text.status for text in unsigned}


@pytest.mark.parametrize(("file", "old", "new", "reason"), FAULTS)
def test_a_wrong_file_stops_the_start(
    content: Path, file: str, old: str, new: str, reason: str
) -> None:
    path = content / file
    text = path.read_text(encoding="utf-8")
    assert old in text, "the fault must be planted, not missed"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(CatalogError) as raised:
        load_courses(content)

    assert reason in raised.value.reason
    assert raised.value.path == path


def test_a_lesson_whose_source_left_the_list_stops_the_start(content: Path) -> None:
    sources = content / "sources.bib.yml"
    text = sources.read_text(encoding="utf-8").replace("plh-teens:", "plh-adults:")
    sources.write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError, match="no source 'plh-teens' in the list"):
        load_courses(content)


def test_an_unknown_field_is_named_at_its_line(content: Path) -> None:
    path = content / LESSON
    text = path.read_text(encoding="utf-8").replace("rev: 1\n", "rev: 1\ncolour: blue\n")
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError) as raised:
        load_courses(content)

    assert text.split("\n")[raised.value.line - 1] == "colour: blue"


@pytest.mark.parametrize("text", ["", "# Title\n", "---\nid: x\n", "---\nid: x\n---\n"])
def test_a_file_without_front_matter_or_text_stops_the_start(content: Path, text: str) -> None:
    (content / LESSON).write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError, match="02-ten-second-stop"):
        load_courses(content)


def test_a_block_that_never_closes_stops_the_start(content: Path) -> None:
    path = content / LESSON
    text = path.read_text(encoding="utf-8").rstrip().removesuffix(":::")
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError, match="never closed"):
        load_courses(content)


def test_a_file_that_is_not_utf_8_stops_the_start(content: Path) -> None:
    path = content / LESSON
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1251", errors="replace"))

    with pytest.raises(CatalogError, match="not UTF-8"):
        load_courses(content)
