"""One request to somebody else's server, with an answer to everything that can go wrong.

A request goes over TLS, to a public address, and is not led elsewhere by a redirect. It has one
time limit from the first byte to the last, so a server that answers a byte a minute holds nobody.
"""

import io
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Protocol, cast
from urllib.parse import urlsplit

from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError

# For the whole of a request; a relay's lease must be longer.
TIMEOUT_SECONDS = 10.0
# Nobody who answers us has more to say than this.
LONGEST_ANSWER = 65_536
PORTS = {"http": 80, "https": 443}
# What is said to a server on this machine does not leave it, so it may go without TLS.
OWN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# Addresses that carry an IPv4 address in their last four bytes (RFC 6052).
NAT64 = IPv6Network("64:ff9b::/96")
# Asked again these may answer otherwise; every other refusal is for good.
PASSING = frozenset({408, 429})
# Somebody in between gave up; whether the server behind took it is not known.
BROKEN_ON_THE_WAY = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's yes, and no more of its words than we are ready to read."""

    status: int
    body: bytes


class Poster(Protocol):
    """Takes one request to a server."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer when it is a yes; raise `GatewayError` otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class HttpPoster:
    """Posts to public servers, and to those of `inner_hosts` wherever they are.

    Without that list, who may set an address could have us knock at doors behind our own wall.
    """

    inner_hosts: frozenset[str] = frozenset()
    timeout: float = TIMEOUT_SECONDS
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Speak with the server once; what it says beside yes or no is not repeated in errors."""
        target = _Target.parse(url)
        if not target.is_tls and target.host not in OWN_HOSTS & self.inner_hosts:
            raise RefusedError("the address has no TLS (https)")
        deadline = time.monotonic() + self.timeout
        with closing(self._connect(target, deadline)) as line:
            connection = self._connection(target)
            # http.client speaks over what it is given, and only needs these few methods of it.
            connection.sock = cast("socket.socket", _TimedSocket(line, deadline))
            _prepare(connection, target.path, body, headers)
            with _silence_is_unknown():
                connection.endheaders(body)
                answer = connection.getresponse()
            _raise_unless_taken(answer.status)
            return Answer(answer.status, _beginning(answer))

    def _connection(self, target: "_Target") -> HTTPConnection:
        if target.is_tls:
            return HTTPSConnection(target.host, target.port, context=self.context)
        return HTTPConnection(target.host, target.port)

    def _connect(self, target: "_Target", deadline: float) -> socket.socket:
        """Reach one of the host's addresses; up to here nothing of the message has been said."""
        try:
            # The name is asked for once: what was looked at is what is called.
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise GatewayError(f"the host is not known: {type(error).__name__}") from error
        addresses = [str(each[4][0]) for each in found]
        if target.host not in self.inner_hosts and not all(map(is_public, addresses)):
            raise RefusedError("the host lies in an inner network that is not among our own")
        failures: list[OSError] = []
        for address in addresses:
            try:
                return self._line(address, target, deadline)
            except OSError as error:
                failures.append(error)
        kinds = ", ".join(sorted({type(failure).__name__ for failure in failures}))
        raise GatewayError(f"the server cannot be reached: {kinds}")

    def _line(self, address: str, target: "_Target", deadline: float) -> socket.socket:
        line = socket.create_connection((address, target.port), _left(deadline))
        if not target.is_tls:
            return line
        try:
            line.settimeout(_left(deadline))
            return self.context.wrap_socket(line, server_hostname=target.host)
        except OSError:
            line.close()
            raise


def is_public(address: str) -> bool:
    """Whether an address belongs to the wide world, also when it is wrapped in another one."""
    found = ip_address(address.partition("%")[0])
    inner = _carried(found) if isinstance(found, IPv6Address) else found
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _carried(address: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    tunnel = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnel or address


@dataclass(frozen=True, slots=True)
class _Target:
    is_tls: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> "_Target":
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RefusedError("the address cannot be read") from None
        if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
            raise RefusedError("the address must look like https://host/path")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme == "https", parts.hostname, port or PORTS[parts.scheme], path)


class _TimedSocket:
    """What http.client needs of a socket, with one deadline for all of it."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line = line
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send everything before the deadline."""
        self._line.settimeout(_left(self._deadline))
        self._line.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return the answer as a file."""
        return io.BufferedReader(_TimedReader(self._line, self._deadline))

    def close(self) -> None:
        """Do nothing: who opened the line closes it, after the answer has been read."""


class _TimedReader(io.RawIOBase):
    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line = line
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override] # it gets no other kind
        self._line.settimeout(_left(self._deadline))
        return self._line.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _prepare(
    connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """Put the head of the request together; nothing is sent yet."""
    try:
        connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
    except (ValueError, HTTPException) as error:
        raise RefusedError("the address or a header holds what cannot be sent") from error


@contextmanager
def _silence_is_unknown() -> Iterator[None]:
    """A server that falls silent over a request may have taken it."""
    try:
        yield
    except (OSError, HTTPException) as error:
        raise OutcomeUnknownError(f"no answer: {type(error).__name__}") from error


def _raise_unless_taken(status: int) -> None:
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: a yes
        return
    text = f"the server answered {status}"
    if status in BROKEN_ON_THE_WAY:
        raise OutcomeUnknownError(text)
    if status in PASSING or status >= 500:  # noqa: PLR2004 - RFC 9110: a fault of the server's
        raise GatewayError(text)
    raise RefusedError(text, status)


def _beginning(answer: HTTPResponse) -> bytes:
    """As much of the answer as arrives in time; its yes has been given already."""
    with suppress(OSError, HTTPException):
        return answer.read(LONGEST_ANSWER + 1)
    return b""
