"""Invitations of guardians: codes made once, shown once, printed as letters."""

from datetime import datetime
from uuid import UUID

import segno
from flask import flash, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from tirek.domain.access_code import pretty
from tirek.domain.permissions import Permission
from tirek.services import classrooms, invitations
from tirek.services import places as schools
from tirek.services.invitations import InvitationLetter, PupilState
from tirek.services.paging import cut
from tirek.web.access import requires
from tirek.web.filters import as_date
from tirek.web.i18n import data_lang
from tirek.web.school import listing
from tirek.web.school.invitation_forms import InviteForm
from tirek.web.school.views import blueprint
from tirek.web.transaction import db, plant, unit

STATES = ("", *(state.value for state in PupilState))


@blueprint.get("/invitations")
@requires(Permission.INVITE_GUARDIAN)
def invitations_of_classes() -> str:
    """Choose a class."""
    searched = listing.searched().lower().replace(" ", "")
    rooms = [room for room in classrooms.of_school(unit()) if searched in room.name.lower()]
    return render_template(
        "school/invitations.html",
        found=cut(rooms, listing.page_number()),
        q=listing.searched(),
    )


@blueprint.get("/invitations/<uuid:classroom_id>")
@requires(Permission.INVITE_GUARDIAN)
def invitations_of_class(classroom_id: UUID) -> str:
    """Who is joined, who has a code, who has none."""
    form = InviteForm(data={"each": "1", "language": data_lang()})
    return _class_page(classroom_id, invitations.of_class(unit(), classroom_id), form)


@blueprint.post("/invitations/<uuid:classroom_id>/letters")
@requires(Permission.INVITE_GUARDIAN)
def invitation_letters(classroom_id: UUID) -> str | tuple[str, int]:
    """Make the codes; the answer shows the letters, this once."""
    form = InviteForm()
    rows = invitations.of_class(unit(), classroom_id)
    form.offer([row.student.id for row in rows if row.may_invite])
    if not form.validate_on_submit():
        return _class_page(classroom_id, rows, form), 422
    letters = invitations.issue(
        unit(),
        classroom_id,
        form.pupils.data or [],
        each=int(form.each.data),
        as_of=_as_of(form),
    )
    return _letters_page(classroom_id, letters, form)


@blueprint.get("/invitations/<uuid:classroom_id>/letters")
@requires(Permission.INVITE_GUARDIAN)
def invitation_letters_left(classroom_id: UUID) -> Response:
    """Go back to the class: a changed language or a reload asks for the address of a sent form."""
    return redirect(url_for("school.invitations_of_class", classroom_id=classroom_id))


@blueprint.post("/invitations/<uuid:invitation_id>/revoke")
@requires(Permission.INVITE_GUARDIAN)
def invitation_revoke(invitation_id: UUID) -> Response:
    """Take back a code that nobody has used."""
    classroom_id = invitations.revoke(unit(), invitation_id)
    flash(_("The code is taken back. Whoever has it can no longer join."), "success")
    return redirect(url_for("school.invitations_of_class", classroom_id=classroom_id), 303)


def _class_page(classroom_id: UUID, rows: list[invitations.PupilRow], form: InviteForm) -> str:
    chosen = {
        "code": listing.searched(),
        "state": listing.one_of("state", STATES, ""),
        "sort": listing.one_of("sort", ("code", "state"), "code"),
    }
    return render_template(
        "school/invitations_of_class.html",
        room=classrooms.get(unit(), classroom_id),
        name=classrooms.name_of(classrooms.get(unit(), classroom_id)),
        found=invitations.picked(rows, page=listing.page_number(), **chosen),
        is_empty=not rows,
        chosen=chosen,
        form=form,
        as_of=unit().now().isoformat(),
    )


def _letters_page(classroom_id: UUID, letters: list[InvitationLetter], form: InviteForm) -> str:
    """The letters in the language that was chosen; the code is in no address, nor in the square."""
    lang = str(form.language.data)
    school_id = classrooms.get(unit(), classroom_id).school_id
    address = f"{plant().base_url}/{lang}/parent/join"
    with force_locale(lang):
        words = _words(letters)
    return render_template(
        "school/invitation_letters.html",
        classroom_id=classroom_id,
        letters=[(one.school_code, pretty(one.code)) for one in letters],
        left_alone=len(form.pupils.data or []) - len({one.school_code for one in letters}),
        school=getattr(schools.school(db(), school_id), f"name_{lang}"),
        letter_lang=lang,
        words=words,
        address=address,
        square=_square(address),
    )


def _words(letters: list[InvitationLetter]) -> dict[str, str]:
    """The letter's own words, in its own language; no topic, no name, no reason."""
    day = as_date(letters[0].expires_at) if letters else ""
    return {
        "greeting": str(_("Dear parents,")),
        "invites": str(
            _("the school invites you to a page of your own in Tirek, made for parents.")
        ),
        "what": str(
            _("There you find short lessons for parents, and what the school asks you about.")
        ),
        "how": str(_("Open this address and type the code:")),
        "once": str(
            _("The code serves one adult, once. The other parent gets a letter of their own.")
        ),
        "until": str(_("The code works until %(day)s.", day=day)),
        "free": str(_("It costs nothing. Whether you take part is up to you.")),
        "pupil": str(_("Pupil's code at school:")),
    }


def _square(address: str) -> Markup:
    """The address as a QR code; drawn here, so that nothing is fetched from anywhere."""
    drawn = segno.make(address, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=3, border=2, light="#fff"))  # noqa: S704 - our own


def _as_of(form: InviteForm) -> datetime:
    """When the choice was shown; a time that cannot be read counts as now, which makes no more."""
    try:
        moment = datetime.fromisoformat(form.as_of.data or "")
    except ValueError:
        return unit().now()
    return moment if moment.tzinfo else unit().now()
