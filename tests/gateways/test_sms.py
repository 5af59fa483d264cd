import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.gateways.stubs import HOST, Mode, Stub, running, until
from tirek.config import ROOT
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.http import Answer, HttpPoster
from tirek.gateways.sms import BACKUP, FOLDER, PRIMARY, FolderSms, HttpSms, SmsGateway, choose

REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
NUMBER = "+77010000001"
TEXT = "Tirek: Сізді жолдама күтіп тұр."


def _gateway(stub: Stub) -> SmsGateway:
    url = stub.url("/sms").replace("//", "//:hush@")
    [gateway] = choose(url, None, "Tirek", Path("unused")).values()
    return gateway


def _impatient(stub: Stub) -> SmsGateway:
    return HttpSms(stub.url("/sms"), "Tirek", HttpPoster(frozenset({HOST}), timeout=0.3))


def test_a_provider_gets_number_text_sender_and_reference_and_names_the_message():
    with running() as stub:
        found = _gateway(stub).send(NUMBER, TEXT, REFERENCE)
        [taken] = stub.store.taken.values()
    assert taken.body == {
        "to": NUMBER,
        "from": "Tirek",
        "text": TEXT,
        "reference": str(REFERENCE),
    }
    assert taken.headers["Authorization"] == "Bearer hush"
    assert taken.headers["Idempotency-Key"] == str(REFERENCE)
    assert found == taken.own_reference


def test_a_repeat_bears_the_same_key_so_the_provider_sends_it_once():
    with running(Mode.CUT) as stub:
        with pytest.raises(OutcomeUnknownError):
            _gateway(stub).send(NUMBER, TEXT, REFERENCE)
        stub.behaviour.mode = Mode.WELL
        found = _gateway(stub).send(NUMBER, TEXT, REFERENCE)
        [taken] = stub.store.taken.values()
        until(lambda: stub.store.receipts)
        assert [receipt["id"] for receipt in stub.store.receipts] == [found]
    assert (taken.times, taken.own_reference) == (2, found)


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (Mode.ERROR, GatewayError),
        (Mode.BUSY, GatewayError),
        (Mode.REFUSE, RefusedError),
        # It is our key that is wrong: the other provider may take the message.
        (Mode.LOCKED, GatewayError),
        (Mode.HANG, OutcomeUnknownError),
        (Mode.CUT, OutcomeUnknownError),
        (Mode.GARBAGE, OutcomeUnknownError),
        (Mode.FLOOD, OutcomeUnknownError),
    ],
)
def test_each_way_to_fail_has_its_name_and_names_nobody(mode: Mode, error: type[GatewayError]):
    with running(mode) as stub:
        with pytest.raises(GatewayError) as raised:
            _impatient(stub).send(NUMBER, TEXT, REFERENCE)
        assert type(raised.value) is error
        assert "7701" not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"id": 7}', b'{"id": ""}', b'{"id": "a b"}', b'{"id": "\\n"}', b"[" * 9999],
)
def test_a_yes_without_a_name_is_unknown_because_its_receipt_would_be(body: bytes):
    class Said:
        def post(self, *_: object) -> object:
            return Answer(200, body)

    with pytest.raises(OutcomeUnknownError):
        HttpSms("https://x", "Tirek", Said()).send(NUMBER, TEXT, REFERENCE)


@pytest.mark.parametrize(
    "number", ["", "87010000001", "+7701", "+7 701 000 00 01", "tel:+77010000001", "+٧٧٠١٠٠٠٠٠٠١"]
)
def test_what_is_no_number_goes_nowhere(number: str, tmp_path: Path):
    with running() as stub:
        for gateway in (_gateway(stub), FolderSms(tmp_path, "Tirek")):
            with pytest.raises(RefusedError, match="the number is none"):
                gateway.send(number, TEXT, REFERENCE)
        assert stub.store.calls == 0
    assert not list(tmp_path.iterdir())


