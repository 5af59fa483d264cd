"""FHIR R4: hands a ServiceRequest and its Task to a receiver's server, in one transaction."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tirek.gateways.errors import OutcomeUnknownError, RefusedError
from tirek.gateways.http import LONGEST_ANSWER, Poster

# The place of a Task, whole or below the server's address, with or without its version.
TASK = re.compile(r"(?:.*/)?(Task/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
DONE = ("200", "201")


@dataclass(frozen=True, slots=True)
class FhirEndpoint:
    """A receiver's FHIR server, and the token that it lets us in with."""

    url: str
    token: str = field(repr=False)


class FhirGateway(Protocol):
    """Takes one transaction for one server; a repeat holds the same identifiers."""

    def send(self, to: FhirEndpoint, body: bytes) -> str:
        """Return the Task's name on that server; raise `GatewayError` when it has none."""
        ...


@dataclass(frozen=True, slots=True)
class HttpFhir:
    """Posts a transaction to the root of a FHIR server."""

    poster: Poster

    def send(self, to: FhirEndpoint, body: bytes) -> str:
        """Ask the server once; what was there already counts as taken."""
        headers = {
            "Content-Type": "application/fhir+json; fhirVersion=4.0",
            "Accept": "application/fhir+json",
            "Authorization": f"Bearer {to.token}",
        }
        answer = self.poster.post(to.url, body, headers)
        if len(answer.body) > LONGEST_ANSWER:
            raise OutcomeUnknownError("the answer is too long to be read")
        return _task_name(answer.body)


def _task_name(body: bytes) -> str:
    """What the server calls the Task: news about it will bear this name."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise OutcomeUnknownError("the answer is no JSON") from None
    if not isinstance(said, dict) or said.get("type") != "transaction-response":
        raise OutcomeUnknownError("the answer is no transaction-response")
    responses = _responses(said)
    if not all(str(response.get("status")).startswith(DONE) for response in responses):
        # A server must not do half of a transaction; one that says so has to be looked at.
        raise RefusedError("the server did not do all of the transaction")
    for response in responses:
        if found := TASK.fullmatch(str(response.get("location"))):
            return found[1]
    raise OutcomeUnknownError("the answer names no Task")


def _responses(bundle: Mapping[str, object]) -> list[Mapping[str, object]]:
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return []
    found = [entry.get("response") for entry in entries if isinstance(entry, dict)]
    return [response for response in found if isinstance(response, dict)]
