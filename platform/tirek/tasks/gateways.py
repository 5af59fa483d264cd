"""All gateways of a process, and which of them takes a message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from tirek.domain.delivery import Channel
from tirek.gateways.errors import GatewayError, OutcomeUnknownError, RefusedError
from tirek.gateways.fhir import FhirEndpoint, FhirGateway
from tirek.gateways.mail import MailError, MailGateway, MailOutcomeUnknownError
from tirek.gateways.sms import SmsGateway
from tirek.gateways.webhook import WebhookEndpoint, WebhookGateway
from tirek.services.parcels import ForServer, Mail, Sms
from tirek.services.relay import Attempt

# From the most to the least special: the first that fits says what happened.
OUTCOME_UNKNOWN = (OutcomeUnknownError, MailOutcomeUnknownError)
REFUSED = (RefusedError,)
FAILED = (GatewayError, MailError)


@dataclass(frozen=True, slots=True)
class Gateways:
    """The ways out of the house; a channel without one fails and is tried again."""

    mail: MailGateway
    sms: Mapping[str, SmsGateway] = field(default_factory=dict)
    webhook: WebhookGateway | None = None
    fhir: FhirGateway | None = None

    @property
    def providers(self) -> Mapping[Channel, Sequence[str]]:
        """The names of those channels that have several."""
        return {Channel.SMS: tuple(self.sms)}

    def send(self, attempt: Attempt) -> str | None:
        """Hand a message over; returns what the other side calls it, where it says so."""
        parcel = attempt.parcel
        match parcel:
            case Mail(to=to, letter=letter):
                stop = letter.stop_url
                self.mail.send(to, letter.subject, letter.body, attempt.reference, stop)
                return None
            case Sms(to=to, text=text):
                return self._provider(attempt).send(to, text, attempt.reference)
            case ForServer():
                return self._to_server(parcel, attempt)
            case _:
                assert_never(parcel)

    def _provider(self, attempt: Attempt) -> SmsGateway:
        found = self.sms.get(attempt.provider or "")
        if found is None:
            raise GatewayError("no provider of SMS is set")
        return found

    def _to_server(self, parcel: ForServer, attempt: Attempt) -> str | None:
        if parcel.channel is Channel.FHIR and self.fhir is not None:
            return self.fhir.send(FhirEndpoint(parcel.url, parcel.secret), parcel.body)
        if parcel.channel is Channel.WEBHOOK and self.webhook is not None:
            endpoint = WebhookEndpoint(parcel.url, parcel.secret.encode())
            self.webhook.send(endpoint, parcel.body, attempt.reference, attempt.now)
            return None
        raise GatewayError(f"no gateway for {parcel.channel} is set")
