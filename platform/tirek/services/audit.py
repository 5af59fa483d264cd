"""Write down who saw or changed what, in the same transaction."""

from uuid import UUID

from sqlalchemy import insert, text

from tirek.domain.people import Actor
from tirek.services.unit import Unit
from tirek.storage.models import AuditEntry

# The school year of the database's own clock: January to August belong to the year before.
SCHOOL_YEAR_NOW = text(
    "extract(year FROM (now() AT TIME ZONE 'Asia/Almaty') - interval '8 months')::int"
)
_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]


def record(
    unit: Unit,
    action: str,
    entity: str,
    entity_id: object = None,
    *,
    student_id: UUID | None = None,
    school_id: UUID | None = None,
) -> None:
    """Add one entry for something that was read or changed."""
    facts = _facts(unit.actor, action, entity, entity_id)
    facts |= {"outcome": "done", "student_id": student_id}
    facts["school_id"] = school_id or unit.actor.school_id
    unit.session.execute(_INSERT.values(school_year=SCHOOL_YEAR_NOW, **facts))


def refuse(unit: Unit, action: str, entity: str, entity_id: object) -> None:
    """Add one entry for something that was asked for and refused."""
    facts = _facts(unit.actor, action, entity, entity_id)
    facts |= {"outcome": "refused", "student_id": None, "school_id": unit.actor.school_id}
    unit.session.execute(_INSERT.values(school_year=SCHOOL_YEAR_NOW, **facts))


def _facts(actor: Actor, action: str, entity: str, entity_id: object) -> dict[str, object]:
    return {
        "action": action,
        "entity": entity,
        "entity_id": None if entity_id is None else str(entity_id),
        "account_id": actor.account_id,
        "role": actor.role.value if actor.role else None,
    }
