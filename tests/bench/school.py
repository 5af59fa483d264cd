"""A school for the bench: an embedded durable database, one class, many codes."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.world import a_code, a_world, the_catalog
from tirek.config import Config
from tirek.domain.scope import Scope
from tirek.storage import embedded, migrate
from tirek.storage.session import app_engine, open_session, owner_engine
from tirek.storage.vault import Vault


@dataclass
class Bench:
    """Where the database is, and codes nobody has used yet."""

    server: embedded.EmbeddedServer
    url: str
    keys_file: Path
    codes: list[str] = field(default_factory=list)

    def take(self, number: int) -> list[str]:
        taken, self.codes = self.codes[:number], self.codes[number:]
        return taken


def a_bench(config: Config, folder: Path, codes: int) -> Bench:
    """Start, migrate and fill; each code takes a slow hash, so 400 take about ten seconds."""
    server = embedded.start(folder, durable=True)
    owner = owner_engine(server.url())
    migrate.upgrade(owner)
    owner.dispose()
    engine = app_engine(server.url())
    keys = config.keys
    vault = Vault(keys.keks, keys.kek_current, keys.code_pepper)
    with open_session(engine, Scope.system()) as session:
        world = a_world(session, the_catalog(), vault, pupils=codes, coded=0)
        school = world.school
        made = [
            a_code(world.unit(), school.assignments["phq-a"], pupil.student)
            for pupil in school.pupils
        ]
        session.commit()
    engine.dispose()
    return Bench(server, server.url(), folder / "keys.json", made)
