"""The schema can be made, undone and made again, and the models say the same as the migrations."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from tests.conftest import Server
from tirek.storage import migrate, models
from tirek.storage.session import owner_engine


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory(str(migrate.SCRIPTS)).get_heads()) == 1


def test_migrations_never_import_the_models_that_will_change_under_them() -> None:
    for script in Path(migrate.SCRIPTS, "versions").glob("*.py"):
        assert "tirek.storage.models" not in script.read_text(encoding="utf-8"), script.name


def test_models_and_migrations_agree(owner: Engine) -> None:
    migrate.check(owner)


def test_up_down_and_up_again_leaves_the_same_schema(owner: Engine) -> None:
    first = _shape(owner)
    migrate.downgrade(owner, "base")
    left = set(inspect(owner).get_table_names()) - {"alembic_version"}
    assert not left
    migrate.upgrade(owner)
    migrate.check(owner)
    assert _shape(owner) == first


def test_going_down_leaves_no_function_behind(owner: Engine) -> None:
    migrate.downgrade(owner, "base")
    with owner.connect() as connection:
        left = connection.scalars(
            text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        ).all()
    assert left == []


def test_each_migration_goes_up_by_itself(server: Server, template: str) -> None:
    name = f"{template}_steps"
    engine = owner_engine(server.create(name))
    scripts = ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()
    for revision in reversed([script.revision for script in scripts]):
        migrate.upgrade(engine, revision)
    migrate.check(engine)
    engine.dispose()
    server.drop(name)


@pytest.mark.parametrize("table", ["administrations", "responses", "audit_entries"])
def test_large_tables_have_a_partition_for_this_school_year(owner: Engine, table: str) -> None:
    with owner.connect() as connection:
        parts = connection.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = CAST(:t AS regclass)"
            ),
            {"t": table},
        ).all()
        year = connection.scalar(
            text(
                "SELECT extract(year FROM (now() AT TIME ZONE 'Asia/Almaty')"
                " - interval '8 months')::int"
            )
        )
    assert f"{table}_y{year}" in parts


def _shape(engine: Engine) -> list[tuple[str, ...]]:
    """Every column, constraint, index, trigger, policy and right, in the database's own words."""
    queries = (
        (
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ),
        (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
        ),
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        (
            "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE NOT tgisinternal"
        ),
        "SELECT tablename, policyname, qual FROM pg_policies WHERE schemaname = 'public'",
        (
            "SELECT table_name, column_name, privilege_type"
            " FROM information_schema.column_privileges"
            " WHERE grantee = 'tirek_app'"
        ),
        "SELECT from_state, to_state, actor_kind FROM referral_transitions",
        "SELECT proname, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    )
    with engine.connect() as connection:
        rows = [
            tuple(str(cell) for cell in row)
            for query in queries
            for row in connection.execute(text(query))
        ]
    return sorted(rows)


def test_the_metadata_holds_every_table_of_the_database(owner: Engine) -> None:
    tables = {name for name in inspect(owner).get_table_names() if "_y2" not in name}
    assert tables - {"alembic_version"} == set(models.Account.metadata.tables)
