from datetime import date
from pathlib import Path

import pytest

from tests.builders_content import one_course, plant
from tirek.catalog.content.lints import lint_courses
from tirek.catalog.content.stamp import stamped

TODAY = date(2026, 11, 22)
KK = "kk/calm-parent/"
RU = "ru/calm-parent/"
FIRST, SECOND, LAST = "01-boiling-signs.md", "02-ten-second-stop.md", "07-support-for-me.md"
PLAN, GLOSSARY = "courses/calm-parent/course.yml", "glossary.yml"
SIGNED = (
    'review: {content: "2026-09-01 ps", language: "2026-09-01 ed", child_safety: "2026-09-01 ps"'
)
UNSIGNED = "review: {content: null, language: null, child_safety: null"

# file, what stands there, what is planted instead, the lint that must see it
FAULTS = [
    # parity of the two languages
    (KK + SECOND, ":::example{#door}", ":::example{#gate}", "cards"),
    (KK + SECOND, "1. Іштей «Тоқта» деңіз.\n", "", "steps"),
    (RU + SECOND, "Часто этого хватает", "Часто хватает и этого", "stale"),
    (KK + SECOND, "Қызы 14 жаста", "Қызы 15 жаста", "numbers"),
    (KK + SECOND, "minutes: 5", "minutes: 6", "facts"),
    (KK + SECOND, "ages: [0, 17]", "ages: [0, 16]", "facts"),
    # who has signed what
    (RU + SECOND, "status: in_review", "status: approved", "review"),
    (RU + SECOND, UNSIGNED + ", due: null", SIGNED + ', due: "2026-11-21"', "review"),
    (RU + SECOND, "content: null", 'content: "2026-11-23 psychologist"', "review"),
    (KK + SECOND, "status: in_review", 'outdated_since: "2026-11-20"\nstatus: in_review', "stale"),
    (RU + SECOND, "sources: [who-2023-parenting, plh-teens]", "sources: []", "sources"),
    (RU + SECOND, "sources: [who-2023-parenting", "sources: [who-2032", "sources"),
    (RU + SECOND, "skills: [pause]", "skills: [flying]", "skills"),
    (
        RU + SECOND,
        "audio: null",
        "audio: {file: x.opus, seconds: 268, voice: human, text_hash: old}",
        "audio",
    ),
    (RU + SECOND, "Дочери 14 лет.", "![Дверь дома](door.svg) 14 лет.", "image"),
    (KK + SECOND, "# 10 секунд", "# 12 секунд", "numbers"),
    # letters
    (KK + SECOND, "Бір қадам шегініңіз", "Бiр қадам шегініңіз", "look-alike"),
    (KK + SECOND, "үлкен кісі", "үлкен kici", "look-alike"),
    (KK + SECOND, "Кейде бірде-бір", "Hәм бірде-бір", "look-alike"),
    (RU + SECOND, "Скажите себе", "Скажіте себе", "look-alike"),
    (KK + LAST, "мектеп психологы, қолдау", "мектеп психологы, колдау", "spelling"),
    # sizes
    (RU + SECOND, "# Пауза в 10 секунд\n", "# Пауза\n", "title"),
    (RU + SECOND, "Дочери 14 лет.", "Дочери 14 лет. " + "Да. " * 60, "size"),
    (RU + SECOND, "Дочери 14 лет.", "Дочери 14 лет. " + "Да. " * 200, "size"),
    (RU + SECOND, "Дочери 14 лет.", "Дочери 14 лет, " + "очень " * 20 + "скоро.", "sentence"),
    (RU + SECOND, "minutes: 5", "minutes: 8", "minutes"),
    (
        RU + SECOND,
        "Вечером спросите себя: когда пауза далась легче всего?",
        "Вот и всё.",
        "question",
    ),
    (KK + SECOND, "Не дейсіз?\n", "Айтыңыз.\n", "question"),
    # words
    (RU + SECOND, "он и правда", "трудный подросток и правда", "forbidden"),
    (RU + SECOND, "он и правда", "трудные дети, он и правда", "forbidden"),
    (RU + SECOND, "он и правда", "это не норма, он и правда", "forbidden"),
    (RU + SECOND, "он и правда", "группа риска, он и правда", "forbidden"),
    (RU + SECOND, "он и правда", "трудного ребёнка он и правда", "forbidden"),
    (KK + SECOND, "ол шынымен", "қиын балаға ол шынымен", "forbidden"),
    (KK + SECOND, "ол шынымен", "тәуекел тобындағы ол шынымен", "forbidden"),
    (RU + SECOND, "Отец идёт следом.", "ОТЕЦ ИДЁТ СЛЕДОМ.\n\nОТЕЦ ИДЁТ.", "capitals"),
    (RU + SECOND, "Скажите себе", "Звоните 111. Скажите себе", "phone"),
    (RU + SECOND, "Скажите себе", "Звоните +7 (727) 250-00-00. Скажите себе", "phone"),
    (RU + SECOND, "Скажите себе", "Вот [сайт](https://example.org/a). Скажите себе", "link"),
    (RU + SECOND, "Скажите себе", "Вот http://example.org. Скажите себе", "link"),
    (RU + SECOND, "Скажите себе", "Пишите на [почту](mailto:a@example.org). Скажите себе", "link"),
    (RU + "_course.md", "Спокойный родитель\n", "Спокойный pодитель\n", "look-alike"),
    (RU + "_course.md", "не нужно быть идеальным", "не нужен диагноз", "forbidden"),
    # how the course opens and ends
    (RU + FIRST, ":::try{#fifteen-minutes}", ":::try{#today}", "frame"),
    (RU + LAST, ":::help{#who-to-ask}", ":::help{#help}", "frame"),
    # what stops the start as well
    (RU + SECOND, "print: true", "print: true\ncolour: blue", "format"),
    (PLAN, "  - repair\n", "  - repair\n  - unwritten\n", "files"),
    (PLAN, "prerequisites: []", "prerequisites: [nowhere]", "files"),
    (PLAN, "{day: 5, lesson: support-for-me}", "{day: 5, lesson: nowhere}", "format"),
    (GLOSSARY, "- {id: lesson, kk", "- {id: course, kk", "format"),
]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return one_course(tmp_path)


