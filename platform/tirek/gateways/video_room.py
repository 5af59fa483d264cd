"""A Jitsi server: the address of a room with a pass that it can check; nothing is sent to it."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

import jwt

from tirek.domain.calls import CallPass, claims
from tirek.domain.consultations import Medium

# Audio first: the camera is off until somebody turns it on, and then small enough for a village.
_LOW, _USUAL = 180, 360


@dataclass(frozen=True, slots=True)
class JitsiServer:
    """A server by its address; with an `app_id` it lets in only whom we have given a pass.

    A pass is signed with the shared `secret` (HS256) or, when there is one, our private `key`
    (RS256, PEM), which the server knows by `key_id`. It stands in no log of ours.
    """

    url: str
    app_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    key_id: str | None = None
    # What the server calls itself, where that is not its address.
    domain: str | None = None

    def link(self, one: CallPass) -> str:
        """The address of the room."""
        address = f"{self.url.rstrip('/')}/{quote(one.room, safe='')}"
        token = self.token(one)
        query = f"?{urlencode({'jwt': token})}" if token else ""
        return f"{address}{query}#{_wishes(one)}"

    def token(self, one: CallPass) -> str | None:
        """The signed pass; None for a server that asks for none."""
        if self.app_id is None:
            return None
        domain = self.domain or urlsplit(self.url).hostname or ""
        said = claims(one, app_id=self.app_id, domain=domain)
        if self.key is not None:
            return jwt.encode(said, self.key, "RS256", {"kid": self.key_id or self.app_id})
        return jwt.encode(said, self.secret or "", "HS256")


def _wishes(one: CallPass) -> str:
    """What we ask the call's page for; the part after # never leaves the browser."""
    height = _LOW if one.medium is Medium.AUDIO else _USUAL
    wishes = {
        "config.startWithVideoMuted": True,
        "config.startAudioOnly": one.medium is Medium.AUDIO,
        "config.resolution": height,
        "config.disableDeepLinking": True,
        "config.prejoinConfig.enabled": True,
        "config.fileRecordingsEnabled": False,
        "config.liveStreamingEnabled": False,
    }
    return "&".join(f"{name}={quote(json.dumps(value))}" for name, value in wishes.items())
