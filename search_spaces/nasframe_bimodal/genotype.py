"""Parser of genotypes of BM-NAS (Yin et al., AAAI 2022), from text to checked records. Nothing is executed.

BM-NAS prints its result as Python text of two named tuples:

    Genotype(edges=[('skip', 2), ('skip', 7)], steps=[StepGenotype(inner_edges=[('skip', 0), ('skip', 1)],
    inner_steps=['LinearGLU'], inner_concat=[2])], concat=[8])

A step is a cell in nasframe. `edges` has two edges for each step: the sources of its x and of its y. An index
below the number of inputs is an input, a higher one an earlier step. Inside a step 0 is x, 1 is y, and 2, 3,
… are the inner steps, each with its own two edges. `inner_concat` and `concat` are the indices that are
concatenated at the end of a step and of the network. The number of inputs is not in the text. It is the
highest index of `concat` less the number of steps, plus one, because the indices of the steps follow those of
the inputs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from attrs import frozen

from nasframe.errors import ArchitectureError, nearest
from nasframe.runtime import counted

__all__ = ["EDGES", "Genotype", "StepGenotype", "parse_genotype"]

Edge = tuple[str, int]
"""Name of the edge's operation, and the index of its source."""

EDGES = ("skip", "none")

_LIMIT = 200_000
_DEPTH = 8  # a genotype has five levels of brackets
_START = re.compile(r"(?<![\w.])Genotype\s*\(", re.ASCII)
_TOKEN = re.compile(r"\s+|[A-Za-z_]\w*|'[^'\\\n]*'|\"[^\"\\\n]*\"|\d{1,6}(?!\w)|[()\[\],=]", re.ASCII)
_FIELDS = {
    "Genotype": ("edges", "steps", "concat"),
    "StepGenotype": ("inner_edges", "inner_steps", "inner_concat"),
}
_NAMES = {*_FIELDS, *(name for names in _FIELDS.values() for name in names), "range"}


@frozen
class StepGenotype:
    """One step: two edges for each inner step, the operations, and the indices that are concatenated."""

    inner_edges: tuple[Edge, ...]
    inner_steps: tuple[str, ...]
    inner_concat: tuple[int, ...]


@frozen
class Genotype:
    """A whole genotype; every index in it is one of an input or a step."""

    edges: tuple[Edge, ...]
    steps: tuple[StepGenotype, ...]
    concat: tuple[int, ...]

    @property
    def inputs(self) -> int:
        """The number of inputs, used or not."""
        return max(self.concat) + 1 - len(self.steps)


def parse_genotype(text: str) -> Genotype | None:
    """Return the genotype in a text; None where the text has none.

    It may be in a line of a log or after `genotype =`. A text may have several, if they are equal.

    Raises:
        ArchitectureError: the text is not a genotype, or an index is invalid. The message names the place.
    """
    starts = [found.start() for found in _START.finditer(text[: _LIMIT + 1])]
    if not starts:
        return None
    if len(text) > _LIMIT:
        raise ArchitectureError(f"a text with a genotype of over {_LIMIT:,} characters is not read")
    found = {_parse_at(text, start) for start in starts}
    if len(found) > 1:
        raise ArchitectureError(f"the text holds {len(found)} different genotypes; keep the one to read")
    return found.pop()


def _parse_at(text: str, start: int) -> Genotype:
    expression = _expression(text, start)
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        _refuse(f"cannot be parsed: {reason}")
    values = _call(tree.body, "Genotype")
    steps = tuple(
        _step(item, f"steps[{index}]") for index, item in enumerate(_list(values["steps"], "steps"))
    )
    if not steps:
        _refuse("steps: expected at least one")
    genotype = Genotype(_edges(values["edges"], "edges"), steps, _indices(values["concat"], "concat"))
    if not genotype.concat or genotype.inputs < 1:
        _refuse(f"concat: {list(genotype.concat)} leaves no input before the {counted(len(steps), 'step')}")
    _check(genotype.edges, genotype.concat, len(steps), genotype.inputs, "")
    for index, step in enumerate(steps):
        where = f"steps[{index}]."
        _check(step.inner_edges, step.inner_concat, len(step.inner_steps), 2, f"{where}inner_")
    return genotype


