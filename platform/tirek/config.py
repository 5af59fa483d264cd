"""The one reader of the environment; everything below is given its values."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
KEY_BYTES = 32


class ConfigError(Exception):
    """A setting is missing or cannot be read; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets that must never lie in the database."""

    secret_key: str
    # Peppers the access codes' index and the throttle's keys.
    code_pepper: bytes
    # Key-encryption keys by version; new data keys are wrapped by `kek_current`.
    keks: Mapping[str, bytes]
    kek_current: str
    # Signs the heads of the audit chains (Ed25519), and public keys that have done so before.
    audit_key: bytes
    audit_keys_past: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a keys file; raise `ConfigError` when a key is absent or too short."""
        try:
            raw = json.loads(text)
            keks = {name: base64.b64decode(value) for name, value in raw["keks"].items()}
            pepper = base64.b64decode(raw["code_pepper"])
            keys = cls(
                raw["secret_key"],
                pepper,
                keks,
                raw["kek_current"],
                _audit_key(raw.get("audit_key"), pepper),
                tuple(map(base64.b64decode, raw.get("audit_keys_past", ()))),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"The keys file cannot be read: {error}.") from error
        lengths = {len(kek) for kek in (*keks.values(), *keys.audit_keys_past, keys.audit_key)}
        lengths |= {min(KEY_BYTES, len(keys.code_pepper)), min(KEY_BYTES, len(keys.secret_key))}
        if lengths != {KEY_BYTES}:
            raise ConfigError("The keys file holds a key of the wrong length (32 bytes each).")
        if keys.kek_current not in keks:
            raise ConfigError("The keys file names a current key that it does not hold.")
        return keys

    @staticmethod
    def fresh() -> str:
        """The text of a new keys file."""
        return json.dumps(
            {
                "secret_key": secrets.token_urlsafe(32),
                "code_pepper": base64.b64encode(secrets.token_bytes(32)).decode(),
                "keks": {"1": base64.b64encode(secrets.token_bytes(32)).decode()},
                "kek_current": "1",
                "audit_key": base64.b64encode(secrets.token_bytes(32)).decode(),
            },
            indent=1,
        )


