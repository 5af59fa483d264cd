"""Servers of other people that really listen, with the faults a test asks for.

`python -m tests.gateways.stubs --port 9001` runs them as a process of its own: an SMS provider at
/sms, a receiver of webhooks at /webhook and a FHIR server at /fhir. `PUT /faults` with the JSON
{"mode": "hang"} changes what they do from then on; `GET /taken` says what they have got.
"""

import json
import ssl
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tirek.gateways.webhook import WebhookError, verify

HOST = "127.0.0.1"
SECRET = b"a secret of at least thirty-two bytes"


class Mode(StrEnum):
    """What the servers do with whatever they get."""

    WELL = "well"
    # They refuse, and have not taken it.
    ERROR = "error"
    BUSY = "busy"
    REFUSE = "refuse"
    LOCKED = "locked"
    REDIRECT = "redirect"
    # They take it, and their answer is of no use.
    HANG = "hang"
    CUT = "cut"
    GARBAGE = "garbage"
    DRIP = "drip"
    FLOOD = "flood"
    GATEWAY_TIMEOUT = "gateway_timeout"
    # They take it, and what they say later is not what it should be.
    NO_RECEIPT = "no_receipt"
    WRONG_RECEIPT = "wrong_receipt"
    RECEIPT_TWICE = "receipt_twice"


REFUSALS = {Mode.ERROR: 500, Mode.BUSY: 429, Mode.REFUSE: 400, Mode.LOCKED: 403, Mode.REDIRECT: 302}


@dataclass
class Taken:
    """One message that was taken, however often it came."""

    kind: str
    key: str
    own_reference: str
    body: Any
    headers: dict[str, str]
    times: int = 1


@dataclass
class Behaviour:
    """What may be changed while the servers run."""

    mode: Mode = Mode.WELL
    # How long `hang` keeps silent, and how long a receipt takes.
    hang_seconds: float = 30.0
    receipt_seconds: float = 0.0
    # Where receipts go, with which token; without an address they are only kept.
    receipts_url: str | None = None
    receipts_token: str = ""


@dataclass
class Store:
    """What has been taken and said, by all threads of a server."""

    taken: dict[str, Taken] = field(default_factory=dict)
    calls: int = 0
    receipts: list[dict[str, str]] = field(default_factory=list)
    # The statuses with which our own receipts were answered; 0: nobody was there.
    answers: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, kind: str, key: str, body: Any, headers: dict[str, str]) -> Taken:
        """Keep a message, or know it again."""
        with self.lock:
            if found := self.taken.get(key):
                found.times += 1
                return found
            self.taken[key] = Taken(kind, key, uuid4().hex, body, headers)
            return self.taken[key]


