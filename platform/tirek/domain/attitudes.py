"""From what parents answered about themselves to a picture in words, and at most three lessons.

Nothing here is a verdict: a side with little strength left moves a lesson up and does nothing
else. The sides of one person are compared with each other, never with other people. The mapping
from sides to skills follows the project's outline (parents-ux §5); a lesson about something hard
is never chosen by a machine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tirek.domain.education import Course, Lesson, Strand
from tirek.domain.scoring import ScaleScore

MOST = 3


class Band(StrEnum):
    """How much strength there is on a side now, in the words of the instrument's own file."""

    NEEDS_SUPPORT = "needs_support"
    SOME = "some"
    STRENGTH = "strength"


class Why(StrEnum):
    """Why a lesson is suggested; the page has a sentence for each, without any score."""

    WARMTH = "warmth"
    COOPERATION = "cooperation"
    AUTONOMY = "autonomy"
    STRUCTURE = "structure"
    CONFIDENCE = "confidence"
    # Questions about strain or everyday upbringing from which no line can be drawn.
    STRAIN = "strain"
    EVERYDAY = "everyday"
    # Every side is a strength: something to keep it going.
    KEEP = "keep"
    # Nothing that trains the skill is left, so a good beginning, or whatever there is.
    START = "start"
    ANOTHER = "another"


class Nothing(StrEnum):
    """Why no lesson is suggested at all."""

    ALL_PASSED = "all_passed"
    NONE_FOR_AGE = "none_for_age"


# Low warmth: time together, listening, making up. Low cooperation: time and deciding together.
# Low autonomy is over-protection, low structure is rules that change with the mood or end in
# shouting, low confidence is worry that hides the child's strengths. The first skills come first.
SKILLS: Mapping[Why, tuple[str, ...]] = {
    Why.WARMTH: ("special-time", "active-listening", "repair", "play", "feeling-words"),
    Why.COOPERATION: (
        "problem-solving",
        "active-listening",
        "special-time",
        "father-time",
        "agreements",
    ),
    Why.AUTONOMY: (
        "step-back",
        "path-choice",
        "homework",
        "money-skills",
        "trust",
        "play",
        "small-steps",
    ),
    Why.STRUCTURE: (
        "family-rules",
        "agreements",
        "clear-requests",
        "calm-discipline",
        "consequences",
        "pause",
        "routine",
    ),
    Why.CONFIDENCE: ("praise", "effort", "small-steps", "self-compassion", "exam-calm"),
    Why.STRAIN: ("self-awareness", "pause", "self-care", "self-compassion", "asking-help"),
    Why.EVERYDAY: ("praise", "agreements", "clear-requests", "pause", "special-time"),
    Why.KEEP: ("special-time", "play", "active-listening", "traditions"),
    Why.START: ("self-awareness", "special-time"),
}
# An instrument without bands draws no line, so its lessons are the same whatever was answered.
WITHOUT_BANDS: Mapping[str, Why] = {"parental-stress": Why.STRAIN, "apq-9": Why.EVERYDAY}
_RANK: Mapping[str | None, int] = {Band.NEEDS_SUPPORT: 0, Band.SOME: 1, Band.STRENGTH: 2}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of being a parent as it was computed: nothing where answers were missing."""

    id: str
    value: Fraction | None
    band: str | None

    @classmethod
    def of(cls, score: ScaleScore) -> "Side":
        """The side that a scale of an instrument measures."""
        return cls(score.scale, score.value, score.band)


@dataclass(frozen=True, slots=True)
class Picture:
    """Sides in the order in which a parent reads of them: strengths first."""

    strengths: tuple[str, ...]
    some: tuple[str, ...]
    needs_support: tuple[str, ...]
    # Too little was answered; or the instrument draws no line.
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a lesson is looked for: the child's age, and what has been read or put aside."""

    child_age: int
    passed: frozenset[tuple[str, str]] = frozenset()
    has_special_needs: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One lesson, and why this one."""

    course: Course
    lesson: Lesson
    why: Why


@dataclass(frozen=True, slots=True)
class Advice:
    """At most three lessons; where there is none, the reason for that."""

    suggestions: tuple[Suggestion, ...]
    nothing: Nothing | None = None


def picture_of(sides: Sequence[Side]) -> Picture:
    """Lay the sides out, each kind in the instrument's own order."""

    def with_band(*bands: str | None) -> tuple[str, ...]:
        return tuple(side.id for side in sides if side.band in bands)

    return Picture(
        with_band(Band.STRENGTH),
        with_band(Band.SOME),
        with_band(Band.NEEDS_SUPPORT),
        with_band(None),
    )


