"""Option labels that stand in the order of their weights, as far as their words can tell."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from tirek.catalog.errors import Finding
from tirek.catalog.instrument_files import WORDING, InstrumentFiles
from tirek.domain.instruments import Option

# Words of answers by how much of the thing they grant, from 0 (none of it) to 10 (all of it); only
# their order matters. The first that a label holds decides, so the longer of two stands first, and
# a "not" that is in none of them leaves the label to its readers, as does a label without any.
DEGREES: Mapping[str, tuple[tuple[str, int | None], ...]] = {
    "kk": (
        ("^жоқ$", 0),
        ("^иә", 10),
        ("кейде солай, кейде олай емес|айту қиын|орташа", 5),
        ("олай емес сияқты|көбіне олай емес|онша ", 2),
        ("мүлде|ешқашан|болған жоқ|болмайды|олай емес|дұрыс емес", 0),
        ("емес|жоқ", None),
        ("солай сияқты|көбіне солай", 8),
        ("дәл солай|^дұрыс$", 10),
        ("өте сирек", 1),
        ("сирек|^сәл ", 2),
        ("жартысынан аз", 4),
        ("жартысынан көб", 6),
        ("басым көп|дерлік", 9),
        ("кейде|бірнеше күн", 3),
        ("айына", 4),
        ("аптасына (бір реттен жиі|бірнеше рет)", 8),
        ("аптасына бір рет", 6),
        ("аптасына|күніне", None),
        ("бір-екі рет", 2),
        ("өте (жиі|қатты|жақсы)", 8),
        ("жиі|қатты|жақсы", 7),
        ("үнемі|әрдайым|күн сайын", 10),
    ),
    "ru": (
        ("^(нет|неверно)$", 0),
        ("^(да|верно)$|^да, ", 10),
        ("иногда да, иногда нет|трудно сказать|средне", 5),
        ("почти никогда|очень редко", 1),
        ("скорее не|не очень", 2),
        ("совсем не|никогда|ни разу|не было|не бывает|точно нет|^плохо$", 0),
        ("(^| )(не|нет) ", None),
        ("скорее (да|так)", 8),
        ("точно да|именно так", 10),
        ("редк|немного", 2),
        ("меньше половины", 4),
        ("больше половины", 6),
        ("почти (всегда|вс[её]|каждый)", 9),
        ("иногда|несколько таких дней", 3),
        ("в месяц", 4),
        ("(чаще чем раз|несколько раз) в неделю", 8),
        ("(^|примерно )раз в неделю", 6),
        ("в неделю|в день", None),
        ("один-два раза", 2),
        ("очень (часто|сильно|хорошо)", 8),
        ("часто|сильно|хорошо", 7),
        ("всегда|вс[её] время|каждый день", 10),
    ),
}


def labels_follow_weights(files: InstrumentFiles) -> Iterator[Finding]:
    """Lint `order`: labels rise or fall with the weights, and in every language the same way.

    Two labels exchanged would give every child who chose one of them the weight of the other.
    """
    for name, options in files.instrument.structure.option_sets.items():
        ways: dict[str, bool] = {}
        for lang in DEGREES:
            steps = list(_steps(files, lang, name, options))
            rises = 2 * sum(up for _, up in steps) >= len(steps)
            against = [key for key, up in steps if up is not rises]
            if against:
                reason = f"{against[0]} stands in another order than its weight: exchanged?"
                yield files.finding("order", WORDING + lang, ("strings", against[0]), reason)
            elif steps:
                ways[lang] = rises
        for lang, rises in ways.items():
            if not rises and any(ways.values()):
                key = f"{name}.{options[0].code}"
                reason = f"the labels of {name} run the other way than in another language"
                yield files.finding("order", WORDING + lang, ("strings", key), reason)


def _steps(
    files: InstrumentFiles, lang: str, name: str, options: tuple[Option, ...]
) -> Iterator[tuple[str, bool]]:
    """Yield, for each label that tells after the lighter one before it, its key and if it rises."""
    strings = files.instrument.wording(lang).strings
    told = []
    for option in sorted(options, key=lambda one: one.weight):
        key = f"{name}.{option.code}"
        degree = degree_of(strings.get(key, ""), lang)
        if degree is not None:
            told.append((key, option.weight, degree))
    for (_, light, before), (key, heavy, after) in pairwise(told):
        if light < heavy and before != after:
            yield key, before < after


def degree_of(label: str, lang: str) -> int | None:
    """How much of the thing a label grants, from 0 to 10; None where its words do not tell."""
    text = label.casefold().rstrip(".")
    return next((degree for words, degree in DEGREES[lang] if re.search(words, text)), None)
