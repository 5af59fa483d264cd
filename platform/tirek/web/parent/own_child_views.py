"""Children as a parent tells of them, so that lessons fit."""

from uuid import UUID

from flask import flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.permissions import Permission
from tirek.services import children as pupils
from tirek.services import own_children
from tirek.services.own_children import NoBirthMonthError, Telling, TooManyChildrenError
from tirek.web.access import requires
from tirek.web.parent.account_forms import OwnChildForm
from tirek.web.parent.pages import blueprint
from tirek.web.transaction import unit

SEE_OTHER = 303


@blueprint.route("/account/children", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def own_children_list() -> str | Response:
    """The children told of, those joined by a school's code, and a form for one more."""
    form = OwnChildForm(_this_year())
    if form.validate_on_submit() and _is_added(form):
        flash(str(_("Saved. The first page now suggests lessons for this age.")), "success")
        return redirect(url_for("parent.own_children_list"), SEE_OTHER)
    page = render_template(
        "parent/own_children.html",
        form=form,
        children=own_children.of_parent(unit()),
        joined=pupils.of_guardian(unit()),
    )
    return make_response(page, 422 if form.errors else 200)


@blueprint.route("/account/children/<uuid:child_id>", methods=["GET", "POST"])
@requires(Permission.KEEP_ACCOUNT)
def own_child_change(child_id: UUID) -> str | Response:
    """Change what was told of a child."""
    known = own_children.get(unit(), child_id)
    form = OwnChildForm(
        _this_year(),
        data={
            "month": str(known.birth_month.month),
            "year": str(known.birth_month.year),
            "label": known.label,
            "needs": known.has_special_needs,
        },
    )
    if form.validate_on_submit() and _is_changed(form, child_id):
        flash(str(_("Saved.")), "success")
        return redirect(url_for("parent.own_children_list"), SEE_OTHER)
    page = render_template("parent/own_child.html", form=form, child=known)
    return make_response(page, 422 if form.errors else 200)


@blueprint.post("/account/children/<uuid:child_id>/remove")
@requires(Permission.KEEP_ACCOUNT)
def own_child_remove(child_id: UUID) -> Response:
    """Take a child off the list."""
    own_children.remove(unit(), child_id)
    flash(str(_("Taken off the list. Nothing of it is kept.")), "success")
    return redirect(url_for("parent.own_children_list"), SEE_OTHER)


def _is_added(form: OwnChildForm) -> bool:
    try:
        own_children.add(unit(), _told(form))
    except NoBirthMonthError:
        return _wrong_month(form)
    except TooManyChildrenError:
        form.form_errors.append(str(_("That is as many children as fit here.")))
        return False
    return True


def _is_changed(form: OwnChildForm, child_id: UUID) -> bool:
    try:
        own_children.change(unit(), child_id, _told(form))
    except NoBirthMonthError:
        return _wrong_month(form)
    return True


def _told(form: OwnChildForm) -> Telling:
    return Telling(form.birth_month, form.label.data or "", bool(form.needs.data))


def _wrong_month(form: OwnChildForm) -> bool:
    form.month.errors = [str(_("Choose a month that has been, of a child up to 18 years."))]
    return False


def _this_year() -> int:
    return unit().now().astimezone(KAZAKHSTAN).year
