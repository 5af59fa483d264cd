"""A mail server that counts what it took, and can keep a conversation waiting."""

import socketserver
import threading
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes

ANSWERS = {b"QUIT": b"221 bye\r\n", b"DATA": b"354 go\r\n"}


@dataclass
class Sink:
    """What came, by message; `is_open` cleared keeps whoever asks waiting for the last word."""

    taken: Counter[str] = field(default_factory=Counter)
    is_open: threading.Event = field(default_factory=threading.Event)
    # How many wait before the closed door.
    waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    server: socketserver.ThreadingTCPServer = field(init=False)

    def __post_init__(self) -> None:
        sink = self
        self.is_open.set()

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sink.talk(self)

        socketserver.ThreadingTCPServer.daemon_threads = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.is_open.set()
        self.server.shutdown()
        self.server.server_close()

    def talk(self, peer: socketserver.StreamRequestHandler) -> None:
        peer.wfile.write(b"220 sink\r\n")
        while line := peer.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            peer.wfile.write(ANSWERS.get(word, b"250 yes\r\n"))
            if word == b"DATA":
                self._take(peer)
            if word == b"QUIT":
                return

    def _take(self, peer: socketserver.StreamRequestHandler) -> None:
        body = b""
        while not body.endswith(b"\r\n.\r\n"):
            line = peer.rfile.readline()
            if not line:
                return
            body += line
        if not self.is_open.is_set():
            # Whoever dies now was not told that it was taken, and it was not.
            self._count(1)
            self.is_open.wait(60)
            self._count(-1)
            return
        self.taken[message_from_bytes(body)["Message-ID"]] += 1
        peer.wfile.write(b"250 taken\r\n")

    def _count(self, change: int) -> None:
        with self.lock:
            self.waiting += change
