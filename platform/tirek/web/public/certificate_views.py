"""Anybody who is shown a certificate can check its code; no name is kept, so none is told."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tirek.domain.certificate import pretty
from tirek.services import certificates
from tirek.web.access import catalog, public
from tirek.web.i18n import data_lang
from tirek.web.public.views import blueprint
from tirek.web.sessions import network
from tirek.web.transaction import keep_despite_error, unit

NOT_FOUND = 404


@blueprint.get("/certificate")
@public
def certificate_check() -> str | Response:
    """Ask for the code, and go to the page of what was typed."""
    typed = request.args.get("code", "").strip()
    if typed:
        # A slash would be another address.
        return redirect(url_for("public.certificate", code=typed.replace("/", " ")), code=303)
    return render_template("public/certificate_check.html", typed="", is_wrong=False)


@blueprint.get("/certificate/<code>")
@public
def certificate(code: str) -> str | tuple[str, int]:
    """What the certificate with this code says; a wrong code is said to be one, and counted."""
    found = certificates.check(unit(), code, network())
    if found is None:
        keep_despite_error()
        page = render_template("public/certificate_check.html", typed=code, is_wrong=True)
        return page, NOT_FOUND
    return render_template(
        "public/certificate.html",
        certificate=found,
        code=pretty(found.code),
        course=catalog().courses.get(found.course_id),
        text_lang=data_lang(),
    )
