"""What may be done after a signal, and on what ground: chosen by rule, and recorded.

Who receives a referral at first is routing's to say, and nothing here delays it. These rules say
what a person may do next: talk with the child, hand the child on to a Center, tell an authority,
tell a guardian.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, product

from tirek.domain.consent import ConsentState, is_against
from tirek.domain.levels import Level
from tirek.domain.referral import CALM, SignalKind


class Ground(StrEnum):
    """On what the help rests."""

    GUARDIAN_CONSENT = "guardian_consent"
    CHILD_VITAL_INTEREST = "child_vital_interest"
    STATUTORY_DUTY = "statutory_duty"
    CHILD_OWN_REQUEST = "child_own_request"


class Permission(StrEnum):
    """What a ground lets people do."""

    CONTACT_CHILD = "contact_child"
    REFER_TO_CENTER = "refer_to_center"
    NOTIFY_AUTHORITY = "notify_authority"
    TELL_GUARDIAN = "tell_guardian"


PROTECTIVE = frozenset(Permission) - {Permission.TELL_GUARDIAN}


class Said(StrEnum):
    """A statement about consent, or that there is none."""

    MISSING = "missing"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @classmethod
    def of(cls, state: ConsentState | None) -> "Said":
        """The latest statement; None is silence."""
        return cls.MISSING if state is None else cls(state.value)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known when a signal comes; `age` in full years, None where it is not known."""

    level: Level
    signal: SignalKind
    guardian: ConsentState | None
    assent: ConsentState | None
    age: int | None
    guardian_named: bool
    child_asks: bool = False
    # The guardian's last word on handing the child on to a centre.
    center_help: ConsentState | None = None

    @property
    def keeps_from_center(self) -> bool:
        """Whether a guardian's no stands between this child and a centre.

        Never in danger, and not where a guardian may be the harm: that no protects nobody.
        """
        return self.level in CALM and is_against(self.center_help) and not self.guardian_named


@dataclass(frozen=True, slots=True)
class GroundRule:
    """One row of the table; a condition that is None asks for nothing."""

    why: str
    level: Level
    ground: Ground
    legal_ground: str
    permits: frozenset[Permission]
    text: Mapping[str, str]
    signals: frozenset[SignalKind] | None = None
    guardian: frozenset[Said] | None = None
    assent: frozenset[Said] | None = None
    guardian_named: bool | None = None
    child_asks: bool | None = None
    from_age: int | None = None

    def fits(self, situation: Situation) -> bool:
        """Whether this row speaks of the situation; an unknown age is below any limit."""
        return (
            self.level is situation.level
            and (self.signals is None or situation.signal in self.signals)
            and (self.guardian is None or Said.of(situation.guardian) in self.guardian)
            and (self.assent is None or Said.of(situation.assent) in self.assent)
            and self.guardian_named in {None, situation.guardian_named}
            and self.child_asks in {None, situation.child_asks}
            and (self.from_age is None or (situation.age or 0) >= self.from_age)
        )


@dataclass(frozen=True, slots=True)
class LegalDecision:
    """What may happen, on what ground, and `why`: the code of the row that says so."""

    ground: Ground
    legal_ground: str
    why: str
    may_contact_child: bool
    may_refer_to_center: bool
    may_notify_authority: bool
    may_tell_guardian: bool


def decide(rules: Sequence[GroundRule], situation: Situation) -> LegalDecision:
    """Take the first row that fits; the loader has proved that there is one.

    Whatever a table says, a guardian is not told where a guardian may be the harm, and outside
    danger a guardian's no to the centre stands. Silence about the centre leaves it to the table.
    """
    rule = next(rule for rule in rules if rule.fits(situation))
    return LegalDecision(
        ground=rule.ground,
        legal_ground=rule.legal_ground,
        why=rule.why,
        may_contact_child=Permission.CONTACT_CHILD in rule.permits,
        may_refer_to_center=(
            Permission.REFER_TO_CENTER in rule.permits and not situation.keeps_from_center
        ),
        may_notify_authority=Permission.NOTIFY_AUTHORITY in rule.permits,
        may_tell_guardian=(
            Permission.TELL_GUARDIAN in rule.permits and not situation.guardian_named
        ),
    )


@dataclass(frozen=True, slots=True)
class TableFault:
    """Why a table must not be used; `level` and, where there is one, the row are where to look."""

    level: Level
    why: str | None
    reason: str


def faults(rules: Sequence[GroundRule]) -> Iterator[TableFault]:
    """Try every situation: each has its row, danger waits for nobody, more danger allows more."""
    ordered = sorted({rule.level for rule in rules}, key=lambda level: level.rank)
    for case in every_case(rules):
        found = {level: _first(rules, case.at(level)) for level in ordered}
        yield from (
            TableFault(level, None, f"no row speaks of {case.words}")
            for level, rule in found.items()
            if rule is None
        )
        for level, rule in found.items():
            yield from _own_faults(level, rule, case)
        for calm, urgent in pairwise(ordered):
            rule = found[urgent]
            if rule and _protection(found[calm]) - rule.permits:
                yield TableFault(urgent, rule.why, f"allows less than {calm} for {case.words}")


@dataclass(frozen=True, slots=True)
class Case:
    """A situation without its level."""

    signal: SignalKind
    guardian: ConsentState | None
    assent: ConsentState | None
    age: int | None
    guardian_named: bool
    child_asks: bool

    def at(self, level: Level) -> Situation:
        """The situation with this level."""
        return Situation(
            level,
            self.signal,
            self.guardian,
            self.assent,
            self.age,
            self.guardian_named,
            self.child_asks,
        )

    @property
    def words(self) -> str:
        """The situation in one line, for whoever mends the table."""
        return (
            f"signal {self.signal}, guardian {Said.of(self.guardian)}, assent"
            f" {Said.of(self.assent)}, age {self.age}, guardian named {self.guardian_named},"
            f" child asks {self.child_asks}"
        )


def every_case(rules: Sequence[GroundRule]) -> Iterator[Case]:
    """Every combination that any row could tell apart."""
    limits = {rule.from_age for rule in rules if rule.from_age is not None}
    ages = (None, *sorted({age for limit in limits for age in (limit - 1, limit)}))
    states = (None, *ConsentState)
    for combination in product(SignalKind, states, states, ages, (False, True), (False, True)):
        yield Case(*combination)


def _own_faults(level: Level, rule: GroundRule | None, case: Case) -> Iterator[TableFault]:
    if rule is None:
        return
    if level is Level.IMMEDIATE and not rule.permits >= PROTECTIVE:
        yield TableFault(
            level, rule.why, f"help in danger waits for nobody, but does for {case.words}"
        )
    if case.guardian_named and Permission.TELL_GUARDIAN in rule.permits:
        yield TableFault(
            level, rule.why, f"a guardian named as harm would be told for {case.words}"
        )
    if rule.ground is Ground.GUARDIAN_CONSENT and case.guardian is not ConsentState.GIVEN:
        yield TableFault(level, rule.why, f"rests on a consent that was not given for {case.words}")


def _first(rules: Sequence[GroundRule], situation: Situation) -> GroundRule | None:
    return next((rule for rule in rules if rule.fits(situation)), None)


def _protection(rule: GroundRule | None) -> frozenset[Permission]:
    return frozenset() if rule is None else rule.permits & PROTECTIVE
