"""Whether a protocol reaches a person from every school: proved before a child depends on it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tirek.domain.clocks import WorkingCalendar
from tirek.domain.ladder import Post, Rung
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee, LevelRule, Protocol
from tirek.domain.referral import ReceiverKind

AUTHORITIES = frozenset({Addressee.GUARDIANSHIP, Addressee.CHILD_RIGHTS})


@dataclass(frozen=True, slots=True)
class Center:
    """A PSC that can be asked for a school; without `priority` it is only of the same region."""

    name: str
    priority: int | None
    is_open: bool
    # People who answer now: on shift where a roster is kept, else everybody with a login.
    staff: int
    heads: int

    @property
    def answers(self) -> bool:
        """Whether somebody there can take a referral."""
        return self.is_open and self.staff > 0


@dataclass(frozen=True, slots=True)
class Territory:
    """A school, the centers in the order they are asked, and the people above; counts of people."""

    region: str
    school: str
    psychologists: int
    social_pedagogues: int
    centers: tuple[Center, ...]
    coordinators: int
    last_responders: int
    national_duty: int
    # Whose address is known, so that a notice can be sent without anybody's hand.
    authorities: frozenset[Addressee] = AUTHORITIES

    @property
    def center(self) -> Center | None:
        """The center that would receive now."""
        return next((center for center in self.centers if center.answers), None)

    @property
    def first_center(self) -> Center | None:
        """The center whose territory it is, whether it answers or not."""
        return next((center for center in self.centers if center.priority is not None), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place at which a protocol calls into an empty room."""

    level: Level
    # Such as "receiver", "ladder 2", "overdue 1" or "notice guardianship".
    rung: str
    territory: Territory
    reason: str

    @property
    def sentence(self) -> str:
        """One line for whoever mends it; places only, no person."""
        where = f"{self.territory.region}, {self.territory.school}"
        return f"{where}: {self.level}: {self.rung}: {self.reason}"


def check(protocol: Protocol, territories: Iterable[Territory]) -> tuple[Finding, ...]:
    """Every level, rung and notice of a protocol that finds nobody in one of the territories."""
    return tuple(
        finding
        for territory in territories
        for rule in protocol.levels.values()
        for finding in _findings(rule, territory)
    )


def reached_at(
    rule: LevelRule, territory: Territory, start: datetime, calendar: WorkingCalendar
) -> datetime | None:
    """When a signal at `start` first calls a person who is there; None where it never does."""
    if holders(Post.DUTY, rule, territory):
        return start
    moments = (rung.due(start, calendar) for rung in rule.ladder if called(rung, rule, territory))
    return min(moments, default=None)


def called(rung: Rung, rule: LevelRule, territory: Territory) -> int:
    """How many people a rung calls in this territory."""
    return sum(holders(post, rule, territory) for post in rung.posts)


def holders(post: Post, rule: LevelRule, territory: Territory) -> int:
    """How many people hold a post for a new referral of this level, which nobody owns yet."""
    own = territory.first_center
    # A school without a psychologist receives nothing: its center does instead.
    at_school = rule.receiver is ReceiverKind.SCHOOL and territory.psychologists > 0
    receiver = None if at_school else territory.center
    duty = territory.psychologists if at_school else _staff(receiver)
    head_of = receiver or own
    counts = {
        Post.DUTY: duty,
        Post.OWNER: 0,
        Post.PSC_HEAD: head_of.heads if head_of else 0,
        Post.SCHOOL_PSYCHOLOGIST: territory.psychologists,
        Post.SOCIAL_PEDAGOGUE: territory.social_pedagogues,
        Post.TERRITORY_CENTER: _staff(own),
        Post.REGIONAL_COORDINATOR: territory.coordinators,
        Post.LAST_RESPONDER: territory.last_responders,
        Post.NATIONAL_DUTY: territory.national_duty,
    }
    return counts[post]


def _staff(center: Center | None) -> int:
    return center.staff if center else 0


def _findings(rule: LevelRule, territory: Territory) -> Iterator[Finding]:
    reasons = (
        *_receiver(rule, territory),
        *_rungs("ladder", rule.ladder, rule, territory),
        *_rungs("overdue", rule.overdue, rule, territory),
        *(
            (f"notice {notice.kind}", reason)
            for notice in rule.notices
            if (reason := _unheard(notice.addressee, territory))
        ),
    )
    return (Finding(rule.level, rung, territory, reason) for rung, reason in reasons)


def _receiver(rule: LevelRule, territory: Territory) -> Iterator[tuple[str, str]]:
    if not holders(Post.DUTY, rule, territory):
        yield "receiver", "nobody receives: no open center with people on duty"


def _rungs(
    name: str, ladder: tuple[Rung, ...], rule: LevelRule, territory: Territory
) -> Iterator[tuple[str, str]]:
    if not any(called(rung, rule, territory) for rung in ladder):
        yield name, "no rung reaches anybody"
    for rung in ladder:
        if not rung.is_breach and not called(rung, rule, territory):
            yield f"{name} {rung.number}", f"calls nobody: {', '.join(rung.posts)} vacant"


def _unheard(addressee: Addressee, territory: Territory) -> str:
    """Why a notice to this addressee would reach nobody, nothing where it does."""
    match addressee:
        case Addressee.SCHOOL if not territory.psychologists + territory.social_pedagogues:
            return "no psychologist and no social pedagogue at the school to tell"
        case Addressee.SUPPORT_CENTER if territory.center is None:
            return "no open center with people on duty to tell"
        case Addressee.GUARDIANSHIP | Addressee.CHILD_RIGHTS if (
            addressee not in territory.authorities
        ):
            return "no address of this authority is known in the region"
        case _:
            return ""
