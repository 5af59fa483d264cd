"""What an imported draft leaves to a person: a `todo:` anywhere keeps it from being used."""

from collections.abc import Iterator

from tirek.catalog.errors import Finding
from tirek.catalog.yaml_subset import Document, MappingNode, Node, ScalarNode, SequenceNode

TODO = "todo"


def todos(document: Document) -> list[Finding]:
    """Return a finding for every sentence that stands under a `todo`, on its line."""
    return [
        Finding(TODO, document.path, line, f"still to be done: {text}")
        for line, text in _found(document.root)
    ]


def _found(node: Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, SequenceNode):
        for each in node.items:
            yield from _found(each)
    elif isinstance(node, MappingNode):
        for key, value in node.entries.items():
            if key == TODO:
                yield from _sentences(value)
            else:
                yield from _found(value)


def _sentences(node: Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, SequenceNode):
        for each in node.items:
            yield from _sentences(each)
    elif isinstance(node, ScalarNode):
        yield node.line, str(node.value)
    else:
        yield node.line, "say what"
