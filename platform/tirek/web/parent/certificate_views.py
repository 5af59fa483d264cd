"""A parent's certificates: given for a course that is read, printed with a name or without."""

from uuid import UUID

from flask import abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from tirek.domain.certificate import pretty
from tirek.domain.permissions import Permission
from tirek.services import certificates
from tirek.services.certificates import OwnCertificate
from tirek.web.access import catalog, requires
from tirek.web.certificate_paper import Paper, draw
from tirek.web.i18n import data_lang
from tirek.web.lessons import find_served
from tirek.web.parent.pages import blueprint
from tirek.web.parent.reading_forms import CertificateForm
from tirek.web.transaction import plant, unit

# Says nothing about what was read.
FILE_NAME = "certificate.pdf"


@blueprint.post("/reading/<course_id>/certificate")
@requires(Permission.FOLLOW_COURSES)
def certificate_issue(course_id: str) -> Response:
    """Give the certificate of a course, once, and show it."""
    course = find_served(course_id) or abort(404)
    given = certificates.issue(unit(), course.id)
    return redirect(url_for("parent.certificate", certificate_id=given), code=303)


@blueprint.get("/certificates/<uuid:certificate_id>")
@requires(Permission.FOLLOW_COURSES)
def certificate(certificate_id: UUID) -> str:
    """What the certificate says, and the form that prints it."""
    own = certificates.get_own(unit(), certificate_id)
    form = CertificateForm(language=certificates.language(unit()))
    return _page(own, form)


@blueprint.route("/certificates/<uuid:certificate_id>.pdf", methods=["GET", "POST"])
@requires(Permission.FOLLOW_COURSES)
def certificate_file(certificate_id: UUID) -> tuple[str, int] | Response:
    """The file itself; a name comes by POST only, so that no address and no log has it."""
    own = certificates.get_own(unit(), certificate_id)
    form = CertificateForm()
    if form.validate_on_submit():
        return _file(own, str(form.language.data), (form.name.data or "").strip())
    if form.errors:
        return _page(own, form), 422
    return _file(own, certificates.language(unit()), "")


def _page(own: OwnCertificate, form: CertificateForm) -> str:
    return render_template(
        "parent/certificate.html",
        form=form,
        certificate=own,
        course=catalog().courses.get(own.facts.course_id),
        code=pretty(own.facts.code),
        check_url=_address("public.certificate_check", data_lang()),
        text_lang=data_lang(),
    )


def _file(own: OwnCertificate, lang: str, name: str) -> Response:
    course = catalog().courses.get(own.facts.course_id)
    paper = Paper(
        facts=own.facts,
        lang=lang,
        course_title=course.text(lang).title if course is not None else "",
        check_url=_address("public.certificate_check", lang),
        link=_address("public.certificate", lang, code=pretty(own.facts.code)),
        name=name,
    )
    # Not send_file(), which lets caches keep it.
    return Response(
        draw(paper),
        mimetype="application/pdf",
        headers={"Content-Disposition": f"attachment; filename={FILE_NAME}"},
    )


def _address(endpoint: str, lang: str, code: str | None = None) -> str:
    """The whole address of a page, as a reader of paper types it."""
    return plant().base_url + url_for(endpoint, lang=lang, code=code)
