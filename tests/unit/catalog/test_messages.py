import re
from pathlib import Path

import pytest

from tirek.catalog.errors import CatalogError
from tirek.catalog.messages import MESSAGE_KINDS, MESSAGE_LANGUAGES, load_messages

FOLDER = Path(__file__).parents[3] / "protocols"
KAZAKH_ONLY = re.compile("[әғқңөұүһі]", re.IGNORECASE)
# The letters and signs of which an SMS holds 160 in one part.
GSM_7 = re.compile(r"[A-Za-z0-9 .,:;!?'()/+-]*")


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
@pytest.mark.parametrize("language", MESSAGE_LANGUAGES)
def test_an_sms_travels_in_one_part_and_says_who_writes(kind: str, language: str):
    text = load_messages(FOLDER)[kind].sms[language]
    assert len(text.encode("utf-16-be")) <= 140
    assert text.startswith("Tirek: ")
    assert "\n" not in text


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
def test_an_sms_is_written_in_its_own_language(kind: str):
    sms = load_messages(FOLDER)[kind].sms
    assert KAZAKH_ONLY.search(sms["kk"])
    assert not KAZAKH_ONLY.search(sms["ru"])
    assert GSM_7.fullmatch(sms["en"])


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
def test_an_sms_names_no_child_school_score_level_or_page(kind: str):
    words = re.compile(
        r"\d|http|мектеп|школ|school|бала|ребён|ребен|child|оқушы|ученик|балл|score"
        r"|шұғыл|қауіп|срочн|опасн|риск|тәуекел|urgent|risk|danger|деңгей|уровень|level",
        re.IGNORECASE,
    )
    for text in load_messages(FOLDER)[kind].sms.values():
        assert not words.search(text)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (
            "Tirek: вас ждёт направление. Пожалуйста, зайдите и примите его сегодня.",
            "70 characters",
        ),
        ("Tirek: вас ждёт направление {link}", "nothing to fill in"),
    ],
)
def test_an_sms_of_two_parts_or_with_a_place_to_fill_is_refused(
    tmp_path: Path, new: str, reason: str
):
    text = (FOLDER / "messages.yaml").read_text(encoding="utf-8")
    old = "Tirek: вас ждёт направление. Пожалуйста, зайдите и примите его."
    assert old in text
    (tmp_path / "messages.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogError, match=re.escape(reason)):
        load_messages(tmp_path)


def test_a_kind_without_an_sms_is_refused(tmp_path: Path):
    text = (FOLDER / "messages.yaml").read_text(encoding="utf-8")
    (tmp_path / "messages.yaml").write_text(text.replace("  sms:", "  telegram:"), encoding="utf-8")
    with pytest.raises(CatalogError, match="field 'sms' is missing"):
        load_messages(tmp_path)
