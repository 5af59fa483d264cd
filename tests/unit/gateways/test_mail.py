import datetime as dt
import email
import email.policy
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tirek.gateways.mail import FolderMail, MailError, MailOutcomeUnknownError, SmtpMail, choose

SENDER = "Tirek <tirek@example.kz>"
REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
# On this machine, yet not among the names that may go without TLS.
STRANGER = "127.0.0.2"


class _Conversation(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321 for smtplib, with the faults a test asks for."""

    server: "_Server"

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            self.server.said.append(line.upper())
            if not self._answer(line.split()[0].upper()):
                return

    def _answer(self, verb: str) -> bool:
        answer = self.server.answers.get(verb)
        if answer is None:
            return False
        self._say(answer)
        if verb == "STARTTLS":
            return self._encrypt()
        return verb != "DATA" or not answer.startswith("354") or self._take()

    def _encrypt(self) -> bool:
        assert self.server.context is not None
        try:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        except ssl.SSLError:
            return False
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        return True

    def finish(self) -> None:
        super().finish()
        self.rfile.close()
        self.request.close()

    def _take(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.taken.append(b"".join(lines))
        if self.server.is_silent_after_data:
            return False
        self._say("250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@dataclass
class _Faults:
    answers: dict[str, str] = field(default_factory=dict)
    is_silent_after_data: bool = False
    context: ssl.SSLContext | None = None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False

    def __init__(self, host: str, faults: _Faults) -> None:
        super().__init__((host, 0), _Conversation)
        hello = "250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME"
        if faults.context is not None:
            hello = hello.replace("250 ", "250-") + "\r\n250 STARTTLS"
        self.answers = {
            "EHLO": hello,
            "STARTTLS": "220 go",
            "AUTH": "235 welcome",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go",
            "RSET": "250 ok",
            "QUIT": "221 bye",
        } | faults.answers
        self.context = faults.context
        self.is_silent_after_data = faults.is_silent_after_data
        self.said: list[str] = []
        self.taken: list[bytes] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def message(self) -> EmailMessage:
        assert len(self.taken) == 1
        parsed = email.message_from_bytes(self.taken[0], policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@contextmanager
def _running(host: str = "127.0.0.1", faults: _Faults | None = None) -> Iterator[_Server]:
    with _Server(host, faults or _Faults()) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for STRANGER that only those trust who are told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(STRANGER))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "stranger.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def _server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_folder_keeps_one_file_for_a_repeated_reference(tmp_path: Path):
    gateway = FolderMail(tmp_path / "mail", SENDER)
    gateway.send("a@example.kz", "Сізді жолдама күтіп тұр", "Ішіне кіріңіз", REFERENCE)
    gateway.send("a@example.kz", "Сізді жолдама күтіп тұр", "Ішіне кіріңіз", REFERENCE)
    gateway.send("b@example.kz", "Сізді жолдама күтіп тұр", "Ішіне кіріңіз", uuid4())
    files = _files(tmp_path / "mail")
    assert len(files) == 2
    assert tmp_path / "mail" / f"{REFERENCE}.eml" in files


def test_a_file_in_the_folder_is_a_whole_message_for_its_owner_alone(tmp_path: Path):
    FolderMail(tmp_path / "mail", SENDER).send("a@example.kz", "Күтіп тұр", "Ішінде", REFERENCE)
    path = tmp_path / "mail" / f"{REFERENCE}.eml"
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["To"] == "a@example.kz"
    assert message["Subject"] == "Күтіп тұр"
    assert message["Message-ID"] == f"<{REFERENCE}@example.kz>"
    assert message.get_content().strip() == "Ішінде"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("stop_url", "shown"),
    [
        (
            "https://tirek.example.kz/kk/reminders/1/2",
            "<https://tirek.example.kz/kk/reminders/1/2>",
        ),
        # Without TLS no mail program may press it by itself.
        ("http://127.0.0.1:8000/kk/reminders/1/2", None),
        (None, None),
    ],
)
def test_a_mail_that_can_be_stopped_offers_it_to_the_mail_program(
    tmp_path: Path, stop_url: str | None, shown: str | None
):
    FolderMail(tmp_path, SENDER).send("a@example.kz", "Subject", "body", REFERENCE, stop_url)
    with (tmp_path / f"{REFERENCE}.eml").open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    assert message["List-Unsubscribe"] == shown
    assert (message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click") == bool(shown)


def test_a_folder_that_is_a_file_is_a_mail_error(tmp_path: Path):
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailError, match="cannot be written"):
        FolderMail(tmp_path / "mail", SENDER).send("a@example.kz", "x", "y", REFERENCE)


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("a@example.kz\r\nBcc: b@example.kz", "x"),
        ("a@example.kz\nBcc: b@example.kz", "x"),
        ("a@example.kz", "x\r\nBcc: b@example.kz"),
        ("a@example.kz", "x\n\nbody"),
        ("nobody", "x"),
        ("", "x"),
    ],
)
def test_nothing_can_be_smuggled_into_the_header(tmp_path: Path, to: str, subject: str):
    with pytest.raises(MailError):
        FolderMail(tmp_path, SENDER).send(to, subject, "body", REFERENCE)
    assert _files(tmp_path) == []


def test_a_server_on_this_machine_takes_the_message():
    with _running() as server:
        gateway = choose(f"smtp://127.0.0.1:{server.port}", SENDER, Path("unused"))
        gateway.send("a@example.kz", "Күтіп тұр", "Ішінде\n", REFERENCE)
        assert server.message()["Message-ID"] == f"<{REFERENCE}@example.kz>"
        assert server.message()["Subject"] == "Күтіп тұр"
        assert server.message().get_content() == "Ішінде\n"
        assert server.taken[0].isascii()


def test_user_and_password_of_the_address_are_used():
    with _running() as server:
        gateway = choose(f"smtp://tirek:p%40ss@127.0.0.1:{server.port}", SENDER, Path("unused"))
        gateway.send("a@example.kz", "x", "y", REFERENCE)
        assert any(line.startswith("AUTH PLAIN") for line in server.said)
        assert "p@ss" not in repr(gateway)


def test_a_strange_server_gets_the_message_encrypted(certificate: Path):
    faults = _Faults(context=_server_context(certificate))
    with _running(STRANGER, faults) as server:
        trusting = ssl.create_default_context(cafile=certificate)
        gateway = SmtpMail(STRANGER, server.port, SENDER, context=trusting)
        gateway.send("a@example.kz", "x", "y", REFERENCE)
        assert server.said.index("STARTTLS") < server.said.index("DATA")
        assert server.message()["To"] == "a@example.kz"


def test_a_strange_server_without_tls_hears_no_address():
    with _running(STRANGER) as server:
        with pytest.raises(MailError):
            SmtpMail(STRANGER, server.port, SENDER).send("a@example.kz", "x", "y", REFERENCE)
        assert not any(line.startswith(("AUTH", "MAIL", "RCPT")) for line in server.said)


def test_a_certificate_nobody_vouches_for_ends_the_conversation(certificate: Path):
    faults = _Faults(context=_server_context(certificate))
    with _running(STRANGER, faults) as server:
        with pytest.raises(MailError, match="cannot be reached"):
            SmtpMail(STRANGER, server.port, SENDER).send("a@example.kz", "x", "y", REFERENCE)
        assert server.taken == []


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_refusal_is_an_error_that_does_not_name_the_address(verb: str):
    with _running(faults=_Faults(answers={verb: "550 a@example.kz is unknown"})) as server:
        gateway = SmtpMail("127.0.0.1", server.port, SENDER)
        with pytest.raises(MailError) as raised:
            gateway.send("a@example.kz", "x", "y", REFERENCE)
    assert not isinstance(raised.value, MailOutcomeUnknownError)
    assert "example" not in str(raised.value)


def test_silence_after_the_message_is_unknown_and_not_refused():
    with _running(faults=_Faults(is_silent_after_data=True)) as server:
        with pytest.raises(MailOutcomeUnknownError):
            SmtpMail("127.0.0.1", server.port, SENDER).send("a@example.kz", "x", "y", REFERENCE)
        assert len(server.taken) == 1


def test_a_bad_good_bye_does_not_undo_the_delivery():
    with _running(faults=_Faults(answers={"QUIT": "500 what"})) as server:
        SmtpMail("127.0.0.1", server.port, SENDER).send("a@example.kz", "x", "y", REFERENCE)
        assert len(server.taken) == 1


def test_a_server_that_is_not_there_is_a_mail_error():
    with _running() as server:
        port = server.port
    with pytest.raises(MailError, match="cannot be reached"):
        SmtpMail("127.0.0.1", port, SENDER).send("a@example.kz", "x", "y", REFERENCE)


def test_settings_choose_the_gateway(tmp_path: Path):
    assert choose(None, SENDER, tmp_path) == FolderMail(tmp_path, SENDER)
    remote = choose("smtp://mail.example.kz", SENDER, tmp_path)
    assert isinstance(remote, SmtpMail)
    assert (remote.host, remote.port, remote.is_tls) == ("mail.example.kz", 587, False)
    tls = choose("smtps://mail.example.kz", SENDER, tmp_path)
    assert isinstance(tls, SmtpMail)
    assert (tls.port, tls.is_tls) == (465, True)


@pytest.mark.parametrize(
    "url", ["mail.example.kz", "http://mail.example.kz", "smtp://", "smtp://x:notaport"]
)
def test_a_wrong_address_of_the_server_is_refused_at_the_start(url: str, tmp_path: Path):
    with pytest.raises(MailError, match="SMTP_URL"):
        choose(url, SENDER, tmp_path)
