"""One world for all plays of this folder."""

from collections.abc import Iterator

import pytest

from tests.conftest import Server
from tests.properties.ground import Ground, Play, build
from tirek.config import Keys


@pytest.fixture(scope="session")
def ground(server: Server, template: str, keys: Keys) -> Iterator[Ground]:
    made = build(server, template, keys)
    yield made
    server.drop(made.database)


@pytest.fixture
def play(ground: Ground) -> Iterator[Play]:
    with ground.copy() as running:
        yield running
