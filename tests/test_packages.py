"""The rules of nasframe's packages: what others import is in `__all__`, and no files import each other."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "nasframe"
SHIPPED = [CORE, ROOT / "plugins", ROOT / "search_spaces"]
FILES = [file for folder in SHIPPED for file in sorted(folder.rglob("*.py"))]
BENCHMARKS = ROOT / "benchmarks"
VARIANTS = [*(BENCHMARKS / "early_training").glob("*.py"), BENCHMARKS / "search_quality/other_candidates.py"]
"""They try variants of a search that are no options, so they replace inner parts of it."""
OTHERS = [
    file
    for name in ("examples", "benchmarks")
    for file in sorted((ROOT / name).rglob("*.py"))
    if file not in VARIANTS
]
PAGES = sorted(CORE.rglob("__init__.py"))
PACKAGES = [".".join(page.parent.relative_to(ROOT).parts) for page in PAGES]
QUESTIONS = ("What ", "How ", "Whether ", "Where ", "Which ")
LAZY = ["nasframe", "nasframe.studies"]


def short(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@functools.cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@functools.cache
def imported(file: Path) -> tuple[str, ...]:
    """Every module that a file imports, and every `module.name`; relative imports in full."""
    found: list[str] = []
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            found += (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = file.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            found += (f"{module}.{item.name}" for item in node.names)
    return tuple(found)


@functools.cache
def file_of_a_package(name: str) -> str | None:
    """The file of a package that a name is or comes from, such as `nasframe.runs.run`; None for its page."""
    parts = name.split(".")
    if parts[0] != "nasframe":
        return None
    for length in range(3, len(parts) + 1):
        place = ROOT.joinpath(*parts[:length])
        if place.with_suffix(".py").is_file():
            if length == len(parts) and parts[-1] in importlib.import_module(".".join(parts[:-1])).__all__:
                return None  # a function that has the name of its file
            return ".".join(parts[:length])
    return None


def summary(package: str) -> str:
    """The first paragraph of a package's docstring."""
    page = ROOT.joinpath(*package.split("."), "__init__.py")
    text = ast.get_docstring(parsed(page)) or ""
    return text.partition("\n\n")[0].replace("\n", " ")


def test_the_packages_are_found() -> None:
    assert {"nasframe", "nasframe.runtime", "nasframe.relaxations.gumbel_rao", "nasframe.cli"} <= set(
        PACKAGES
    )


def test_no_file_begins_with_an_underscore() -> None:
    allowed = ("__init__.py", "__main__.py")
    assert [short(file) for file in FILES if file.name.startswith("_") and file.name not in allowed] == []


def test_outside_a_package_nobody_imports_its_files() -> None:
    found = {
        f"{short(file)}: {module}"
        for file in FILES + OTHERS
        for module in filter(None, map(file_of_a_package, imported(file)))
        if not file.is_relative_to(CORE / module.split(".")[1])
    }
    assert sorted(found) == []


@pytest.mark.parametrize(
    "home",
    [
        *(ROOT / "plugins" / name for name in ("nasframe_audiovisual", "nasframe_deepfake")),
        ROOT / "plugins" / "nasframe_estimators",
        *(CORE / name for name in ("tasks", "studies")),
    ],
    ids=lambda home: home.name,
)
def test_outside_a_package_inside_another_nobody_imports_its_files(home: Path) -> None:
    """All use the inner packages by their pages: other files of the outer one, examples, benchmarks."""
    outer = ".".join(home.relative_to(ROOT / "plugins" if "plugins" in home.parts else ROOT).parts)
    packages = [page.parent for page in home.glob("*/__init__.py")]
    assert len(packages) > 3
    found = {
        f"{short(file)}: {module}"
        for package in packages
        for file in FILES + OTHERS
        if not file.is_relative_to(package)
        for module in imported(file)
        for inner in [f"{outer}.{package.name}."]
        if module.startswith(inner) and (package / f"{module.removeprefix(inner).split('.')[0]}.py").is_file()
        # a function of the page may have the name of its file
        if module.removeprefix(inner) not in importlib.import_module(inner.rstrip(".")).__all__
    }
    assert sorted(found) == []


def test_the_audiovisual_library_is_imported_from_its_page_alone() -> None:
    home = ROOT / "plugins" / "nasframe_audiovisual"
    names = importlib.import_module("nasframe_audiovisual").__all__
    found = {
        f"{short(file)}: {module}"
        for file in FILES + OTHERS
        if not file.is_relative_to(home)
        for module in imported(file)
        if module.startswith("nasframe_audiovisual.") and module.partition(".")[2] not in names
    }
    assert sorted(found) == []


def test_the_search_and_the_report_import_the_files_of_their_rooms_by_the_pages() -> None:
    rooms = [page.parent for name in ("searching", "report") for page in (CORE / name).glob("*/__init__.py")]
    assert CORE / "searching" / "gradient" in rooms
    found = {
        f"{short(file)}: {module}"
        for room in rooms
        for file in FILES + OTHERS
        if not file.is_relative_to(room)
        for module in imported(file)
        for inner in [".".join((*room.relative_to(ROOT).parts, ""))]
        if module.startswith(inner) and (room / f"{module.removeprefix(inner).split('.')[0]}.py").is_file()
    }
    assert sorted(found) == []


def test_what_others_import_from_a_file_is_in_its_list() -> None:
    """Of every file of the core, a package of a single file too."""
    missing = {
        f"{module}: {name}"
        for file in FILES + OTHERS
        for module, _, name in (item.rpartition(".") for item in imported(file))
        if module.startswith("nasframe.")
        and ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file()
        and name not in getattr(importlib.import_module(module), "__all__", ())
    }
    assert sorted(missing) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_lists_its_names_and_they_are_there(package: str) -> None:
    page = importlib.import_module(package)
    assert len(set(page.__all__)) == len(page.__all__)
    assert [name for name in page.__all__ if not hasattr(page, name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_in_one_sentence_what_it_is(package: str) -> None:
    sentence = summary(package)
    assert sentence.endswith(".")
    assert not re.search(r"[.!?] +[A-Z`]", sentence), f"more than one sentence: {sentence}"
    assert not sentence.startswith(QUESTIONS)


@pytest.mark.parametrize("package", LAZY)
def test_on_a_lazy_page_no_module_has_the_name_of_an_exported_function(package: str) -> None:
    folder = ROOT.joinpath(*package.split("."))
    modules = {file.stem for file in folder.glob("*.py")}
    modules |= {page.parent.name for page in folder.glob("*/__init__.py")}
    assert modules.isdisjoint(importlib.import_module(package).__all__)


def test_no_files_import_each_other_in_a_cycle() -> None:
    core = [file for file in FILES if file.is_relative_to(CORE)]
    known = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in core}
    graph = networkx.DiGraph()
    for name, file in known.items():
        for module in imported(file):
            ends = (module, module.rpartition(".")[0])
            graph.add_edges_from((name, end) for end in ends if end in known)
    assert graph.number_of_edges() > 400
    assert [cycle for cycle in networkx.strongly_connected_components(graph) if len(cycle) > 1] == []


def test_no_docstring_is_a_riddle_that_begins_with_a_question_word() -> None:
    found = [
        f"{short(file)}: {text.splitlines()[0]}"
        for file in FILES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (text := ast.get_docstring(node) or "").startswith(QUESTIONS)
    ]
    assert found == []


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "misc", "common", "base"}
    everything = [*FILES, *OTHERS, *(ROOT / "tests").rglob("*.py")]
    assert [short(file) for file in everything if drawers & {file.stem, file.parent.name}] == []
