"""FHIRPath as text, read into a tree: the part of the language that constraints and scores use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MAX_LETTERS = 20_000
MAX_NESTING = 60


class FhirPathError(ValueError):
    """An expression cannot be read or cannot be evaluated; the text says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the expression; none at all for {}."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """%name or $this."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A child by name, or a function with its arguments, of what stands before the point."""

    target: "Node | None"
    name: str
    arguments: "tuple[Node, ...] | None" = None


@dataclass(frozen=True, slots=True)
class Index:
    """One of many, counted from 0."""

    target: "Node"
    index: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with what stands on its sides; a sign has nothing on its left."""

    operator: str
    left: "Node | None"
    right: "Node"


Node = Literal | Variable | Step | Index | Operation

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<date>@T?[0-9][0-9:T.+\-Z]*)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<quoted>`(?:[^`\\]|\\.)*`)
    | (?P<variable>%(?:[A-Za-z_][A-Za-z0-9_-]*|`[^`]*`)|\$[a-z]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|!=|!~|[-+*/&|=~<>().,\[\]{}])
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
# How tightly an operator binds; the loosest first (FHIRPath 2.0, "Operator Precedence").
BINDING = {
    operator: strength
    for strength, operators in enumerate(
        (
            ("implies",),
            ("or", "xor"),
            ("and",),
            ("in", "contains"),
            ("=", "~", "!=", "!~"),
            ("<", "<=", ">", ">="),
            ("|",),
            ("is", "as"),
            ("+", "-", "&"),
            ("*", "/", "div", "mod"),
        ),
        start=1,
    )
    for operator in operators
}
TIGHTEST = max(BINDING.values()) + 1


def parse(text: str) -> Node:
    """Return the expression as a tree; raise FhirPathError where it is none."""
    if len(text) > MAX_LETTERS:
        raise FhirPathError("the expression is too long")
    reader = _Reader(list(_tokens(text)))
    node = reader.expression(0)
    if reader.kind != "end":
        raise FhirPathError(f"{reader.text!r} stands where the expression should end")
    return node


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    text = text.rstrip()
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise FhirPathError(f"{text[at : at + 10].strip()!r} cannot be read")
        kind = str(found.lastgroup)
        yield kind, found[kind]
        at = found.end()
    yield "end", ""


class _Reader:
    """Walks over the tokens, one expression inside the other."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1]

    def next(self) -> str:
        text = self.text
        self.at += self.kind != "end"
        return text

    def take(self, sign: str) -> None:
        if self.kind != "sign" or self.text != sign:
            raise FhirPathError(f"{sign!r} is missing before {self.text!r}")
        self.at += 1

    def is_sign(self, sign: str) -> bool:
        return self.kind == "sign" and self.text == sign

    def expression(self, least: int) -> Node:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise FhirPathError("the expression is nested too deep")
        node = self.operand()
        while (strength := self.strength()) > least:
            operator = self.next()
            node = Operation(operator, node, self.expression(strength))
        self.depth -= 1
        return node

    def strength(self) -> int:
        return BINDING.get(self.text, 0) if self.kind in {"sign", "name"} else 0

    def operand(self) -> Node:
        if self.is_sign("-") or self.is_sign("+"):
            return Operation(self.next(), None, self.expression(TIGHTEST - 1))
        node = self.term()
        while self.is_sign(".") or self.is_sign("["):
            if self.next() == ".":
                node = self.step(node)
            else:
                node = Index(node, self.expression(0))
                self.take("]")
        return node

    def term(self) -> Node:
        kind = self.kind
        if kind in {"number", "text", "date"}:
            return Literal((_value(kind, self.next()),))
        if kind == "variable":
            return Variable(self.next().replace("`", ""))
        if self.is_sign("("):
            self.next()
            node = self.expression(0)
            self.take(")")
            return node
        if self.is_sign("{"):
            self.next()
            self.take("}")
            return Literal(())
        if kind == "name" and self.text in {"true", "false"}:
            return Literal((self.next() == "true",))
        return self.step(None)

    def step(self, target: Node | None) -> Node:
        if self.kind not in {"name", "quoted"}:
            raise FhirPathError(f"a name is missing before {self.text!r}")
        name = self.next().strip("`")
        if not self.is_sign("("):
            return Step(target, name)
        self.next()
        arguments: list[Node] = []
        while not self.is_sign(")"):
            if arguments:
                self.take(",")
            arguments.append(self.expression(0))
        self.next()
        return Step(target, name, tuple(arguments))


def _value(kind: str, text: str) -> object:
    if kind == "number":
        return Decimal(text) if "." in text else int(text)
    if kind == "date":
        return text.removeprefix("@").removeprefix("T")
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text[1:-1])
