from pathlib import Path

import pytest

from tirek.config import Config, ConfigError


def _config(folder: Path, **env: str) -> Config:
    return Config.from_env({"TIREK_VAR": str(folder)} | env)


def test_without_a_provider_sms_go_to_a_folder_of_their_own(tmp_path: Path):
    config = _config(tmp_path)
    assert config.sms_primary_url is None
    assert config.sms_backup_url is None
    assert config.sms_sender == "Tirek"
    assert config.sms_dir == tmp_path / "sms"
    assert config.sms_dir != config.mail_dir


def test_providers_of_sms_are_settings_and_their_tokens_are_not_shown(tmp_path: Path):
    config = _config(
        tmp_path,
        SMS_URL_PRIMARY="https://:hush@one.example.kz/send",
        SMS_URL_BACKUP="https://:hush@two.example.kz/send",
        TIREK_SMS_FROM="PSC",
    )
    assert config.sms_primary_url == "https://:hush@one.example.kz/send"
    assert config.sms_backup_url == "https://:hush@two.example.kz/send"
    assert config.sms_sender == "PSC"
    assert "hush" not in repr(config)


@pytest.mark.parametrize(
    ("setting", "hosts"),
    [
        ("", set()),
        (" , ", set()),
        ("FHIR.Example.kz", {"fhir.example.kz"}),
        ("10.0.0.5, ::1 ,psc.example.kz", {"10.0.0.5", "::1", "psc.example.kz"}),
    ],
)
def test_hosts_of_the_inner_network_are_a_list(tmp_path: Path, setting: str, hosts: set[str]):
    assert _config(tmp_path, TIREK_INNER_HOSTS=setting).inner_hosts == hosts


def test_an_empty_setting_is_none(tmp_path: Path):
    assert _config(tmp_path, SMS_URL_PRIMARY="").sms_primary_url is None


def test_without_a_call_server_there_are_no_calls(tmp_path: Path):
    assert _config(tmp_path, TIREK_JITSI_URL="").calls is None


def test_a_call_server_with_passes(tmp_path: Path):
    secret = "hush" * 8
    config = _config(
        tmp_path,
        TIREK_JITSI_URL="https://call.example.kz",
        TIREK_JITSI_APP_ID="tirek",
        TIREK_JITSI_SECRET=secret,
    )
    assert config.calls is not None
    assert config.calls.secret == secret
    assert "hush" not in repr(config)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TIREK_JITSI_URL": "http://call.example.kz"},
        {"TIREK_JITSI_APP_ID": "tirek"},
        {"TIREK_JITSI_SECRET": "s" * 32},
        {"TIREK_JITSI_APP_ID": "tirek", "TIREK_JITSI_SECRET": "short"},
        {"TIREK_JITSI_APP_ID": "tirek", "TIREK_JITSI_KEY_FILE": "/nowhere/key.pem"},
    ],
)
def test_a_call_server_set_half_way_is_refused(tmp_path: Path, wrong: dict[str, str]):
    with pytest.raises(ConfigError, match="TIREK_JITSI"):
        _config(tmp_path, **({"TIREK_JITSI_URL": "https://call.example.kz"} | wrong))
