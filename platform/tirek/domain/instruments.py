"""Instruments: what is asked of whom, in which words, and what an answer is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Self

from tirek.domain.errors import DomainError
from tirek.domain.exact import is_at_least
from tirek.domain.gates import Gate
from tirek.domain.interpretation import (
    AnyItem,
    FlagRule,
    Interpretation,
    ItemCondition,
    ItemRefused,
    Moment,
    ShowIf,
    items_of,
)
from tirek.domain.scales import Scale, Scoring, Worse


class UnknownItemError(DomainError):
    """An answer or a rule names an item that the instrument does not have."""


class UnknownOptionError(DomainError):
    """An answer is none of the options of its item."""


class UnknownScaleError(DomainError):
    """Something names a scale that the instrument does not have."""


class UnknownLanguageError(DomainError):
    """The instrument has no wording in this language."""


class AnswerState(StrEnum):
    """What became of one item; anything but `answered` is a blank, and a blank is never a zero."""

    ANSWERED = "answered"
    DECLINED = "declined"
    SKIPPED = "skipped"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Answer:
    """A chosen option's code, or the state that stands in its place."""

    state: AnswerState
    code: str | None = None

    def __post_init__(self) -> None:
        """Refuse a code without an answer and an answer without a code."""
        if self.is_answered is (self.code is None):
            raise ValueError("an answer has a code exactly when it was given")

    @property
    def is_answered(self) -> bool:
        """Whether an option was chosen."""
        return self.state is AnswerState.ANSWERED

    @classmethod
    def read(cls, written: str | None) -> Self:
        """Return the answer written as a code, a state's word, or None for a skipped item."""
        if written is None:
            return cls(AnswerState.SKIPPED)
        if written in BLANK_WORDS:
            return cls(AnswerState(written))
        return cls(AnswerState.ANSWERED, written)


# No option may be called like one of these: the word would hide the option.
BLANK_WORDS = frozenset(AnswerState) - {AnswerState.ANSWERED}
UNSEEN = Answer(AnswerState.UNSEEN)
SKIPPED = Answer(AnswerState.SKIPPED)
# Shown, and no option chosen.
REFUSALS = frozenset({AnswerState.DECLINED, AnswerState.SKIPPED})


class Subject(StrEnum):
    """Who answers, and about whom."""

    CHILD = "child"
    PARENT_ABOUT_CHILD = "parent-about-child"
    PARENT_ABOUT_SELF = "parent-about-self"


class Required(StrEnum):
    """Whether an item may be passed over: hard no, soft after one reminder, never asked twice."""

    HARD = "hard"
    SOFT = "soft"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed answer: its published code and its weight in a score."""

    code: str
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Item:
    """One question; `worse` is the end of its options' weights that is worse for the child."""

    id: str
    options: str
    required: Required
    worse: Worse
    critical: str | None = None
    is_scored: bool = True
    # None: it is always asked.
    show_if: ShowIf | None = None


@dataclass(frozen=True, slots=True)
class Ages:
    """The ages, in completed years, for which an instrument may be used: a gate, not advice."""

    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Source:
    """The document that an instrument's items and keys were taken from."""

    citation: str
    doi: str | None
    document_sha256: str | None
    page: str | None
    confidence: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Licence:
    """What the rights-holder allows, and the evidence for it."""

    holder: str
    terms: str
    evidence: str | None
    valid_to: str | None
    confidence: str
    note: str | None
    may: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Layout:
    """How items are laid before a person."""

    back: bool
    shuffle: bool
    audio: str


@dataclass(frozen=True, slots=True)
class Structure:
    """Items and options in the order of the named form: what an administration is pinned to."""

    id: str
    version: str
    url: str
    subject: Subject
    ages: Ages
    recall: str | None
    minutes: int
    source: Source
    licence: Licence
    option_sets: Mapping[str, tuple[Option, ...]]
    items: tuple[Item, ...]
    may_decline: bool
    may_be_unsure: bool
    layout: Layout
    codes: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    gate: Gate = Gate.FREE


class WordingStatus(StrEnum):
    """How far a wording may be trusted: proved equivalent, the holder's own, or ours."""

    VALIDATED = "validated"
    AUTHORISED = "authorised"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """Who gave a wording its status, when, by which method, and who agreed."""

    by: str
    date: str | None
    method: str
    approvers: tuple[str, ...] = ()
    # The rights-holder's paper: a letter, a contract, a page with its date.
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts of an instrument in one language; `same` lists keys equal in kk and ru."""

    instrument: str
    structure: str
    lang: str
    version: str
    status: WordingStatus
    status_evidence: StatusEvidence
    base_lang: str
    base_origin: str
    strings: Mapping[str, str]
    same: tuple[str, ...] = ()
    # Keys whose change since the last version two people have read as a slip of the hand.
    no_change_of_meaning: tuple[str, ...] = ()
    # The questions themselves are the licence-holder's to enter; until then nobody is asked.
    topics_only: bool = False

    @property
    def is_working(self) -> bool:
        """Whether norms and band labels must stay hidden (design §4)."""
        return self.status is WordingStatus.WORKING


class ReleaseStatus(StrEnum):
    """How far a release has come; only pilot and approved ones may be assigned."""

    DRAFT = "draft"
    PILOT = "pilot"
    APPROVED = "approved"
    RETIRED = "retired"


class PartKind(StrEnum):
    """The separately versioned parts of an instrument."""

    STRUCTURE = "structure"
    WORDING = "wording"
    SCORING = "scoring"
    INTERPRETATION = "interpretation"


@dataclass(frozen=True, slots=True)
class Part:
    """One part as published: `content` is canonical JSON, `hash` its sha256."""

    kind: PartKind
    version: str
    hash: str
    content: str
    language: str = ""

    @property
    def name(self) -> str:
        """The part's file name without its ending."""
        return f"{self.kind}.{self.language}" if self.language else str(self.kind)


