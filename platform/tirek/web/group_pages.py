"""What the pages of groups and meetings have in common, at a school and at a centre."""

from flask import render_template, request

from tirek.web import group_words
from tirek.web.i18n import data_lang

SEE_OTHER, CONFLICT, WRONG = 303, 409, 422
LAST_PAGE = 100_000


def shown(template: str, **facts: object) -> str:
    """A page in the layout of whoever is reading it."""
    return render_template(
        f"groups/{template}.html",
        layout=f"{request.blueprint}/layout.html",
        words=group_words,
        text_lang=data_lang(),
        **facts,
    )


def page_number() -> int:
    """The page of a list that is asked for, from 1 on."""
    return max(1, min(request.args.get("page", 1, type=int), LAST_PAGE))


def chosen(name: str) -> str:
    """A word of the address; empty where there is none."""
    return request.args.get(name, "")