@dataclass(frozen=True, slots=True)
class CallSettings:
    """A Jitsi server; with an `app_id` it lets in only whom we sign a pass for.

    Passes are signed with the `secret` that we share, else with our private `key` (PEM).
    """

    url: str
    app_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    key_id: str | None = None
    # What the server calls itself, where that is not its address.
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one process."""

    keys: Keys
    # None: the embedded server in `var_dir` is used.
    database_url: str | None = None
    redis_url: str | None = None
    var_dir: Path = ROOT / "var"
    root: Path = ROOT
    base_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 2
    web_threads: int = 4
    trusted_proxies: int = 0
    smtp_url: str | None = None
    mail_from: str = "tirek@localhost"
    # None: SMS are laid down in `sms_dir`.
    sms_primary_url: str | None = field(default=None, repr=False)
    sms_backup_url: str | None = field(default=None, repr=False)
    sms_sender: str = "Tirek"
    # By provider: what its receipts are signed with, or bear; without one none is believed.
    sms_receipt_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Who may read /metrics from elsewhere than this machine.
    metrics_token: str | None = field(default=None, repr=False)
    # Asked by the relay while all is well, so that somebody outside hears of its silence.
    heartbeat_url: str | None = field(default=None, repr=False)
    # Calls over the internet; None: people talk by telephone.
    calls: CallSettings | None = None
    # Hosts of webhooks and FHIR servers that may lie in an inner network.
    inner_hosts: frozenset[str] = frozenset()
    # Whether lessons that nobody has signed yet are shown, marked as such.
    texts_in_review: bool = True
    # Whether a course may be kept on a device; off, every device drops its copies.
    offline_copies: bool = True
    pg_bin: Path | None = None
    durable: bool = True
    # For `make faults` alone: a web that finds this file between COMMIT and answer dies there.
    failpoint: Path | None = None
    testing: bool = False

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS, so cookies may be bound to it."""
        return self.base_url.startswith("https://")

    @property
    def audit_heads(self) -> Path:
        """Where signed heads of the audit trail are laid down, for other hosts to fetch."""
        return self.var_dir / "audit-heads.jsonl"

    @property
    def mail_dir(self) -> Path:
        """Where mail is laid down when no SMTP server is set."""
        return self.var_dir / "mail"

    @property
    def sms_dir(self) -> Path:
        """Where SMS are laid down when no provider is set."""
        return self.var_dir / "sms"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read all settings; raise `ConfigError` in one sentence when one is wrong."""
        var_dir = Path(env.get("TIREK_VAR", str(ROOT / "var"))).resolve()
        pg_bin = env.get("PG_BIN")
        return cls(
            keys=_keys(env, var_dir),
            database_url=env.get("DATABASE_URL") or None,
            redis_url=env.get("REDIS_URL") or None,
            var_dir=var_dir,
            base_url=env.get(
                "TIREK_BASE_URL", f"http://127.0.0.1:{env.get('TIREK_PORT', '8000')}"
            ).rstrip("/"),
            host=env.get("TIREK_HOST", "127.0.0.1"),
            port=_number(env, "TIREK_PORT", 8000),
            web_workers=_number(env, "TIREK_WORKERS", 2),
            web_threads=_number(env, "TIREK_THREADS", 4),
            trusted_proxies=_number(env, "TIREK_TRUSTED_PROXIES", 0),
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("TIREK_MAIL_FROM", "tirek@localhost"),
            sms_primary_url=env.get("SMS_URL_PRIMARY") or None,
            sms_backup_url=env.get("SMS_URL_BACKUP") or None,
            sms_sender=env.get("TIREK_SMS_FROM", "Tirek"),
            sms_receipt_secrets=_receipt_secrets(env),
            metrics_token=_secret(env, "TIREK_METRICS_TOKEN"),
            heartbeat_url=env.get("TIREK_HEARTBEAT_URL") or None,
            calls=_calls(env),
            inner_hosts=_hosts(env, "TIREK_INNER_HOSTS"),
            pg_bin=Path(pg_bin) if pg_bin else None,
            failpoint=_failpoint(env),
            texts_in_review=env.get("TIREK_TEXTS_IN_REVIEW", "1") != "0",
            offline_copies=env.get("TIREK_OFFLINE_COPIES", "1") != "0",
            durable=env.get("TIREK_DURABLE", "1") != "0",
        )


def _audit_key(written: str | None, pepper: bytes) -> bytes:
    """The key named in the file; files from before there was one have one all the same."""
    if written is not None:
        return base64.b64decode(written)
    return hmac.new(pepper, b"tirek audit heads 1", hashlib.sha256).digest()


def _secret(env: Mapping[str, str], name: str) -> str | None:
    """A secret that opens something from outside; a short one could be guessed."""
    found = env.get(name) or None
    if found is not None and len(found) < KEY_BYTES:
        raise ConfigError(f"{name} must have at least {KEY_BYTES} characters.")
    return found


def _receipt_secrets(env: Mapping[str, str]) -> Mapping[str, str]:
    names = {"sms-primary": "SMS_RECEIPT_SECRET_PRIMARY", "sms-backup": "SMS_RECEIPT_SECRET_BACKUP"}
    found = {provider: _secret(env, name) for provider, name in names.items()}
    return {provider: secret for provider, secret in found.items() if secret}


def _calls(env: Mapping[str, str]) -> CallSettings | None:
    """The call's server; one that asks for passes needs something to sign them with."""
    url, app_id = env.get("TIREK_JITSI_URL"), env.get("TIREK_JITSI_APP_ID") or None
    if not url:
        return None
    secret, key = _secret(env, "TIREK_JITSI_SECRET"), _key_file(env, "TIREK_JITSI_KEY_FILE")
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ConfigError("TIREK_JITSI_URL must begin with https://: nobody may listen in.")
    if (app_id is not None) != (secret is not None or key is not None):
        raise ConfigError(
            "TIREK_JITSI_APP_ID goes together with TIREK_JITSI_SECRET or TIREK_JITSI_KEY_FILE."
        )
    key_id, domain = env.get("TIREK_JITSI_KEY_ID"), env.get("TIREK_JITSI_DOMAIN")
    return CallSettings(url, app_id, secret, key, key_id or None, domain or None)


def _key_file(env: Mapping[str, str], name: str) -> str | None:
    named = env.get(name)
    if not named:
        return None
    try:
        return Path(named).read_text()
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}.") from error


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, str(default))
    if not text.isdigit():
        raise ConfigError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _hosts(env: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(host.strip().lower() for host in env.get(name, "").split(",") if host.strip())


def _failpoint(env: Mapping[str, str]) -> Path | None:
    named = env.get("TIREK_FAILPOINT")
    if named and env.get("TIREK_BASE_URL", "").startswith("https://"):
        raise ConfigError("TIREK_FAILPOINT kills web servers on purpose: not where people come in.")
    return Path(named) if named else None


def _keys(env: Mapping[str, str], var_dir: Path) -> Keys:
    """Take the keys file named in the environment, else the embedded one beside the data."""
    named = env.get("TIREK_KEYS_FILE")
    if named:
        try:
            return Keys.parse(Path(named).read_text())
        except OSError as error:
            raise ConfigError(f"TIREK_KEYS_FILE cannot be read: {error.strerror}.") from error
    if env.get("DATABASE_URL"):
        raise ConfigError(
            "DATABASE_URL is set, so TIREK_KEYS_FILE must name a keys file kept outside the"
            " database; `tirek keys new FILE` makes one."
        )
    return _embedded_keys(var_dir / "keys.json")


def _embedded_keys(path: Path) -> Keys:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Exclusive creation: two processes starting at once must not make two sets of keys.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Keys.parse(path.read_text())
    with os.fdopen(descriptor, "w") as file:
        file.write(Keys.fresh())
    return Keys.parse(path.read_text())
