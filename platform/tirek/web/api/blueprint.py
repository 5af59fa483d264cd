"""The blueprint for machines: no session, no form, no language; each call shows its own token."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from flask import Blueprint, Response, request

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.throttle import API_BY_CALLER, API_BY_NETWORK
from tirek.services import throttle
from tirek.services.throttle import Bucket
from tirek.web.access import REQUIRES, public
from tirek.web.sessions import network
from tirek.web.transaction import db, keep_despite_error, unit

P = ParamSpec("P")
# What a view of machines needs: neither a person's permission nor nothing.
TOKEN = "token"  # noqa: S105 - the word, not one
LONGEST_BODY = 32 * 1024
UNAUTHORIZED, NOT_FOUND, CONFLICT, TOO_MANY, UNPROCESSABLE = 401, 404, 409, 429, 422
TOO_LARGE, WRONG_TYPE = 413, 415
DESCRIPTION = Path(__file__).with_name("openapi.json")

blueprint = Blueprint("api", __name__)


class RefusedCallError(Exception):
    """The call is answered with this status and these words."""

    def __init__(self, status: int, words: str, wait_seconds: int | None = None) -> None:
        """Keep what the machine is told."""
        super().__init__(words)
        self.status = status
        self.words = words
        self.wait_seconds = wait_seconds


def for_machines(view: Callable[P, Response]) -> Callable[P, Response]:
    """Mark a view as one that asks for a machine's token itself, and answer its errors in JSON."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return view(*args, **kwargs)
        except RefusedCallError as error:
            return refusal(error)
        except NotFoundError:
            return refusal(RefusedCallError(NOT_FOUND, "no such message"))
        except ConflictError:
            return refusal(RefusedCallError(CONFLICT, "not a message that you have carried"))

    setattr(guarded, REQUIRES, TOKEN)
    return guarded


def refusal(error: RefusedCallError) -> Response:
    """The answer to a call that is refused; nothing that was sent is repeated in it."""
    if error.status != UNAUTHORIZED:
        db().rollback()
    answer = as_json({"error": error.words}, error.status)
    if error.wait_seconds is not None:
        answer.headers["Retry-After"] = str(error.wait_seconds)
    if error.status == UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def as_json(said: object, status: int = 200, kind: str = "application/json") -> Response:
    """A JSON answer that nobody keeps."""
    answer = Response(json.dumps(said), status, content_type=kind)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def bearer() -> str | None:
    """The token that this call shows."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def body(*kinds: str) -> bytes:
    """What was sent, of one of these kinds and no longer than is ever needed."""
    if request.mimetype not in kinds:
        raise RefusedCallError(WRONG_TYPE, f"the body must be {kinds[0]}")
    if (request.content_length or 0) > LONGEST_BODY:
        raise RefusedCallError(TOO_LARGE, "the body is too long")
    sent = request.get_data(cache=True)
    if len(sent) > LONGEST_BODY:
        raise RefusedCallError(TOO_LARGE, "the body is too long")
    return sent


def parsed(sent: bytes) -> Any:
    """The JSON that was sent."""
    try:
        return json.loads(sent)
    except (ValueError, RecursionError):
        raise RefusedCallError(UNPROCESSABLE, "the body is no JSON") from None


def stranger() -> RefusedCallError:
    """Count a call without a valid token, and say so; counted although it is refused."""
    buckets = [Bucket("api network", network(), API_BY_NETWORK)]
    wait = throttle.wait_seconds(unit(), buckets)
    if wait:
        return RefusedCallError(TOO_MANY, "too many calls without a valid token", int(wait) + 1)
    throttle.count_failure(unit(), buckets)
    keep_despite_error()
    return RefusedCallError(UNAUTHORIZED, "show the token or signature that you were given")


def take_turn(caller: str) -> None:
    """Let a known caller go on unless it calls too often."""
    buckets = [Bucket("api caller", caller, API_BY_CALLER)]
    wait = throttle.wait_seconds(unit(), buckets)
    if wait:
        raise RefusedCallError(TOO_MANY, "too many calls", int(wait) + 1)
    throttle.count_failure(unit(), buckets)


@blueprint.get("/api/v1/openapi.json")
@public
def description() -> Response:
    """What may be called here, for programs."""
    return Response(DESCRIPTION.read_bytes(), content_type="application/json")
