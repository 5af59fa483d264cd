"""What every answer tells the browser: run nothing foreign, keep nothing private."""

from flask import Flask, Response, g, request, session

_CSP_RULES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
)
_ALWAYS = {
    "Content-Security-Policy": "; ".join(_CSP_RULES),
    "X-Content-Type-Options": "nosniff",
    # Nobody outside learns an address of ours; inside, the CSRF check on https reads it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(),"
    " payment=(), usb=()",
}
_YEAR = 31_536_000
# What a reader chose, and that something was said of a lesson today: neither says who is reading.
FEEDBACK_COOKIE = "said"
HARMLESS_COOKIES = frozenset({"vision", FEEDBACK_COOKIE})


def install(app: Flask) -> None:
    """Put the headers on every answer."""
    app.after_request(_protect)


def forget_on_device() -> None:
    """Ask the browser to drop what this site left on it: call when a person leaves."""
    g.forget_on_device = True


def _protect(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault(
            "Strict-Transport-Security", f"max-age={_YEAR}; includeSubDomains"
        )
    if g.get("forget_on_device"):
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    if "Cache-Control" not in response.headers:
        _say_who_may_keep(response)
    return response


def _say_who_may_keep(response: Response) -> None:
    if _is_private(response):
        response.headers["Cache-Control"] = "no-store"
    else:
        response.headers["Cache-Control"] = "private, max-age=60"
        response.vary.add("Cookie")


def _is_private(response: Response) -> bool:
    """Anything but a plain public page, read by somebody we know nothing about."""
    return (
        request.method not in {"GET", "HEAD"}
        or request.blueprint != "public"
        or response.status_code != 200  # noqa: PLR2004  the one answer worth keeping
        or bool(set(request.cookies) - HARMLESS_COOKIES)
        or session.modified
    )
