"""Norms and cut-offs as drafts: figures suggest them, a methodologist decides, files change later.

Publishing here means that somebody has decided to take it over: the lines can be downloaded, and
then go the way of every change of an instrument (a new version, golden cases, two signatures).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from tirek.domain.age_band import STARTS, age_band
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.domain.instruments import Instrument
from tirek.domain.measurement.roc import CutOff, best_cut_off, cut_offs
from tirek.domain.scales import Scale, Worse
from tirek.domain.standing import DraftKind, DraftState
from tirek.domain.standing_cell import measured
from tirek.domain.standing_drafts import (
    FEWEST_FOR_A_NORM,
    GROWN,
    DraftPlace,
    cut_off_lines,
    norm_figures,
    norm_lines,
)
from tirek.domain.standing_figures import score_counts
from tirek.domain.standing_outcomes import (
    Accuracy,
    Group,
    Judged,
    accuracy,
    best_by_sensitivity,
    counts_of,
    may_suggest,
    of_group,
)
from tirek.services import audit, outcome_figures
from tirek.services.standing_figures import Counted, chosen
from tirek.services.unit import Unit
from tirek.storage.models import Account, MeasurementDraft

SHORTEST_REASON = 3
LANGUAGES = ("kk", "ru")


class ReasonMissingError(DomainError):
    """A decision needs its reason in words."""


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """One draft, and who has decided on it."""

    id: UUID
    kind: DraftKind
    place: DraftPlace
    structure_hash: str
    n: int
    cut: Decimal | None
    figures: Mapping[str, Any]
    state: DraftState
    suggested_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None

    @property
    def lines(self) -> str:
        """What would stand in interpretation.yaml."""
        if self.cut is not None:
            return cut_off_lines(self.place, self.figures, self.cut)
        year = self.suggested_at.astimezone(KAZAKHSTAN).year
        return norm_lines(self.place, self.figures, year)


def suggest_norms(unit: Unit, instrument: Instrument, counted: Sequence[Counted]) -> None:
    """Suggest a norm for each language, sex and age band with enough children."""
    for scale in measured(instrument):
        for place, scores in _norm_groups(instrument, scale, counted):
            figures = norm_figures(scale, scores)
            if figures is not None:
                _suggest(unit, instrument, place, figures)


def suggest_cut_offs(unit: Unit) -> None:
    """Suggest cut-offs where enough conversations were written down: by Youden, and another."""
    for instrument in unit.catalog.instruments.values():
        for scale_id, judged in outcome_figures.judged(unit, instrument).items():
            for language in ("", *LANGUAGES):
                own = of_group(judged, Group(language=language or None))
                if may_suggest(own):
                    _suggest_cuts(unit, instrument, instrument.scale(scale_id), language, own)


def of(unit: Unit, instrument_id: str) -> list[ShownDraft]:
    """The drafts of an instrument: those that wait first, the newest first."""
    statement = _drafts().where(MeasurementDraft.instrument_id == instrument_id)
    return [_shown(*row) for row in unit.session.execute(statement)]


def waiting(unit: Unit) -> Mapping[str, int]:
    """How many drafts nobody has decided on, by instrument."""
    rows = unit.session.execute(
        select(MeasurementDraft.instrument_id, func.count())
        .where(MeasurementDraft.decided_at.is_(None))
        .group_by(MeasurementDraft.instrument_id)
    )
    return {row[0]: row[1] for row in rows}


def get(unit: Unit, draft_id: UUID) -> ShownDraft:
    """One draft; raises `NotFoundError`."""
    row = unit.session.execute(_drafts().where(MeasurementDraft.id == draft_id)).one_or_none()
    if row is None:
        raise NotFoundError("measurement draft", draft_id)
    return _shown(*row)


def decide(unit: Unit, draft_id: UUID, state: DraftState, reason: str) -> None:
    """Publish or set aside, once; raises `ReasonMissingError`, `NotFoundError`, `ConflictError`."""
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise ReasonMissingError("a decision needs its reason")
    draft = get(unit, draft_id)
    changed = unit.session.execute(
        update(MeasurementDraft)
        .where(MeasurementDraft.id == draft_id, MeasurementDraft.decided_at.is_(None))
        .values(
            state=state.value,
            reason=said,
            decided_by=unit.actor.account_id,
            decided_at=func.now(),
        )
        .returning(MeasurementDraft.id)
    ).one_or_none()
    if changed is None:
        raise ConflictError("somebody has decided", draft.decided_by)
    audit.record(unit, f"measurement.{state.value}", "measurement_draft", draft_id)


def _norm_groups(
    instrument: Instrument, scale: Scale, counted: Sequence[Counted]
) -> Iterator[tuple[DraftPlace, Counter[Fraction]]]:
    for language in LANGUAGES:
        for sex in ("f", "m"):
            own = [
                one.cell.tree["scales"].get(scale.id, {}) for one in chosen(counted, language, sex)
            ]
            for low, high in _bands(instrument):
                scores: Counter[Fraction] = Counter()
                for place in own:
                    scores.update(score_counts(place, range(low, high + 1)))
                if scores.total() >= FEWEST_FOR_A_NORM:
                    yield DraftPlace(instrument.id, scale.id, language, sex, low, high), scores


def _bands(instrument: Instrument) -> Iterator[tuple[int, int]]:
    """The age bands of the people it is for, cut to its own ages."""
    ages = instrument.structure.ages
    for start in STARTS:
        band = age_band(start)
        low, high = max(band.low, ages.min), min(band.high or ages.max, ages.max)
        if low <= high:
            yield low, high


def _suggest_cuts(
    unit: Unit, instrument: Instrument, scale: Scale, language: str, judged: Sequence[Judged]
) -> None:
    is_high = scale.worse is Worse.HIGH
    counts, found = counts_of(judged, worse_is_high=is_high), accuracy(judged)
    if counts is None or found is None:
        return
    ages, table = instrument.structure.ages, cut_offs(counts)
    place = DraftPlace(instrument.id, scale.id, language, "", ages.min, ages.max)
    chosen_by = {"youden": best_cut_off(table), "sensitivity": best_by_sensitivity(table)}
    for rule, cut in chosen_by.items():
        if cut is not None:
            figures = _cut_figures(scale, cut, found)
            figures |= {"rule": rule, "blind": sum(one.is_blind for one in judged)}
            at = Decimal(str(cut.cut if is_high else -cut.cut))
            _suggest(unit, instrument, place, figures, at)


def _cut_figures(scale: Scale, cut: CutOff, found: Accuracy) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "worse": scale.worse.value,
        "n": found.confirmed + found.not_confirmed,
        "confirmed": found.confirmed,
        "not_confirmed": found.not_confirmed,
        "not_flagged": found.not_flagged,
    }
    for name, share in (("sensitivity", cut.sensitivity), ("specificity", cut.specificity)):
        low, high = share.ci95 or (0.0, 1.0)
        figures |= {name: share.value, f"{name}_low": low, f"{name}_high": high}
    return figures


def _suggest(
    unit: Unit,
    instrument: Instrument,
    place: DraftPlace,
    figures: Mapping[str, Any],
    cut: Decimal | None = None,
) -> None:
    """Add a draft, unless one waits or the last one was decided on with about as many children."""
    kind = DraftKind.NORM if cut is None else DraftKind.CUT_OFF
    last = _last(unit, instrument, kind, place, figures.get("rule"))
    if last is not None and (last.decided_at is None or figures["n"] < GROWN * last.n):
        return
    unit.session.add(
        MeasurementDraft(
            kind=kind.value,
            instrument_id=instrument.id,
            structure_hash=instrument.hashes.structure,
            scale=place.scale,
            language=place.language,
            sex=place.sex,
            age_min=place.age_min,
            age_max=place.age_max,
            n=figures["n"],
            cut=cut,
            figures=dict(figures),
        )
    )
    unit.session.flush()


def _last(
    unit: Unit, instrument: Instrument, kind: DraftKind, place: DraftPlace, rule: str | None
) -> MeasurementDraft | None:
    rows = unit.session.scalars(
        select(MeasurementDraft)
        .where(
            MeasurementDraft.kind == kind.value,
            MeasurementDraft.instrument_id == instrument.id,
            MeasurementDraft.structure_hash == instrument.hashes.structure,
            MeasurementDraft.scale == place.scale,
            MeasurementDraft.language == place.language,
            MeasurementDraft.sex == place.sex,
            MeasurementDraft.age_min == place.age_min,
            MeasurementDraft.age_max == place.age_max,
        )
        .order_by(MeasurementDraft.suggested_at.desc(), MeasurementDraft.n.desc())
    )
    return next((row for row in rows if row.figures.get("rule") == rule), None)


def _drafts() -> Any:
    return (
        select(MeasurementDraft, Account.display_name)
        .outerjoin(Account, Account.id == MeasurementDraft.decided_by)
        .order_by(
            MeasurementDraft.decided_at.is_not(None),
            MeasurementDraft.suggested_at.desc(),
            MeasurementDraft.scale,
            MeasurementDraft.language,
            MeasurementDraft.sex,
            MeasurementDraft.age_min,
        )
    )


def _shown(row: MeasurementDraft, name: str | None) -> ShownDraft:
    return ShownDraft(
        row.id,
        DraftKind(row.kind),
        DraftPlace(row.instrument_id, row.scale, row.language, row.sex, row.age_min, row.age_max),
        row.structure_hash,
        row.n,
        row.cut,
        row.figures,
        DraftState(row.state),
        row.suggested_at,
        row.decided_at,
        name,
        row.reason,
    )
