"""Threads of the relay, some for each way out, so that one that hangs holds up no other."""

from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Self


class Lanes:
    """At most one piece of work at a time in each lane; leaving the `with` waits for all of them.

    A provider that keeps silent costs its own messages ten seconds each. In one single thread it
    would cost them the mail, and the ladder that calls people when nobody acts.
    """

    def __init__(self) -> None:
        self._threads: dict[str, Thread] = {}

    def start(self, name: str, work: Callable[[], object]) -> bool:
        """Begin, unless this lane is busy still."""
        busy = self._threads.get(name)
        if busy is not None and busy.is_alive():
            return False
        self._threads[name] = Thread(target=work, name=name)
        self._threads[name].start()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for thread in self._threads.values():
            thread.join()
