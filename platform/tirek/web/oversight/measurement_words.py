"""Words for what the nightly count says: alarms with their reasons, groups, numbers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal, format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tirek.domain.age_band import AgeBand
from tirek.domain.standing import AlarmKind
from tirek.domain.standing_disclosure import HIDDEN
from tirek.domain.standing_outcomes import Group
from tirek.services.standing_alarms import ShownAlarm

ALARMS: Mapping[AlarmKind, Any] = {
    AlarmKind.NEGATIVE_ITEM_REST: _l("An item pulls against its scale: probably a wrong key"),
    AlarmKind.LOW_ITEM_REST: _l("An item hardly belongs to its scale"),
    AlarmKind.LOW_RELIABILITY: _l("The scale is not reliable enough"),
    AlarmKind.DIF_LANGUAGE: _l("An item is answered otherwise in Kazakh than in Russian"),
    AlarmKind.MISSING: _l("Many leave an item blank"),
    AlarmKind.FLOOR: _l("Many have the lowest possible score"),
    AlarmKind.CEILING: _l("Many have the highest possible score"),
    AlarmKind.FAST: _l("Many answer faster than one can read"),
    AlarmKind.FLAGGED_SHARE: _l("The share of flagged children has jumped"),
}
_AT_WORST = _l(
    "This is the worse end: the scale cannot tell apart those who are worst off. Look whether the"
    " key is right and whether the questionnaire fits these ages."
)
STEPS: Mapping[AlarmKind, Any] = {
    AlarmKind.NEGATIVE_ITEM_REST: _l(
        "Compare the item's key with the source, then its wording in this language with the other."
    ),
    AlarmKind.LOW_ITEM_REST: _l(
        "Read the wording of the item; rare and grave things (self-harm) may rightly stand apart."
    ),
    AlarmKind.LOW_RELIABILITY: _l(
        "Look at the items with the lowest item-rest correlation first. Until then read single"
        " scores with their wide interval."
    ),
    AlarmKind.DIF_LANGUAGE: _l(
        "Have both wordings read side by side. Language goes with school, region and town or"
        " village, so this is a reason to look and no proof."
    ),
    AlarmKind.MISSING: _l("Ask a few psychologists why: unclear words, shame, or the last page."),
    AlarmKind.FLOOR: _AT_WORST,
    AlarmKind.CEILING: _AT_WORST,
    AlarmKind.FAST: _l("Ask how the rounds were held. No single answer sheet is thrown away."),
    AlarmKind.FLAGGED_SHARE: _l(
        "Look whether other classes or ages were asked, then at the wording and the key, then at"
        " what happened in the country."
    ),
}
LANGUAGES: Mapping[str, Any] = {"": _l("Both languages"), "kk": _l("Kazakh"), "ru": _l("Russian")}
SEXES: Mapping[str, Any] = {"": _l("Girls and boys"), "f": _l("Girls"), "m": _l("Boys")}


def number(value: Decimal | float | str | None, digits: int = 2) -> str:
    """A figure in the reader's language; a dash where it is unknown."""
    if value is None:
        return "–"  # noqa: RUF001 - as in the other tables
    if isinstance(value, str):
        return str(_("fewer than 10 children")) if value == HIDDEN else value
    # Without the zero a small negative figure would be written -0.00.
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits)) + 0
    return str(format_decimal(rounded, "#,##0." + "0" * digits if digits else "#,##0"))


def cut(value: Decimal) -> str:
    """A cut-off as the scale counts: whole points without a fraction."""
    return number(value, 0 if value == value.to_integral_value() else 1)


def percent(value: float | str | None) -> str:
    """A share as per cent with one digit."""
    if value is None or isinstance(value, str):
        return number(value)
    return str(format_percent(value, "#,##0.0 %"))


def reason(alarm: ShownAlarm) -> str:
    """Why the alarm was raised, in one sentence with its figures."""
    figures = alarm.figures
    n = number(figures.get("n"), 0)
    match alarm.kind:
        case AlarmKind.NEGATIVE_ITEM_REST | AlarmKind.LOW_ITEM_REST:
            return _item_rest(figures, n)
        case AlarmKind.LOW_RELIABILITY:
            return str(
                _(
                    "Alpha is %(alpha)s (from %(low)s to %(high)s) among %(n)s children; at least"
                    " .70 is expected (Nunnally 1978).",
                    alpha=number(figures["alpha"]),
                    low=number(figures["alpha_low"]),
                    high=number(figures["alpha_high"]),
                    n=n,
                )
            )
        case AlarmKind.DIF_LANGUAGE:
            return _dif(figures)
        case AlarmKind.FLAGGED_SHARE:
            return _jump(figures)
        case _:
            return _share(alarm.kind, percent(figures["share"]), n)


def _item_rest(figures: Mapping[str, Any], n: str) -> str:
    return str(
        _(
            "Its correlation with the other items is %(r)s (from %(low)s to %(high)s) among %(n)s"
            " children; at least .20 is expected (Streiner and Norman).",
            r=number(figures["item_rest"]),
            low=number(figures["low"]),
            high=number(figures["high"]),
            n=n,
        )
    )


def _dif(figures: Mapping[str, Any]) -> str:
    return str(
        _(
            "At equal scores the answers in Kazakh differ by %(effect)s standard deviations, class"
            " C (from .25 on), among %(kk)s children in Kazakh and %(ru)s in Russian; within the"
            " same regions by %(within)s.",
            effect=number(figures["effect"]),
            kk=number(figures["n_kk"], 0),
            ru=number(figures["n_ru"], 0),
            within=number(figures.get("within_regions")),
        )
    )


def _jump(figures: Mapping[str, Any]) -> str:
    return str(
        _(
            "%(share)s of %(n)s children are flagged in the last round, %(before)s of"
            " %(n_before)s before: a difference from %(low)s to %(high)s (99 %% interval).",
            share=percent(figures["share"]),
            n=number(figures["n"], 0),
            before=percent(figures["before"]),
            n_before=number(figures["n_before"], 0),
            low=percent(figures["low"]),
            high=percent(figures["high"]),
        )
    )


def _share(kind: AlarmKind, share: str, n: str) -> str:
    match kind:
        case AlarmKind.MISSING:
            said = _(
                "%(share)s of %(n)s children left it blank; up to 5 %% is usual.", share=share, n=n
            )
        case AlarmKind.FAST:
            said = _(
                "%(share)s of %(n)s children took less than two seconds a question (Huang 2012);"
                " up to 10 %% is usual.",
                share=share,
                n=n,
            )
        case _:
            said = _(
                "%(share)s of %(n)s children; from 15 %% on it is called an effect (Terwee 2007).",
                share=share,
                n=n,
            )
    return str(said)


def ages(band: AgeBand) -> str:
    """A band of ages."""
    if band.high is None:
        return str(_("%(low)s years and over", low=band.low))
    return str(_("%(low)s to %(high)s years", low=band.low, high=band.high))


def group_name(group: Group) -> str:
    """Whom a line of outcomes is about."""
    if group.is_blind is not None:
        known = _("who had not read the score"), _("who had read the score")
        return str(known[0] if group.is_blind else known[1])
    names = [str(LANGUAGES[group.language])] if group.language else []
    if group.ages:
        names.append(ages(group.ages))
    return ", ".join(names) or str(_("All"))
