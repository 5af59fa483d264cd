"""Words for the codes of watching over: clocks, posts, channels, loops, kinds of messages."""

from collections.abc import Mapping
from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from jinja2 import Environment

from tirek.services.oversight import short

LEVELS = {
    "immediate": _l("Immediate"),
    "high": _l("High"),
    "medium": _l("Medium"),
    "low": _l("Low"),
}
CLOCKS = {
    "seen": _l("to be opened"),
    "acknowledged": _l("to be accepted by name"),
    "contact": _l("to talk with the child"),
    "assessment": _l("to assess"),
    "plan": _l("to make a plan"),
    "review": _l("to look again"),
    "notice": _l("to give a notice"),
}
STATES = {
    "created": _l("being sent"),
    "routed": _l("nobody has opened it"),
    "delivered": _l("arrived, nobody has opened it"),
    "seen": _l("opened, nobody has accepted it"),
    "acknowledged": _l("accepted"),
    "triaged": _l("looked through"),
    "contacted": _l("child has been talked with"),
    "assessed": _l("assessed"),
    "planned": _l("a plan is made"),
    "in_support": _l("in support"),
    "review": _l("being looked at again"),
    "outcome_set": _l("waits for a second person to close it"),
    "redirected": _l("sent on, not accepted there yet"),
    "needs_info": _l("waits for an answer of the school"),
    "unreachable": _l("child could not be reached"),
    "declined_by_receiver": _l("not taken, goes to another centre"),
    "family_refused": _l("the family refused, a second person looks"),
    "reopened": _l("opened again by a new signal"),
}
POSTS = {
    "duty": _l("people on duty at the receiver"),
    "psc_head": _l("head of the centre"),
    "school_psychologist": _l("school psychologist"),
    "social_pedagogue": _l("social pedagogue"),
    "territory_center": _l("the territory's centre"),
    "owner": _l("who accepted it"),
    "regional_coordinator": _l("regional coordinator"),
    "last_responder": _l("last responder"),
    "national_duty": _l("national duty"),
}
REPLIES = {
    "called_center": _l("I have called the centre"),
    "called_school": _l("I have called the school"),
    "went_there": _l("Somebody is on the way to the child"),
    "nobody_answers": _l("Nobody answers the phone"),
}
REPLIED = {
    "called_center": _l("called the centre"),
    "called_school": _l("called the school"),
    "went_there": _l("sent somebody to the child"),
    "nobody_answers": _l("called, nobody answered"),
}
CHANNELS = {
    "mail": _l("E-mail"),
    "sms": "SMS",
    "webhook": _l("Centres' servers (webhook)"),
    "fhir": _l("Centres' servers (FHIR)"),
}
ADDRESSEES = {
    "server": _l("a centre's server"),
    "authority": _l("an authority"),
    "psychologist": _l("school psychologist"),
    "social_pedagogue": _l("social pedagogue"),
    "deputy_director": _l("deputy director"),
    "psc_specialist": _l("specialist of the support centre"),
    "psc_supervisor": _l("head of the support centre"),
    "regional_coordinator": _l("regional coordinator"),
    "national_duty": _l("national duty"),
    "administrator": _l("administrator"),
    "school": _l("The school"),
    "support_center": _l("The support centre"),
    "guardianship": _l("The guardianship body"),
    "child_rights": _l("The body for children's rights"),
}
KINDS = {
    "referral_waits": _l("a referral waits"),
    "notice_due": _l("a notice is due"),
    "signal_added": _l("a new signal was added"),
    "referral_news": _l("news about a referral"),
    "alarm": _l("alarm: time has run out"),
    "statutory_notice": _l("statutory notice"),
    "drill": _l("test alarm"),
    "drill_missed": _l("test alarm was not answered"),
    "reading_reminder": _l("a reminder to go on reading"),
    "talk_booked": _l("a talk was booked"),
    "talk_changed": _l("a talk was moved or cancelled"),
    "talk_reminder": _l("a reminder of a talk"),
    "talk_news": _l("news for a psychologist about talks"),
    "group_news": _l("news in a group of parents"),
    "waiting_offer": _l("a time for a parent who waits"),
    "help_waits": _l("a parent waits for a call"),
    "help_late": _l("nobody has taken a parent's call in time"),
    "answers_wait": _l("a file of answers waits for a decision"),
}
REASONS = {
    "closed": _l("closed"),
    "full": _l("full"),
    "nobody_on_duty": _l("nobody is on duty"),
}
_LOOPS = {
    "outbox": _l("sends messages"),
    "deadlines": _l("rings clocks"),
    "reconcile": _l("looks for what must not exist"),
    "drills": _l("rings test alarms"),
    "audit": _l("seals the audit trail"),
    "providers": _l("shares messages among providers"),
    "stuck": _l("tries again what is stuck"),
    "reminders": _l("reminds parents who asked for it"),
    "talks": _l("reminds of talks and offers free times"),
    "help": _l("looks for parents' calls that nobody has taken"),
    "groups": _l("tells groups of parents that there is news"),
    "measurements": _l("counts at night how well questionnaires measure"),
}
# Names, the same in every language; without a word they stand as they are.
_BY = {"celery": "Celery"}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "level": LEVELS,
    "clock": CLOCKS,
    "state": STATES,
    "post": POSTS,
    "reply": REPLIES,
    "replied": REPLIED,
    "channel": CHANNELS,
    "addressee": ADDRESSEES,
    "kind": KINDS,
    "reason": REASONS,
}


def watch_word(code: object, kind: str) -> str:
    """The word for a code; a code that has none is shown as it is."""
    return str(_WORDS[kind].get(str(code), code))


def loop_name(name: str) -> str:
    """What a loop does and who runs it: `relay.deadlines` rings clocks; a worker has a name."""
    by, _dot, what = name.partition(".")
    return f"{_LOOPS[what]} ({_BY.get(by, by)})" if what in _LOOPS else name


def duration(seconds: float) -> str:
    """A length of time from seconds up to days, rounded down."""
    whole = int(seconds)
    minute, hour, day = 60, 3600, 86_400
    if whole < 2 * minute:
        return str(_("%(number)s s", number=whole))
    if whole < 2 * hour:
        return str(_("%(number)s min", number=whole // minute))
    if whole < 2 * day:
        return str(_("%(number)s h", number=whole // hour))
    return str(_("%(number)s d", number=whole // day))


def as_month(day: date) -> str:
    """A month by its name and year."""
    return str(format_date(day, "LLLL y"))


def install(templates: Environment) -> None:
    """Offer the words to every template as filters."""
    templates.filters.update(
        watch_word=watch_word, loop_name=loop_name, duration=duration, month=as_month, short=short
    )