def seen(root: Path, today: date = TODAY) -> list[tuple[str, str]]:
    return [
        (finding.path.relative_to(root).as_posix(), finding.lint)
        for finding in lint_courses(root, today)
    ]


def test_an_untouched_copy_has_no_fault(content: Path) -> None:
    assert seen(content) == []


@pytest.mark.parametrize(("file", "old", "new", "lint"), FAULTS)
def test_a_planted_fault_is_seen(content: Path, file: str, old: str, new: str, lint: str) -> None:
    plant(content / file, old, new)

    assert lint in {name for _, name in seen(content)}


def test_a_fault_is_named_at_its_line(content: Path) -> None:
    plant(content / RU / SECOND, "2. Сделайте шаг назад.", "2. Звоните 112.")

    places = {finding.lint: finding.line for finding in lint_courses(content, TODAY)}

    lines = (content / RU / SECOND).read_text(encoding="utf-8").split("\n")
    assert lines[places["phone"] - 1].startswith("2. Звоните 112.")


def test_one_broken_file_does_not_hide_the_fault_of_another(content: Path) -> None:
    plant(content / RU / FIRST, "rev: 1", "rev: first")
    plant(content / RU / SECOND, "Скажите себе", "Звоните 111. Скажите себе")

    assert {(RU + FIRST, "format"), (RU + SECOND, "phone")} <= set(seen(content))


def test_a_lesson_missing_in_one_language_is_a_fault(content: Path) -> None:
    (content / KK / SECOND).unlink()

    assert (KK + SECOND, "format") in seen(content)


def test_a_file_that_no_course_names_is_a_fault(content: Path) -> None:
    (content / KK / "08-extra.md").write_text("", encoding="utf-8")
    (content / "ru/unplanned").mkdir()

    assert {(KK + "08-extra.md", "files"), ("ru/unplanned", "files")} <= set(seen(content))


def test_a_russian_text_in_the_kazakh_place_is_a_fault(content: Path) -> None:
    russian = (content / RU / SECOND).read_text(encoding="utf-8")
    (content / KK / SECOND).write_text(russian.replace("lang: ru", "lang: kk", 1), encoding="utf-8")

    assert (KK + SECOND, "foreign") in seen(content)


def test_a_missing_choice_is_seen_in_the_other_language(content: Path) -> None:
    text = (content / KK / SECOND).read_text(encoding="utf-8")
    start, end = text.index("( ) c."), text.index(":::\n\n:::help")
    (content / KK / SECOND).write_text(text[:start] + text[end:], encoding="utf-8")

    assert (KK + SECOND, "choices") in seen(content)


def test_too_many_cards_are_a_fault(content: Path) -> None:
    plant(content / RU / SECOND, ":::help\n", ":::card{#why-2}\n## Ещё\nЕщё.\n:::\n\n:::help\n")

    assert (RU + SECOND, "size") in seen(content)


def test_a_stamped_translation_follows_its_source_again(content: Path) -> None:
    plant(content / RU / SECOND, "Часто этого хватает", "Часто хватает и этого")
    assert seen(content) == [(KK + SECOND, "stale")]

    translation = content / KK / SECOND
    translation.write_text(stamped(translation), encoding="utf-8")

    assert seen(content) == []


def test_a_translation_may_lag_thirty_days_once_it_says_since_when(content: Path) -> None:
    plant(content / RU / SECOND, "Часто этого хватает", "Часто хватает и этого")
    plant(content / KK / SECOND, "status:", 'outdated_since: "2026-11-01"\nstatus:')

    assert seen(content, date(2026, 12, 1)) == []
    assert seen(content, date(2026, 12, 2)) == [(KK + SECOND, "stale")]


def test_a_draft_may_lag_as_long_as_it_likes(content: Path) -> None:
    plant(content / RU / SECOND, "Часто этого хватает", "Часто хватает и этого")
    plant(content / KK / SECOND, "status: in_review", "status: draft")

    assert seen(content) == []


def test_a_signed_text_in_its_term_passes(content: Path) -> None:
    plant(content / RU / SECOND, UNSIGNED + ", due: null", SIGNED + ', due: "2027-09-01"')
    plant(content / RU / SECOND, "status: in_review", "status: approved")

    assert seen(content) == []


def test_an_allowed_link_passes(content: Path) -> None:
    plant(content / GLOSSARY, "links: []", 'links: ["example.org"]')
    plant(content / RU / SECOND, "Скажите себе", "Вот [сайт](https://example.org/a). Скажите себе")
    plant(content / KK / SECOND, "Іштей", "Міне, [сайт](https://example.org/a). Іштей")
    (content / KK / SECOND).write_text(stamped(content / KK / SECOND), encoding="utf-8")

    assert seen(content) == []
