"""Whether a Redis may be Celery's broker: asked once, before a worker or beat starts."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Event
from urllib.parse import urlsplit, urlunsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.retry import Retry

# Long enough for a busy server, short enough that nobody takes silence for work.
TIMEOUT_SECONDS = 5.0
ASK_AGAIN_SECONDS = 5.0
SAFE_POLICY = "noeviction"


class BrokerRefusedError(Exception):
    """The Redis would lose messages, or lets strangers in; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a Redis said about itself."""

    policy: str
    has_append_only_file: bool
    # None: an account that may not ask.
    listens_on: tuple[str, ...] | None
    is_open: bool


def connect(url: str, seconds: float = TIMEOUT_SECONDS) -> Redis:
    """A client that asks once and waits for so long; raise `BrokerRefusedError` for no address."""
    try:
        return Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            # By default a refused connection is tried again for seven seconds.
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise BrokerRefusedError(
            "REDIS_URL must look like redis://:password@host:6379/0 (rediss:// with TLS)."
        ) from error


def say(url: str, *arguments: str) -> object:
    """Say one command to Redis and return its answer."""
    with connect(url) as client:
        answer: object = client.execute_command(*arguments)
        return answer


def wait_and_check(url: str, stop: Event, tell: Callable[[str], None]) -> bool:
    """Wait until Redis answers, then refuse a dangerous one; False when stopped before.

    `tell` is given a sentence when it has to wait, and one for each thing an operator should know.
    """
    waits = False
    while not stop.is_set():
        try:
            found = examine(url)
        except AuthenticationError as error:
            raise BrokerRefusedError(
                "Redis refuses the account of REDIS_URL: put the right password there."
            ) from error
        except RedisError as error:
            if not waits:
                tell(f"Redis does not answer ({type(error).__name__}); waiting for it.")
            waits = True
            stop.wait(ASK_AGAIN_SECONDS)
            continue
        refuse_dangerous(found)
        if not found.has_append_only_file:
            tell(
                "WARNING: this Redis keeps no append-only file, so a crash of it empties every"
                " queue; nothing is lost, since PostgreSQL remembers, but it comes up to 15"
                " seconds later. Set `appendonly yes`."
            )
        return True
    return False


def examine(url: str) -> Found:
    """Ask a Redis about itself; raise `RedisError` when it does not answer."""
    with connect(url) as client:
        info = client.info()
        return Found(
            policy=str(info.get("maxmemory_policy", "")),
            has_append_only_file=bool(info.get("aof_enabled")),
            listens_on=_listens_on(client),
            is_open=_is_open(url),
        )


def refuse_dangerous(found: Found) -> None:
    """Raise `BrokerRefusedError` when messages would vanish, or anybody may write them."""
    if found.policy != SAFE_POLICY:
        raise BrokerRefusedError(
            f"Redis may throw queued messages away (maxmemory-policy is"
            f" {found.policy or 'not told'}): set it to {SAFE_POLICY}, and keep caches elsewhere."
        )
    if found.is_open and not (found.listens_on and all(map(_is_local, found.listens_on))):
        raise BrokerRefusedError(
            "Redis listens beyond this machine and asks for no password: set `requirepass`, or"
            " `bind 127.0.0.1`."
        )


def _listens_on(client: Redis) -> tuple[str, ...] | None:
    try:
        told = client.config_get("bind", "port", "tls-port")
    except (NoPermissionError, ResponseError):
        return None
    if {str(told.get("port", "0")), str(told.get("tls-port", "0"))} <= {"0"}:
        return ("localhost",)  # a socket in the file system only
    # "-::1" is "::1, if there is IPv6"; an empty list is every address.
    return tuple(str(each).removeprefix("-") for each in str(told["bind"]).split()) or ("*",)


def _is_open(url: str) -> bool:
    """Whether it takes orders from somebody without a password."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    try:
        return bool(say(urlunsplit(bare), "PING"))
    except RedisError:
        return False


def _is_local(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