class Stub(ThreadingHTTPServer):
    """All three servers at one port."""

    daemon_threads = True
    # A thread that hangs on purpose must not hold up the end.
    block_on_close = False

    def __init__(self, host: str = HOST, port: int = 0, behaviour: Behaviour | None = None) -> None:
        super().__init__((host, port), _Handler)
        self.behaviour = behaviour or Behaviour()
        self.store = Store()
        self.stopped = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str) -> str:
        """The address of one of the servers."""
        return f"http://{self.server_address[0]!s}:{self.port}{path}"

    def say(self, receipt: dict[str, str]) -> int:
        """Tell the other side now; returns how it answered."""
        return _post(self.behaviour, receipt)

    def handle_error(self, *_: object) -> None:
        """Say nothing: that a caller hangs up is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Stub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/taken":
            self._say(404, {})
            return
        store = self.server.store
        with store.lock:
            taken = [asdict(each) for each in store.taken.values()]
            said = {"calls": store.calls, "taken": taken, "receipts": store.receipts}
            self._say(200, said | {"answers": store.answers})

    def do_PUT(self) -> None:
        changes = self._read()
        known = asdict(self.server.behaviour)
        if self.path != "/faults" or not changes.keys() <= known.keys():
            self._say(404, {})
            return
        values = known | changes
        self.server.behaviour = Behaviour(**values | {"mode": Mode(values["mode"])})
        self._say(200, {})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.store.lock:
            self.server.store.calls += 1
        mode = self.server.behaviour.mode
        take = {"/sms": self._sms, "/webhook": self._webhook, "/fhir": self._fhir}.get(self.path)
        if take is None:
            self._say(404, {})
        elif mode in REFUSALS:
            self._say(REFUSALS[mode], {"error": mode}, Location=self.server.url("/sms"))
        else:
            self._answer(mode, *take(raw))

    def _sms(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        taken = self._take("sms", self.headers["Idempotency-Key"], json.loads(raw))
        if taken.times == 1:
            threading.Thread(target=self._receipts, args=(taken,), daemon=True).start()
        return 201, {"id": taken.own_reference}

    def _webhook(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        try:
            verify(self.headers, raw, SECRET, datetime.now(UTC), lambda _: False)
        except WebhookError as error:
            return 401, {"error": str(error)}
        self._take("webhook", self.headers["Tirek-Id"], json.loads(raw))
        return 202, {}

    def _fhir(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        entries = []
        for entry in json.loads(raw)["entry"]:
            kind, condition = entry["request"]["url"], entry["request"]["ifNoneExist"]
            taken = self._take(kind, f"{kind}?{condition}", entry["resource"])
            place = f"{self.server.url('/fhir')}/{kind}/{taken.own_reference}/_history/1"
            status = "201 Created" if taken.times == 1 else "200 OK"
            entries.append({"response": {"status": status, "location": place}})
        bundle = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        return 200, bundle

    def _take(self, kind: str, key: str, body: Any) -> Taken:
        return self.server.store.take(kind, key, body, dict(self.headers))

    def _answer(self, mode: Mode, status: int, said: dict[str, Any]) -> None:
        if mode is Mode.HANG:
            self.server.stopped.wait(self.server.behaviour.hang_seconds)
        if mode in {Mode.HANG, Mode.CUT}:
            self.close_connection = True
        elif mode is Mode.GATEWAY_TIMEOUT:
            self._say(504, {})
        elif mode is Mode.GARBAGE:
            self._send(status, b"<html>thank you</html>")
        elif mode is Mode.FLOOD:
            self._send(status, b'{"id": "' + b"x" * 1_000_000 + b'"}')
        elif mode is Mode.DRIP:
            self._drip()
        else:
            self._say(status, said)

    def _drip(self) -> None:
        """Begin an answer that never ends, a byte at a time."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.close_connection = True
        with suppress(OSError):
            while not self.server.stopped.wait(0.05):
                self.wfile.write(b"x")

    def _receipts(self, taken: Taken) -> None:
        behaviour = self.server.behaviour
        if self.server.stopped.wait(behaviour.receipt_seconds):
            return
        receipt = {
            "id": taken.own_reference,
            "reference": str(taken.body["reference"]),
            "status": "delivered",
        }
        if behaviour.mode is Mode.WRONG_RECEIPT:
            receipt |= {"id": uuid4().hex, "reference": str(uuid4())}
        times = {Mode.NO_RECEIPT: 0, Mode.RECEIPT_TWICE: 2}.get(behaviour.mode, 1)
        for _ in range(times):
            self.server.store.receipts.append(receipt)
            if behaviour.receipts_url is not None:
                self.server.store.answers.append(_post(behaviour, receipt))

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def _say(self, status: int, said: dict[str, Any], **headers: str) -> None:
        self._send(status, json.dumps(said).encode(), **headers)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)


def _post(behaviour: Behaviour, receipt: dict[str, str]) -> int:
    """Tell the other side; 0 when nobody answers."""
    parts = urlsplit(str(behaviour.receipts_url))
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {behaviour.receipts_token}",
    }
    try:
        connection.request("POST", parts.path, json.dumps(receipt), headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextmanager
def running(
    mode: Mode = Mode.WELL,
    host: str = HOST,
    context: ssl.SSLContext | None = None,
    **behaviour: Any,
) -> Iterator[Stub]:
    """The servers in a thread of this process."""
    with Stub(host, behaviour=Behaviour(mode, **behaviour)) as stub:
        if context is not None:
            stub.socket = context.wrap_socket(stub.socket, server_side=True)
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stub
        finally:
            stub.stopped.set()
            stub.shutdown()
            thread.join()


def until(is_so: Any, seconds: float = 5) -> None:
    """Wait until something is so; fail when it does not come about."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def main() -> None:
    """Serve until killed; what is printed first is the address."""
    parser = ArgumentParser(prog="python -m tests.gateways.stubs")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", type=Mode, default=Mode.WELL, choices=Mode)
    parser.add_argument("--hang-seconds", type=float, default=30.0)
    parser.add_argument("--receipt-seconds", type=float, default=0.0)
    parser.add_argument("--receipts-url", help="where receipts of SMS go")
    parser.add_argument("--receipts-token", default="")
    arguments = vars(parser.parse_args())
    port = arguments.pop("port")
    with Stub(port=port, behaviour=Behaviour(**arguments)) as stub:
        sys.stdout.write(stub.url("") + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            stub.serve_forever()


if __name__ == "__main__":
    main()
