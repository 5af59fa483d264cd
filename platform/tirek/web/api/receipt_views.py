"""Receipts of SMS: a provider tells later what became of a message."""

from flask import Response, current_app, request

from tirek.domain.callbacks import CallbackError, is_same, is_signed, read_sms_receipt
from tirek.domain.delivery import Channel
from tirek.services import callbacks
from tirek.services.receipts import Carrier, News
from tirek.web.api.blueprint import (
    UNPROCESSABLE,
    RefusedCallError,
    as_json,
    bearer,
    blueprint,
    body,
    for_machines,
    parsed,
    stranger,
    take_turn,
)
from tirek.web.transaction import unit

TIMESTAMP, SIGNATURE = "Tirek-Timestamp", "Tirek-Signature"


@blueprint.post("/api/v1/receipts/sms")
@for_machines
def sms_receipt() -> Response:
    """Record one receipt; told twice it is recorded once, and answered the same."""
    sent = body("application/json")
    provider = _provider(sent)
    if provider is None:
        raise stranger()
    take_turn(provider)
    try:
        receipt = read_sms_receipt(parsed(sent))
    except CallbackError as error:
        raise RefusedCallError(UNPROCESSABLE, str(error)) from error
    news = News(receipt.reference, receipt.status, receipt.provider_reference)
    is_new = callbacks.record(unit(), Carrier(Channel.SMS, provider), news)
    return as_json({"recorded": is_new})


def _provider(sent: bytes) -> str | None:
    """Whose secret signed the body, or stands in its head; each has a secret of its own."""
    token, given = bearer(), request.headers.get(SIGNATURE, "")
    for name, secret in current_app.config["SMS_RECEIPT_SECRETS"].items():
        if token is not None and is_same(secret, token):
            return str(name)
        timestamp = request.headers.get(TIMESTAMP, "")
        if given and is_signed(secret, timestamp, given, sent, unit().now()):
            return str(name)
    return None
