"""Write down who saw or changed what, in the same transaction."""

from uuid import UUID

from sqlalchemy import text

from tirek.domain.people import Actor
from tirek.services.unit import Unit

# The school year of the database's own clock: January to August belong to the year before.
# Text, because every request of a child writes one: building the statement would cost as much
# as running it.
_INSERT = text(
    "INSERT INTO audit_entries (school_year, action, entity, entity_id, outcome, account_id,"
    " role, student_id, school_id) VALUES ("
    " extract(year FROM (now() AT TIME ZONE 'Asia/Almaty') - interval '8 months')::int,"
    " :action, :entity, :entity_id, :outcome, :account_id, :role, :student_id, :school_id)"
)


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
    unit.session.connection().execute(_INSERT, facts)


def refuse(unit: Unit, action: str, entity: str, entity_id: object) -> None:
    """Add one entry for something that was asked for and refused."""
    facts = _facts(unit.actor, action, entity, entity_id)
    facts |= {"outcome": "refused", "student_id": None, "school_id": unit.actor.school_id}
    unit.session.connection().execute(_INSERT, facts)


def _facts(actor: Actor, action: str, entity: str, entity_id: object) -> dict[str, object]:
    return {
        "action": action,
        "entity": entity,
        "entity_id": None if entity_id is None else str(entity_id),
        "account_id": actor.account_id,
        "role": actor.role.value if actor.role else None,
    }
