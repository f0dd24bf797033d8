"""The public page: the few modules of nasframe that plugins and spaces import from, and their names."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nasframe
from nasframe.runtime.lazy import lazy_page

ROOT = Path(__file__).parents[1]
PAGES = (
    "nasframe",
    "nasframe.display",
    "nasframe.errors",
    "nasframe.jobs",
    "nasframe.options",
    "nasframe.relaxations",
    "nasframe.runtime",
    "nasframe.tables",
    "nasframe.testing",
)
WITH_TORCH = ("nasframe.relaxations", "nasframe.testing")
SHIPPED = sorted(
    path
    for folder in ("plugins", "search_spaces", "examples")
    for path in (ROOT / folder).rglob("*.py")
    if not {"build", ".venv"} & set(path.parts)
)


def imports(path: Path) -> Iterator[tuple[int, str, str | None]]:
    """Line, module and name of every import of nasframe, inside functions and for types too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.name.split(".")[0] == "nasframe":
                    yield node.lineno, item.name, None
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nasframe":
            for item in node.names:
                yield node.lineno, node.module or "", item.name


def beyond_the_page(path: Path) -> list[str]:
    """The imports of a file that are not on the public page."""
    found = []
    for line, module, name in imports(path):
        is_page = name is not None and f"{module}.{name}" in PAGES
        if module not in PAGES or not (
            name is None or is_page or name in importlib.import_module(module).__all__
        ):
            found.append(f"{path.name}:{line}: {module}{'' if name is None else f', {name}'}")
    return found


def test_there_are_shipped_files() -> None:
    assert len(SHIPPED) > 40


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_shipped_plugins_spaces_and_examples_import_from_the_public_page_alone(path: Path) -> None:
    assert beyond_the_page(path) == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("import nasframe", False),
        ("from nasframe import Task, errors", False),
        ("from nasframe.errors import DataError", False),
        ("def f():\n    from nasframe.render import draw", True),
        ("if TYPE_CHECKING:\n    from nasframe.space import Choice", True),
        ("import nasframe.pipeline as steps", True),
        ("from nasframe import pipeline", True),
        ("from nasframe.relaxations import race_table", True),
        ("from nasframe.relaxations.noise import uniform", True),
    ],
)
def test_an_import_from_elsewhere_is_found_wherever_it_stands(
    tmp_path: Path, text: str, refused: bool
) -> None:
    path = tmp_path / "plugin.py"
    path.write_text(text, encoding="utf-8")
    assert bool(beyond_the_page(path)) is refused


@pytest.mark.parametrize("page", PAGES)
def test_every_public_name_is_there_once(page: str) -> None:
    module = importlib.import_module(page)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("page", PAGES)
def test_every_public_name_has_a_docstring(page: str) -> None:
    module = importlib.import_module(page)
    without = [name for name in module.__all__ if not documented(module, name)]
    assert without == []


def documented(module: object, name: str) -> bool:
    value = getattr(module, name)
    if inspect.isclass(value):
        return bool(vars(value).get("__doc__"))
    if inspect.isroutine(value):
        return bool(value.__doc__)
    return is_explained(name)


def is_explained(name: str) -> bool:
    """True where the core assigns a name and explains it: in a string after it, or a comment beside it."""
    for path in (ROOT / "nasframe").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        body = ast.parse(text).body
        for node, following in zip(body, [*body[1:], None], strict=True):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                line = text.splitlines()[node.lineno - 1]
                is_string = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                return is_string or "  # " in line
    return False


def test_the_names_for_type_checkers_are_those_that_are_imported_when_used() -> None:
    tree = ast.parse((ROOT / "nasframe" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    typed = {
        item.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for item in node.names
        if item.asname == item.name
    }
    assert typed == nasframe._MODULES
    assert {"__version__", *typed} == set(nasframe.__all__) == set(dir(nasframe))


@pytest.mark.parametrize("page", ["nasframe", "nasframe.relaxations"])
def test_the_page_itself_says_what_is_on_it(page: str) -> None:
    module = importlib.import_module(page)
    text = module.__doc__ or ""
    assert [name for name in module.__all__ if name != "__version__" and f"`{name}`" not in text] == []


def test_the_guide_lists_the_public_page() -> None:
    guide = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    listed = guide[guide.index("## The public page") :]
    for page in PAGES:
        assert f"| `{page}` |" in listed
        module = importlib.import_module(page)
        assert [name for name in module.__all__ if name != "__version__" and f"`{name}`" not in listed] == []


def test_a_name_that_is_not_on_the_page_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'nasframe' has no attribute 'nothing'"):
        nasframe.nothing  # noqa: B018
    assert dir(nasframe) == sorted(nasframe.__all__)
    get = lazy_page("mine", {"sqrt": "math"})
    assert get("sqrt")(4) == 2
    with pytest.raises(AttributeError, match="module 'mine' has no attribute 'cos'"):
        get("cos")


@pytest.mark.parametrize("page", [page for page in PAGES if page not in WITH_TORCH])
def test_the_page_imports_no_torch(page: str) -> None:
    code = f"import sys, {page}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
