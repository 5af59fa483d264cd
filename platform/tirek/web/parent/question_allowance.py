"""How many questions one browser may still ask today: counted in its own signed cookie.

Counted by account it would be written down who asks; so nothing is kept here at all.
"""

from datetime import date
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from tirek.domain.cohorts import QUESTIONS_A_DAY
from tirek.web.transaction import plant

_COOKIE = "asked"
_DAY_SECONDS = 24 * 60 * 60


def left(today: date) -> int:
    """How many questions are left."""
    return max(0, QUESTIONS_A_DAY - _spent(today))


def spend(response: Response, today: date) -> None:
    """Count one more in the browser's cookie."""
    response.set_cookie(
        _COOKIE,
        _signer().dumps([today.isoformat(), _spent(today) + 1]),
        max_age=_DAY_SECONDS,
        httponly=True,
        secure=plant().secure,
        samesite="Lax",
    )


def _spent(today: date) -> int:
    try:
        day, number = _signer().loads(request.cookies.get(_COOKIE, ""))
    except (BadSignature, TypeError, ValueError):
        return 0
    return number if day == today.isoformat() and isinstance(number, int) else 0


def _signer() -> Any:
    return URLSafeSerializer(current_app.secret_key or "", salt="questions of a day")
