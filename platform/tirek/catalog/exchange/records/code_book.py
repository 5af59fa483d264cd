"""What every column of a table of records means, in both languages; one file for each version."""

import csv
from io import StringIO

from tirek.catalog.exchange.blank_words import BLANK_WORDS
from tirek.catalog.exchange.records.csv_records import STATE, as_text
from tirek.domain.instruments import AnswerState, Instrument
from tirek.domain.scoring import as_number

HEAD = ("variable", "kind", "code", "weight", "worse", "kk", "ru", "note")
# In Kazakh, in Russian, and as a note for whoever reads neither.
FACTS = {
    "record": (
        "оқушының мектептегі коды, аты-жөні емес",
        "код ученика в школе, не имя",
        "who it is about: a code of the school, never a name",
    ),
    "language": (
        "жауап берілген тіл: kk не ru",
        "язык ответов: kk или ru",
        "the language that was answered in: kk or ru",
    ),
    "age": (
        "жауап берген күнгі толық жасы",
        "полных лет в день ответов",
        "age in completed years on the day of the answers",
    ),
    "sex": (
        "f (қыз), m (ұл), жазылмаса толтырылмайды",
        "f (девочка), m (мальчик), пусто, если не записан",
        "f, m or empty where it is not recorded",
    ),
    "ended": (
        "аяқталған күні (Қазақстан уақыты)",
        "день завершения (время Казахстана)",
        "the day on which it was finished, in Asia/Almaty",
    ),
}
STATE_WORDS = (
    "есептелгені не мән неге жоғы; мәннің жоғы нөл емес",
    "посчитано или почему значения нет; пустое значение не ноль",
    "computed, or why there is no value; an empty value is never a zero",
)
BLANKS = {
    AnswerState.DECLINED: "did not want to answer",
    AnswerState.SKIPPED: "left blank",
    AnswerState.UNSEEN: "was not shown",
}


def write(instrument: Instrument) -> bytes:
    """Return the code book of one release as CSV; it names release, hashes and wording status.

    Item texts stand in it only where the licence lets us export them, else their topics.
    """
    sheet = StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(HEAD)
    for row in (*_release(instrument), *_facts(), *_items(instrument), *_scales(instrument)):
        writer.writerow([as_text(cell) for cell in row])
    return ("\ufeff" + sheet.getvalue()).encode()


def text(instrument: Instrument, lang: str, item: str) -> str:
    """The text of an item where it may leave the house, else its topic."""
    may = instrument.structure.licence.may.get("export_wording", False)
    return instrument.text(lang, f"{item}.text" if may else f"{item}.topic")


def _release(instrument: Instrument) -> list[list[str]]:
    hashes = instrument.hashes
    facts = {
        "instrument": instrument.id,
        "release": instrument.release,
        "sha256": hashes.release,
        "structure": hashes.structure,
        "scoring": hashes.scoring,
    }
    rows = [[name, "release", "", "", "", "", "", value] for name, value in facts.items()]
    status = {lang: wording.status.value for lang, wording in instrument.wordings.items()}
    note = "a working wording is nobody's translation but ours: no norm holds for it"
    return [*rows, ["wording_status", "release", "", "", "", status["kk"], status["ru"], note]]


def _facts() -> list[list[str]]:
    return [[name, "fact", "", "", "", *words] for name, words in FACTS.items()]


def _items(instrument: Instrument) -> list[list[str]]:
    rows: list[list[str]] = []
    for item in instrument.items:
        texts = [text(instrument, lang, item.id) for lang in ("kk", "ru")]
        note = "" if item.is_scored else "not in any score"
        if instrument.is_critical(item.id):
            note = "acts at the answer" if not note else f"acts at the answer; {note}"
        rows.append([item.id, "item", "", "", item.worse.value, *texts, note])
        for option in instrument.options(item.id):
            labels = [
                instrument.text(lang, f"{item.options}.{option.code}") for lang in ("kk", "ru")
            ]
            weight = str(as_number(option.weight))
            rows.append([item.id, "option", option.code, weight, "", *labels, ""])
        rows += [
            [item.id, "blank", state.value, "", "", *BLANK_WORDS[state].values(), said]
            for state, said in BLANKS.items()
        ]
    return rows


def _scales(instrument: Instrument) -> list[list[str]]:
    rows = []
    for scale in instrument.scoring.scales:
        names = [instrument.text(lang, f"scale.{scale.id}") for lang in ("kk", "ru")]
        span = f"{as_number(scale.lowest)} to {as_number(scale.highest)}, {scale.method.value}"
        made_of = ", ".join(scale.items) or f"from {scale.source}"
        rows.append([scale.id, "scale", "", "", scale.worse.value, *names, f"{span}: {made_of}"])
        rows.append([f"{scale.id}{STATE}", "state", "", "", "", *STATE_WORDS])
    return rows
