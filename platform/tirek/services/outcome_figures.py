"""The closed loop in figures: verdicts of conversations against scores, without anybody in them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import text

from tirek.domain.instruments import Instrument
from tirek.domain.interpretation import ScaleAtLeast, ScaleAtMost
from tirek.domain.scales import Scale
from tirek.domain.scope import Scope
from tirek.domain.standing import Verdict
from tirek.domain.standing_outcomes import Judged
from tirek.services.unit import Unit
from tirek.storage.session import within_scope

# One verdict a questionnaire: a blind one before one of somebody who had read the score, then the
# first. The newest score of each scale; scoring again adds a row and nobody.
_JUDGED = text("""
    SELECT DISTINCT ON (o.school_year, o.administration_id, s.scale)
        s.scale, s.value, o.verdict, o.saw_score, a.language, a.age_years,
        ARRAY(SELECT f.code FROM flags f WHERE f.administration_id = a.id) AS codes
    FROM screening_outcomes o
    JOIN administrations a ON a.school_year = o.school_year AND a.id = o.administration_id
    JOIN scores s ON s.school_year = a.school_year AND s.administration_id = a.id
        AND s.value IS NOT NULL
    WHERE a.instrument_id = :instrument AND a.structure_hash = :structure
    ORDER BY o.school_year, o.administration_id, s.scale, o.saw_score, o.recorded_at,
        s.computed_at DESC
""")


def judged(unit: Unit, instrument: Instrument) -> Mapping[str, Sequence[Judged]]:
    """The verdicts on this structure by scale; those of a scale without a cut-off are left out.

    Acts as the system, since nobody above reads a child's rows; only counts may leave the caller.
    """
    rules = {scale.id: cut_rules(instrument, scale) for scale in instrument.scoring.scales}
    sent = {"instrument": instrument.id, "structure": instrument.hashes.structure}
    found: dict[str, list[Judged]] = defaultdict(list)
    with within_scope(unit.session, Scope.system()):
        rows = unit.session.execute(_JUDGED, sent).all()
    for row in rows:
        if rules.get(row.scale):
            found[row.scale].append(
                Judged(
                    row.language,
                    row.age_years,
                    Verdict(row.verdict),
                    not row.saw_score,
                    not rules[row.scale].isdisjoint(row.codes),
                    Decimal(row.value),
                )
            )
    return found


def cut_rules(instrument: Instrument, scale: Scale) -> frozenset[str]:
    """The flags that a cut-off of this scale raises."""
    return frozenset(
        rule.id
        for rule in instrument.flags
        if isinstance(rule.when, ScaleAtLeast | ScaleAtMost) and rule.when.scale == scale.id
    )