def _expression(text: str, start: int) -> str:
    """Return the text from `Genotype(` to its closing bracket, which has only tokens of genotypes."""
    position, depth = start, 0
    while depth or position == start or text[position - 1] != ")":
        token = _TOKEN.match(text, position)
        if token is None:
            line = text.count("\n", 0, position) + 1
            found = repr(text[position : position + 12]) if position < len(text) else "end of the text"
            _refuse(f"line {line}: unexpected {found}")
        word = token[0]
        if (word[0].isalpha() or word[0] == "_") and word not in _NAMES:
            _refuse(f"unknown name {word[:40]!r}{nearest(word[:40], _NAMES)}")
        depth += (word in "([") - (word in ")]")
        position = token.end()
        if depth > _DEPTH:
            _refuse(f"more than {_DEPTH} brackets in each other")
    return text[start:position]


def _call(node: ast.expr, name: str) -> dict[str, ast.expr]:
    """Return field → value of a named tuple, whose values are given by name or in order."""
    fields = _FIELDS[name]
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name):
        _refuse(f"expected {name}({', '.join(fields)}), found {_shown(node)}")
    values = dict(zip(fields, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in fields or keyword.arg in values:
            _refuse(f"{name}: unexpected field {keyword.arg!r}; fields: {', '.join(fields)}")
        values[keyword.arg] = keyword.value
    missing = [field for field in fields if field not in values]
    if missing or len(node.args) > len(fields):
        problem = f"lacks {', '.join(missing)}" if missing else f"has {len(node.args)} fields"
        _refuse(f"{name}: {problem}; fields: {', '.join(fields)}")
    return values


def _step(node: ast.expr, where: str) -> StepGenotype:
    values = _call(node, "StepGenotype")
    names = _list(values["inner_steps"], f"{where}.inner_steps")
    if not names:
        _refuse(f"{where}.inner_steps: expected at least one operation")
    return StepGenotype(
        _edges(values["inner_edges"], f"{where}.inner_edges"),
        tuple(_constant(item, str, f"{where}.inner_steps") for item in names),
        _indices(values["inner_concat"], f"{where}.inner_concat"),
    )


def _edges(node: ast.expr, where: str) -> tuple[Edge, ...]:
    return tuple(_edge(item, where) for item in _list(node, where))


def _edge(node: ast.expr, where: str) -> Edge:
    parts = _list(node, where)
    if len(parts) != 2:
        _refuse(f"{where}: expected a pair such as ('skip', 1), found {len(parts)} values")
    name = _constant(parts[0], str, where)
    if name not in EDGES:
        _refuse(f"{where}: unknown edge {name!r}{nearest(name, EDGES)}")
    return name, _constant(parts[1], int, where)


def _indices(node: ast.expr, where: str) -> tuple[int, ...]:
    """Read a list of indices, or `range(first, end)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        ends = [_constant(item, int, where) for item in node.args]
        if node.keywords or not 1 <= len(ends) <= 2 or len(range(*ends)) > 1000:
            _refuse(f"{where}: expected range(first, end)")
        return tuple(range(*ends))
    return tuple(_constant(item, int, where) for item in _list(node, where))


def _list(node: ast.expr, where: str) -> Sequence[ast.expr]:
    if not isinstance(node, ast.List | ast.Tuple):
        _refuse(f"{where}: expected a list, found {_shown(node)}")
    return node.elts


def _constant(node: ast.expr, kind: type[Any], where: str) -> Any:
    """Read a name or a whole number that is written out."""
    value: Any = node.value if isinstance(node, ast.Constant) else None
    if type(value) is not kind:
        _refuse(f"{where}: expected {'a number' if kind is int else 'a name'}, found {_shown(node)}")
    if kind is str and not re.fullmatch(r"[\w:.-]{1,100}", value):
        _refuse(f"{where}: {value[:40]!r} is not a name of an operation")
    return value


def _check(edges: Sequence[Edge], concat: Sequence[int], steps: int, before: int, prefix: str) -> None:
    """Check that each step has two edges, from earlier sources; `before` indices precede the steps."""
    if len(edges) != 2 * steps:
        _refuse(f"{prefix}edges: {len(edges)} for {counted(steps, 'step')}; expected two a step")
    for place, (_, index) in enumerate(edges):
        last = before + place // 2 - 1
        if index > last:
            _refuse(f"{prefix}edges[{place}]: index {index} is not available here; expected 0 to {last}")
    last = before + steps - 1
    for index in concat:
        if not before <= index <= last or concat.count(index) > 1:
            _refuse(
                f"{prefix}concat: index {index} is not a step, or occurs twice; expected {before} to {last}"
            )
    if not concat:
        _refuse(f"{prefix}concat: expected at least one index of a step, {before} to {last}")


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _refuse(problem: str) -> NoReturn:
    raise ArchitectureError(f"not a BM-NAS genotype: {problem}")
