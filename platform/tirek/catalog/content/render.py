"""Markdown to safe HTML, once at load; markup that readers would never see is refused."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tirek.catalog.content.blocks import Line
from tirek.catalog.errors import CatalogError

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
# The sanitiser's list; the parser's tokens are checked against the same one, so that a fault is
# named at its line instead of vanishing. No headings (a card has one), no italics.
TAGS = {
    *("p", "ol", "ul", "li", "strong", "br", "a", "img"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}, "img": {"src", "alt"}}
PLAIN_TOKENS = {"inline", "text", "text_special", "softbreak"}
# `![what is seen](name.svg)`; the file lies in media/<course>/.
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
IMAGE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\.(svg|webp)")
RAW_TAG = re.compile(r"</?[a-zA-Z]")


def rendered(path: Path, lines: Iterable[Line]) -> str:
    """Return the lines as HTML blocks; raise CatalogError at markup outside the list."""
    written = tuple(lines)
    first = written[0].number if written else 1
    for line in written:
        if RAW_TAG.search(line.text):
            raise CatalogError(path, line.number, "raw HTML is never shown")
        for image in IMAGE.finditer(line.text):
            if not IMAGE_NAME.fullmatch(image[2]):
                raise CatalogError(path, line.number, "an image is a file of media/, .svg or .webp")
    html, fault = _html(path.parent.name, "\n".join(line.text for line in written))
    if fault is not None:
        kind, above = fault
        raise CatalogError(path, first + above, f"{kind} is not shown on cards")
    return html


# An author's preview reads all texts anew after each change of one of them.
@lru_cache(maxsize=8192)
def _html(folder: str, text: str) -> tuple[str, tuple[str, int] | None]:
    """Safe HTML, or the first markup that is not shown, with the lines above it."""
    environment: dict[str, object] = {}
    tokens = MARKDOWN.parse(IMAGE.sub(rf"![\1](/media/{folder}/\2)", text), environment)
    for token, above in _flat(tokens, 0):
        if token.type not in PLAIN_TOKENS and token.tag not in TAGS:
            return "", (token.type, above)
    return _clean(MARKDOWN.renderer.render(tokens, MARKDOWN.options, environment)), None


def rendered_inline(path: Path, line: Line) -> str:
    """Return one line as HTML without a paragraph around it."""
    html = rendered(path, [line])
    if not html.startswith("<p>") or html.count("<p>") != 1:
        raise CatalogError(path, line.number, "a choice is one plain sentence or two")
    return html.removeprefix("<p>").removesuffix("</p>")


def _flat(tokens: Iterable[Token], above: int) -> Iterator[tuple[Token, int]]:
    for token in tokens:
        here = token.map[0] if token.map else above
        yield token, here
        yield from _flat(token.children or (), here)


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        set_tag_attribute_values={"img": {"loading": "lazy"}},
        url_schemes={"https"},
        link_rel="noopener noreferrer",
    ).strip()
