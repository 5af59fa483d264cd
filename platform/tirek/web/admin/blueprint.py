"""The blueprint of the administrators' pages."""

from flask import Blueprint

from tirek.web import watch_words

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.record_once(lambda state: watch_words.install(state.app.jinja_env))
