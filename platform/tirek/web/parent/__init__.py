"""Pages of one kind of person; the views are on their way."""

from flask import Blueprint

blueprint = Blueprint("parent", __name__, url_prefix="/parent")
