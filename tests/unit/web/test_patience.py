"""Nobody's request is dropped while they wait, and none is begun after they have left."""

import socket
from collections.abc import Iterator

import pytest

from tirek.web.patience import CONNECTION, has_left, only_for_the_present


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_waiting_sender_is_there(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    assert not has_left(ours)
    # The rest of a long request is under way.
    theirs.sendall(b"more")
    assert not has_left(ours)
    assert ours.recv(4) == b"more"


def test_a_closed_connection_is_nobody(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    assert has_left(ours)


def test_a_server_that_shows_no_connection_drops_nothing() -> None:
    assert not has_left(None)


@pytest.mark.parametrize("is_there", [True, False])
def test_the_application_is_asked_only_for_who_is_there(
    pair: tuple[socket.socket, socket.socket], is_there: bool
) -> None:
    ours, theirs = pair
    if not is_there:
        theirs.close()
    asked: list[str] = []

    def application(environ: dict[str, object], start: object) -> list[bytes]:
        asked.append("asked")
        return [b"page"]

    said: list[str] = []
    wrapped = only_for_the_present(application)
    body = list(wrapped({CONNECTION: ours}, lambda status, _head: said.append(status)))
    assert (asked, body) == ((["asked"], [b"page"]) if is_there else ([], []))
    assert said == ([] if is_there else ["503 Service Unavailable"])