def needs_of(sides: Iterable[Side]) -> tuple[Why, ...]:
    """The sides that could be stronger, the least strong first; equal ones in the file's order."""
    known = [side for side in sides if side.band in {Band.NEEDS_SUPPORT, Band.SOME}]
    known.sort(key=lambda side: (_RANK[side.band], side.value))
    return tuple(Why(side.id) for side in known if side.id in set(Why))


def advise(
    instrument_id: str, sides: Sequence[Side], courses: Sequence[Course], reader: Reader
) -> Advice:
    """Choose at most three lessons from what readers of this language are served.

    One for each side that could be stronger, the least strong first; the rest of the three go to
    that first side. The choice is the same every time for the same answers and lessons.
    """
    fitting = [pair for pair in _in_order(courses) if _fits(*pair, reader)]
    left = [pair for pair in fitting if (pair[0].id, pair[1].id) not in reader.passed]
    if not left:
        return Advice((), Nothing.ALL_PASSED if fitting else Nothing.NONE_FOR_AGE)
    chosen = tuple(_choose(_wishes(instrument_id, sides), left))
    return Advice(chosen or (_fallback(left),))


def _wishes(instrument_id: str, sides: Sequence[Side]) -> tuple[Why, ...]:
    if instrument_id in WITHOUT_BANDS:
        return (WITHOUT_BANDS[instrument_id],)
    is_strong = bool(sides) and all(side.band == Band.STRENGTH for side in sides)
    return needs_of(sides) or ((Why.KEEP,) if is_strong else (Why.START,))


def _choose(wishes: Sequence[Why], left: Sequence[tuple[Course, Lesson]]) -> Iterator[Suggestion]:
    """One lesson for each wish, then more for the first."""
    taken: set[tuple[str, str]] = set()
    one_only = {Why.KEEP, Why.START}
    more = () if wishes[0] in one_only else (wishes[0],) * MOST
    for why in (*wishes[:MOST], *more):
        found = _first(SKILLS[why], left, taken)
        if found is not None and len(taken) < MOST:
            taken.add((found[0].id, found[1].id))
            yield Suggestion(*found, why)


def _first(
    skills: Iterable[str],
    left: Sequence[tuple[Course, Lesson]],
    taken: set[tuple[str, str]],
) -> tuple[Course, Lesson] | None:
    """The lesson for the first skill that any lesson still trains."""
    for skill in skills:
        for course, lesson in left:
            if skill in lesson.facts.skills and (course.id, lesson.id) not in taken:
                return course, lesson
    return None


def _fallback(left: Sequence[tuple[Course, Lesson]]) -> Suggestion:
    found = _first(SKILLS[Why.START], left, set())
    return Suggestion(*found, Why.START) if found else Suggestion(*left[0], Why.ANOTHER)


def _in_order(courses: Sequence[Course]) -> list[tuple[Course, Lesson]]:
    """Every lesson, those made for few ages first: they speak of exactly such a child."""
    every = [(course, lesson) for course in courses for lesson in course.lessons]
    return sorted(every, key=lambda pair: (_width(pair[1]), pair[0].order, pair[1].number))


def _width(lesson: Lesson) -> int:
    youngest, oldest = lesson.facts.ages
    return oldest - youngest


def _fits(course: Course, lesson: Lesson, reader: Reader) -> bool:
    youngest, oldest = lesson.facts.ages
    is_for_others = course.strand is Strand.SPECIAL_NEEDS and not reader.has_special_needs
    return youngest <= reader.child_age <= oldest and not lesson.is_sensitive and not is_for_others
