"""One repair of kombu's Redis transport: a worker whose Redis dies must not go deaf.

Seen with Celery 5.7: Redis is killed while as many messages are being worked on as may be. Their
acknowledgements fail, kombu goes on counting them as being worked on, and so never asks for another
one; the worker lives, is connected, and does nothing for ever.
"""

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """Counts a message as finished also when Redis could not be told so.

    Redis will hand it out once more; by then the outbox says that it is done.
    """

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge; in any case make room for the next one."""
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:  # noqa: FBT001, FBT002
        """Give back; in any case make room for the next one."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)


def install() -> None:
    """Use it for every channel of this process; kombu looks the class up on the channel."""
    redis.Channel.QoS = QoS
