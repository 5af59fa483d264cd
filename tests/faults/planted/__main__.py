"""Prints what caught which planted bug, and how long it took: `python -m tests.faults.planted`.

With `--machine` the state machine plays against each of them too, which takes minutes.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import Server
from tests.faults.planted.bugs import BUGS
from tests.faults.planted.hunt import hunt, play_against
from tests.properties.ground import build
from tirek.config import Keys
from tirek.storage import embedded, migrate
from tirek.storage.session import owner_engine


def main() -> int:
    """Hunt all of them; 1 when one got away, or when a clean story was not clean."""
    # The relays of the stories write down every failure that they are made to have.
    logging.disable()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        own = embedded.start(folder / "postgresql", durable=False)
        try:
            return _hunt_all(Server(own.url("postgres")))
        finally:
            own.stop()


def _hunt_all(server: Server) -> int:
    engine = owner_engine(server.create(server.name))
    migrate.upgrade(engine)
    engine.dispose()
    ground = build(server, server.name, Keys.parse(Keys.fresh()))
    missed = 0
    print(f"{'planted bug':30}{'database':12}{'found by':72}{'without':10}seconds")
    for bug in BUGS:
        hunted = hunt(ground, bug)
        is_caught = (
            bug.breaks <= hunted.numbers and hunted.refusal == bug.refusal and not hunted.healthy
        )
        missed += not is_caught
        found = "; ".join(sorted(hunted.found)) or "NOTHING"
        clean = "clean" if not hunted.healthy else "NOT CLEAN"
        print(
            f"{bug.name:30}{hunted.refusal or '-':12}{found[:70]:72}{clean:10}{hunted.seconds:.1f}",
            flush=True,
        )
        if "--machine" in sys.argv:
            begun = time.monotonic()
            said = play_against(ground, bug) or "NOTHING"
            missed += said == "NOTHING"
            took = time.monotonic() - begun
            print(f"{'':30}state machine: {said[:130]} ({took:.1f} s)", flush=True)
    print("all caught" if not missed else f"{missed} NOT CAUGHT")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
