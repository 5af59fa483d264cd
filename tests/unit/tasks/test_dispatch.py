import time
from dataclasses import dataclass, field

from tirek.domain.delivery import Channel
from tirek.services.relay import Due
from tirek.tasks import dispatch
from tirek.tasks.dispatch import LONGEST_QUEUE, BrokerAwayError, Dispatcher
from tirek.tasks.settings import QUEUES


@dataclass
class Queues:
    """Remembers what it was given; away on demand."""

    held: dict[str, list[int]] = field(default_factory=dict)
    is_away: bool = False
    asked: int = 0

    def room(self, queue: str, longest: int) -> int:
        self.asked += 1
        if self.is_away:
            raise BrokerAwayError("ConnectionError")
        return longest - len(self.held.get(queue, []))

    def enqueue(self, message_id: int, queue: str) -> None:
        self.held.setdefault(queue, []).append(message_id)


def test_each_channel_has_its_queue_and_what_failed_before_another():
    queues = Queues()
    due = [Due(number, channel, 0) for number, channel in enumerate(Channel)]
    told = Dispatcher(queues).dispatch([*due, Due(99, Channel.MAIL, 3)])
    assert told == len(Channel) + 1
    assert queues.held == {"mail": [0], "sms": [1], "webhook": [2], "fhir": [3], "retry": [99]}
    assert set(queues.held) < set(QUEUES)


def test_what_was_told_is_left_to_the_workers_for_a_while():
    queues = Queues()
    dispatcher = Dispatcher(queues)
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) == 1
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) == 0
    # Tried in vain meanwhile: that is another telling.
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 1)]) == 1


def test_what_was_told_is_told_again_in_the_end(monkeypatch):
    monkeypatch.setattr(dispatch, "PATIENCE_SECONDS", 0.05)
    queues = Queues()
    dispatcher = Dispatcher(queues)
    dispatcher.dispatch([Due(1, Channel.MAIL, 0)])
    time.sleep(0.06)
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) == 1


def test_a_queue_that_nobody_empties_does_not_grow_for_ever():
    queues = Queues()
    for start in (0, LONGEST_QUEUE):
        due = [Due(start + number, Channel.SMS, 0) for number in range(LONGEST_QUEUE)]
        Dispatcher(queues).dispatch(due)
    assert len(queues.held["sms"]) == LONGEST_QUEUE


def test_a_broker_that_is_away_is_left_alone_for_a_while(monkeypatch):
    monkeypatch.setattr(dispatch, "PAUSE_SECONDS", 0.05)
    queues = Queues(is_away=True)
    dispatcher = Dispatcher(queues)
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) is None
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) is None
    assert queues.asked == 1
    queues.is_away = False
    time.sleep(0.06)
    assert dispatcher.dispatch([Due(1, Channel.MAIL, 0)]) == 1
