"""A named guardian is known to the school the child has moved to, and to none that is kept out."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SYSTEM = "scope_kind() = 'system'"
STUDENT = "(scope_kind() = 'student' AND student_id = scope_id())"
CENTER = (
    "(scope_kind() = 'support_center' AND center_has_student(student_id)"
    " AND NOT scope_is_out(student_id))"
)
# As every table about a case has it; of the kinds, only the one that names nobody at a school.
SCHOOL = (
    "(scope_kind() = 'school' AND kind = 'guardian' AND NOT scope_is_out(student_id)"
    " AND (school_id = scope_id() OR school_has_case(student_id)))"
)
OLD_SCHOOL = "(scope_kind() = 'school' AND school_id = scope_id() AND kind = 'guardian')"


def upgrade() -> None:
    """Who may see; who may add stays as it was."""
    _see(SCHOOL)


def downgrade() -> None:
    """As before."""
    _see(OLD_SCHOOL)


def _see(school: str) -> None:
    clauses = f"{SYSTEM} OR {STUDENT} OR {CENTER} OR {school}"
    op.execute(f"ALTER POLICY conflicts_scope ON conflicts USING ({clauses})")
