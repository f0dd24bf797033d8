"""The table of reasons: each one that is given is in it, and each one in it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from nasframe_audiovisual import NO_FACE, REASONS, SEVERAL_FACES

LIBRARY = Path(__file__).parents[2] / "plugins" / "nasframe_audiovisual"


def given() -> Iterator[str]:
    """The words that stand as a reason in the library: in an error, in a part that is left out, as a flaw."""
    for file in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("ClipError", "LeftOut"):
                    yield from words(node.args[2])
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                yield from words(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name == "flaw_of":
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        yield from words(inner.value)


def words(node: ast.expr) -> Iterator[str]:
    choices = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    for choice in choices:
        if isinstance(choice, ast.Constant) and choice.value:
            yield choice.value


def test_every_reason_that_is_given_is_in_the_table_and_the_other_way_round() -> None:
    assert {*given(), NO_FACE, SEVERAL_FACES} == set(REASONS)


def test_a_reason_is_a_word_for_scripts_with_its_meaning_in_words() -> None:
    for reason, meaning in REASONS.items():
        assert reason.replace("-", "").isalpha()
        assert reason.islower()
        assert len(meaning.split()) >= 3
        assert meaning[0].islower()
