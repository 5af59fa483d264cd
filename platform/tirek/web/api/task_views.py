"""FHIR R4 Task: a centre's own server says how far it is with what we asked of it."""

from flask import Response

from tirek.domain.delivery import Channel
from tirek.domain.fhir import FhirError, read_task
from tirek.services import callbacks, endpoints
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

FHIR = "application/fhir+json"


@blueprint.put("/fhir/R4/Task/<task_id>")
@for_machines
def task(task_id: str) -> Response:
    """Record what a status means for the message: arrived, or not.

    It accepts nothing on behalf of a person: a referral is acknowledged by somebody who has signed
    in and read it, whatever a machine says.
    """
    token = bearer()
    caller = endpoints.caller_of(unit(), token) if token else None
    if caller is None or caller.kind is not Channel.FHIR:
        raise stranger()
    take_turn(str(caller.endpoint_id))
    resource = parsed(body(FHIR, "application/json"))
    try:
        news = read_task(resource)
    except FhirError as error:
        raise RefusedCallError(UNPROCESSABLE, str(error)) from error
    if news.provider_reference not in {None, f"Task/{task_id}"}:
        raise RefusedCallError(UNPROCESSABLE, "Task.id: is not the one in the address")
    carrier = Carrier(Channel.FHIR, endpoint_id=caller.endpoint_id)
    name = f"Task/{task_id}"
    callbacks.record(unit(), carrier, News(news.reference, news.receipt, name))
    return as_json(resource, kind=FHIR)