def test_a_folder_keeps_one_file_for_a_repeated_reference_and_its_owner_alone(tmp_path: Path):
    gateway = FolderSms(tmp_path / "sms", "Tirek")
    assert gateway.send(NUMBER, TEXT, REFERENCE) == str(REFERENCE)
    gateway.send(NUMBER, TEXT, REFERENCE)
    gateway.send(NUMBER, TEXT, uuid4())
    path = tmp_path / "sms" / f"{REFERENCE}.json"
    assert len(list(path.parent.iterdir())) == 2
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == TEXT
    assert (path.stat().st_mode | path.parent.stat().st_mode) & 0o077 == 0


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path):
    (tmp_path / "sms").write_text("in the way")
    with pytest.raises(GatewayError, match="cannot be written"):
        FolderSms(tmp_path / "sms", "Tirek").send(NUMBER, TEXT, REFERENCE)


def test_settings_choose_the_providers(tmp_path: Path):
    assert choose(None, None, "Tirek", tmp_path) == {FOLDER: FolderSms(tmp_path, "Tirek")}
    one, two = "https://:hush@one.example.kz/send", "https://two.example.kz:8443/send?x=1"
    assert list(choose(one, None, "Tirek", tmp_path)) == [PRIMARY]
    chosen = choose(one, two, "Tirek", tmp_path)
    assert list(chosen) == [PRIMARY, BACKUP]
    primary, backup = chosen[PRIMARY], chosen[BACKUP]
    assert isinstance(primary, HttpSms)
    assert isinstance(backup, HttpSms)
    assert (primary.url, primary.token) == ("https://one.example.kz/send", "hush")
    assert (backup.url, backup.token) == (two, None)
    assert "hush" not in repr(chosen)


@pytest.mark.parametrize(
    "url",
    [
        "one.example.kz",
        "http://one.example.kz/send",
        "smtp://one.example.kz",
        "https://x:port/",
        "",
    ],
)
def test_a_wrong_address_of_a_provider_is_refused_at_the_start(url: str, tmp_path: Path):
    with pytest.raises(GatewayError, match="SMS_URL_PRIMARY"):
        choose(url, None, "Tirek", tmp_path)
    with pytest.raises(GatewayError, match="SMS_URL_BACKUP"):
        choose("https://one.example.kz", url, "Tirek", tmp_path)


def test_a_backup_without_a_primary_is_refused(tmp_path: Path):
    with pytest.raises(GatewayError, match="SMS_URL_PRIMARY"):
        choose(None, "https://two.example.kz", "Tirek", tmp_path)


@pytest.mark.parametrize(
    ("mode", "receipts"), [(Mode.WELL, 1), (Mode.RECEIPT_TWICE, 2), (Mode.WRONG_RECEIPT, 1)]
)
def test_the_stub_says_receipts_as_it_is_told_to(mode: Mode, receipts: int):
    with running() as listener, running(mode, receipts_url=listener.url("/receipts")) as stub:
        found = _gateway(stub).send(NUMBER, TEXT, REFERENCE)
        until(lambda: len(stub.store.answers) == receipts)
        assert (stub.store.receipts[0]["id"] == found) is (mode is not Mode.WRONG_RECEIPT)
        assert listener.store.calls == receipts


def test_the_stubs_run_as_a_process_and_change_while_they_run():
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateways.stubs", "--mode", "no_receipt"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "platform")},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            [gateway] = choose(f"{url}/sms", None, "Tirek", Path("unused")).values()
            gateway.send(NUMBER, TEXT, REFERENCE)
            _put(url, {"mode": "error"})
            with pytest.raises(GatewayError, match="500"):
                gateway.send(NUMBER, TEXT, REFERENCE)
        finally:
            process.kill()


def _put(url: str, behaviour: dict[str, object]) -> None:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("PUT", "/faults", json.dumps(behaviour))
    assert connection.getresponse().status == 200
    connection.close()
