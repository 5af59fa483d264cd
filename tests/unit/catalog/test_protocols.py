import re
from pathlib import Path

import pytest

from tirek.catalog.errors import CatalogError
from tirek.catalog.messages import MESSAGE_KINDS, load_messages
from tirek.catalog.protocols import load_protocol
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.domain.referral import ReceiverKind

FOLDER = Path(__file__).parents[3] / "protocols"
KAZAKH_ONLY = re.compile("[әғқңөұүһі]", re.IGNORECASE)


def _copy(folder: Path, name: str, old: str, new: str) -> Path:
    """The real file with one fault planted at the first place where `old` stands."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert old in text
    for each in FOLDER.glob("*.yaml"):
        (folder / each.name).write_bytes(each.read_bytes())
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def _line(folder: Path, name: str, text: str) -> int:
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return next(number for number, line in enumerate(lines, 1) if text in line)


def _texts():
    protocol = load_protocol(FOLDER)
    for rule in protocol.levels.values():
        yield rule.next_steps
        for notice in rule.notices:
            yield notice.title
            yield notice.body
    for mail in load_messages(FOLDER).values():
        yield mail.subject
        yield mail.body


def test_urgent_levels_go_to_the_center_and_the_others_to_the_school():
    rules = load_protocol(FOLDER).levels
    assert {level: rule.receiver for level, rule in rules.items()} == {
        Level.IMMEDIATE: ReceiverKind.SUPPORT_CENTER,
        Level.HIGH: ReceiverKind.SUPPORT_CENTER,
        Level.MEDIUM: ReceiverKind.SCHOOL,
        Level.LOW: ReceiverKind.SCHOOL,
    }


def test_immediate_danger_calls_an_adult_at_school_and_two_authorities():
    notices = load_protocol(FOLDER).rule(Level.IMMEDIATE).notices
    assert {(n.kind, n.addressee, n.clock.minutes) for n in notices} == {
        ("adult_at_school", Addressee.SCHOOL, 15),
        ("guardianship", Addressee.GUARDIANSHIP, 60),
        ("child_rights", Addressee.CHILD_RIGHTS, 60),
    }


def test_no_ground_passes_for_confirmed_before_a_lawyer_has_read_it():
    protocol = load_protocol(FOLDER)
    assert protocol.status == "to be confirmed by a lawyer"
    assert not any(ground.confirmed for ground in protocol.legal_grounds.values())
    assert all(ground.note for ground in protocol.legal_grounds.values())


def test_texts_are_kazakh_in_kazakh_and_russian_in_russian():
    for text in _texts():
        # A short title may do without these letters; nothing longer does.
        assert KAZAKH_ONLY.search(text["kk"]) or len(text["kk"]) < 40
        assert not KAZAKH_ONLY.search(text["ru"])


def test_texts_carry_no_number_so_no_time_score_or_class_can_hide_in_them():
    for text in _texts():
        assert not any(re.search(r"\d", words) for words in text.values())


def test_mail_speaks_of_no_level_and_of_no_danger():
    words = re.compile(
        "шұғыл|қауіп|срочн|опасн|риск|тәуекел|urgent|risk|danger|балл|score", re.IGNORECASE
    )
    for mail in load_messages(FOLDER).values():
        for text in (*mail.subject.values(), *mail.body.values()):
            assert not words.search(text)


def test_every_kind_of_mail_is_there():
    assert set(load_messages(FOLDER)) == set(MESSAGE_KINDS)


RUNGS = "can come after that of high"
FAULTS = [
    ("  low:\n", "  lowest:\n", "  immediate:", "field 'low' is missing"),
    ("  low:\n", "  review:\n", "  immediate:", "field 'low' is missing"),
    ('version: "1.1.0"', 'version: "1.0"', "version:", "three numbers"),
    ('"2026-11-22"', '"22.11.2026"', "effective_from:", "must be a day"),
    ("id: screening", "id: other", "id: other", "the file's name"),
    ("    confirmed: false", '    confirmed: "no"', "    confirmed:", "true or false"),
    ("seen: {minutes: 10}", "seen: {minutes: 61}", "{minutes: 61}", "after that of high"),
    ("seen: {minutes: 10}", "seen: {working_days: 1}", "{working_days: 1}", "after that of high"),
    ("contact: {minutes: 480}", "contact: {working_days: 4}", "days: 4", "after that of medium"),
    ("seen: {minutes: 10}", "seen: {}", "seen: {}", "either minutes or working days"),
    ("seen: {minutes: 10}", "seen: {minutes: 0}", "minutes: 0", "either minutes or working days"),
    ("seen: {minutes: 10}", "seen: {hours: 1}", "hours: 1", "unknown field 'hours'"),
    ("legal_ground: order-742", "legal_ground: order-1", "order-1\n", "no legal ground 'order-1'"),
    ("receiver: school", "receiver: police", "police", "must be one of"),
    ("addressee: guardianship", "addressee: press", "addressee: press", "must be one of"),
    ("kind: child_rights", "kind: guardianship", "notices:", "a second time"),
    # A higher level must not be slower in anything.
    ("assessment: {minutes: 240}", "assessment: {minutes: 1441}", "1441}", "'assessment' of imm"),
    ("plan: {minutes: 1440}", "plan: {working_days: 1}", "plan: {wo", "'plan' of immediate can"),
    (
        "{after: {minutes: 30}, posts: [duty",
        "{after: {minutes: 5}, posts: [duty",
        "10}, posts: [psc",
        RUNGS,
    ),
    ("{after: {minutes: 60}, posts: []", "{after: {minutes: 481}, posts: []", "481}", RUNGS),
    # A ladder must lead somewhere.
    ("posts: [national_duty]", "posts: []", "posts: []", "calls nobody"),
    ("posts: [national_duty]", "posts: [mayor]", "[mayor]", "a post must be one of"),
    ("[psc_head, school_psychologist]", "[psc_head, psc_head]", "psc_head, psc_head", "second"),
    ("posts: [], breach: true", "posts: [psc_head]", "[psc_head]}", "last rung must be a breach"),
    ("posts: [national_duty]", "posts: [], breach: true", "60}, posts", "nothing can follow"),
    ("{after: {minutes: 40}", "{after: {minutes: 20}", "20}, posts: [nat", "must come later"),
    ("{after: {minutes: 40}", "{after: {working_days: 1}", "60}, posts: []", "must come later"),
    ("after: at_once", "after: soon", "after: soon", "or at_once"),
    (
        "{after: at_once, posts: [owner",
        "{after: {minutes: 1}, posts: [owner",
        "overdue:\n",
        "must come at_once",
    ),
    # What nobody has confirmed says so; what may be done has no hole.
    (
        '    note: "Heading and registration read in Kazakh',
        '    remark: "Heading and registration read in Kazakh',
        "    confirmed: false",
        "needs a note",
    ),
    ("when: {guardian_named: true}", "when: {child_asks: true}", "why: danger\n", "would be told"),
    ("permits: [contact_child", "permits: [notify", "permits: [notify", "holds only"),
    (
        "  permits: [contact_child, ",
        "  permits: [",
        "why: danger_guardian_named",
        "waits for nobody",
    ),
    ("why: danger\n", "why: danger_guardian_named\n", "why: danger_g", "a second time"),
    ("      legal_ground: law-345", "      legal_ground: law-1", "law-1", "no legal ground"),
]


@pytest.mark.parametrize(("old", "new", "place", "reason"), FAULTS)
def test_a_planted_fault_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, place: str, reason: str
):
    folder = _copy(tmp_path, "screening.yaml", old, new)
    with pytest.raises(CatalogError) as raised:
        load_protocol(folder)
    assert reason in raised.value.reason
    assert raised.value.path == folder / "screening.yaml"
    assert raised.value.line == _line(folder, "screening.yaml", place)


def test_a_language_that_is_missing_or_copied_is_refused(tmp_path: Path):
    ru = 'ru: "Сообщение школьному психологу"'
    kk = 'kk: "Мектеп психологына хабарлама"'
    with pytest.raises(CatalogError, match="says the same in two languages"):
        load_protocol(_copy(tmp_path, "screening.yaml", ru, kk.replace("kk:", "ru:")))
    with pytest.raises(CatalogError, match="field 'ru' is missing"):
        load_protocol(_copy(tmp_path, "screening.yaml", ru, ""))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("      {link}", "      {name}", "holds {link} once"),
        ("      {link}", "      {link} {link}", "holds {link} once"),
        ("вас ждёт направление", "вас ждёт {name}", "one line without anything"),
        ("signal_added:", "signal_joined:", "field 'signal_added' is missing"),
    ],
)
def test_mail_with_something_to_fill_in_but_the_link_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
):
    with pytest.raises(CatalogError, match=re.escape(reason)):
        load_messages(_copy(tmp_path, "messages.yaml", old, new))