@dataclass(frozen=True, slots=True)
class PartHashes:
    """The sha256 of every part, and of all of them: what answers and scores are pinned to."""

    structure: str
    scoring: str
    interpretation: str
    wordings: Mapping[str, str]
    release: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One release of a questionnaire: structure, wordings, scoring and interpretation."""

    id: str
    major: int
    structure: Structure
    wordings: Mapping[str, Wording]
    scoring: Scoring
    interpretation: Interpretation
    hashes: PartHashes
    release: str
    status: ReleaseStatus
    parts: tuple[Part, ...] = ()
    # Item -> code -> weight, looked up for every answer; made of the structure.
    _weights: Mapping[str, Mapping[str, Fraction]] = field(init=False, repr=False, compare=False)
    _scored: tuple[Item, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the look-up tables; of two items or options of one name the first counts."""
        sets = self.structure.option_sets
        codes = {
            name: {option.code: option.weight for option in reversed(options)}
            for name, options in sets.items()
        }
        weights = {item.id: codes.get(item.options, {}) for item in reversed(self.items)}
        object.__setattr__(self, "_weights", weights)
        object.__setattr__(self, "_scored", tuple(item for item in self.items if item.is_scored))

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in presentation order."""
        return self.structure.items

    @property
    def scored_items(self) -> tuple[Item, ...]:
        """The items that may enter a score, in presentation order."""
        return self._scored

    @property
    def flags(self) -> tuple[FlagRule, ...]:
        """Every flag rule, in the file's order."""
        return self.interpretation.flags

    def item(self, item_id: str) -> Item:
        """Return the item, or raise UnknownItemError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise UnknownItemError(f"{self.id} has no item {item_id}")

    def options(self, item_id: str) -> tuple[Option, ...]:
        """Return the options of an item, in presentation order."""
        return self.structure.option_sets[self.item(item_id).options]

    def weight(self, item_id: str, answer: Answer) -> Fraction | None:
        """Return the weight of the chosen option, None for a blank; raise UnknownOptionError."""
        weights = self._weights.get(item_id)
        if weights is None:
            raise UnknownItemError(f"{self.id} has no item {item_id}")
        if answer.code is None:
            return None
        try:
            return weights[answer.code]
        except KeyError:
            unknown = f"{self.id} {item_id} has no option {answer.code!r}"
            raise UnknownOptionError(unknown) from None

    def scale(self, scale_id: str) -> Scale:
        """Return the scale, or raise UnknownScaleError."""
        for scale in self.scoring.scales:
            if scale.id == scale_id:
                return scale
        raise UnknownScaleError(f"{self.id} has no scale {scale_id}")

    def is_critical(self, item_id: str) -> bool:
        """Whether an answer to the item alone can raise a flag, at once."""
        return any(
            rule.at is Moment.ANSWER and item_id in items_of(rule.when) for rule in self.flags
        )

    def acts_on_refusal(self, item_id: str) -> bool:
        """Whether not answering the item raises a flag at once."""
        conditions = (self._at_answer(rule) for rule in self.flags if rule.at is Moment.ANSWER)
        return any(ItemRefused(item_id) in some for some in conditions)

    def meets(self, condition: ItemCondition, answer: Answer) -> bool:
        """Whether an answer to the condition's item fulfils it."""
        if isinstance(condition, ItemRefused):
            return answer.state in REFUSALS
        weight = self.weight(condition.item, answer)
        return weight is not None and is_at_least(weight, condition.ge)

    @staticmethod
    def _at_answer(rule: FlagRule) -> tuple[object, ...]:
        return rule.when.conditions if isinstance(rule.when, AnyItem) else (rule.when,)

    def fits_age(self, age: int) -> bool:
        """Whether the instrument may be used at this age (completed years)."""
        return self.structure.ages.min <= age <= self.structure.ages.max

    def wording(self, lang: str) -> Wording:
        """Return the wording in a language, or raise UnknownLanguageError: no silent fallback."""
        try:
            return self.wordings[lang]
        except KeyError:
            raise UnknownLanguageError(f"{self.id} has no wording in {lang!r}") from None

    @property
    def can_be_asked(self) -> bool:
        """Whether every language has its questions, not only their topics."""
        return not any(wording.topics_only for wording in self.wordings.values())

    def text(self, lang: str, key: str) -> str:
        """Return one text, a missing question's topic in brackets; a missing key is an error."""
        wording = self.wording(lang)
        if wording.topics_only and key.endswith(".text"):
            return f"[{wording.strings[key.removesuffix('text') + 'topic']}]"
        return wording.strings[key]

    def banner(self, lang: str) -> str | None:
        """Return the warning that stands wherever the instrument is shown, where it has one."""
        return self.text(lang, "banner") if self.interpretation.has_banner else None
